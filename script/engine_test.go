package script

import (
	"strings"
	"testing"
)

// TestNumberOfWorkers refuses settings that contradict each other, and keeps no
// more workers than there may be.
func TestNumberOfWorkers(t *testing.T) {
	if _, err := New(Config{Workers: 2, Warm: 3}); err == nil || !strings.Contains(err.Error(), "Warm (3)") {
		t.Errorf("%v", err)
	}
	for _, cfg := range []Config{{Workers: 1}, {Workers: 3, Warm: 1}} {
		if l := engine(t, cfg).Load(); l.Idle != 1 {
			t.Errorf("%+v: %+v", cfg, l)
		}
	}
	if l := engine(t, Config{InProcess: true}).Load(); l.Idle != 0 {
		t.Errorf("in process: %+v", l)
	}
}
