package scripts_test

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// examples say of each folder how its script is called and what must come of it.
// Hosts that a script calls check what they are sent as the vendor's do, on
// plaintext, with Go's standard library.
var examples = func() map[string]func(*world) {
	all := map[string]func(*world){}
	for _, some := range []map[string]func(*world){webhooks, messages, oauth} {
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
