package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// putPolicy stores a policy of validators.
func putPolicy(t *testing.T, s *apitest.Server, scope, name, kind, validators string) {
	t.Helper()
	body := `{"language": "validators", "type": "` + kind + `", "validators": ` + validators + `}`
	want(t, s, 201, request{"PUT", scope + "/policies/" + name, body, nil})
}

func TestPointsDecide(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"PUT", "/v1/projects/shop", `{}`, nil})
	putPolicy(t, s, "/v1", "mfa", "user", `[{"name": "mfa"}]`)
	putPolicy(t, s, "/v1", "nobody", "user", `[{"name": "false"}]`)
	putPolicy(t, s, "/v1", "any", "api", `[{"name": "client", "conf": {"fields": [{"field": "client_id", "comparator": "equals", "value": "m1"}]}}]`)
	putPolicy(t, s, "/v1/projects/shop", "everybody", "user", `[{"name": "true"}]`)
	want(t, s, 201, request{"PUT", "/v1/scripts/ask", `{"language": "javascript", "source": "module.exports = c => ({decision: c.input.authn_ctx.sub === 'ada', context: {why: 'she asked'}})"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/bindings/scope_user_grant", `{"policy": "mfa"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/bindings/scope_user_grant", `{"policy": "nobody", "target": "payments"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/bindings/scope_user_grant", `{"script": "ask", "target": "scripted"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/projects/shop/bindings/scope_user_grant", `{"policy": "everybody", "target": "email"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/bindings/client_machine_token", `{"policy": "any"}`, nil})

	for _, c := range []struct{ scope, point, body, want string }{
		{"/v1", "scope_user_grant", `{"target": "email", "input": {"authn_ctx": {"amr": ["mfa"]}}}`, `{"decision":true,`},
		{"/v1", "scope_user_grant", `{"input": {"authn_ctx": {"amr": ["mfa"]}}}`, `{"decision":true,`},
		{"/v1", "scope_user_grant", `{"target": "email", "input": {"authn_ctx": {"amr": ["pwd"]}}}`,
			`{"decision":false,"failures":[{"validator":"mfa","field":"amr","message":"another factor of authentication is needed"}],"recovery":[{"type":"mfa"}],`},
		{"/v1", "scope_user_grant", `{"target": "payments", "input": {"authn_ctx": {"amr": ["mfa"]}}}`, `{"decision":false,`},
		{"/v1", "scope_user_grant", `{"target": "scripted", "input": {"authn_ctx": {"sub": "ada"}}}`,
			`{"decision":true,"failures":[],"recovery":[],"output":{},"context":{"why":"she asked"},"masked":[]}`},
		{"/v1", "scope_user_grant", `{"target": "scripted", "input": {"authn_ctx": {"sub": "bob"}}}`, `{"decision":false,`},
		// The nearest scope, then the target's own.
		{"/v1/projects/shop", "scope_user_grant", `{"target": "email", "input": {"authn_ctx": {}}}`, `{"decision":true,`},
		{"/v1/projects/shop", "scope_user_grant", `{"target": "payments", "input": {"authn_ctx": {"amr": ["mfa"]}}}`, `{"decision":false,`},
		{"/v1", "client_machine_token", `{"target": "x", "input": {"contexts": {"client": {"client_id": "m1"}}}}`, `{"decision":true,`},
		{"/v1", "api", `{"target": "x", "input": {}}`,
			`{"decision":false,"failures":[],"recovery":[],"output":{},"masked":[],"error":{"code":"no_binding",`},
	} {
		a := want(t, s, 200, request{"POST", c.scope + "/points/" + c.point + "/evaluate", c.body, nil})
		if !strings.HasPrefix(string(a.Body), c.want) {
			t.Errorf("%s with %s: %s", c.point, c.body, a.Body)
		}
	}

	// What is bound is deleted by force only, and then denies.
	want(t, s, 409, request{"DELETE", "/v1/policies/mfa", "", nil})
	want(t, s, 204, request{"DELETE", "/v1/policies/mfa?force=true", "", nil})
	a := want(t, s, 200, request{"POST", "/v1/points/scope_user_grant/evaluate", `{"target": "email", "input": {"authn_ctx": {"amr": ["mfa"]}}}`, nil})
	if !strings.Contains(string(a.Body), `"decision":false`) || !strings.Contains(string(a.Body), `"bound_missing"`) {
		t.Errorf("%s", a.Body)
	}
	want(t, s, 404, request{"POST", "/v1/points/nowhere/evaluate", `{"input": {}}`, nil})
	want(t, s, 400, request{"POST", "/v1/points/scope_user_grant/evaluate", `{"inputs": {}}`, nil})
}

// An input that is not of the point's type is refused, with the place, and
// nothing of what stands there.
func TestPointsCheckInputs(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	putPolicy(t, s, "/v1", "yes", "api", `[{"name": "true"}]`)
	putPolicy(t, s, "/v1", "typed", "machine", `[{"name": "true"}]`)
	for _, point := range []string{"scope_user_grant", "server_client_assignment", "client_machine_token", "scope_dynamic_client_registration", "api"} {
		want(t, s, 201, request{"PUT", "/v1/bindings/" + point, `{"policy": "yes"}`, nil})
	}
	const canary = "q9-canary-of-the-caller"
	for _, c := range []struct{ point, input, at string }{
		{"scope_user_grant", `{}`, "/authn_ctx"},
		{"scope_user_grant", `{"authn_ctx": null}`, "/authn_ctx"},
		{"scope_user_grant", `{"authn_ctx": "` + canary + `"}`, "/authn_ctx"},
		{"scope_user_grant", `{"authn_ctx": {}, "request": {"headers": {"` + canary + `": 1}}}`, "/request/headers/*"},
		{"scope_user_grant", `{"authn_ctx": {}, "request": {"headers": {"` + canary + `": ["a", {}]}}}`, "/request/headers/*/1"},
		{"scope_user_grant", `{"authn_ctx": {}, "contexts": {"scopes": {"` + canary + `": [1]}}}`, "/contexts/scopes/*/0"},
		{"scope_user_grant", `["` + canary + `"]`, "the whole of it"},
		{"server_client_assignment", `{"contexts": {"client": {}}}`, "/contexts/developer"},
		{"server_client_assignment", `{"contexts": {"developer": [1]}}`, "/contexts/developer"},
		{"client_machine_token", `{"authn_ctx": {}}`, "/contexts"},
		{"client_machine_token", `{"contexts": {}}`, "/contexts/client"},
		{"scope_dynamic_client_registration", `{"authn_ctx": {}}`, "/request"},
		{"scope_dynamic_client_registration", `{"request": {"method": 1}}`, "/request/method"},
		{"api", `7`, "the whole of it"},
		{"api", `{"request": {"query_params": {"` + canary + `": [["x"]]}}}`, "/request/query_params/*/0"},
	} {
		a := want(t, s, 400, request{"POST", "/v1/points/" + c.point + "/evaluate", `{"input": ` + c.input + `}`, nil})
		var p struct{ Code, Detail string }
		if err := json.Unmarshal(a.Body, &p); err != nil {
			t.Fatal(err)
		}
		if p.Code != "invalid_input" || !strings.Contains(p.Detail+" ", " "+c.at+" ") || strings.Contains(string(a.Body), canary) {
			t.Errorf("%s with %s: %s", c.point, c.input, a.Body)
		}
	}
	for point, input := range map[string]string{
		"scope_user_grant":                  `{"authn_ctx": {"sub": 1}, "request": {"headers": {"a": "b", "c": ["d"]}, "body": [1]}, "anything": [{}]}`,
		"server_client_assignment":          `{"contexts": {"developer": {}, "scopes": {"users.*": [{}]}}}`,
		"client_machine_token":              `{"contexts": {"client": {}}}`,
		"scope_dynamic_client_registration": `{"request": {}}`,
		"api":                               `{}`,
	} {
		want(t, s, 200, request{"POST", "/v1/points/" + point + "/evaluate", `{"input": ` + input + `}`, nil})
	}
	// A policy that has a type is asked by its name with inputs of it; one of type
	// api with any.
	want(t, s, 400, request{"POST", "/v1/policies/typed/evaluate", `{"input": {}}`, nil})
	want(t, s, 200, request{"POST", "/v1/policies/typed/evaluate", `{"input": {"contexts": {"client": {}}}}`, nil})
	want(t, s, 200, request{"POST", "/v1/policies/yes/evaluate", `{"input": 7}`, nil})
	want(t, s, 400, request{"POST", "/v1/policies/test", `{"policy": {"type": "user", "language": "validators", "validators": [{"name": "true"}]}, "input": {}}`, nil})
}
