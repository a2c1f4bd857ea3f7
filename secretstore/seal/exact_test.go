package seal_test

import (
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// TestExact: where a set says that a secret is exact, sealing puts its surrogate
// in the place of its plaintext, also where another secret is a part of it.
func TestExact(t *testing.T) {
	const inner, outer = "k3y-Zq81xWv7LmP0sTt4", "Bearer k3y-Zq81xWv7LmP0sTt4"
	set := sealtest.Set(t, map[string]any{
		"INNER": inner, "OUTER": outer, "SAME": inner, "PIN": "1234",
		"DB": map[string]any{"password": "t0k-Bn55rYc2HjQ9dUf6"},
	})
	for name, want := range map[string]bool{"INNER": true, "OUTER": true, "SAME": true, "PIN": false, "DB": false, "ABSENT": false} {
		if got := set.Exact(name); got != want {
			t.Errorf("Exact(%s) = %v, want %v", name, got, want)
		}
	}
	run := set.NewRun(seal.Options{})
	for name, plain := range map[string]string{"INNER": inner, "OUTER": outer, "SAME": inner} {
		sealed, err := run.SealString(plain)
		if surrogate, _ := run.Lookup(name); err != nil || sealed != surrogate {
			t.Errorf("the plaintext of %s is sealed as something else than its surrogate: %v", name, err)
		}
	}
}
