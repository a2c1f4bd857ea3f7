package interop_test

import (
	"os"
	"testing"

	"github.com/reticent/reticent/script/worker"
)

func TestMain(m *testing.M) {
	worker.Main()
	code := m.Run()
	if dir, err := builds(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}
