package rego_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// literal is an operand that the type checker takes.
func literal(t types.Type) string {
	switch t := t.(type) {
	case *types.NamedType:
		return literal(t.Type)
	case types.Number:
		return "1"
	case types.Boolean:
		return "true"
	case types.Null:
		return "null"
	case *types.Array:
		var parts []string
		for i := range t.Len() {
			parts = append(parts, literal(t.Select(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *types.Object:
		return "{}"
	case *types.Set:
		return "set()"
	case types.Any:
		if len(t) > 0 {
			return literal(t[0])
		}
	}
	return `"x"`
}

// Every builtin of OPA is called with a secret in the place of each operand: as it
// is, and out of collections. It is refused, or what it gives has nothing of the
// secret in it: it is the same for secrets of other lengths and letters.
func TestEveryBuiltinWithASecret(t *testing.T) {
	one := object{"K": "k3y-Zq81xWv7LmP0sTt4", "PIN": "8417"}
	two := object{"K": "0ther/Vz6 <&>Qm2\"Lr9+and-longer", "PIN": "09"}
	var unknown, rejected, halted, answered int
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if strings.HasPrefix(b.Name, "internal.") || b.Decl.Result() == nil || b.Deprecated || b.Nondeterministic && b.Name != "http.send" {
			continue
		}
		args := b.Decl.FuncArgs().Args
		for i := range args {
			for _, secret := range []string{"data.secrets.K", "[data.secrets.K][0]", `concat("", ["x", data.secrets.PIN])`, "[data.secrets.PIN]", `{"k": data.secrets.K}`, "{[data.secrets.K][0]}", `{"x": [data.secrets.PIN, "x"]}`, `[["x", data.secrets.K]]`} {
				operands := make([]string, len(args))
				for j, a := range args {
					operands[j] = literal(a)
				}
				operands[i] = secret
				module := fmt.Sprintf("package acp.authz\noutput := {\"r\": r} if { r := %s(%s) }\nallow if not output.r == \"never\"\n", b.Name, strings.Join(operands, ", "))
				program, err := rego.Compile(rego.Source{Modules: map[string]string{"policy.rego": module}})
				if err != nil {
					if strings.Contains(err.Error(), "rego_type_error") || strings.Contains(err.Error(), "rego_parse_error") {
						unknown++
						continue
					}
					rejected++
					continue
				}
				var texts []string
				for _, secrets := range []object{one, two} {
					used := object{}
					for _, name := range program.Secrets() {
						used[name] = secrets[name]
					}
					p, err := program.Bind(t.Context(), sealtest.Set(t, used), sealtest.Random(1), nil)
					if err != nil {
						t.Fatal(err)
					}
					r := p.Evaluate(t.Context(), json.RawMessage(`{}`), seal.Options{Random: sealtest.Random(2)})
					raw, err := json.Marshal(r)
					if err != nil {
						t.Fatal(err)
					}
					texts = append(texts, string(raw))
					if r.Err != nil {
						halted++
					} else {
						answered++
					}
				}
				if texts[0] != texts[1] {
					t.Errorf("%s\ntells secrets apart:\n%s\n%s", module, texts[0], texts[1])
				}
				for _, hidden := range []string{"k3y-", "8417", "rsv_"} {
					if strings.Contains(texts[0], hidden) {
						t.Errorf("%s\ntells %s", module, texts[0])
					}
				}
			}
		}
	}
	t.Logf("%d calls of a wrong type, %d rejected at upload; of the others %d evaluations halted and %d answered", unknown, rejected, halted, answered)
	if rejected == 0 || halted == 0 || answered == 0 {
		t.Error("the test shows nothing")
	}
}
