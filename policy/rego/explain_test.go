package rego_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/seal"
)

func explain(t *testing.T, p *rego.Policy, x rego.Explain, input any) string {
	t.Helper()
	raw, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(p.Evaluate(rego.WithExplain(t.Context(), x), raw, seal.Options{}).Explanation, "\n")
}

// An explanation tells the steps, in the words of the policy, and no value.
func TestExplanations(t *testing.T) {
	secrets := object{"K": `quote"and\slash-Zq81xWv7`, "PIN": "8417"}
	for _, policy := range []string{
		`allow if { x := data.secrets.K; x == input.key; print("compared", x) }`,
		`allow if { x := concat(" ", ["Bearer", data.secrets.K]); y := base64.encode(x); z := {"k": data.secrets.PIN, "y": y}; print(z); input.key == x }`,
		`allow if { some x in [data.secrets.K, data.secrets.PIN]; print(x); x == base64.decode(input.b64) }`,
		`allow if f(data.secrets.K, input.key)
f(x, y) if { print("in f", x, y); x == y }`,
	} {
		p := bind(t, "package acp.authz\n"+policy, secretsOf(policy, secrets))
		for _, x := range []rego.Explain{rego.ExplainNotes, rego.ExplainFull} {
			text := explain(t, p, x, object{"key": secrets["K"], "b64": "cXVvdGUiYW5kXHNsYXNoLVpxODF4V3Y3"})
			for _, hidden := range []string{"and\\slash", "slash-Zq81", "8417", "rsv_", "reticent_equal", "cXVvdGUi"} {
				if strings.Contains(text, hidden) && !(hidden == "cXVvdGUi" && strings.Contains(policy, "b64")) {
					t.Errorf("%s\n%s tells %q:\n%s", policy, x, hidden, text)
				}
			}
			if !strings.Contains(text, "policy.rego:") || !strings.Contains(text, "***") {
				t.Errorf("%s\n%s:\n%s", policy, x, text)
			}
			if notes := strings.Contains(text, "Note"); !notes {
				t.Errorf("%s\n%s has no notes:\n%s", policy, x, text)
			}
			if full := strings.Contains(text, "Eval "); full != (x == rego.ExplainFull) {
				t.Errorf("%s\n%s:\n%s", policy, x, text)
			}
		}
	}
	p := bind(t, "package acp.authz\nallow if input.key == 1", nil)
	if text := explain(t, p, "", object{"key": 1}); text != "" {
		t.Errorf("nobody asked: %s", text)
	}
	if text := explain(t, p, rego.ExplainFull, object{"key": 1}); !strings.Contains(text, "input.key = 1") {
		t.Errorf("%s", text)
	}
}

func secretsOf(policy string, secrets object) object {
	out := object{}
	for name, v := range secrets {
		if strings.Contains(policy, "secrets."+name) {
			out[name] = v
		}
	}
	return out
}

// An explanation of a long evaluation is cut.
func TestExplanationsAreBounded(t *testing.T) {
	p := bind(t, "package acp.authz\nallow if { some i in numbers.range(1, 20000); i == 20000 }", nil)
	text := explain(t, p, rego.ExplainFull, object{})
	if len(text) > rego.MaxExplainBytes+100 || !strings.Contains(text, "MaxExplain") {
		t.Errorf("%d bytes", len(text))
	}
}
