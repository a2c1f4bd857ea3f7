package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/script"
)

const asked = `{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"TYPE","id":"1"},"context":{"k":"fixture-0123456789-abcdef"}}`

func ask(resourceType string) request {
	return request{"POST", "/access/v1/evaluation", strings.Replace(asked, "TYPE", resourceType, 1), map[string]string{"Content-Type": "application/json"}}
}

// TestAuthZENAnswers has each kind of answer, to the byte.
func TestAuthZENAnswers(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true, Script: func(c *script.Config) { c.Limits.Time = time.Second }})
	scripted := func(name, body string) {
		t.Helper()
		want(t, s, 201, request{"PUT", "/v1/scripts/" + name, `{"source":` + asJSON(t, "module.exports = async function (context) {\n"+body+"\n}") + `}`, nil})
		want(t, s, 201, request{"PUT", "/v1/bindings/authzen", `{"script":"` + name + `","target":"` + name + `"}`, nil})
	}
	ruled := func(name, source string) {
		t.Helper()
		want(t, s, 201, request{"PUT", "/v1/policies/" + name, `{"language":"rego","source":` + asJSON(t, "package p\n\n"+source) + `}`, nil})
		want(t, s, 201, request{"PUT", "/v1/bindings/authzen", `{"policy":"` + name + `","target":"` + name + `"}`, nil})
	}
	ruled("permit", `allow if input.context.k == data.secrets.K`)
	ruled("deny", `allow if input.context.k == "other"`)
	ruled("unavailable", `allow if input.context.k != data.secrets.GONE`)
	ruled("says", "allow := true\n\noutput := {\"key\": data.secrets.K}")
	scripted("yes", `return {decision: context.input.context.k === context.secrets.K}`)
	scripted("explains", `return {decision: false, context: {reason: "key " + context.secrets.K}}`)
	scripted("nothing", ``)
	scripted("bare", `return true`)
	scripted("text", `return {decision: "true"}`)
	scripted("odd", `return {decision: true, context: "all is well"}`)
	scripted("throws", `throw new Error("no: " + context.secrets.K)`)
	scripted("loops", `for (;;) {}`)

	const invalid = `{"decision":false,"context":{"error":{"code":"invalid_decision","message":"the bound script must return {decision: true or false, context: an object or nothing}"}}}`
	for resourceType, answer := range map[string]string{
		"permit":      `{"decision":true}`,
		"deny":        `{"decision":false}`,
		"unavailable": `{"decision":false,"context":{"error":{"code":"secret_unavailable"`,
		"says":        `{"decision":true,"context":{"masked":[{"path":"/context/output/key","secrets":["K"]}],"output":{"key":"***"}}}`,
		"yes":         `{"decision":true}`,
		"explains":    `{"decision":false,"context":{"masked":[{"path":"/context/reason","secrets":["K"]}],"reason":"key ***"}}`,
		"nothing":     invalid,
		"bare":        invalid,
		"text":        invalid,
		"odd":         invalid,
		"throws":      `{"decision":false,"context":{"error":{"code":"`,
		"loops":       `{"decision":false,"context":{"error":{"code":"`,
		"anything":    `{"decision":false}`, // the binding for *: policy P reads input.k
	} {
		a := want(t, s, 200, ask(resourceType))
		if !strings.HasPrefix(string(a.Body), answer) || strings.HasSuffix(answer, "}") && string(a.Body) != answer+"\n" {
			t.Errorf("%s: %s", resourceType, cmp.Diff(answer, string(a.Body)))
		}
	}
	want(t, s, 204, request{"DELETE", "/v1/bindings/authzen", "", nil})
	a := want(t, s, 200, ask("anything"))
	if !strings.HasPrefix(string(a.Body), `{"decision":false,"context":{"error":{"code":"no_binding"`) {
		t.Errorf("without a binding: %s", a.Body)
	}
	want(t, s, 204, request{"DELETE", "/v1/policies/permit?force=true", "", nil})
	want(t, s, 204, request{"DELETE", "/v1/scripts/yes?force=true", "", nil})
	for _, gone := range []string{"permit", "yes"} {
		if a := want(t, s, 200, ask(gone)); !strings.HasPrefix(string(a.Body), `{"decision":false,"context":{"error":{"code":"bound_missing"`) {
			t.Errorf("after what is bound was deleted: %s", a.Body)
		}
	}
	if strings.Contains(s.Log.String(), "fixture-0123456789") {
		t.Error("the log has a value")
	}
}

// TestAuthZENFollowsTheSpecification has what section 6, 10 and 11 demand of a
// decision point that a stranger's client would notice.
func TestAuthZENFollowsTheSpecification(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	r := ask("account")
	for _, missing := range []string{`"subject"`, `"action"`, `"resource"`, `"type":"user"`, `"id":"alice"`, `"name":"read"`, `"type":"account"`, `"id":"1"`} {
		broken := r
		broken.body = strings.Replace(r.body, missing, `"x`+missing[1:], 1)
		wantProblem(t, s, 400, "invalid_input", broken)
	}
	for _, wrong := range []string{`{}`, `{"subject":"alice"}`, strings.Replace(r.body, `"alice"`, `7`, 1), strings.Replace(r.body, `{"k":"fixture-0123456789-abcdef"}`, `[]`, 1)} {
		broken := r
		broken.body = wrong
		wantProblem(t, s, 400, "invalid_input", broken)
	}
	// Unknown members are ignored, wherever they are, and no policy sees them.
	want(t, s, 201, request{"PUT", "/v1/policies/unknown", `{"language":"rego","source":"package p\n\nallow if object.keys(input) == {\"subject\", \"action\", \"resource\", \"context\"}"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/bindings/authzen", `{"policy":"unknown","target":"account"}`, nil})
	extended := r
	extended.body = `{"secrets":{"K":"x"},"contexts":{"secrets":{}},"options":{"a":[]},` + r.body[1:]
	if a := want(t, s, 200, extended); string(a.Body) != `{"decision":true}`+"\n" {
		t.Errorf("unknown members: %s", a.Body)
	}
	// The request's id comes back.
	r.header = map[string]string{"X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"}
	if got := want(t, s, 200, r).Header.Get("X-Request-ID"); got != r.header["X-Request-ID"] {
		t.Errorf("X-Request-ID %q", got)
	}
	// Who has no token is told how to get in.
	r.header = map[string]string{"Authorization": ""}
	if got := want(t, s, 401, r).Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("WWW-Authenticate %q", got)
	}
}
