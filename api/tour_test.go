package api_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

const (
	tourScript = `module.exports = async function (context) {
  console.log("key", context.secrets.API_KEY, btoa(context.secrets.API_KEY));
  return { ok: context.input.key === context.secrets.API_KEY, key: context.secrets.API_KEY, echo: context.input, v: context.variables.REGION };
}`
	tourRego = `package tour

import rego.v1

allow if {
	print("asked with", input, data.secrets.API_KEY)
	input.key == data.secrets.API_KEY
}

allow if input.context.key == data.secrets.API_KEY

output := {"key": data.secrets.API_KEY, "input": input}
`
	tourValidators = `[{"name": "attributes", "conf": {"fields": [{"field": "key", "comparator": "equals", "secret": "API_KEY"}]}}]`
	tourDecider    = `module.exports = async function (context) {
  return { decision: context.input.context.key === context.secrets.API_KEY, context: { asked: context.input.context, key: context.secrets.API_KEY } };
}`
)

// tour calls every endpoint of a scope, as people would. first and second are
// values of secrets.
func tour(t *testing.T, s *apitest.Server, h *http.Client, c *client.Client, scope client.Scope, first, second string) {
	t.Helper()
	ctx := t.Context()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%+v: %v", scope, err)
		}
	}
	input := map[string]any{"key": second, "bearer": "Bearer " + second}

	if scope.Project != "" {
		_, created, err := c.PutScope(ctx, scope)
		ok(err)
		if !created {
			t.Error("a new scope is not said to be created")
		}
		_, created, err = c.PutScope(ctx, scope)
		ok(err)
		if created {
			t.Error("an old scope is said to be created")
		}
		info, err := c.Scope(ctx, scope)
		ok(err)
		parent := client.Scope{}
		if scope.Service != "" {
			parent.Project = scope.Project
		}
		siblings, err := c.Scopes(ctx, parent)
		ok(err)
		if !slices.ContainsFunc(siblings, func(s client.ScopeInfo) bool { return s == info }) {
			t.Errorf("%+v is not in %+v", info, siblings)
		}
		if info.CreatedAt.IsZero() || !strings.HasSuffix(info.Scope, info.Name) {
			t.Errorf("scope %+v", info)
		}
	}

	secrets := c.Secrets(scope)
	created, err := secrets.Create(ctx, "API_KEY", client.SecretSpec{Value: client.StringValue(first), Description: "of the tour", Tags: map[string]string{"a": "b"}})
	ok(err)
	if created.Version != 1 || created.ETag == "" || created.Weak {
		t.Errorf("created %+v", created)
	}
	replaced, wasNew, err := secrets.Put(ctx, "API_KEY", client.SecretSpec{Value: client.StringValue(second), AllowedHosts: []string{"api.example.com"}}, created.ETag)
	ok(err)
	if wasNew || replaced.Version != 2 || replaced.ETag == created.ETag || replaced.Fingerprint == created.Fingerprint {
		t.Errorf("replaced %+v", replaced)
	}
	description := "patched"
	patched, err := secrets.Patch(ctx, "API_KEY", client.SecretPatch{Description: &description}, "")
	ok(err)
	if patched.Description != description || patched.Version != 2 || patched.Fingerprint != replaced.Fingerprint {
		t.Errorf("patched %+v", patched)
	}
	got, err := secrets.Get(ctx, "API_KEY")
	ok(err)
	if diff := cmp.Diff(patched, got); diff != "" {
		t.Errorf("GET differs from PATCH's answer:\n%s", diff)
	}
	same, added, err := secrets.AddVersion(ctx, "API_KEY", client.Given{Value: client.StringValue(second)}, "")
	ok(err)
	if added || same.Version != 2 {
		t.Errorf("adding the value that it has: added %v, %+v", added, same)
	}
	third, added, err := secrets.AddVersion(ctx, "API_KEY", client.Given{Generate: &client.Generate{Kind: "password", Length: 40}}, "")
	ok(err)
	if !added || third.Version != 3 {
		t.Errorf("a generated version: added %v, %+v", added, third)
	}
	ok(secrets.DestroyVersion(ctx, "API_KEY", 3, ""))
	_, err = secrets.SetVersionStatus(ctx, "API_KEY", 1, "DISABLED", "")
	ok(err)
	ok(secrets.DestroyVersion(ctx, "API_KEY", 1, ""))
	versions, err := secrets.Versions(ctx, "API_KEY")
	ok(err)
	var statuses []string
	for _, v := range versions {
		statuses = append(statuses, v.Status)
	}
	if diff := cmp.Diff([]string{"DESTROYED", "ENABLED", "DESTROYED"}, statuses); diff != "" {
		t.Errorf("versions:\n%s", diff)
	}
	_, _, err = secrets.Put(ctx, "DB", client.SecretSpec{Value: client.JSONValue([]byte(asJSON(t, map[string]string{"user": "u", "password": first})))}, "")
	ok(err)
	file, err := secrets.PutFile(ctx, *client.JSONValue([]byte(asJSON(t, map[string]string{"API_KEY": second, "FILED": first}))), false, false)
	ok(err)
	if diff := cmp.Diff(client.FileResult{Created: []string{"FILED"}, Updated: []string{}, Unchanged: []string{"API_KEY"}, Deleted: []string{}}, file); diff != "" {
		t.Errorf("a secrets.json:\n%s", diff)
	}
	ok(secrets.Delete(ctx, "FILED", "", false))
	all, err := secrets.All(ctx)
	ok(err)
	if len(all) != 2 {
		t.Errorf("%d secrets, want 2", len(all))
	}

	tourDocuments(ctx, t, c, scope, ok)

	run, err := c.RunScript(ctx, scope, "check", input)
	ok(err)
	wantMasked := []client.Masked{{Path: "/echo/bearer", Secrets: []string{"API_KEY"}}, {Path: "/echo/key", Secrets: []string{"API_KEY"}}, {Path: "/key", Secrets: []string{"API_KEY"}}}
	if diff := cmp.Diff(wantMasked, run.Masked); diff != "" || run.Error != nil {
		t.Errorf("run %+v:\n%s", run, diff)
	}
	if diff := cmp.Diff(`{"echo":{"bearer":"Bearer ***","key":"***"},"key":"***","ok":true,"v":{"name":"eu"}}`, string(run.Output)); diff != "" {
		t.Errorf("output of the run:\n%s", diff)
	}
	runs, err := c.Executions(ctx, scope, client.ExecutionFilter{}, 10)
	ok(err)
	for _, x := range runs {
		_, err := c.Execution(ctx, scope, x.ID)
		ok(err)
	}
	run, err = c.TestScript(ctx, scope, client.ScriptSpec{Source: tourScript}, input)
	ok(err)
	if run.Error != nil {
		t.Errorf("test run: %v", run.Error)
	}
	point, err := c.RunPoint(ctx, scope, "token_minting", "any", map[string]any{"access_token": map[string]any{"sub": "ada"}})
	ok(err)
	if string(point.Output) != `{"access_token":{"sub":"ada"},"id_token":{}}` {
		t.Errorf("run at a point: %s", point.Output)
	}
	_, err = c.ScriptTemplates(ctx)
	ok(err)
	d, err := c.EvaluatePoint(ctx, scope, "api", "orders", input)
	ok(err)
	if d.Decision || d.Error == nil || d.Error.Code != "no_binding" {
		t.Errorf("at a point where nothing is bound: %+v", d)
	}
	for _, name := range []string{"rego", "validators"} {
		d, err := c.EvaluatePolicy(ctx, scope, name, input, "")
		ok(err)
		if !d.Decision || d.Error != nil {
			t.Errorf("%s: %+v", name, d)
		}
		d, err = c.EvaluatePolicy(ctx, scope, name, map[string]any{"key": "not it"}, "")
		ok(err)
		if d.Decision || d.Error != nil {
			t.Errorf("%s on a wrong key: %+v", name, d)
		}
	}
	d, err = c.TestPolicy(ctx, scope, client.PolicySpec{Language: "rego", Source: tourRego}, input, "full")
	ok(err)
	if !d.Decision || !strings.Contains(strings.Join(d.Explanation, "\n"), "policy.rego:") {
		t.Errorf("test of a policy: %+v", d)
	}
	tourDecisions(ctx, t, c, scope, second, ok)
	tourAccess(ctx, t, c, scope, ok)
	tourSearches(ctx, t, c, scope, ok)
	tourKeys(ctx, t, c, scope, ok)
	tourVersions(ctx, t, c, scope, ok)
	tourOPA(t, s, h, scope, second)

	// What is in use is not deleted but by force.
	err = secrets.Delete(ctx, "API_KEY", "", false)
	if !client.HasCode(err, "in_use") {
		t.Errorf("delete of a secret in use: %v", err)
	}
	ok(secrets.Delete(ctx, "API_KEY", "", true))
	ok(c.Scripts(scope).Delete(ctx, "check", "", true))
	ok(c.Policies(scope).Delete(ctx, "validators", "", true))
	ok(c.Variables(scope).Delete(ctx, "REGION", "", true))
}

// tourDocuments writes and reads a document of each kind.
func tourDocuments(ctx context.Context, t *testing.T, c *client.Client, scope client.Scope, ok func(error)) {
	t.Helper()
	variables := c.Variables(scope)
	v, wasNew, err := variables.Put(ctx, "REGION", client.VariableSpec{Value: json.RawMessage(`{"name":"us","n":12345678901234567890}`)}, "")
	ok(err)
	if !wasNew || string(v.Value) != `{"name":"us","n":12345678901234567890}` {
		t.Errorf("variable %+v", v)
	}
	v, err = variables.Patch(ctx, "REGION", map[string]any{"value": map[string]any{"n": nil, "name": "eu"}}, v.ETag)
	ok(err)
	got, err := variables.Get(ctx, "REGION")
	ok(err)
	if diff := cmp.Diff(v, got); diff != "" || got.Type != "object" || string(got.Value) != `{"name":"eu"}` {
		t.Errorf("variable %+v:\n%s", got, diff)
	}
	all, err := variables.All(ctx)
	ok(err)
	if len(all) != 1 {
		t.Errorf("%d variables", len(all))
	}

	scripts := c.Scripts(scope)
	s, _, err := scripts.Put(ctx, "check", client.ScriptSpec{Source: tourScript}, "")
	ok(err)
	if diff := cmp.Diff([]string{"API_KEY"}, s.SealingSet); diff != "" || s.Language != "javascript" || len(s.Warnings) > 0 {
		t.Errorf("script %+v:\n%s", s, diff)
	}
	_, err = scripts.Patch(ctx, "check", map[string]any{"description": "of the tour"}, "")
	ok(err)
	_, err = scripts.Get(ctx, "check")
	ok(err)
	_, err = scripts.All(ctx)
	ok(err)

	policies := c.Policies(scope)
	_, _, err = policies.Put(ctx, "rego", client.PolicySpec{Language: "rego", Source: tourRego}, "")
	ok(err)
	p, _, err := policies.Put(ctx, "validators", client.PolicySpec{Language: "validators", Validators: json.RawMessage(tourValidators)}, "")
	ok(err)
	if diff := cmp.Diff([]string{"API_KEY"}, p.SealingSet); diff != "" {
		t.Errorf("policy %+v:\n%s", p, diff)
	}
	_, err = policies.Patch(ctx, "validators", map[string]any{"description": "of the tour"}, p.ETag)
	ok(err)
	_, err = policies.Get(ctx, "validators")
	ok(err)
	_, err = policies.All(ctx)
	ok(err)

	tourManagers(ctx, t, c, scope, ok)
	bindings := c.Bindings(scope)
	b, wasNew, err := bindings.Put(ctx, "authzen", client.BindingSpec{Policy: "rego"}, "")
	ok(err)
	if !wasNew || b.Name != "authzen" || b.Target != "*" {
		t.Errorf("binding %+v", b)
	}
	b, _, err = bindings.Put(ctx, "authzen", client.BindingSpec{Policy: "rego", Target: "account"}, "")
	ok(err)
	_, err = bindings.Patch(ctx, "authzen", "account", map[string]any{"policy": "validators"}, b.ETag)
	ok(err)
	_, err = bindings.Get(ctx, "authzen", "account")
	ok(err)
	list, err := bindings.All(ctx)
	ok(err)
	if len(list) != 2 {
		t.Errorf("%d bindings", len(list))
	}
	ok(bindings.Delete(ctx, "authzen", "account", ""))
}

// tourDecisions asks by AuthZEN: a bound policy, and a bound script.
func tourDecisions(ctx context.Context, t *testing.T, c *client.Client, scope client.Scope, key string, ok func(error)) {
	t.Helper()
	_, _, err := c.Scripts(scope).Put(ctx, "decide", client.ScriptSpec{Source: tourDecider}, "")
	ok(err)
	_, _, err = c.Bindings(scope).Put(ctx, "authzen", client.BindingSpec{Script: "decide", Target: "document"}, "")
	ok(err)
	for _, resource := range []string{"account", "document"} {
		for _, sent := range []string{key, "not it"} {
			question := map[string]any{
				"subject": map[string]any{"type": "user", "id": "alice"}, "action": map[string]any{"name": "read"},
				"resource": map[string]any{"type": resource, "id": "1"}, "context": map[string]any{"key": sent},
			}
			d, err := c.Evaluation(ctx, scope, question)
			ok(err)
			question["evaluations"] = []any{map[string]any{}, map[string]any{"subject": nil}}
			several, err := c.Evaluations(ctx, scope, question)
			ok(err)
			if len(several) != 2 || several[0].Decision != d.Decision {
				t.Errorf("%s with %q: %+v", resource, sent, several)
			}
			if d.Decision != (sent == key) {
				t.Errorf("%s with %q: %+v", resource, sent, d)
			}
		}
	}
}

// tourVersions stores a policy and a script twice and goes back.
func tourVersions(ctx context.Context, t *testing.T, c *client.Client, scope client.Scope, ok func(error)) {
	t.Helper()
	policies, scripts := c.Policies(scope), c.Scripts(scope)
	for _, note := range []string{"first", "second"} {
		_, _, err := policies.PutWithNote(ctx, "kept", client.PolicySpec{Language: "rego", Source: "package kept\n\nallow := \"" + note + "\" == \"first\""}, "", note)
		ok(err)
		_, _, err = scripts.PutWithNote(ctx, "kept", client.ScriptSpec{Source: "module.exports = async function (context) { return \"" + note + "\" }"}, "", note)
		ok(err)
	}
	p, err := policies.Restore(ctx, "kept", 1, "", "")
	ok(err)
	s, err := scripts.Restore(ctx, "kept", 1, "", "back")
	ok(err)
	then, err := policies.Version(ctx, "kept", 1)
	ok(err)
	before, err := scripts.Version(ctx, "kept", 2)
	ok(err)
	if p.Version != 3 || p.Source != then.Source || s.Version != 3 || s.Source == before.Source {
		t.Errorf("restored %+v, %+v", p, s)
	}
	ofPolicy, err := policies.Versions(ctx, "kept")
	ok(err)
	ofScript, err := scripts.Versions(ctx, "kept")
	ok(err)
	for i, want := range [][2]string{{"as version 1", "back"}, {"second", "second"}, {"first", "first"}} {
		if ofPolicy[i].Note != want[0] || ofScript[i].Note != want[1] || ofPolicy[i].StoredBy == "" || ofPolicy[i].Version != 3-i {
			t.Errorf("%d: %+v, %+v", i, ofPolicy[i], ofScript[i])
		}
	}
}

// tourSearches looks for what a policy permits, with an id that is no secret.
func tourSearches(ctx context.Context, t *testing.T, c *client.Client, scope client.Scope, ok func(error)) {
	t.Helper()
	_, _, err := c.Policies(scope).Put(ctx, "finds", client.PolicySpec{Language: "rego", Source: tourFinder}, "")
	ok(err)
	_, _, err = c.Bindings(scope).Put(ctx, "authzen", client.BindingSpec{Policy: "finds", Target: "folder"}, "")
	ok(err)
	for _, what := range []string{"subject", "resource", "action"} {
		question := map[string]any{
			"subject": map[string]any{"type": "user", "id": "alice"}, "action": map[string]any{"name": "read"},
			"resource": map[string]any{"type": "folder", "id": "1"},
		}
		page, err := c.Search(ctx, scope, what, question)
		ok(err)
		if len(page.Results) != 1 || page.Page.Count != 1 || page.Page.NextToken != "" {
			t.Errorf("search for a %s: %+v", what, page)
		}
	}
	decisions, err := c.Decisions(ctx, scope, client.DecisionFilter{Policy: "finds"}, 10)
	ok(err)
	for _, x := range decisions {
		_, err := c.Decision(ctx, scope, x.ID)
		ok(err)
	}
	if len(decisions) < 3 {
		t.Errorf("%d decisions are recorded", len(decisions))
	}
}

const tourFinder = `package finds

allow if {
	input.subject.id == "alice"
	input.action.name == "read"
	input.resource.id == "1"
	data.secrets.API_KEY != "x"
}

subjects := {"alice", "bob"}
resources := {"1", "2"}
actions := {"read", "write"}
`

// tourEverything visits the three kinds of scopes and the server's own pages.
func tourEverything(t *testing.T, s *apitest.Server, h *http.Client, first, second string) {
	t.Helper()
	c, err := client.New(s.URL, s.Token, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, scope := range []client.Scope{{}, {Project: "shop"}, {Project: "shop", Service: "checkout"}} {
		tour(t, s, h, c, scope, first, second)
	}
	tourKEK(t, c)
	const metadata = "/.well-known/authzen-configuration"
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.json", "/reticent.d.ts", metadata, metadata + "/v1/projects/shop", metadata + "/v1/projects/shop/services/checkout"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.Token)
		response, err := h.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("GET %s: %d", path, response.StatusCode)
		}
	}
}

// TestContractHoldsOnATour calls every endpoint and holds each request and each
// response to openapi.yaml.
func TestContractHoldsOnATour(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	c := newContract(t, s)
	tourEverything(t, s, &http.Client{Transport: c}, "first-"+rand.Text(), "second-"+rand.Text())
	for _, operation := range operations(c.doc) {
		if !c.seen[operation] {
			t.Errorf("the tour does not visit %s", operation)
		}
	}
}

// dumps is a round tripper that keeps everything that a server answered.
type dumps struct {
	mu  sync.Mutex
	all []string
}

// RoundTrip is http.RoundTripper's.
func (d *dumps) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	text, err := httputil.DumpResponse(response, true)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, r.Method+" "+r.URL.Path+"\n"+string(text))
	return response, err
}

// TestNoAnswerHasAValue looks for the values of secrets, and for what they look
// like encoded, in every answer of every endpoint, in the log and in the
// database.
func TestNoAnswerHasAValue(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	first, second := "first-"+rand.Text(), "second-"+rand.Text()
	d := &dumps{}
	tourEverything(t, s, &http.Client{Transport: d}, first, second)
	s.Stop()
	database, err := os.ReadFile(filepath.Join(s.DataDir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	texts := append(d.all, "log\n"+s.Log.String(), "database\n"+string(database))
	if len(texts) < 60 {
		t.Fatalf("only %d texts were looked at", len(texts))
	}
	for _, value := range []string{first, second, s.Token} {
		for _, form := range formsOf(value) {
			for _, text := range texts {
				if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
					name, _, _ := strings.Cut(text, "\n")
					t.Errorf("%s has a value or a form of it", name)
				}
			}
		}
	}
}

// formsOf gives the forms of a value that are looked for.
func formsOf(value string) []string {
	reversed := []byte(value)
	slices.Reverse(reversed)
	return []string{value, value[6:], string(reversed), base64.StdEncoding.EncodeToString([]byte(value))[:24],
		base64.StdEncoding.EncodeToString([]byte(value[1:]))[:24], hex.EncodeToString([]byte(value)), url.QueryEscape(value)}
}

// tourManagers connects a manager that nobody answers for.
func tourManagers(ctx context.Context, t *testing.T, c *client.Client, scope client.Scope, ok func(error)) {
	t.Helper()
	managers := c.Managers(scope)
	_, _, err := c.Secrets(scope).Put(ctx, "VAULT_TOKEN", client.SecretSpec{Value: client.StringValue("hvs.the-token-of-the-tour"), AllowedHosts: []string{"http://127.0.0.1:1"}}, "")
	ok(err)
	m, created, err := managers.Put(ctx, "outside", client.ManagerSpec{Kind: "vault", Vault: json.RawMessage(`{"address":"http://127.0.0.1:1","auth":{"method":"token","secret":"VAULT_TOKEN"}}`)}, "")
	ok(err)
	if diff := cmp.Diff([]string{"VAULT_TOKEN"}, m.SealingSet); diff != "" || !created {
		t.Errorf("manager %+v:\n%s", m, diff)
	}
	_, err = managers.Patch(ctx, "outside", map[string]any{"ttl_seconds": 60}, m.ETag)
	ok(err)
	m, err = managers.Get(ctx, "outside")
	ok(err)
	all, err := managers.All(ctx)
	ok(err)
	if m.TTLSeconds != 60 || len(all) != 1 {
		t.Errorf("managers %+v", all)
	}
	_, _, err = c.Scripts(scope).Put(ctx, "asks", client.ScriptSpec{Source: `module.exports = (context) => context.secrets.get("outside/db/password") === undefined`}, "")
	ok(err)
	run, err := c.RunScript(ctx, scope, "asks", nil)
	ok(err)
	if string(run.Output) != "true" {
		t.Errorf("a manager that is down: %+v", run)
	}
	cached, err := managers.Cache(ctx, "outside")
	ok(err)
	if len(cached) != 1 || cached[0].Name != "db" || cached[0].Reason != "unreachable" {
		t.Errorf("the cache is %+v", cached)
	}
	h, err := managers.Health(ctx, "outside")
	ok(err)
	if h.State != "failing" || h.LastError != "unreachable" {
		t.Errorf("the health is %+v", h)
	}
	ok(managers.Clear(ctx, "outside", "db"))
	ok(managers.Clear(ctx, "outside", ""))
	if err := managers.Delete(ctx, "outside", "", false); err == nil {
		t.Error("a manager was deleted that a script refers to")
	}
	ok(managers.Delete(ctx, "outside", "", true))
}
