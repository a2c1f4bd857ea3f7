package api_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api"
	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/secretstore/strictjson"
)

// fixture starts a server that has one of each resource.
func fixture(t testing.TB, o apitest.Options) *apitest.Server {
	t.Helper()
	s := apitest.Start(t, o)
	for _, r := range []request{
		{"POST", "/v1/secrets", `{"name":"K","value":"fixture-0123456789-abcdef"}`, nil},
		{"PUT", "/v1/variables/V", `{"value":{"a":1}}`, nil},
		{"PUT", "/v1/scripts/S", `{"source":"module.exports = async function (context) { return context.secrets.K }"}`, nil},
		{"PUT", "/v1/policies/P", `{"language":"rego","source":"package p\n\nallow if input.k == data.secrets.K"}`, nil},
		{"PUT", "/v1/bindings/authzen", `{"policy":"P"}`, nil},
		{"PUT", "/v1/projects/shop", ``, nil},
	} {
		want(t, s, http.StatusCreated, r)
	}
	return s
}

var lastUsed = regexp.MustCompile(`"last_used":({[^}]*}|null)`)

// state is everything that the API tells of what is stored.
func state(t testing.TB, s *apitest.Server) string {
	t.Helper()
	var all bytes.Buffer
	for _, scope := range []string{"/v1", "/v1/projects/shop"} {
		for _, kind := range []string{"secrets", "variables", "scripts", "policies", "bindings"} {
			all.Write(want(t, s, http.StatusOK, request{method: "GET", path: scope + "/" + kind}).Body)
		}
	}
	all.Write(want(t, s, http.StatusOK, request{method: "GET", path: "/v1/secrets/K/versions"}).Body)
	return lastUsed.ReplaceAllString(all.String(), "")
}

func nested(levels int) string {
	return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels)
}

// quoted marks a value in a body that no answer may repeat.
const quoted = "never-repeat-this-value"

// refusal is a request that is refused, for one reason.
type refusal struct {
	name         string
	request      request
	status       int
	code         string
	pointer      string
	line, column int
}

// refusals makes them when they are needed: every worker is a process of this
// test, and must not begin with bodies of 33 MiB.
var refusals = sync.OnceValue(func() []refusal {
	return []refusal{
		{name: "unknown field", request: request{"PUT", "/v1/secrets/N", `{"value":"` + quoted + `","allowed_host":["a.example"]}`, nil}, status: 400, code: "unknown_field", pointer: "/allowed_host"},
		{name: "unknown field of a new secret", request: request{"POST", "/v1/secrets", `{"name":"N","value":"` + quoted + `","x":1}`, nil}, status: 400, code: "unknown_field", pointer: "/x"},
		{name: "unknown field of a patch", request: request{"PATCH", "/v1/secrets/K", `{"descriptoin":"x"}`, nil}, status: 400, code: "unknown_field", pointer: "/descriptoin"},
		{name: "unknown field of a version", request: request{"POST", "/v1/secrets/K/versions", `{"value":"` + quoted + `","status":"ENABLED"}`, nil}, status: 400, code: "unknown_field", pointer: "/status"},
		{name: "unknown field of a variable", request: request{"PUT", "/v1/variables/V", `{"value":{},"kind":"int"}`, nil}, status: 400, code: "unknown_field", pointer: "/kind"},
		{name: "another type of a variable", request: request{"PUT", "/v1/variables/V", `{"value":[],"type":"array"}`, nil}, status: 400, code: "invalid_request"},
		{name: "a value of another type", request: request{"PUT", "/v1/variables/V", `{"value":[]}`, nil}, status: 400, code: "invalid_request"},
		{name: "an unknown type", request: request{"PUT", "/v1/variables/NEW", `{"value":[],"type":"set"}`, nil}, status: 400, code: "invalid_request"},
		{name: "unknown field of a script", request: request{"PUT", "/v1/scripts/S", `{"source":"","code":"` + quoted + `"}`, nil}, status: 400, code: "unknown_field", pointer: "/code"},
		{name: "unknown field of a policy", request: request{"PUT", "/v1/policies/P", `{"language":"rego","rules":"` + quoted + `"}`, nil}, status: 400, code: "unknown_field", pointer: "/rules"},
		{name: "unknown field of a binding", request: request{"PUT", "/v1/bindings/authzen", `{"policy":"P","scope":"x"}`, nil}, status: 400, code: "unknown_field", pointer: "/scope"},
		{name: "unknown field of a run", request: request{"POST", "/v1/scripts/S/run", `{"inputs":"` + quoted + `"}`, nil}, status: 400, code: "unknown_field", pointer: "/inputs"},
		{name: "unknown field of a project", request: request{"PUT", "/v1/projects/other", `{"name":"x"}`, nil}, status: 400, code: "unknown_field", pointer: "/name"},
		{name: "fields have one case", request: request{"PUT", "/v1/secrets/N", `{"Value":"` + quoted + `"}`, nil}, status: 400, code: "unknown_field", pointer: "/Value"},

		{name: "a number for a text", request: request{"PUT", "/v1/secrets/N", `{"value":"v","description":814359}`, nil}, status: 400, code: "wrong_type", pointer: "/description"},
		{name: "a number for a value", request: request{"PUT", "/v1/secrets/N", `{"value":814359}`, nil}, status: 400, code: "wrong_type", pointer: "/value"},
		{name: "a text for a list", request: request{"PUT", "/v1/secrets/N", `{"value":"v","allowed_hosts":"` + quoted + `"}`, nil}, status: 400, code: "wrong_type", pointer: "/allowed_hosts"},
		{name: "an element of a list", request: request{"PUT", "/v1/secrets/N", `{"value":"v","allowed_hosts":["a.example",814359]}`, nil}, status: 400, code: "wrong_type", pointer: "/allowed_hosts/1"},
		{name: "a text for a switch", request: request{"PATCH", "/v1/secrets/K", `{"release":"` + quoted + `"}`, nil}, status: 400, code: "wrong_type", pointer: "/release"},
		{name: "no time", request: request{"PUT", "/v1/secrets/N", `{"value":"v","expires_at":"` + quoted + `"}`, nil}, status: 400, code: "wrong_type", pointer: "/expires_at"},
		{name: "no time in a patch", request: request{"PATCH", "/v1/secrets/K", `{"expires_at":"` + quoted + `"}`, nil}, status: 400, code: "wrong_type", pointer: "/expires_at"},
		{name: "no base64", request: request{"PUT", "/v1/secrets/N", `{"value_base64":"` + quoted + `!"}`, nil}, status: 400, code: "wrong_type", pointer: "/value_base64"},
		{name: "an array for a body", request: request{"PUT", "/v1/secrets/N", `["` + quoted + `"]`, nil}, status: 400, code: "wrong_type"},
		{name: "a text for a body", request: request{"PUT", "/v1/secrets/N", `"` + quoted + `"`, nil}, status: 400, code: "wrong_type"},
		{name: "null for a body", request: request{"PUT", "/v1/secrets/N", `null`, nil}, status: 400, code: "wrong_type"},
		{name: "an array for a merge patch", request: request{"PATCH", "/v1/variables/V", `["` + quoted + `"]`, nil}, status: 400, code: "wrong_type"},

		{name: "no body", request: request{"PUT", "/v1/secrets/N", ``, nil}, status: 400, code: "invalid_json"},
		{name: "no JSON", request: request{"PUT", "/v1/secrets/N", "{\n \"value\": " + quoted + "}", nil}, status: 400, code: "invalid_json", line: 2, column: 12},
		{name: "half a JSON", request: request{"PUT", "/v1/secrets/N", `{"value":"` + quoted, nil}, status: 400, code: "invalid_json"},
		{name: "text that follows", request: request{"PUT", "/v1/secrets/N", `{"value":"v"}{"value":"` + quoted + `"}`, nil}, status: 400, code: "invalid_json"},
		{name: "invalid UTF-8", request: request{"PUT", "/v1/secrets/N", "{\"value\":\"\xff" + quoted + "\"}", nil}, status: 400, code: "invalid_json"},
		{name: "a lone surrogate", request: request{"PUT", "/v1/secrets/N", `{"value":"\ud800` + quoted + `"}`, nil}, status: 400, code: "invalid_json"},
		{name: "a lone surrogate in an input", request: request{"POST", "/v1/scripts/S/run", `{"input":"\udfff"}`, nil}, status: 400, code: "invalid_json"},
		{name: "a duplicate key", request: request{"PUT", "/v1/secrets/N", `{"value":"` + quoted + `","value":"v"}`, nil}, status: 400, code: "duplicate_key", pointer: "/value"},
		{name: "a duplicate key in a value", request: request{"PUT", "/v1/secrets/N", `{"value":{"a":"` + quoted + `","a":"v"}}`, nil}, status: 400, code: "duplicate_key", pointer: "/value/a"},
		{name: "a duplicate key in an input", request: request{"POST", "/v1/policies/P/evaluate", `{"input":{"a":{"k":1,"\u006b":2}}}`, nil}, status: 400, code: "duplicate_key", pointer: "/input/a/k"},
		{name: "nesting", request: request{"PUT", "/v1/variables/V", `{"value":` + nested(strictjson.MaxNesting) + `}`, nil}, status: 400, code: "nesting_limit"},
		{name: "nesting of 10,000", request: request{"POST", "/v1/policies/P/evaluate", `{"input":` + nested(10_000) + `}`, nil}, status: 400, code: "nesting_limit"},
		{name: "nesting of 500,000 arrays", request: request{"POST", "/v1/scripts/S/run", strings.Repeat("[", 500_000), nil}, status: 400, code: "nesting_limit"},
		{name: "nesting of an access evaluation", request: request{"POST", "/access/v1/evaluation", `{"context":` + nested(10_000) + `}`, nil}, status: 400, code: "nesting_limit"},

		{name: "a name outside the grammar", request: request{"PUT", "/v1/secrets/a.b", `{"value":"v"}`, nil}, status: 400, code: "invalid_request"},
		{name: "a name outside the grammar, percent-encoded", request: request{"PUT", "/v1/secrets/a%2Fb", `{"value":"v"}`, nil}, status: 400, code: "invalid_request"},
		{name: "a name that is no text", request: request{"PUT", "/v1/secrets/%FF", `{"value":"v"}`, nil}, status: 400, code: "invalid_request"},
		{name: "a name that is too long", request: request{"PUT", "/v1/secrets/" + strings.Repeat("n", 125), `{"value":"v"}`, nil}, status: 400, code: "invalid_request"},
		{name: "a name of a new secret", request: request{"POST", "/v1/secrets", `{"name":"a b","value":"v"}`, nil}, status: 400, code: "invalid_request"},
		{name: "no name of a new secret", request: request{"POST", "/v1/secrets", `{"value":"v"}`, nil}, status: 400, code: "invalid_request"},
		{name: "a reserved name", request: request{"PUT", "/v1/secrets/constructor", `{"value":"v"}`, nil}, status: 400, code: "invalid_request"},
		{name: "a reserved name of a variable", request: request{"PUT", "/v1/variables/__proto__", `{"value":1}`, nil}, status: 400, code: "invalid_request"},
		{name: "a name of a project", request: request{"PUT", "/v1/projects/a.b", ``, nil}, status: 400, code: "invalid_request"},
		{name: "a name of a script", request: request{"PUT", "/v1/scripts/a~b", `{"source":""}`, nil}, status: 400, code: "invalid_request"},

		{name: "a secret without a value", request: request{"PUT", "/v1/secrets/N", `{"description":"x"}`, nil}, status: 400, code: "invalid_request"},
		{name: "an empty value", request: request{"PUT", "/v1/secrets/N", `{"value":""}`, nil}, status: 400, code: "invalid_request"},
		{name: "two values", request: request{"PUT", "/v1/secrets/N", `{"value":"` + quoted + `","value_base64":"YQ=="}`, nil}, status: 400, code: "invalid_request"},
		{name: "a version without a value", request: request{"POST", "/v1/secrets/K/versions", `{}`, nil}, status: 400, code: "invalid_request"},
		{name: "a public suffix", request: request{"PUT", "/v1/secrets/N", `{"value":"` + quoted + `","allowed_hosts":["*.com"]}`, nil}, status: 400, code: "invalid_request"},
		{name: "a position", request: request{"PUT", "/v1/secrets/N", `{"value":"` + quoted + `","allowed_in":["host"]}`, nil}, status: 400, code: "invalid_request"},
		{name: "an encoding", request: request{"PUT", "/v1/secrets/N", `{"value":"` + quoted + `","encoding":"rot13"}`, nil}, status: 400, code: "invalid_request"},
		{name: "a variable of null", request: request{"PUT", "/v1/variables/V", `{"value":null}`, nil}, status: 400, code: "invalid_request"},
		{name: "a variable without a value", request: request{"PUT", "/v1/variables/V", `{}`, nil}, status: 400, code: "invalid_request"},
		{name: "a status", request: request{"PATCH", "/v1/secrets/K/versions/1", `{"status":"DESTROYED"}`, nil}, status: 400, code: "invalid_request"},
		{name: "the newest version disabled", request: request{"PATCH", "/v1/secrets/K/versions/1", `{"status":"DISABLED"}`, nil}, status: 400, code: "invalid_request"},
		{name: "the only version destroyed", request: request{"DELETE", "/v1/secrets/K/versions/1", ``, nil}, status: 400, code: "invalid_request"},
		{name: "a version that is no number", request: request{"DELETE", "/v1/secrets/K/versions/one", ``, nil}, status: 400, code: "invalid_request"},
		{name: "a version that is a number with a sign", request: request{"DELETE", "/v1/secrets/K/versions/-1", ``, nil}, status: 400, code: "invalid_request"},

		{name: "a body that is too large", request: request{"PUT", "/v1/variables/V", `{"value":"` + strings.Repeat("x", api.MaxBodyBytes) + `"}`, nil}, status: 413, code: "too_large"},
		{name: "a body of 33 MiB", request: request{"POST", "/v1/secrets", `{"name":"N","value":"` + strings.Repeat("x", 33<<20) + `"}`, nil}, status: 413, code: "too_large"},
		{name: "an input of 33 MiB", request: request{"POST", "/v1/policies/P/evaluate", `{"input":"` + strings.Repeat("x", 33<<20) + `"}`, nil}, status: 413, code: "too_large"},
		{name: "a value that is too large", request: request{"PUT", "/v1/secrets/N", `{"value":"` + strings.Repeat("x", 64<<10+1) + `"}`, nil}, status: 413, code: "too_large"},

		{name: "a form", request: request{"PUT", "/v1/secrets/N", `value=` + quoted, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, status: 415, code: "unsupported_media_type"},
		{name: "a merge patch that is none", request: request{"PUT", "/v1/secrets/N", `{"value":"v"}`, map[string]string{"Content-Type": "application/merge-patch+json"}}, status: 415, code: "unsupported_media_type"},
		{name: "a JSON patch", request: request{"PATCH", "/v1/secrets/K", `[]`, map[string]string{"Content-Type": "application/json-patch+json"}}, status: 415, code: "unsupported_media_type"},
		{name: "a compressed body", request: request{"PUT", "/v1/secrets/N", `x`, map[string]string{"Content-Encoding": "gzip"}}, status: 415, code: "unsupported_media_type"},

		{name: "no such scope", request: request{"PUT", "/v1/projects/none/secrets/N", `{"value":"` + quoted + `"}`, nil}, status: 404, code: "not_found"},
		{name: "no such service", request: request{"GET", "/v1/projects/shop/services/none/scripts", ``, nil}, status: 404, code: "not_found"},
		{name: "a service of no project", request: request{"PUT", "/v1/projects/none/services/x", ``, nil}, status: 404, code: "not_found"},
		{name: "no such project", request: request{"GET", "/v1/projects/none", ``, nil}, status: 404, code: "not_found"},
		{name: "no such secret", request: request{"GET", "/v1/secrets/N", ``, nil}, status: 404, code: "not_found"},
		{name: "no such secret to patch", request: request{"PATCH", "/v1/secrets/N", `{}`, nil}, status: 404, code: "not_found"},
		{name: "no such version", request: request{"DELETE", "/v1/secrets/K/versions/7", ``, nil}, status: 404, code: "not_found"},
		{name: "no such variable", request: request{"DELETE", "/v1/variables/N", ``, nil}, status: 404, code: "not_found"},
		{name: "no such script", request: request{"POST", "/v1/scripts/N/run", `{}`, nil}, status: 404, code: "not_found"},
		{name: "no such policy", request: request{"POST", "/v1/policies/N/evaluate", `{}`, nil}, status: 404, code: "not_found"},
		{name: "a binding to no policy", request: request{"PUT", "/v1/bindings/authzen", `{"policy":"N"}`, nil}, status: 404, code: "not_found"},
		{name: "no such route", request: request{"GET", "/v2/secrets", ``, nil}, status: 404, code: "no_route"},
		{name: "no such route below one", request: request{"GET", "/v1/secrets/K/value", ``, nil}, status: 404, code: "no_route"},
		{name: "an empty name", request: request{"GET", "/v1/secrets/", ``, nil}, status: 404, code: "no_route"},
		{name: "a doubled slash", request: request{"GET", "/v1//secrets", ``, nil}, status: 404, code: "no_route"},

		{name: "it exists", request: request{"POST", "/v1/secrets", `{"name":"K","value":"` + quoted + `"}`, nil}, status: 409, code: "already_exists"},
		{name: "it is in use", request: request{"DELETE", "/v1/secrets/K", ``, nil}, status: 409, code: "in_use"},
		{name: "wider without the value", request: request{"PATCH", "/v1/secrets/K", `{"allowed_hosts":["evil.example"]}`, nil}, status: 422, code: "value_required"},

		{name: "a script that does not parse", request: request{"PUT", "/v1/scripts/S", `{"source":"module.exports = async function (context) {\n  return ;;;)\n}"}`, nil}, status: 422, code: "invalid_script", line: 2, column: 13},
		{name: "a script that looks inside", request: request{"PUT", "/v1/scripts/S", `{"source":"module.exports = async function (context) {\n  return context.secrets.K.startsWith('a')\n}"}`, nil}, status: 422, code: "invalid_script", line: 2, column: 28},
		{name: "a language", request: request{"PUT", "/v1/scripts/S", `{"language":"cobol","source":""}`, nil}, status: 422, code: "invalid_script", line: 1, column: 1},
		{name: "a test of a script that does not parse", request: request{"POST", "/v1/scripts/test", `{"source":"("}`, nil}, status: 422, code: "invalid_script", line: 1, column: 2},
		{name: "a patch to a script that does not parse", request: request{"PATCH", "/v1/scripts/S", `{"source":"("}`, nil}, status: 422, code: "invalid_script", line: 1, column: 2},
		{name: "a module that does not compile", request: request{"PUT", "/v1/policies/P", `{"language":"rego","source":"package p\n\nallow if undefined_function(input)"}`, nil}, status: 422, code: "invalid_policy", line: 3, column: 10},
		{name: "a module that does not parse", request: request{"PUT", "/v1/policies/P", `{"language":"rego","source":"package p\n\nallow if {"}`, nil}, status: 422, code: "invalid_policy", line: 3, column: 10},
		{name: "a module that reaches out", request: request{"PUT", "/v1/policies/P", `{"language":"rego","source":"package p\n\nallow if opa.runtime().env.HOME"}`, nil}, status: 422, code: "invalid_policy", line: 3, column: 10},
		{name: "a validator that is none", request: request{"PUT", "/v1/policies/P", `{"language":"validators","validators":[{"name":"nope"}]}`, nil}, status: 422, code: "invalid_policy", pointer: "/validators/0/name"},
		{name: "a language of policies", request: request{"PUT", "/v1/policies/P", `{"language":"prolog"}`, nil}, status: 422, code: "invalid_policy", pointer: "/language"},
		{name: "a point", request: request{"PUT", "/v1/bindings/nowhere", `{"policy":"P"}`, nil}, status: 422, code: "invalid_binding"},
		{name: "a binding of two", request: request{"PUT", "/v1/bindings/authzen", `{"policy":"P","script":"S"}`, nil}, status: 422, code: "invalid_binding"},

		{name: "secrets in an input", request: request{"POST", "/v1/policies/P/evaluate", `{"input":{"secrets":{"K":"` + quoted + `"}}}`, nil}, status: 400, code: "input_has_secrets"},
		{name: "secrets in contexts", request: request{"POST", "/v1/policies/P/evaluate", `{"input":{"contexts":{"secrets":"` + quoted + `"}}}`, nil}, status: 400, code: "input_has_secrets"},
		{name: "secrets in an input of a script", request: request{"POST", "/v1/scripts/S/run", `{"input":{"\u0073ecrets":{"K":"` + quoted + `"}}}`, nil}, status: 400, code: "input_has_secrets"},
		{name: "secrets in contexts of a script", request: request{"POST", "/v1/scripts/test", `{"source":"","input":{"contexts":{"secrets":"` + quoted + `"}}}`, nil}, status: 400, code: "input_has_secrets"},
		{name: "a policy to test is missing", request: request{"POST", "/v1/policies/test", `{"input":1}`, nil}, status: 400, code: "invalid_request"},

		{name: "a page size", request: request{"GET", "/v1/secrets?page_size=501", ``, nil}, status: 400, code: "invalid_request"},
		{name: "a page size that is no number", request: request{"GET", "/v1/secrets?page_size=" + quoted, ``, nil}, status: 400, code: "invalid_request"},
		{name: "a misspelt query", request: request{"GET", "/v1/secrets?pagesize=1", ``, nil}, status: 400, code: "invalid_request"},
		{name: "a query twice", request: request{"DELETE", "/v1/secrets/K?force=false&force=true", ``, nil}, status: 400, code: "invalid_request"},
		{name: "force that is neither", request: request{"DELETE", "/v1/secrets/K?force=yes", ``, nil}, status: 400, code: "invalid_request"},
		{name: "a broken query", request: request{"DELETE", "/v1/secrets/K?force=%zz", ``, nil}, status: 400, code: "invalid_request"},
		{name: "If-Match without quotes", request: request{"DELETE", "/v1/secrets/K", ``, map[string]string{"If-Match": "abc"}}, status: 400, code: "invalid_request"},
		{name: "If-Match of a list", request: request{"DELETE", "/v1/secrets/K", ``, map[string]string{"If-Match": `"a", "b"`}}, status: 400, code: "invalid_request"},
		{name: "a weak If-Match", request: request{"DELETE", "/v1/secrets/K", ``, map[string]string{"If-Match": `W/"a"`}}, status: 400, code: "invalid_request"},
		{name: "If-Match where nothing heeds it", request: request{"PUT", "/v1/projects/shop", ``, map[string]string{"If-Match": `"a"`}}, status: 400, code: "invalid_request"},
		{name: "If-Match of a secrets.json", request: request{"PUT", "/v1/secrets.json", `{}`, map[string]string{"If-Match": `"a"`}}, status: 400, code: "invalid_request"},
		{name: "an unknown mode", request: request{"PUT", "/v1/secrets.json?mode=delete", `{}`, nil}, status: 400, code: "invalid_request"},
		{name: "a secrets.json that leaves out what is in use", request: request{"PUT", "/v1/secrets.json?mode=replace", `{}`, nil}, status: 409, code: "in_use"},
		{name: "a number in a secrets.json", request: request{"PUT", "/v1/secrets.json", `{"A":"` + quoted + `","B":814359}`, nil}, status: 400, code: "wrong_type", pointer: "/B"},
		{name: "a bad name in a secrets.json", request: request{"PUT", "/v1/secrets.json", `{"A":"` + quoted + `","get":"x"}`, nil}, status: 400, code: "invalid_request"},
		{name: "a broken PEM", request: request{"POST", "/v1/secrets", `{"name":"N","encoding":"pem","value":"` + quoted + `"}`, nil}, status: 400, code: "invalid_request"},
		{name: "an unknown member of generate", request: request{"POST", "/v1/secrets", `{"name":"N","generate":{"kind":"hex","seed":"` + quoted + `"}}`, nil}, status: 400, code: "unknown_field", pointer: "/generate/seed"},
		{name: "a value and generate", request: request{"POST", "/v1/secrets", `{"name":"N","value":"` + quoted + `","generate":{"kind":"hex"}}`, nil}, status: 400, code: "invalid_request"},
		{name: "a stale If-Match on a version", request: request{"PATCH", "/v1/secrets/K/versions/1", `{"status":"ENABLED"}`, map[string]string{"If-Match": `"a"`}}, status: 412, code: "changed"},
		{name: "a stale If-Match to destroy", request: request{"DELETE", "/v1/secrets/K/versions/1", ``, map[string]string{"If-Match": `"a"`}}, status: 412, code: "changed"},
	}
})

// TestRefusals sends each of them and makes sure that it changes nothing, says
// what and where, and repeats nothing.
func TestRefusals(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	before := state(t, s)
	for _, test := range refusals() {
		t.Run(test.name, func(t *testing.T) {
			p := wantProblem(t, s, test.status, test.code, test.request)
			if test.pointer != "" && (len(p.Errors) == 0 || p.Errors[0].Pointer != test.pointer) {
				t.Errorf("errors %+v, want pointer %s", p.Errors, test.pointer)
			}
			if test.line != 0 && (len(p.Errors) == 0 || p.Errors[0].Line != test.line || p.Errors[0].Column != test.column) {
				t.Errorf("errors %+v, want %d:%d", p.Errors, test.line, test.column)
			}
			if text := asJSON(t, p); strings.Contains(text, quoted) || strings.Contains(text, "814359") {
				t.Errorf("the problem repeats a value: %s", text)
			}
			if diff := cmp.Diff(before, state(t, s)); diff != "" {
				t.Errorf("something changed:\n%s", diff)
			}
		})
	}
	if strings.Contains(s.Log.String(), quoted) {
		t.Error("the log has a value of a request")
	}
}

// TestHugeBodyIsNotRead announces a body of a terabyte, and sends one of
// unknown length, and is answered without being read to the end.
func TestHugeBodyIsNotRead(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	for _, length := range []string{"Content-Length: 1099511627776", "Transfer-Encoding: chunked"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		head := "PUT /v1/variables/V HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + s.Token + "\r\n" + length + "\r\n\r\n"
		if _, err := io.WriteString(conn, head); err != nil {
			t.Fatal(err)
		}
		go func() {
			// A chunk of 16 MiB, of which the server reads a sixteenth; writing fails
			// when it has hung up.
			_, _ = io.WriteString(conn, "1000000\r\n"+strings.Repeat(" ", 16<<20))
		}()
		answer, err := io.ReadAll(io.LimitReader(conn, 1024))
		if len(answer) == 0 {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(answer), "HTTP/1.1 413 ") || !strings.Contains(string(answer), "Connection: close") {
			t.Errorf("%s: %s", length, answer)
		}
		_ = conn.Close()
	}
}
