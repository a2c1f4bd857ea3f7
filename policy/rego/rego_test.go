package rego_test

import (
	"encoding/json"
	"testing"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

const (
	strong  = "k3y-Zq81xWv7LmP0sTt4"
	strong2 = "t0k-Bn55rYc2HjQ9dUf6"
	weak    = "hunter2"
)

// bind compiles one module and binds it to secrets by name.
func bind(t testing.TB, module string, secrets map[string]any) *rego.Policy {
	t.Helper()
	p, err := rego.Compile(rego.Source{Modules: map[string]string{"policy.rego": module}})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := p.Bind(t.Context(), sealtest.Set(t, secrets), sealtest.Random(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func evaluate(t testing.TB, p *rego.Policy, input any) rego.Result {
	t.Helper()
	raw, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	return p.Evaluate(t.Context(), raw, seal.Options{})
}
