package rego_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy/rego"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct{ module, want string }{
		{"allow if input.a == 1", ""},
		{"allow if {\n\tsome x in input.list\n\tx == data.secrets.K\n}", ""},
		{"import data.lib\n\nallow if input.a == 1", "strict 3:1"},
		{"allow if {\n\tx := 1\n\tinput.a == 1\n}", "strict 4:2"},
		{"f(x) := 1\n\nallow if f(input.a) == 1", "strict 3:1"},
		{"allow if input.a==1", "not-formatted 0:0"},
		{"default allow := true", "default-allow 3:1"},
		{"deny if input.role != \"admin\"\n\nallow if not deny", "deny-undefined 3:9"},
		{"deny if not input.role == \"admin\"\n\nallow if not deny", ""},
		{"allow if not input.blocked == true", "allow-by-absence 3:10"},
		{"allow if input.blocked != true", ""},
		{"allow if {\n\tinput.a == 1\n\ttrue\n}", "condition-constant 5:2"},
		{"allow if 1 == 2", "condition-constant 3:10"},
		{"allow if input.a == input.a", "condition-constant 3:10"},
		{"allow if count(input.list)", "result-ignored 3:10"},
		{"allow if startswith(input.a, \"x\")", ""},
		{"allow if regex.match(\"admin\", input.role)", "pattern-unanchored 3:22"},
		{"allow if regex.match(\"^admin$\", input.role)", ""},
		{"allow if {\n\tx = input.a\n\tx == 1\n}", "unification 4:2"},
		{"key := 1\n\nallow if {\n\tkey := input.a\n\tkey == 1\n}", "rule-shadowed 6:2"},
		{"allow if {\n\tsome count in input.list\n\tcount == 1\n}", "builtin-shadowed 4:7"},
		{"f(x) := x\n\nallow if input.a == 1", "function-unused 3:1"},
		{"allow if input.key == \"k3y9Zq81xWv7LmP0sTt4\"", "credential-in-text 3:23"},
		{"allow if input.path == \"/v1/projects/shop/services\"", ""},
		{"allow if startswith(data.secrets.K, \"x\")", "sealed_secret_inspected 3:10"},
		{"allow if {", "rego_parse_error 4:0"},
		{"x if input.a == 1", ""},
	} {
		var got []string
		for _, i := range rego.Check(rego.Source{Modules: map[string]string{"p.rego": "package p\n\n" + c.module + "\n"}}) {
			got = append(got, fmt.Sprintf("%s %d:%d", i.Code, i.Line, i.Column))
			if i.Message == "" || i.Advice == "" && strings.Contains(i.Code, "-") {
				t.Errorf("%s: %+v", c.module, i)
			}
		}
		if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s\n%s", c.module, diff)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		text, want string
		v0         bool
	}{
		{"package p\nallow if {input.a==1}", "package p\n\nallow if input.a == 1\n", false},
		{"package p\nallow{input.a==1}", "package p\n\nallow {\n\tinput.a == 1\n}\n", true},
	} {
		got, err := rego.Format("p.rego", c.text, c.v0)
		if err != nil || got != c.want {
			t.Errorf("%q: %q %v", c.text, got, err)
		}
		if again, err := rego.Format("p.rego", got, c.v0); err != nil || again != got {
			t.Errorf("formatted twice: %q %v", again, err)
		}
	}
}
