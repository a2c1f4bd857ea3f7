package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reticent/reticent/policy/rego"
)

// dataFiles are the names of files with documents for Rego. One is found below
// data where it stands below the directory that was named.
var dataFiles = []string{"data.json", "data.yaml", "data.yml"}

// readRego reads Rego files, and those and the data below directories. Modules
// are called by their paths.
func readRego(paths []string, v0 bool) (rego.Source, error) {
	src := rego.Source{Modules: make(map[string]string), Data: make(map[string]any), V0: v0}
	for _, root := range paths {
		info, err := os.Stat(root)
		if err != nil {
			return src, err
		}
		if !info.IsDir() {
			if err := addModule(&src, root); err != nil {
				return src, err
			}
			continue
		}
		err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil || entry.IsDir():
				return err
			case filepath.Ext(path) == ".rego":
				return addModule(&src, path)
			case slices.Contains(dataFiles, entry.Name()):
				return addData(&src, root, path)
			}
			return nil
		})
		if err != nil {
			return src, err
		}
	}
	if len(src.Modules) == 0 {
		return src, fmt.Errorf("there is no Rego file in %s", strings.Join(paths, ", "))
	}
	return src, nil
}

func addModule(src *rego.Source, path string) error {
	text, err := readBounded(path)
	src.Modules[path] = string(text)
	return err
}

func addData(src *rego.Source, root, path string) error {
	text, err := readBounded(path)
	if err != nil {
		return err
	}
	if text, err = yaml.YAMLToJSONStrict(text); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var documents map[string]any
	if err := json.Unmarshal(text, &documents); err != nil {
		return fmt.Errorf("%s: the data of policies must be an object", path)
	}
	below, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		return err
	}
	at := src.Data
	for _, part := range strings.Split(filepath.ToSlash(below), "/") {
		if part == "." {
			continue
		}
		next, ok := at[part].(map[string]any)
		if !ok {
			next = make(map[string]any)
			at[part] = next
		}
		at = next
	}
	for name, v := range documents {
		if at[name] != nil {
			return fmt.Errorf("%s: two files have data.%s", path, name)
		}
		at[name] = v
	}
	return nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := readAtMost(f, MaxManifestBytes, "MaxManifestBytes")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}
