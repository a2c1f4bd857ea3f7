package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/reticent/reticent/"

// mayImport says which packages of this module the packages of a folder may
// depend on, by any number of steps: cmd → api → policy, script → secretstore.
var mayImport = map[string][]string{
	"secretstore": {"secretstore"},
	"policy":      {"policy", "secretstore"},
	"script":      {"script", "secretstore"},
	"api":         {"api", "policy", "script", "secretstore"},
	"cmd":         {"cmd", "api", "policy", "script", "secretstore"},
	"examples":    {"examples"},
}

// TestImportDirection asks the go command what each package depends on.
func TestImportDirection(t *testing.T) {
	out, err := exec.Command("go", "list", "-buildvcs=false", "-f", `{{.ImportPath}} {{join .Deps " "}}`, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) < 10 {
		t.Fatalf("go list gives %d packages", len(lines))
	}
	for _, line := range lines {
		paths := strings.Fields(line)
		folder := folderOf(paths[0])
		allowed, known := mayImport[folder]
		if !known {
			t.Errorf("package %s is in a folder that has no place in the layout", paths[0])
		}
		for _, dependency := range paths[1:] {
			if strings.HasPrefix(dependency, module) && !slices.Contains(allowed, folderOf(dependency)) {
				t.Errorf("%s depends on %s", paths[0], dependency)
			}
		}
	}
}

func folderOf(path string) string {
	folder, _, _ := strings.Cut(strings.TrimPrefix(path, module), "/")
	return folder
}

// TestTopLevel keeps the top level to what CONTRIBUTING.md says that it has.
func TestTopLevel(t *testing.T) {
	allowed := []string{
		".ci", ".git", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md",
		"api", "bin", "cmd", "docs", "examples", "go.mod", "go.sum", "policy", "script", "secretstore",
	}
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}
