package secretstore

import (
	"testing"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// Password gives a password that the server made.
func Password(t *testing.T, g Generate) string {
	t.Helper()
	made, err := g.make()
	if err != nil {
		t.Fatal(err)
	}
	return string(plaintext.Open(made.value.Value))
}
