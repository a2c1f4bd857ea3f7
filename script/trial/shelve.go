package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
)

// moduleFolder is where the libraries of scripts are, beside them.
const moduleFolder = "modules"

func languageOf(file string) script.Language {
	if filepath.Ext(file) == ".ts" {
		return script.TypeScript
	}
	return script.JavaScript
}

// pending is a script that is not stored yet.
type pending struct {
	name, file string
	body       json.RawMessage
}

// shelve stores the scripts beside a test file, so that it can require them. It
// gives their files by name, and why some of them were refused: a test that does not
// need those does not mind.
func (b *bench) shelve(ctx context.Context, test string) (files map[string]string, refused map[string]error, err error) {
	dir := filepath.Dir(test)
	var left []pending
	for folder, kind := range map[string]script.DocumentKind{dir: script.KindScript, filepath.Join(dir, moduleFolder): script.KindModule} {
		found, err := scriptsIn(folder, kind)
		if err != nil {
			return nil, nil, err
		}
		left = append(left, found...)
	}
	if len(left) > MaxFiles {
		return nil, nil, fmt.Errorf("%s: there are more than %d scripts (MaxFiles)", dir, MaxFiles)
	}
	files = map[string]string{}
	for {
		refused = map[string]error{}
		var later []pending
		for _, p := range left { // one that requires another is stored after it
			if _, _, err := b.scripts.Put(ctx, author, secretstore.Scope{}, p.name, p.body, ""); err != nil {
				refused[p.name] = fmt.Errorf("%s: %w", p.file, err)
				later = append(later, p)
				continue
			}
			files[p.name] = p.file
		}
		if len(later) == len(left) {
			return files, refused, nil
		}
		left = later
	}
}

// scriptsIn gives the scripts of a folder, which need not exist.
func scriptsIn(folder string, kind script.DocumentKind) ([]pending, error) {
	entries, err := os.ReadDir(folder)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []pending
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext)
		if e.IsDir() || ext != ".js" && ext != ".ts" || strings.HasSuffix(e.Name(), ".d.ts") || secretstore.CheckName(name) != nil {
			continue
		}
		file := filepath.Join(folder, e.Name())
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		if info.Size() > script.MaxLibraryBytes {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(script.Document{Kind: kind, Language: languageOf(file), Source: string(source)})
		if err != nil {
			return nil, err
		}
		out = append(out, pending{name, file, body})
	}
	return out, nil
}
