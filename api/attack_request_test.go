package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// hostile is a request that has a secret where it does not belong, or asks for
// what it may not have.
type hostile struct {
	method, path, body string
	header             map[string]string
	status             int
	code               string
	// echoes is set where the answer names what the request asked for, to who
	// asked: the log still may not.
	echoes bool
}

var hostiles = []hostile{
	// Widening a limit needs the value: who may change metadata does not learn
	// what a secret opens.
	{method: "PATCH", path: "/v1/secrets/API_KEY", body: `{"allowed_hosts":["{{HOST}}"]}`, status: 422, code: "value_required"},
	{method: "PATCH", path: "/v1/secrets/TOKEN", body: `{"allowed_hosts":["*.example.com"]}`, status: 422, code: "value_required"},
	{method: "PATCH", path: "/v1/secrets/HEADER_TOKEN", body: `{"allowed_in":["header","query"]}`, status: 422, code: "value_required"},
	{method: "PATCH", path: "/v1/secrets/POINTED", body: `{"allowed_in":["body"]}`, status: 422, code: "value_required"},
	{method: "PATCH", path: "/v1/secrets/QUIET_SIGNING", body: `{"release":true}`, status: 422, code: "value_required"},
	{method: "PATCH", path: "/v1/secrets/DB", body: `{"plain":["user"]}`, status: 422, code: "value_required"},
	{method: "PATCH", path: "/v1/secrets/COPY", body: `{"allowed_hosts":["{{HOST}}"]}`, status: 422, code: "value_required"},
	{method: "PATCH", path: "/v1/secrets/COPY2", body: `{"allowed_hosts":["{{HOST}}"]}`, status: 422, code: "value_required"},
	// A new value with wider limits leaves the old value as it was.
	{method: "PATCH", path: "/v1/secrets/COPY", body: `{"value":"attackers-own-value-0123456789","allowed_hosts":["{{HOST}}"]}`, status: 200},

	// What is told of secrets is the same whatever they are.
	{method: "GET", path: "/v1/secrets", status: 200},
	{method: "GET", path: "/v1/secrets/API_KEY", status: 200},
	{method: "GET", path: "/v1/secrets/PASSWORD/versions", status: 200},
	{method: "PUT", path: "/v1/secrets/SCRATCH", body: `{"value":"{{API_KEY}}"}`, status: 201},
	{method: "PUT", path: "/v1/secrets/SCRATCH", body: `{"value":"{{API_KEY}}"}`, status: 200},
	{method: "PUT", path: "/v1/secrets/SCRATCH", body: `{"value":"{{TOKEN}}"}`, status: 200},
	{method: "POST", path: "/v1/secrets/SCRATCH/versions", body: `{"value":"{{API_KEY}}"}`, status: 201},
	{method: "POST", path: "/v1/secrets", body: `{"name":"API_KEY","value":"{{API_KEY}}"}`, status: 409, code: "already_exists"},
	{method: "DELETE", path: "/v1/secrets/DB", status: 409, code: "in_use"},

	// A caller cannot bring the secrets along.
	{method: "POST", path: "/v1/policies/output-cloudentity/evaluate", body: `{"input":{"secrets":{"API_KEY":"x"},"context":{"k":"x"}}}`, status: 400, code: "input_has_secrets"},
	{method: "POST", path: "/v1/policies/output-cloudentity/evaluate", body: `{"input":{"contexts":{"secrets":{"API_KEY":"x"}},"context":{"k":"x"}}}`, status: 400, code: "input_has_secrets"},
	{method: "POST", path: "/v1/policies/output-cloudentity/evaluate", body: `{"input":{"\u0073ecrets":{"API_KEY":"x"},"context":{"k":"x"}}}`, status: 400, code: "input_has_secrets"},
	{method: "POST", path: "/v1/policies/output-cloudentity/evaluate", body: `{"input":{"secrets":1,"secrets":{"API_KEY":"{{CANARY}}"}}}`, status: 400, code: "duplicate_key"},
	{method: "POST", path: "/v1/policies/validators-right/evaluate", body: `{"input":{"secrets":{"API_KEY":"x"}}}`, status: 400, code: "input_has_secrets"},
	{method: "POST", path: "/access/v1/evaluation", status: 200,
		body: `{"subject":{"type":"u","id":"m"},"action":{"name":"a"},"resource":{"type":"output-cloudentity","id":"1"},"context":{"k":"x"},"secrets":{"API_KEY":"x"},"contexts":{"secrets":{"API_KEY":"x"}}}`},

	// Bodies that are wrong, with a secret in them; it is the same one in every
	// world, so that the places of the faults are.
	{method: "POST", path: "/v1/secrets", body: `{{CANARY}}`, status: 400, code: "invalid_json"},
	{method: "POST", path: "/v1/secrets", body: `"{{CANARY}}"`, status: 400, code: "wrong_type"},
	{method: "POST", path: "/v1/secrets", body: `{"name":"X","value":"{{CANARY}}`, status: 400, code: "invalid_json"},
	{method: "POST", path: "/v1/secrets", body: `{"name":"X","value":{{CANARY}}}`, status: 400, code: "invalid_json"},
	{method: "POST", path: "/v1/secrets", body: `{"name":["{{CANARY}}"],"value":"x"}`, status: 400, code: "wrong_type"},
	{method: "POST", path: "/v1/secrets", body: `{"name":"{{CANARY}}/x","value":"x"}`, status: 400, code: "invalid_request"},
	{method: "POST", path: "/v1/secrets", body: `{"name":"X","value":"x","value_base64":"{{CANARY}}!"}`, status: 400, code: "wrong_type"},
	{method: "POST", path: "/v1/secrets", body: `{"name":"X","value":"{{CANARY}}","allowed_hosts":["{{CANARY}}/ x"]}`, status: 400, code: "invalid_request"},
	{method: "POST", path: "/v1/secrets", body: `{"name":"X","value":"{{CANARY}}","allowed_in":["{{CANARY}}"]}`, status: 400, code: "invalid_request"},
	{method: "POST", path: "/v1/secrets", body: `{"name":"X","value":"{{CANARY}}","encoding":"{{CANARY}}"}`, status: 400, code: "invalid_request"},
	{method: "POST", path: "/v1/secrets", body: `{"name":"X","value":"{{CANARY}}","expires_at":"{{CANARY}}"}`, status: 400, code: "wrong_type"},
	{method: "POST", path: "/v1/secrets", body: `{"name":"X","value":{"{{CANARY}}":["{{CANARY}}",{"a":[1,"{{CANARY}}"}}`, status: 400, code: "invalid_json"},
	{method: "POST", path: "/v1/secrets", body: `{"name":"X","value":"{{CANARY}}","{{CANARY}}":1}`, status: 400, code: "unknown_field", echoes: true},
	{method: "PUT", path: "/v1/secrets/API_KEY", body: `{"description":"{{CANARY}}"}`, status: 400, code: "invalid_request"},
	{method: "PUT", path: "/v1/secrets/API_KEY", body: `{"value":"{{CANARY}}","tags":"{{CANARY}}"}`, status: 400, code: "wrong_type"},
	{method: "PATCH", path: "/v1/secrets/API_KEY", body: `{"expires_at":"{{CANARY}}"}`, status: 400, code: "wrong_type"},
	{method: "POST", path: "/v1/secrets/API_KEY/versions", body: `{"value":"{{CANARY}}","value_base64":"{{CANARY|base64}}"}`, status: 400, code: "invalid_request"},
	{method: "PATCH", path: "/v1/secrets/API_KEY/versions/1", body: `{"status":"{{CANARY}}"}`, status: 400, code: "invalid_request"},
	{method: "PATCH", path: "/v1/secrets/API_KEY/versions/{{CANARY}}", body: `{"status":"DISABLED"}`, status: 400, code: "invalid_request"},
	{method: "PUT", path: "/v1/variables/V", body: `{"value":"{{CANARY}}","type":"{{CANARY}}"}`, status: 400},
	{method: "PUT", path: "/v1/scripts/S", body: `{"source":"{{CANARY}} {{CANARY}}"}`, status: 422, code: "invalid_script", echoes: true},
	{method: "PUT", path: "/v1/scripts/S", body: `{"source":"1","language":"{{CANARY}}"}`, status: 422, code: "invalid_script", echoes: true},
	{method: "PUT", path: "/v1/policies/P", body: `{"language":"{{CANARY}}","source":"{{CANARY}}"}`, status: 422, code: "invalid_policy"},
	{method: "PUT", path: "/v1/policies/P", body: `{"language":"rego","source":"package a\n\nallow if input.x == \"{{CANARY}}\" + 1"}`, status: 422, code: "invalid_policy", echoes: true},
	{method: "PUT", path: "/v1/policies/P", body: `{"language":"rego","source":"package a\n\n\"{{CANARY}} {{"}`, status: 422, code: "invalid_policy", echoes: true},
	{method: "PUT", path: "/v1/policies/P", body: `{"language":"validators","validators":[{"name":"{{CANARY}}"}]}`, status: 422, code: "invalid_policy", echoes: true},
	{method: "PUT", path: "/v1/bindings/authzen", body: `{"policy":"{{CANARY}}","script":"{{CANARY}}","target":"x"}`, status: 422, code: "invalid_binding"},
	{method: "PUT", path: "/v1/bindings/{{CANARY}}", body: `{"policy":"p","target":"x"}`, status: 422, code: "invalid_binding"},
	{method: "POST", path: "/v1/scripts/test", body: `{"source":"module.exports = () => 1","input":{"a":"{{CANARY}}}`, status: 400, code: "invalid_json"},
	{method: "POST", path: "/v1/scripts/test", body: `{"source":"module.exports = () => 1","input":"\ud800{{CANARY}}"}`, status: 400, code: "invalid_json"},
	{method: "POST", path: "/v1/scripts/return-whole/run", body: `{"input":{"{{CANARY}}":1,"{{CANARY}}":2}}`, status: 400, code: "duplicate_key", echoes: true},
	{method: "POST", path: "/v1/policies/output-output/evaluate", body: `{"input":{"a":"{{CANARY}}"},"{{CANARY}}":1}`, status: 400, code: "unknown_field", echoes: true},
	{method: "POST", path: "/v1/policies/test", body: `{"policy":{"language":"rego","source":1,"name":"{{CANARY}}"},"input":"{{CANARY}}"}`, status: 400, code: "invalid_request"},
	{method: "POST", path: "/access/v1/evaluation", body: `{"subject":"{{CANARY}}"}`, status: 400, code: "invalid_input"},
	{method: "POST", path: "/access/v1/evaluation", body: `{{CANARY}}`, status: 400, code: "invalid_json"},
	{method: "POST", path: "/access/v1/evaluation", status: 200,
		body: `{"subject":{"type":"u","id":"{{CANARY}}"},"action":{"name":"{{CANARY}}"},"resource":{"type":"{{CANARY}}","id":"{{CANARY}}"},"context":{"{{CANARY}}":"{{CANARY}}"}}`},

	// Everywhere else in a request.
	{method: "GET", path: "/v1/secrets", header: map[string]string{"Authorization": "Bearer {{CANARY}}"}, status: 401, code: "unauthorized"},
	{method: "GET", path: "/v1/secrets", header: map[string]string{"Authorization": "Basic {{CANARY|userpass}}"}, status: 401, code: "unauthorized"},
	{method: "PUT", path: "/v1/secrets/API_KEY", body: `{"value":"x"}`, header: map[string]string{"If-Match": `"{{CANARY}}"`}, status: 412, code: "changed"},
	{method: "PUT", path: "/v1/secrets/API_KEY", body: `{"value":"x"}`, header: map[string]string{"If-Match": `{{CANARY}}`}, status: 400, code: "invalid_request"},
	{method: "PUT", path: "/v1/secrets/API_KEY", body: `{"value":"x"}`, header: map[string]string{"Content-Type": `application/{{CANARY}}`}, status: 415, code: "unsupported_media_type"},
	{method: "PUT", path: "/v1/secrets/API_KEY", body: `{"value":"x"}`, header: map[string]string{"Content-Encoding": `{{CANARY}}`}, status: 415, code: "unsupported_media_type"},
	{method: "GET", path: "/v1/secrets?page_token={{CANARY}}", status: 200},
	{method: "GET", path: "/v1/secrets?{{CANARY}}=1", status: 400, code: "invalid_request"},
	{method: "GET", path: "/v1/secrets?page_size={{CANARY}}", status: 400, code: "invalid_request"},
	{method: "DELETE", path: "/v1/secrets/SCRATCH?force={{CANARY}}", status: 400, code: "invalid_request"},
	{method: "GET", path: "/{{CANARY}}", status: 404, code: "no_route"},
	{method: "GET", path: "/v1/{{CANARY}}/x?{{CANARY}}#{{CANARY}}", status: 404, code: "no_route"},
	{method: "{{CANARY}}", path: "/v1/secrets", status: 405, code: "method_not_allowed"},
	{method: "GET", path: "/v1/secrets/{{CANARY}}", status: 404, code: "not_found", echoes: true},
	{method: "GET", path: "/v1/projects/{{CANARY}}/secrets", status: 404, code: "not_found", echoes: true},
	{method: "POST", path: "/v1/policies/{{CANARY}}/evaluate", body: `{}`, status: 404, code: "not_found", echoes: true},
	{method: "POST", path: "/v1/scripts/{{CANARY}}/run", body: `{}`, status: 404, code: "not_found", echoes: true},
}

// hostileRequests sends them, and then texts that look like what the server keeps
// for itself.
func hostileRequests(t *testing.T, w *world) []exchange {
	var out []exchange
	for _, h := range hostiles {
		m := message{method: w.fillText(t, h.method), path: w.fillText(t, h.path), body: w.fillText(t, h.body), header: map[string]string{}}
		for name, value := range h.header {
			m.header[name] = w.fillText(t, value)
		}
		what := h.method + " " + h.path + " " + h.body
		if h.echoes {
			if a := deliver(t, w.server, m); a.Status != h.status || parsed[trouble](t, a.Body).Code != h.code {
				t.Errorf("%s: %s: %d %s, want %d %s", w.name, what, a.Status, a.Body, h.status, h.code)
			}
			continue
		}
		a := w.send(t, m, w.all)
		out = append(out, exchange{what, a})
		if a.Status != h.status || h.code != "" && parsed[trouble](t, a.Body).Code != h.code {
			t.Errorf("%s: %s: %d %s, want %d %s", w.name, what, a.Status, a.Body, h.status, h.code)
		}
		if strings.HasPrefix(h.path, "/access/") && h.status == http.StatusOK {
			if d := parsed[access](t, a.Body); d.Decision == nil || *d.Decision {
				t.Errorf("%s: %s: %s", w.name, what, a.Body)
			}
		}
	}
	replay(t, w)
	return out
}

// replay brings every surrogate that a server has ever drawn back in, as if an
// attacker had seen them all. What is live is refused; what is not, is a text like
// any other, and equal to no secret.
func replay(t *testing.T, w *world) {
	list := jsonOf(t, w.random.surrogates())
	input := `{"input":{"context":{"k":` + list + `}}}`
	inside := `{"input":{"context":{"k":` + strings.ReplaceAll(strings.ReplaceAll(list, `["`, `["x-`), `","`, `-y","x-`) + `}}}`
	key := `{"input":{"context":{"k":` + strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(list, `","`, `":1,"`), `["`, `{"`), `"]`, `":1}`) + `}}}`
	for _, body := range []string{input, inside, key} {
		a := w.send(t, message{method: "POST", path: "/v1/policies/output-surrogate/evaluate", body: body}, w.all)
		if a.Status != http.StatusBadRequest || parsed[trouble](t, a.Body).Code != "surrogate_in_input" {
			t.Errorf("%s: a live surrogate came back: %d %s", w.name, a.Status, a.Body)
		}
	}
	before := len(w.random.surrogates())
	validators := `{"language":"validators","validators":[{"name":"attributes","conf":{"fields":[{"field":"k","comparator":"equals","secret":"API_KEY"}]}}]}`
	if a := w.send(t, message{method: "PUT", path: "/v1/policies/replay", body: validators}, w.all); a.Status != http.StatusCreated {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	drawn := w.random.surrogates()[before:]
	if len(drawn) == 0 {
		t.Errorf("%s: no surrogate was drawn for a new policy", w.name)
	}
	for _, surrogate := range drawn {
		a := w.send(t, message{method: "POST", path: "/v1/policies/replay/evaluate", body: `{"input":{"k":"` + surrogate + `"}}`}, w.all)
		if a.Status != http.StatusBadRequest && jsonOf(t, parsed[decision](t, a.Body).Decision) != "false" {
			t.Errorf("%s: a live surrogate was taken for its secret: %d %s", w.name, a.Status, a.Body)
		}
	}
	script := `module.exports = async (context) => { const s = context.secrets.API_KEY, k = context.input.context.k.slice(-250);
		return [k.length > 99, k.some((v) => v === s), k.includes(s), k.indexOf(s), k.some((v) => btoa(v) === btoa(s))] }`
	a := w.send(t, message{method: "POST", path: "/v1/scripts/test", body: `{"source":` + jsonOf(t, script) + `,` + input[1:]}, w.all)
	if got := jsonOf(t, parsed[scriptRun](t, a.Body).Output); got != `[true,false,false,-1,false]` {
		t.Errorf("%s: an old surrogate is as good as its secret: %s", w.name, a.Body)
	}
}
