package api_test

import (
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// TestPoliciesAsCloudentityPrintsThem loads policies in Cloudentity's envelope.
func TestPoliciesAsCloudentityPrintsThem(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	for name, c := range map[string]struct{ policy, allowed, denied, stored string }{
		"validators": {
			`{"id":"mfa","policy_name":"MFA User","type":"user","language":"cloudentity","server_id":"default","tenant_id":"default",
				"validators":[{"name":"identity-context","conf":{"fields":[{"field":"amr","comparator":"contains","value":["mfa"]}]},"recovery":[{"type":"mfa"}]}]}`,
			`{"authn_ctx":{"amr":["mfa"]}}`, `{"authn_ctx":{"amr":["pwd"]}}`, `"description":"MFA User"`,
		},
		"rego": {
			`{"id":"x","policy_name":"Only Ada","type":"api","language":"rego","env_version":"v6","validators":[],
				"definition":"package acp.authz\n\ndefault allow = false\n\nallow {\n  input.authn_ctx.sub == \"ada\"\n}\n"}`,
			`{"authn_ctx":{"sub":"ada"}}`, `{"authn_ctx":{"sub":"bob"}}`, `"rego_version":0`,
		},
		"newer-rego": {
			`{"policy_name":"Only Ada","language":"rego","definition":"package acp.authz\n\nallow if input.authn_ctx.sub == \"ada\"\n"}`,
			`{"authn_ctx":{"sub":"ada"}}`, `{"authn_ctx":{"sub":"bob"}}`, `"source":"package acp.authz`,
		},
	} {
		a := want(t, s, 201, request{"PUT", "/v1/policies/" + name, c.policy, nil})
		if body := string(a.Body); !strings.Contains(body, c.stored) || strings.Contains(body, `"definition"`) || strings.Contains(body, `"policy_name"`) {
			t.Errorf("%s is stored as %s", name, body)
		}
		for input, prefix := range map[string]string{c.allowed: `{"decision":true`, c.denied: `{"decision":false`} {
			a := want(t, s, 200, request{"POST", "/v1/policies/" + name + "/evaluate", `{"input":` + input + `}`, nil})
			if !strings.HasPrefix(string(a.Body), prefix) || strings.Contains(string(a.Body), `"error"`) {
				t.Errorf("%s on %s: %s", name, input, a.Body)
			}
			a = want(t, s, 200, request{"POST", "/v1/policies/test", `{"policy":` + c.policy + `,"input":` + input + `}`, nil})
			if !strings.HasPrefix(string(a.Body), prefix) {
				t.Errorf("a test of %s on %s: %s", name, input, a.Body)
			}
		}
	}
	for _, policy := range []string{
		`{"language":"cloudentity","definition":"package x","validators":[{"name":"true"}]}`,
		`{"language":"rego","definition":"package x","source":"package x\n\nallow := true"}`,
		`{"language":"rego","definition":"package acp.authz\n\nallow { broken"}`,
	} {
		want(t, s, 422, request{"PUT", "/v1/policies/no", policy, nil})
	}
}
