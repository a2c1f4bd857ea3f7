package api_test

import (
	"path"
	"testing"
)

// decision is an answer of the native API.
type decision struct {
	Decision                  *bool
	Output                    any
	Failures, Recovery, Print []any
	Error                     *struct{ Code string }
}

// attackWithPolicy evaluates a hostile policy in every way that there is.
func attackWithPolicy(t *testing.T, w *world, a attack) []exchange {
	document, input := a.source(t, w), a.request(t, w)
	if path.Ext(a.file) == ".rego" {
		document = `{"language":"rego","source":` + jsonOf(t, document) + `}`
	}
	check := func(t *testing.T, body []byte) {
		t.Helper()
		got := parsed[decision](t, body)
		checkDecision(t, w, a, got.Decision, got.Error, body)
		for name, value := range map[string]any{"output": got.Output, "failures": got.Failures, "recovery": got.Recovery, "print": got.Print} {
			if a.header[name] != "" {
				wantJSON(t, w, "the "+name, value, a.header[name])
			}
		}
	}
	bound := func(t *testing.T, body []byte) {
		t.Helper()
		got := parsed[access](t, body)
		checkDecision(t, w, a, got.Decision, got.Context.Error, body)
		if a.header["output"] != "" {
			wantJSON(t, w, "the output", got.Context.Output, a.header["output"])
		}
	}
	return perform(t, w, a, []way{
		{"policies/test", message{method: "POST", path: "/v1/policies/test", body: `{"policy":` + document + `,"input":` + input + `}`}, check, true},
		{"store it", message{method: "PUT", path: "/v1/policies/" + a.name, body: document}, nil, true},
		{"evaluate it", message{method: "POST", path: "/v1/policies/" + a.name + "/evaluate", body: `{"input":` + input + `}`}, check, false},
		{"bind it", bindingFor(a, "policy"), nil, false},
		{"ask for access", message{method: "POST", path: "/access/v1/evaluation", body: input}, bound, false},
	})
}

// checkDecision checks a decision, and that no failure permits.
func checkDecision(t *testing.T, w *world, a attack, decision *bool, failed *struct{ Code string }, body []byte) {
	t.Helper()
	how, what := a.want()
	if decision == nil || *decision != (how == "allow") {
		t.Errorf("%s: the decision is wrong: %s", w.name, body)
	}
	if how == "error" && (failed == nil || failed.Code != what) || how != "error" && failed != nil {
		t.Errorf("%s: %s, want %s", w.name, body, a.header["want"])
	}
}
