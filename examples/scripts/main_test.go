package scripts_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/reticent/reticent/script/worker"
)

// binary is the command reticent, as a reader of the examples has it.
var binary string

// TestMain makes this test binary a worker, and builds the real one.
func TestMain(m *testing.M) {
	worker.Main()
	os.Exit(withBinary(m))
}

func withBinary(m *testing.M) int {
	dir, err := os.MkdirTemp("", "reticent-examples-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // it is temporary
	binary = filepath.Join(dir, "reticent")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "../../cmd/reticent")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}
