package rego_test

import (
	"strings"
	"testing"

	"github.com/reticent/reticent/policy/rego"
)

// What the compiler says of a query quotes it, with its secrets sealed: a surrogate
// of a compiled policy lasts, and would pass for the secret in two halves.
func TestMessagesOfQueriesAreMasked(t *testing.T) {
	p := bind(t, "package p\nallow if input.k == data.secrets.S\nobj := {\"a\": 1}\n", map[string]any{"S": strong})
	for _, query := range []string{`{"b": 1}["` + strong + `"] == 2`, `input.x == data.p.obj["` + strong + `"]`} {
		_, err := p.Query(t.Context(), query, []byte(`{}`), rego.Ask{})
		if err == nil || strings.Contains(err.Error(), "rsv_") || !strings.Contains(err.Error(), "***") {
			t.Errorf("%s: %v", query, err)
		}
	}
}
