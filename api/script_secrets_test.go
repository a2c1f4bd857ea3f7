package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// outputOf runs the script S of a scope and gives its output.
func outputOf(t *testing.T, s *apitest.Server, scope, input string) string {
	t.Helper()
	a := want(t, s, 200, request{"POST", scope + "/scripts/S/run", `{"input":` + input + `}`, nil})
	var said struct {
		Output json.RawMessage
		Error  *struct{ Code string }
	}
	if err := json.Unmarshal(a.Body, &said); err != nil {
		t.Fatal(err)
	}
	if said.Error != nil {
		return said.Error.Code
	}
	return string(said.Output)
}

func handlerBody(body string) string {
	b, _ := json.Marshal(map[string]string{"source": "module.exports = async function (context) { " + body + " }"})
	return string(b)
}

// TestNearestSecretOfAScript looks names up from service to project to platform,
// by ForgeRock's names too, where a variable is found as text.
func TestNearestSecretOfAScript(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	service := "/v1/projects/P/services/V"
	want(t, s, 201, request{"PUT", "/v1/projects/P", `{}`, nil})
	want(t, s, 201, request{"PUT", service, `{}`, nil})
	want(t, s, 201, request{"PUT", service + "/scripts/S", handlerBody("return [context.secrets.get('esv-key') === context.input.k, systemEnv.getProperty('esv.key') === context.input.k, identityServer.getProperty('esv-key', 'none') === context.input.k, " +
		"context.secrets.get('GONE') === undefined, systemEnv.getProperty('esv.gone'), systemEnv.getProperty('esv.gone', 'default'), systemEnv.getProperty('esv.flag'), systemEnv.getProperty('esv.list'), systemEnv.getProperty('esv.text'), systemEnv.getProperty('esv.key')]"), nil})
	want(t, s, 201, request{"PUT", "/v1/variables/esv-flag", `{"value":true}`, nil})
	want(t, s, 201, request{"PUT", "/v1/projects/P/variables/esv-list", `{"value":["one",6]}`, nil})
	want(t, s, 201, request{"PUT", "/v1/variables/esv-text", `{"value":"text"}`, nil})
	for i, scope := range []string{"/v1", "/v1/projects/P", service} {
		value := "the-value-of-scope-0f1e2d3c" + string(rune('0'+i))
		want(t, s, 201, request{"POST", scope + "/secrets", `{"name":"esv-key","value":"` + value + `"}`, nil})
		if got := outputOf(t, s, service, `{"k":"`+value+`"}`); got != `[true,true,true,true,null,"default","true","[\"one\",6]","text","***"]` {
			t.Errorf("%s: %s", scope, got)
		}
	}
	a := want(t, s, 200, request{"GET", service + "/scripts/S", "", nil})
	if body := string(a.Body); strings.Contains(body, "secret esv-flag") || !strings.Contains(body, "secret esv-gone") || !strings.Contains(body, `"esv-key"`) {
		t.Errorf("what the script refers to: %s", body)
	}
}

// TestRestrictedSecretIsNotThere: use_in_placeholders: false keeps a secret from
// scripts by every name.
func TestRestrictedSecretIsNotThere(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"POST", "/v1/secrets", `{"name":"KEY","value":"a-signing-key-0f1e2d3c4b5a","use_in_placeholders":false}`, nil})
	a := want(t, s, 201, request{"PUT", "/v1/scripts/S", handlerBody("return [context.secrets.get('KEY') === undefined, 'KEY' in context.secrets, Object.keys(context.secrets), systemEnv.getProperty('KEY'), context.input.k]"), nil})
	if !strings.Contains(string(a.Body), "secret KEY is absent") {
		t.Errorf("no warning: %s", a.Body)
	}
	if got := outputOf(t, s, "/v1", `{"k":"a-signing-key-0f1e2d3c4b5a"}`); got != `[true,false,[],null,"a-signing-key-0f1e2d3c4b5a"]` {
		t.Error(got)
	}
	want(t, s, 200, request{"PUT", "/v1/scripts/S", handlerBody("return context.secrets.KEY"), nil})
	if got := outputOf(t, s, "/v1", `{}`); got != "secret_unavailable" {
		t.Error(got)
	}
	want(t, s, 200, request{"PATCH", "/v1/secrets/KEY", `{"use_in_placeholders":true,"value":"a-signing-key-0f1e2d3c4b5a"}`, nil})
	if got := outputOf(t, s, "/v1", `{}`); got != `"***"` {
		t.Error(got)
	}
}

// TestFetchedTokenIsStoredSealed proves that a token which fetch sealed is stored
// with the limits that it had, and that storing does not widen those of a secret
// that a host put into it.
func TestFetchedTokenIsStoredSealed(t *testing.T) {
	const token = "the-token-0f1e2d3c4b5a6978"
	auth := ""
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth = r.Header.Get("Authorization")
		_ = json.NewEncoder(w).Encode(map[string]string{"access_token": token, "echo": "x-" + r.Header.Get("X-Key")})
	}))
	t.Cleanup(host.Close)
	s := apitest.Start(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"POST", "/v1/secrets", `{"name":"KEY","value":"a-key-of-the-host-5a6978","allowed_hosts":["` + host.URL + `"]}`, nil})
	want(t, s, 201, request{"PUT", "/v1/scripts/S", handlerBody("const j = await (await fetch('" + host.URL + "', { headers: { 'X-Key': context.secrets.KEY }, seal: ['/access_token', { pointer: '/echo', allowed_hosts: ['evil.example.net'] }] })).json(); " +
		"context.secrets.set('TOKEN', j.access_token); context.secrets.set('ECHO', j.echo); return j"), nil})
	if got := outputOf(t, s, "/v1", `{}`); got != `{"access_token":"***","echo":"***"}` {
		t.Fatal(got)
	}
	a := want(t, s, 200, request{"GET", "/v1/secrets/TOKEN", "", nil})
	if !strings.Contains(string(a.Body), `"allowed_hosts":["`+host.URL+`"]`) || strings.Contains(string(a.Body), "0f1e") {
		t.Errorf("TOKEN: %s", a.Body)
	}
	a = want(t, s, 200, request{"GET", "/v1/secrets/ECHO", "", nil})
	if !strings.Contains(string(a.Body), `"allowed_hosts":[]`) {
		t.Errorf("ECHO: %s", a.Body)
	}
	want(t, s, 200, request{"PUT", "/v1/scripts/S", handlerBody("await fetch('" + host.URL + "', { headers: { Authorization: 'Bearer ' + context.secrets.TOKEN } }); return context.secrets.TOKEN"), nil})
	if got := outputOf(t, s, "/v1", `{}`); got != `"***"` || auth != "Bearer "+token {
		t.Errorf("%s, sent %q", got, auth)
	}
}
