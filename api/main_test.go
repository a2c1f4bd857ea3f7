package api_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/reticent/reticent/script/worker"
)

func TestMain(m *testing.M) {
	worker.Main()
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			println(err.Error())
			code = 1
		}
	}
	os.Exit(code)
}
