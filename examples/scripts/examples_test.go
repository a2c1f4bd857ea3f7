package scripts_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// examples say of each folder how its script is called and what must come of it.
// Hosts that a script calls check what they are sent as the vendor's do, on
// plaintext, with Go's standard library.
var examples = func() map[string]func(*world) {
	all := map[string]func(*world){}
	for _, some := range []map[string]func(*world){webhooks, messages, oauth, points, services} {
		maps.Copy(all, some)
	}
	return all
}()

func TestExamples(t *testing.T) {
	for _, name := range folders(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newWorld(t, name)
			examples[name](x)
			x.audit()
		})
	}
}

// folders gives the examples, each of which has a test.
func folders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(examples)), names); diff != "" {
		t.Fatalf("the folders and the tests differ: -tests +folders\n%s", diff)
	}
	return names
}

// TestOwnTests runs the test file of each example, as its author does.
func TestOwnTests(t *testing.T) {
	for _, name := range folders(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copied(t, name, func(text string) string { return text })
			files, err := filepath.Glob(filepath.Join(dir, name+".test.*"))
			if err != nil || len(files) != 1 {
				t.Fatalf("there should be one test file, there are %v (%v)", files, err)
			}
			args := []string{"script", "test", files[0]}
			for _, what := range []string{"secrets", "variables"} {
				file := filepath.Join(dir, "fixtures", what+".yaml")
				if _, err := os.Stat(file); err == nil {
					args = append(args, "--"+what, file)
				}
			}
			if out, err := exec.Command(binary, args...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
