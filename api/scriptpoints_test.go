package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/script/point"
)

// TestPointNamesAgree: packages policy and script do not know each other, and both
// name the points that scripts run at.
func TestPointNamesAgree(t *testing.T) {
	for _, p := range point.Points {
		if at := policy.Point(p); !at.Valid() || at.Decides() {
			t.Errorf("%s is no such point of a binding", p)
		}
	}
}

// TestScriptPoints runs a script at each point and applies what it returns.
func TestScriptPoints(t *testing.T) {
	_, c, project, service := moduleServer(t)
	p := putter{t, c}
	if _, err := c.Secrets(project).Create(t.Context(), "KEY", client.SecretSpec{Value: client.StringValue("a-key-of-the-points-0123")}); err != nil {
		t.Fatal(err)
	}
	const authn = `{"authn_ctx":{"sub":"ada","groups":["a"],"big":12345678901234567890},"amr":["pwd"]}`
	const idps = `{"idps":[{"id":"i1","name":"One"},{"id":"i2"},{"id":"i3"}]}`
	const tokens = `{"client":{"client_id":"c"},"access_token":{"sub":"ada","iat":1},"consent_id":"k"}`
	for i, tc := range []struct{ point, source, context, output, ignored, code, message string }{
		{"post_authn_ctx", "({authn_ctx: {groups: [...c.authn_ctx.groups, 'b'], made: 1}, acr: '2'})", authn, `{"acr":"2","amr":["pwd"],"authn_ctx":{"big":12345678901234567890,"groups":["a","b"],"sub":"ada"}}`, "/authn_ctx/made", "", ""},
		{"post_authn_ctx", "undefined", authn, `{"amr":["pwd"],"authn_ctx":{"big":12345678901234567890,"groups":["a"],"sub":"ada"}}`, "", "", ""},
		{"post_authn_ctx", "({authn_ctx: {}, amr: ['pwd', 5]})", authn, "null", "", "invalid_result", "/amr/1"},
		{"post_authn_ctx", "({authn_ctx: {}, roles: []})", authn, "null", "", "invalid_result", `"additionalProperties"`},
		{"post_authn_ctx", "({authn_ctx: {sub: c.secrets.KEY}})", authn, "null", "", "secret_in_result", "/authn_ctx/sub"},
		{"post_authn_ctx", "({authn_ctx: {sub: {a: ['x' + btoa(c.secrets.KEY)]}}})", authn, "null", "", "secret_in_result", "/authn_ctx/sub/a/0"},
		{"post_authn_ctx", "({authn_ctx: {sub: c.authn_ctx.sub === 'ada' && c.secrets.KEY === 'a-key-of-the' + '-points-0123'}})", authn, `{"amr":["pwd"],"authn_ctx":{"big":12345678901234567890,"groups":["a"],"sub":true}}`, "", "", ""},
		{"allowed_idp_ids", "({idps_ids: ['i3', 'none', 'i1']})", idps, `{"idps_ids":["i1","i3"]}`, "/idps_ids/1", "", ""},
		{"allowed_idp_ids", "({idps_ids: []})", idps, `{"idps_ids":[]}`, "", "", ""},
		{"allowed_idp_ids", "null", idps, "null", "", "invalid_result", "the whole value"},
		{"allowed_idp_ids", "({idps_ids: [c.secrets.KEY]})", idps, "null", "", "secret_in_result", "/idps_ids/0"},
		{"token_minting", "({access_token: {sub: 'eve', roles: ['r']}, id_token: {nick: c.client.client_id + c.consent_id}})", tokens, `{"access_token":{"iat":1,"roles":["r"],"sub":"eve"},"id_token":{"nick":"ck"}}`, "", "", ""},
		{"client_token_minting", "({access_token: {t: 'Bearer ' + c.secrets.KEY}})", tokens, "null", "", "secret_in_result", "/access_token/t"},
		{"client_token_minting", "({access_token: []})", tokens, "null", "", "invalid_result", "/access_token"},
		{"custom", "({k: c.secrets.KEY, x: c.x, input: c.input})", `{"x":1,"input":{"y":2}}`, `{"input":{"y":2},"k":"***","x":1}`, "", "", ""},
		{"custom", "(() => { throw new Error('no ' + c.secrets.KEY) })()", `{}`, "null", "", "script_error", "Error: no ***"},
	} {
		name := "p" + strings.Repeat("x", i)
		p.source(project, name, "module.exports = async (c) => "+tc.source)
		if _, _, err := c.Bindings(project).Put(t.Context(), tc.point, client.BindingSpec{Script: name, Target: name}, ""); err != nil {
			t.Fatal(err)
		}
		got, err := c.RunPoint(t.Context(), service, tc.point, name, json.RawMessage(tc.context))
		if err != nil {
			t.Errorf("%s: %s: %v", tc.point, tc.source, err)
			continue
		}
		if string(got.Output) != tc.output || strings.Join(got.Ignored, " ") != tc.ignored || got.Script == nil || got.Script.Name != name {
			t.Errorf("%s: %s: %s, ignored %v, by %v", tc.point, tc.source, got.Output, got.Ignored, got.Script)
		}
		if tc.code == "" && got.Error != nil || tc.code != "" && (got.Error == nil || got.Error.Code != tc.code || !strings.Contains(got.Error.Message, tc.message)) {
			t.Errorf("%s: %s: %v, want %s %q", tc.point, tc.source, got.Error, tc.code, tc.message)
		}
		if strings.Contains(asJSON(t, got), "a-key-of") {
			t.Errorf("%s: %s: the secret is in the answer", tc.point, tc.source)
		}
	}
}

// TestNothingBoundAtAPoint changes nothing, and a binding that leads nowhere is an
// error.
func TestNothingBoundAtAPoint(t *testing.T) {
	_, c, _, service := moduleServer(t)
	for at, want := range map[string][2]string{
		"post_authn_ctx":  {`{"authn_ctx":{"sub":"a"}}`, `{"authn_ctx":{"sub":"a"}}`},
		"allowed_idp_ids": {`{"idps":[{"id":"i2"},{"id":"i1"}]}`, `{"idps_ids":["i2","i1"]}`},
		"token_minting":   {`{"id_token":{"sub":"a"}}`, `{"access_token":{},"id_token":{"sub":"a"}}`},
		"custom":          {`{"a":1}`, `null`},
	} {
		got, err := c.RunPoint(t.Context(), service, at, "any", json.RawMessage(want[0]))
		if err != nil || string(got.Output) != want[1] || got.Script != nil || got.Error != nil {
			t.Errorf("%s: %s %v %v", at, got.Output, got.Error, err)
		}
	}
	p := putter{t, c}
	p.source(service, "gone", "module.exports = async () => undefined")
	if _, _, err := c.Bindings(service).Put(t.Context(), "token_minting", client.BindingSpec{Script: "gone"}, ""); err != nil {
		t.Fatal(err)
	}
	if err := c.Scripts(service).Delete(t.Context(), "gone", "", true); err != nil {
		t.Fatal(err)
	}
	got, err := c.RunPoint(t.Context(), service, "token_minting", "", json.RawMessage(`{}`))
	if err != nil || got.Error == nil || got.Error.Code != "bound_missing" {
		t.Errorf("%+v %v", got, err)
	}
	if _, _, err := c.Bindings(service).Put(t.Context(), "custom", client.BindingSpec{Policy: "any"}, ""); !client.HasCode(err, "invalid_binding") {
		t.Errorf("a policy answers where scripts do: %v", err)
	}
}

// TestContextsOfPoints refuses what a point does not give.
func TestContextsOfPoints(t *testing.T) {
	_, c, _, service := moduleServer(t)
	for _, tc := range []struct{ point, context, code, message string }{
		{"post_authn_ctx", `{}`, "invalid_context", "required"},
		{"post_authn_ctx", `{"authn_ctx":[]}`, "invalid_context", "/context/authn_ctx"},
		{"post_authn_ctx", `{"authn_ctx":{},"amr":["a",1]}`, "invalid_context", "/context/amr/1"},
		{"post_authn_ctx", `{"authn_ctx":{},"secrets":{"KEY":"x"}}`, "invalid_context", "/context/secrets"},
		{"post_authn_ctx", `{"authn_ctx":{},"input":{}}`, "invalid_context", "/context/input"},
		{"allowed_idp_ids", `{"idps":[{"name":"x"}]}`, "invalid_context", "/context/idps/0"},
		{"allowed_idp_ids", `{"idps":[],"request":{"headers":{"A":"b"}}}`, "invalid_context", "/context/request/headers/A"},
		{"custom", `{"variables":{}}`, "invalid_context", "/context/variables"},
		{"custom", `{"contexts":{"secrets":{}}}`, "input_has_secrets", ""},
		{"custom", `{"input":{"secrets":{}}}`, "input_has_secrets", ""},
		{"authzen", `{}`, "not_found", ""},
	} {
		_, err := c.RunPoint(t.Context(), service, tc.point, "", json.RawMessage(tc.context))
		if !client.HasCode(err, tc.code) || !strings.Contains(err.Error(), tc.message) {
			t.Errorf("%s: %s: %v", tc.point, tc.context, err)
		}
	}
}

// TestTemplates runs every template with its context, at its point.
func TestTemplates(t *testing.T) {
	s, c, _, service := moduleServer(t)
	authorized := make(chan string, 1)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorized <- r.Header.Get("Authorization") + " " + r.URL.RawQuery
		_, _ = io.WriteString(w, `{"id":"42","groups":["admins"]}`)
	}))
	t.Cleanup(api.Close)
	for name, value := range map[string]string{"API_KEY": "what-nobody-sends-0123", "API_TOKEN": "token-of-the-template-0123"} {
		spec := client.SecretSpec{Value: client.StringValue(value), AllowedHosts: []string{api.URL}}
		if _, err := c.Secrets(service).Create(t.Context(), name, spec); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := c.Variables(service).Put(t.Context(), "API_URL", client.VariableSpec{Value: json.RawMessage(asJSON(t, api.URL))}, ""); err != nil {
		t.Fatal(err)
	}
	templates, err := c.ScriptTemplates(t.Context())
	if err != nil || len(templates) != 5 {
		t.Fatal(templates, err)
	}
	want := map[string]string{
		"empty": `{}`, "secret": `{"header":"Basic ***","known":false}`, "api-request": `{"groups":["admins"],"id":"42"}`,
		"authn-context": `{"amr":["otp","fed"],"authn_ctx":{"email":"ada@example.com","groups":["users","employees"],"sub":"ada"}}`,
		"idp-selection": `{"idps_ids":["i3"]}`,
	}
	p := putter{t, c}
	for _, one := range templates {
		p.source(service, one.Name, one.Source)
		if _, _, err := c.Bindings(service).Put(t.Context(), one.Point, client.BindingSpec{Script: one.Name, Target: one.Name}, ""); err != nil {
			t.Fatal(err)
		}
		got, err := c.RunPoint(t.Context(), service, one.Point, one.Name, one.Context)
		if err != nil || got.Error != nil || string(got.Output) != want[one.Name] {
			t.Errorf("%s: %s %v %v", one.Name, got.Output, got.Error, err)
		}
	}
	if got := <-authorized; got != "Bearer token-of-the-template-0123 id=42" {
		t.Errorf("the API was sent %q", got)
	}
	_ = s
}
