package validator_test

import (
	"context"
	"testing"
	"time"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/validator"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// The secrets of the tests. strong ones are sealed into inputs, weak ones are
// limited.
const (
	apiKey   = "kM4tq8Zr1vXw9Lb3Nc7d"
	otherKey = "Zq7Lw2Xv5Bn8Rt1Yp4Hs"
	starKey  = "Tg6*Jd3Fk9Ws2Mx8Vb5*"
	pin      = "4711"
)

func secrets() map[string]any {
	return map[string]any{
		"API_KEY": apiKey,
		"STAR":    starKey,
		"PIN":     pin,
		"KEYS":    []any{otherKey, apiKey},
		"DB":      map[string]any{"user": "svc", "password": apiKey, "port": 5432, "tls": true, "options": nil, "empty": []any{}},
	}
}

func compile(tb testing.TB, document string) *validator.Program {
	tb.Helper()
	p, err := validator.Compile([]byte(document))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// bind binds a document to those of secrets() that it names.
func bind(tb testing.TB, document string) *validator.Policy {
	tb.Helper()
	p := compile(tb, document)
	values := make(map[string]any)
	for _, name := range p.Secrets() {
		values[name] = secrets()[name]
	}
	policy, err := p.Bind(validator.Environment{Secrets: sealtest.Set(tb, values)})
	if err != nil {
		tb.Fatal(err)
	}
	return policy
}

func evaluate(tb testing.TB, document, input string) validator.Result {
	tb.Helper()
	v, err := jsonvalue.Decode([]byte(input))
	if err != nil {
		tb.Fatal(err)
	}
	return bind(tb, document).Evaluate(context.Background(), v, seal.Options{})
}

// attributes is a document of one validator with one comparison.
func attributes(comparison string) string {
	return `[{"name": "attributes", "conf": {"fields": [` + comparison + `]}}]`
}

// bindAt binds a document to secrets, at noon.
func bindAt(tb testing.TB, values map[string]any, document string) *validator.Policy {
	tb.Helper()
	policy, err := compile(tb, document).Bind(validator.Environment{
		Secrets: sealtest.Set(tb, values), Now: func() time.Time { return noon },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return policy
}

// evaluateWith evaluates a document with secrets, at noon.
func evaluateWith(tb testing.TB, values map[string]any, document, input string) validator.Result {
	tb.Helper()
	v, err := jsonvalue.Decode([]byte(input))
	if err != nil {
		tb.Fatal(err)
	}
	return bindAt(tb, values, document).Evaluate(context.Background(), v, seal.Options{})
}
