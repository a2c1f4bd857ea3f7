package rego_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

func issues(t *testing.T, src rego.Source) []rego.Issue {
	t.Helper()
	_, err := rego.Compile(src)
	if err == nil {
		return nil
	}
	var failed *rego.CompileError
	if !errors.As(err, &failed) {
		t.Fatalf("%T: %v", err, err)
	}
	return failed.Issues
}

// Which secrets a policy uses must be plain from its text, and what would look
// inside one is refused, with the place.
func TestRejects(t *testing.T) {
	for _, c := range []struct{ policy, code, at string }{
		{`allow if data.secrets[input.x] == 1`, "secret_name_not_constant", "2:10"},
		{`allow if data.secrets[_] == input.k`, "secret_name_not_constant", "2:10"},
		{`allow if { some k; data.secrets[k] == input.k }`, "secret_name_not_constant", "2:20"},
		{`allow if data.secrets == input.k`, "secret_name_not_constant", "2:10"},
		{`allow if "x" in data.secrets`, "secret_name_not_constant", "2:17"},
		{`allow if { some k, v in data.secrets; v == "x" }`, "secret_name_not_constant", "2:25"},
		{`allow if data[input.x].K == input.k
s := data.secrets.K`, "secret_name_not_constant", "2:10"},
		{`allow if { walk(data, [_, v]); v == input.k }
s := data.secrets.K`, "secret_name_not_constant", "2:17"},
		{`allow if json.marshal(data) == "x"
s := data.secrets.K`, "secret_name_not_constant", "2:23"},
		{`output := data
s := data.secrets.K`, "secret_name_not_constant", "2:11"},
		{`allow if input.k == data.secrets["a b"]`, "secret_name_not_constant", "2:21"},
		{`allow if input.k == data.secrets[3]`, "secret_name_not_constant", "2:21"},
		{`allow if input.secrets == input.k`, "secret_name_not_constant", "2:10"},
		{`allow if input.secrets[input.k] == "x"`, "secret_name_not_constant", "2:10"},
		{`allow if input.contexts.secrets == input.k`, "secret_name_not_constant", "2:10"},
		{`allow if { x := input; x.secrets.K == input.k }`, "secret_name_not_constant", "2:24"},
		{`allow if { x := input.contexts; x.secrets.K == input.k }`, "secret_name_not_constant", "2:33"},
		{`f(x) := x.secrets.K
allow if not f(input) == input.k`, "secret_name_not_constant", "2:9"},
		{`f(x) if x.contexts.secrets.K == "a"
allow if f(input)`, "secret_name_not_constant", "2:9"},
		{`f(x) if x.secrets.K == "a"
allow if f(input.contexts)`, "secret_name_not_constant", "2:9"},
		{`f(x) := x
allow if f(input).secrets.K == "a"`, "secret_name_not_constant", "3:10"},
		{`ctx := input.contexts
allow if ctx.secrets.K == input.k`, "secret_name_not_constant", "3:10"},
		{`all := {"in": input}
allow if not all["in"].secrets.K == input.k`, "secret_name_not_constant", "3:14"},
		{`allow if { some x in [input]; x.secrets.K == input.k }`, "secret_name_not_constant", "2:31"},
		{`allow if { every x in [input] { x.secrets.K != "a" } }`, "secret_name_not_constant", "2:33"},
		{`allow if { [x, _] = [input, 1]; x.secrets.K == "a" }`, "secret_name_not_constant", "2:33"},
		{`allow if { y := [x | x := input]; y[0].secrets.K == "a" }`, "secret_name_not_constant", "2:35"},
		{`allow if object.get(input, ["secrets", "K"], "") == "a"`, "secret_name_not_constant", "2:10"},
		{`allow if object.get(input, "contexts", {}).secrets.K == "a"`, "secret_name_not_constant", "2:10"},
		{`allow if object.union(input, {"a": 1}).secrets.K == "a"`, "secret_name_not_constant", "2:10"},
		{`allow if { some k; input[k].secrets.K == "a" }`, "secret_name_not_constant", "2:20"},
		{`f(_) := 1
g(x) := x.secrets
allow if f(input) == "a" with f as g`, "secret_name_not_constant", "3:9"},
		{`p contains input
allow if { some x in p; x.secrets.K == "a" }`, "secret_name_not_constant", "3:25"},
		{`allow if x with data.secrets.K as "a"
x if data.secrets.K == "a"`, "secret_name_not_constant", "2:17"},
		{`allow if x with data.secrets as {"K": "a"}
x if data.secrets.K == "a"`, "secret_name_not_constant", "2:17"},
		{`allow if x with data as {"secrets": {"K": "a"}}
x if data.secrets.K == "a"`, "secret_name_not_constant", "2:17"},
		{`allow if x with input.secrets.K as "a"
x if data.secrets.K == "a"`, "secret_name_not_constant", "2:17"},
		{`allow if {data.secrets.K: 1}[input.k]`, "sealed_secret_inspected", "2:11"},
		{`allow if {data.secrets.K, "x"}[input.k]`, "sealed_secret_inspected", "2:11"},
		{`allow if { s := {data.secrets.K}; input.k in s }`, "sealed_secret_inspected", "2:18"},
		{`allow if input.map[data.secrets.K]`, "sealed_secret_inspected", "2:20"},
		{`allow if data.things[data.secrets.K]`, "sealed_secret_inspected", "2:22"},
		{`allow if { m := {k: 1 | k := data.secrets.K}; m[input.k] }`, "sealed_secret_inspected", "2:18"},
		{`allow if { m := {k | k := data.secrets.K}; m[input.k] }`, "sealed_secret_inspected", "2:18"},
		{`revoked contains data.secrets.K
allow if not revoked[input.k]`, "sealed_secret_inspected", "2:18"},
		{`by[data.secrets.K] := 1
allow if by[input.k]`, "sealed_secret_inspected", "2:4"},
		{`k := data.secrets.K
allow if {k}[input.k]`, "sealed_secret_inspected", "3:11"},
		{`f(x) := {x: 1}
allow if f(data.secrets.K)[input.k]`, "sealed_secret_inspected", "2:10"},
		{`allow if data.secrets.K < input.k`, "sealed_secret_inspected", "2:10"},
		{`allow if input.k >= data.secrets.K`, "sealed_secret_inspected", "2:10"},
		{`allow if data.secrets.K + 1 == 2`, "sealed_secret_inspected", "2:10"},
		{`allow if startswith(data.secrets.K, "sk_")`, "sealed_secret_inspected", "2:10"},
		{`allow if startswith(input.k, data.secrets.K)`, "sealed_secret_inspected", "2:10"},
		{`allow if count(data.secrets.K) == 20`, "sealed_secret_inspected", "2:10"},
		{`allow if regex.match("^sk", data.secrets.K)`, "sealed_secret_inspected", "2:10"},
		{`allow if regex.match(data.secrets.K, input.k)`, "sealed_secret_inspected", "2:10"},
		{`allow if split(data.secrets.K, ":")[0] == input.k`, "sealed_secret_inspected", "2:10"},
		{`allow if substring(data.secrets.K, 0, 1) == "a"`, "sealed_secret_inspected", "2:10"},
		{`allow if lower(data.secrets.K) == input.k`, "sealed_secret_inspected", "2:10"},
		{`allow if base64.decode(data.secrets.K) == input.k`, "sealed_secret_inspected", "2:10"},
		{`allow if to_number(data.secrets.K) == 1`, "sealed_secret_inspected", "2:10"},
		{`allow if json.unmarshal(data.secrets.K) == 1`, "sealed_secret_inspected", "2:10"},
		{`allow if { x := base64.encode(data.secrets.K); startswith(x, "a") }`, "sealed_secret_inspected", "2:48"},
		{`allow if glob.match("*", [], data.secrets.K)`, "sealed_secret_inspected", "2:10"},
		{`allow if opa.runtime().env.HOME == "x"`, "rego_type_error", "2:10"},
		{`allow if net.lookup_ip_addr("localhost")`, "rego_type_error", "2:10"},
		{`allow if rego.parse_module("x", "package x")`, "rego_type_error", "2:10"},
		{`allow if trace("x")`, "rego_type_error", "2:10"},
		{`allow if reticent_equal(data.secrets.K, input.k)`, "reserved_name", "2:10"},
		{`allow if reticent_check_key(input.k)`, "reserved_name", "2:10"},
		{`allow if { __reticent0__ := 1; __reticent0__ == input.k }`, "reserved_name", "2:1"},
		{`allow if 1e2000 > input.n`, "limit_exceeded", "2:10"},
		{`allow if {`, "rego_parse_error", "2:10"},
		{`allow if x := `, "rego_parse_error", ""},
		{`allow if undefined_function(1)`, "rego_type_error", "2:10"},
		{`allow if x == 1`, "rego_unsafe_var_error", "2:10"},
		{`allow { input.x }`, "rego_parse_error", "2:1"},
	} {
		got := issues(t, rego.Source{Modules: map[string]string{"a.rego": "package acp.authz\n" + c.policy}, Decision: "acp/authz/allow"})
		if len(got) == 0 {
			t.Errorf("%s\naccepted", c.policy)
			continue
		}
		at := fmt.Sprintf("%d:%d", got[0].Line, got[0].Column)
		if got[0].Code != c.code || c.at != "" && at != c.at || c.at != "" && got[0].File != "a.rego" {
			t.Errorf("%s\ngot %s at %s (%s), want %s at %s", c.policy, got[0].Code, at, got[0].Message, c.code, c.at)
		}
		if strings.HasPrefix(got[0].Code, "secret_") && got[0].Advice == "" {
			t.Errorf("%s: no advice", c.policy)
		}
	}
}

func TestRejectsWholePolicies(t *testing.T) {
	many := map[string]string{}
	for i := range rego.MaxModules + 1 {
		many[fmt.Sprint(i)] = fmt.Sprintf("package p%d", i)
	}
	for name, c := range map[string]struct {
		src  rego.Source
		code string
	}{
		"no module":         {rego.Source{}, "rego_parse_error"},
		"package secrets":   {rego.Source{Modules: map[string]string{"a": "package secrets\nK := 1"}}, "reserved_name"},
		"package secrets.x": {rego.Source{Modules: map[string]string{"a": "package secrets.x\nallow := true"}}, "reserved_name"},
		"data secrets":      {rego.Source{Modules: map[string]string{"a": "package p\nallow := true"}, Data: object{"secrets": object{"K": "x"}}}, "reserved_name"},
		"no decision":       {rego.Source{Modules: map[string]string{"a": "package p\nother := true"}}, "decision_not_found"},
		"wrong decision":    {rego.Source{Modules: map[string]string{"a": "package p\nallow := true"}, Decision: "p/x"}, "decision_not_found"},
		"empty decision":    {rego.Source{Modules: map[string]string{"a": "package p\nallow := true"}, Decision: "p//allow"}, "decision_not_found"},
		"data conflict":     {rego.Source{Modules: map[string]string{"a": "package p\nallow := true"}, Data: object{"p": object{"allow": true}}}, "rego_compile_error"},
		"too many modules":  {rego.Source{Modules: many}, "limit_exceeded"},
		"too large":         {rego.Source{Modules: map[string]string{"a": "package p\n#" + strings.Repeat("x", rego.MaxSourceBytes)}}, "limit_exceeded"},
		"nested":            {rego.Source{Modules: map[string]string{"a": "package p\nallow if " + strings.Repeat("[", 10_000)}}, "rego_parse_error"},
		"nested terms":      {rego.Source{Modules: map[string]string{"a": "package p\nallow if x == " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)}}, "rego_parse_error"},
		"large data":        {rego.Source{Modules: map[string]string{"a": "package p\nallow := true"}, Data: object{"x": strings.Repeat("x", rego.MaxDataBytes)}}, "limit_exceeded"},
	} {
		got := issues(t, c.src)
		if len(got) == 0 || got[0].Code != c.code {
			t.Errorf("%s: got %+v, want %s", name, got, c.code)
		}
	}
}

// What looks much like something that is refused and is not.
func TestAccepts(t *testing.T) {
	for policy, want := range map[string][]string{
		`allow if input.k == data.secrets.A`:                                               {"A"},
		`allow if { input.k == data.secrets["B-1"]; data.secrets.A == input.x }`:           {"A", "B-1"},
		`allow if input.k == input.secrets.A`:                                              {"A"},
		`allow if input.k == input.contexts.secrets.A`:                                     {"A"},
		`allow if { some k in input.contexts.secrets.KEYS; k == input.k }`:                 {"KEYS"},
		`allow if { x := {"k": data.secrets.A}; x.k == input.k }`:                          {"A"},
		`allow if data.secrets.DB.port > 1000`:                                             {"DB"},
		`allow if data.secrets.KEYS[input.i] == input.k`:                                   {"KEYS"},
		`allow if $"Bearer {data.secrets.A}" == input.k`:                                   {"A"},
		`allow if { some x in ["a"]; x == input.k }`:                                       {},
		`allow if input.spec.secrets.name == "x"`:                                          {},
		`allow if { print("x", data.secrets.A); true }`:                                    {"A"},
		`allow if input.x[input.y]`:                                                        {},
		`allow if data[input.x].K == input.k`:                                              {},
		`allow if count(data.x[_]) == 0`:                                                   {},
		`allow if count(input.x) == 1 with count as 1` + "\ns := data.secrets.A":           {"A"},
		`allow if { some i; input.pods[i].secrets.name == "x" }`:                           {},
		"f(x) := x.secrets\nallow if f(input.spec)":                                        {},
		"f(x) := x.secrets\nallow if f({\"secrets\": input.k})":                            {},
		"f(x) := x.user\nallow if f(input) == \"a\"":                                       {},
		`allow if { [x, y] = [input, {"secrets": 1}]; y.secrets == x.k }`:                  {},
		`allow if input == {"a": 1}`:                                                       {},
		`allow if { x := input; x.user == "a" }`:                                           {},
		`allow if startswith(input.h, "Bearer ")`:                                          {},
		`allow if check with input as {"k": "x"}` + "\ncheck if input.k == data.secrets.A": {"A"},
	} {
		p, err := rego.Compile(rego.Source{Modules: map[string]string{"a.rego": "package acp.authz\n" + policy}})
		if want == nil {
			continue
		}
		if err != nil {
			t.Errorf("%s\n%v", policy, err)
			continue
		}
		if diff := cmp.Diff(want, append([]string{}, p.Secrets()...)); diff != "" {
			t.Errorf("%s\n%s", policy, diff)
		}
	}
}

func TestImports(t *testing.T) {
	for _, c := range []struct{ imports, use string }{
		{"import rego.v1", "data.secrets.K"},
		{"import data.secrets", "secrets.K"},
		{"import data.secrets.K", "K"},
		{"import data.secrets.K as key", "key"},
		{"import input.secrets", "secrets.K"},
		{"import input.contexts.secrets as s", "s.K"},
		{"import input.contexts", "contexts.secrets.K"},
		{"import future.keywords.in", "data.secrets.K"},
	} {
		p := bind(t, "package acp.authz\n"+c.imports+"\nallow if input.k == "+c.use, object{"K": weak})
		if !evaluate(t, p, object{"k": weak}).Decision || evaluate(t, p, object{"k": "x"}).Decision {
			t.Errorf("%+v: wrong decision", c)
		}
	}
}

// Modules in the syntax of Rego v0, as policies written for Cloudentity are.
func TestVersion0(t *testing.T) {
	for _, module := range []string{
		"package acp.authz\ndefault allow = false\nallow { input.k == input.secrets.K }",
		"package acp.authz\nimport future.keywords\nallow if { some x in [input.k]; x == input.contexts.secrets.K }",
		"package acp.authz\nimport rego.v1\nallow if input.k == data.secrets.K",
		"package acp.authz\nallow { any([input.k == data.secrets.K, false]) }",
		"package acp.authz\nallow { not set_diff({1}, {1}) == {1}; input.k == data.secrets.K }",
	} {
		p, err := rego.Compile(rego.Source{Modules: map[string]string{"policy.rego": module}, V0: true})
		if err != nil {
			t.Errorf("%s\n%v", module, err)
			continue
		}
		b, err := p.Bind(t.Context(), sealtest.Set(t, object{"K": strong}), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := evaluate(t, b, object{"k": strong}); !got.Decision {
			t.Errorf("%s\ndenied: %v", module, got.Err)
		}
		if got := evaluate(t, b, object{"k": "x"}); got.Decision || got.Err != nil {
			t.Errorf("%s\n%+v", module, got)
		}
	}
	for _, module := range []string{"package p\nallow { any([true]) }", "package p\nimport rego.v1\nallow { true }"} {
		if _, err := rego.Compile(rego.Source{Modules: map[string]string{"policy.rego": module}, V0: strings.Contains(module, "rego.v1")}); err == nil {
			t.Errorf("accepted: %s", module)
		}
	}
}

// What a comment with metadata says has one form with everything else.
func TestMetadataIsSealed(t *testing.T) {
	module := `package acp.authz

# METADATA
# title: ` + strong + `
# custom:
#   ` + strong2 + `: ["` + strong + `"]
allow if {
	input.k == rego.metadata.rule().title
	{input.k: 1}[rego.metadata.rule().title]
	rego.metadata.rule().custom[input.l][0] == input.k
	data.secrets.K == input.k
	data.secrets.L == input.l
}
`
	p := bind(t, module, object{"K": strong, "L": strong2})
	if got := evaluate(t, p, object{"k": strong, "l": strong2}); !got.Decision {
		t.Errorf("denied: %v", got.Err)
	}
	if got := evaluate(t, p, object{"k": "x", "l": strong2}); got.Decision {
		t.Error("allowed")
	}
}

// Rules of several modules, and a decision in the package of one of them.
func TestModules(t *testing.T) {
	p, err := rego.Compile(rego.Source{Modules: map[string]string{
		"b.rego": "package lib\nkey := data.secrets.K\nis(x) if x == key",
		"a.rego": "package acp.authz\nimport data.lib\nallow if lib.is(input.k)",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Entrypoint(); got != "acp/authz/allow" {
		t.Errorf("entrypoint %s", got)
	}
	if diff := cmp.Diff([]string{"K"}, p.Secrets()); diff != "" {
		t.Error(diff)
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		"allow if input.k == data.secrets.K", "allow if { some x in data.secrets.KEYS; x == input.k }", "f(x) := {x: 1}\nallow if f(input.k)",
		"allow if { [x, y] = input.a; x == data.secrets.K }", "allow if every x in input.a { x != data.secrets.K }", "p[x] contains y if { x := 1; y := data.secrets.K }",
		"allow if $\"{data.secrets.K}\" == input.k", "allow if {x | some x in [data.secrets.K]}[input.k]", "default allow := false\nallow if not x with input as 1\nx if data.secrets.K == 1",
		"allow if input.k == data.secrets.K else := false if true", "allow if { walk(input, [p, data.secrets.K]) }",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, policy string) {
		p, err := rego.Compile(rego.Source{Modules: map[string]string{"a.rego": "package acp.authz\n" + policy}})
		var failed *rego.CompileError
		if err != nil && (!errors.As(err, &failed) || len(failed.Issues) == 0) {
			t.Fatalf("%T %v", err, err)
		}
		if err == nil && p == nil {
			t.Fatal("neither a program nor an error")
		}
	})
}
