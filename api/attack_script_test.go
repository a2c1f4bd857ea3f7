package api_test

import (
	"path"
	"strings"
	"testing"
)

// scriptRun is how a run of a script ended.
type scriptRun struct {
	Output  any
	Console []struct{ Text string }
	Error   *struct{ Code string }
}

// access is an answer to an access evaluation request.
type access struct {
	Decision *bool
	Context  struct {
		Output any
		Error  *struct{ Code string }
	}
}

// permitting makes a script that an access evaluation request can be answered
// with, of one that returns anything.
const permitting = `
const attack = module.exports;
module.exports = async function (context) { return { decision: true, context: { output: await attack(context) } }; };
`

// attackWithScript runs a hostile script in every way that there is.
func attackWithScript(t *testing.T, w *world, a attack) []exchange {
	source, input := a.source(t, w), a.request(t, w)
	language := "javascript"
	if path.Ext(a.file) == ".ts" {
		language = "typescript"
	}
	document := func(source string) string { return `"language":"` + language + `","source":` + jsonOf(t, source) }
	check := func(t *testing.T, body []byte) {
		t.Helper()
		got := parsed[scriptRun](t, body)
		checkEnd(t, w, a, got.Output, got.Error, body)
		if a.header["console"] != "" {
			var lines []any
			for _, l := range got.Console {
				lines = append(lines, l.Text)
			}
			wantJSON(t, w, "the console", lines, a.header["console"])
		}
	}
	bound := func(t *testing.T, body []byte) {
		t.Helper()
		got := parsed[access](t, body)
		checkEnd(t, w, a, got.Context.Output, got.Context.Error, body)
		if how, _ := a.want(); got.Decision == nil || *got.Decision != (how == "output") {
			t.Errorf("%s: the decision is wrong: %s", w.name, body)
		}
	}
	store := func(source string) message {
		return message{method: "PUT", path: "/v1/scripts/" + a.name, body: "{" + document(source) + "}"}
	}
	return perform(t, w, a, []way{
		{"scripts/test", message{method: "POST", path: "/v1/scripts/test", body: "{" + document(source) + `,"input":` + input + `}`}, check, true},
		{"store it", store(source), nil, true},
		{"run it", message{method: "POST", path: "/v1/scripts/" + a.name + "/run", body: `{"input":` + input + `}`}, check, false},
		{"store it for access evaluations", store(source + permitting), nil, true},
		{"bind it", bindingFor(a, "script"), nil, false},
		{"ask for access", message{method: "POST", path: "/access/v1/evaluation", body: input}, bound, false},
	})
}

// checkEnd checks the output or the error of a run.
func checkEnd(t *testing.T, w *world, a attack, output any, failed *struct{ Code string }, body []byte) {
	t.Helper()
	how, what := a.want()
	switch {
	case how == "error" && (failed == nil || failed.Code != what):
		t.Errorf("%s: %s, want the error %s", w.name, body, what)
	case how == "output" && failed != nil:
		t.Errorf("%s: %s, want the output %s", w.name, strings.TrimSpace(string(body)), what)
	case how == "output":
		wantJSON(t, w, "the output", output, what)
	}
}
