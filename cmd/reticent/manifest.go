package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"
)

// kinds are the kinds of resources in the order in which they are applied: what
// others refer to comes first.
var kinds = []string{"project", "service", "issuer", "group", "grant", "variable", "secret", "key", "manager", "module", "script", "policy", "binding"}

// manifest is what a directory or a file of resources says. Files that it
// refers to are read through root, which nothing escapes: neither "..", nor an
// absolute path, nor a symbolic link.
type manifest struct {
	root      *os.Root
	resources []resource
}

// resource is one document of a manifest.
type resource struct {
	kind, project, service, name string
	// where is the file, and the number of the document in it.
	where string
	// body is what the API takes, but for a secret's value.
	body map[string]any
	// value is where a secret's value comes from, nil if the server makes it.
	value *valueFrom
}

// id gives what the resource is called.
func (r resource) id() resourceID {
	id := resourceID{kind: r.kind, project: r.project, service: r.service, name: r.name}
	if r.kind == "module" {
		id.kind = "script" // they share their names
	}
	if r.kind == "binding" {
		if id.target, _ = r.body["target"].(string); id.target == "" {
			id.target = "*"
		}
	}
	return id
}

func (r resource) String() string {
	out := r.kind + " " + r.name
	if r.project != "" && r.kind != "project" {
		out += " in " + r.project
	}
	if r.service != "" && r.kind != "service" {
		out += "/" + r.service
	}
	return out
}

// openManifest reads the *.yaml, *.yml and *.json files of a directory (not of
// directories in it), or one file. Nothing was applied when it fails.
func openManifest(name string) (*manifest, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	dir := name
	if !info.IsDir() {
		dir = filepath.Dir(name)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	m := &manifest{root: root}
	files := []string{filepath.Base(name)}
	if info.IsDir() {
		if files, err = manifestFiles(root); err != nil {
			return nil, errors.Join(err, root.Close())
		}
	}
	for _, file := range files {
		if err := m.readFile(file); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", filepath.Join(dir, file), err), root.Close())
		}
	}
	slices.SortStableFunc(m.resources, func(a, b resource) int {
		return slices.Index(kinds, a.kind) - slices.Index(kinds, b.kind)
	})
	return m, nil
}

func (m *manifest) close() { _ = m.root.Close() }

func manifestFiles(root *os.Root) ([]string, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		switch path.Ext(e.Name()) {
		case ".yaml", ".yml", ".json":
			files = append(files, e.Name())
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: there are no *.yaml, *.yml or *.json files", root.Name())
	}
	if len(files) > MaxManifestFiles {
		return nil, fmt.Errorf("%s: there are more than %d files (MaxManifestFiles)", root.Name(), MaxManifestFiles)
	}
	return files, nil
}

// readFile reads the documents of a file. JSON is YAML.
func (m *manifest) readFile(file string) error {
	text, err := m.read(file, MaxManifestBytes, "MaxManifestBytes")
	if err != nil {
		return err
	}
	for i, document := range splitDocuments(text) {
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		r, err := m.parse(document)
		if err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
		r.where = fmt.Sprintf("%s, document %d", file, i+1)
		for _, other := range m.resources {
			if other.id() == r.id() {
				return fmt.Errorf("document %d: %s is in %s already", i+1, r, other.where)
			}
		}
		m.resources = append(m.resources, r)
	}
	return nil
}

// splitDocuments splits at the lines that are "---". YAML allows such a line
// nowhere within a document.
func splitDocuments(text []byte) [][]byte {
	var out [][]byte
	var document []byte
	for line := range bytes.Lines(text) {
		if string(bytes.TrimRight(line, " \t\r\n")) == "---" {
			out = append(out, document)
			document = nil
			continue
		}
		document = append(document, line...)
	}
	return append(out, document)
}

// parse reads one document: kind, name, project and service say what it is, the
// rest is the body that the API takes, with files put in for what ends in
// "_from".
func (m *manifest) parse(document []byte) (resource, error) {
	raw, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return resource{}, err
	}
	r := resource{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // a variable's number stays as it was written
	if d.Decode(&r.body) != nil || r.body == nil {
		return resource{}, errors.New("it is not an object")
	}
	for member, into := range map[string]*string{"kind": &r.kind, "name": &r.name, "project": &r.project, "service": &r.service} {
		text, ok := r.body[member].(string)
		if _, there := r.body[member]; there && !ok {
			return resource{}, fmt.Errorf("%s is a string", member)
		}
		*into = text
		delete(r.body, member)
	}
	if !slices.Contains(kinds, r.kind) {
		return resource{}, fmt.Errorf("kind is one of %q", kinds)
	}
	if r.name == "" {
		return resource{}, errors.New("name is missing")
	}
	switch {
	case r.kind == "project":
		if r.project != "" || r.service != "" || len(r.body) > 0 {
			return resource{}, errors.New("a project has kind and name and nothing else")
		}
		r.project = r.name
	case r.kind == "service":
		if r.project == "" || r.service != "" || len(r.body) > 0 {
			return resource{}, errors.New("a service has kind, name and project and nothing else")
		}
		r.service = r.name
	case (r.kind == "issuer" || r.kind == "group") && (r.project != "" || r.service != ""):
		return resource{}, fmt.Errorf("a %s is the platform's: it has no project and no service", r.kind)
	case r.service != "" && r.project == "":
		return resource{}, errors.New("project is missing: a service belongs to one")
	}
	return r, m.resolve(&r)
}
