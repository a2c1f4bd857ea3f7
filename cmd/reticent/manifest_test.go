package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitDocuments(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"a", []string{"a"}},
		{"a\n---\nb\n", []string{"a\n", "b\n"}},
		{"---\na\n--- \r\n", []string{"", "a\n", ""}},
		{"a: |\n  ---\n  b\n", []string{"a: |\n  ---\n  b\n"}},
		{"a----\n-----\n", []string{"a----\n-----\n"}},
	} {
		var got []string
		for _, document := range splitDocuments([]byte(c.text)) {
			got = append(got, string(document))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.text, diff)
		}
	}
}

// TestManifestLimits has a file that is too large, and too many of them.
func TestManifestLimits(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(name, limit string) {
		t.Helper()
		if _, err := openManifest(name); err == nil || !strings.Contains(err.Error(), limit) {
			t.Errorf("%v, want an error that names %s", err, limit)
		}
	}
	write("a.yaml", "# "+strings.Repeat("x", MaxManifestBytes))
	refused(filepath.Join(dir, "a.yaml"), "MaxManifestBytes")
	write("a.yaml", "kind: script\nname: A\nsource_from: {file: a.js}")
	write("a.js", strings.Repeat("x", 64<<10+1))
	refused(dir, "MaxSourceBytes")
	for i := range MaxManifestFiles {
		write(strings.Repeat("b", 1+i%100)+strings.Repeat("c", i/100)+".yaml", "")
	}
	refused(dir, "MaxManifestFiles")
}

// FuzzManifest: whatever a file holds, it gives resources of known kinds, or an
// error. A secret's value never gets into a body.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{
		"kind: project\nname: shop", "kind: service\nname: a\nproject: b\n---\nkind: variable\nname: A\nvalue: 1",
		"kind: secret\nname: A\nvalue_from: {env: HOME}", "kind: secret\nname: A\nvalue: x",
		"kind: policy\nname: A\nmodules_from: {a.rego: {file: manifest.yaml}}", "- 1", "{", "a: &a [*a]", "kind: [1]",
	} {
		f.Add(seed)
	}
	dir := f.TempDir()
	file := filepath.Join(dir, "manifest.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := openManifest(file)
		if err != nil {
			return
		}
		defer m.close()
		for _, r := range m.resources {
			if !slices.Contains(kinds, r.kind) || r.name == "" {
				t.Errorf("%q gives the resource %v", text, r)
			}
			if r.kind == "secret" && (r.body["value"] != nil || r.value == nil && r.body["generate"] == nil) {
				t.Errorf("%q gives a secret with its value", text)
			}
		}
	})
}
