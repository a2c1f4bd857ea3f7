package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/reticent/reticent/script/worker"
)

// TestMain makes this test binary the real one too: scripts start it as
// "reticent", and it starts itself as a worker.
func TestMain(m *testing.M) {
	worker.Main()
	testscript.Main(m, map[string]func(){"reticent": main, "curl": curl})
}
