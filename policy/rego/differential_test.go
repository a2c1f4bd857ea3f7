package rego_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	oparego "github.com/open-policy-agent/opa/v1/rego"
	"pgregory.net/rapid"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// Generated policies over secrets, literals, input and data decide over
// surrogates as stock OPA does over plaintexts, or they are refused; and nothing
// that they answer has a strong secret in it.
func TestDifferential(t *testing.T) {
	var evaluated, refused, rejected, allowed int
	codes := map[string]int{}
	defer func() {
		t.Logf("%d policies rejected; %d evaluations: %d refused, %d allowed; %v", rejected, evaluated, refused, allowed, codes)
		if evaluated > 0 && refused > evaluated*9/10 {
			t.Error("nearly everything is refused: the test shows nothing")
		}
	}()
	secrets := object{"K": strong, "K2": strong2, "W": weak, "PAIR": strong + ":" + strong2,
		"KEYS": []any{strong2, weak, "another-9x8Kq71LmZv0"}, "DB": object{"p": strong, "w": weak, "port": 5432, "user": "x"}}
	data := object{"pol": object{"s": strong, "list": []any{"x", strong, weak}, "o": object{"x": strong2, strong: "x", "a": "a"}}}
	inputs := inputPool()
	rapid.Check(t, func(rt *rapid.T) {
		g := &generator{t: rt}
		module := g.module()
		stock, err := prepareBare(t, map[string]string{"policy.rego": module}, "data.acp.authz.allow", data, secrets)
		if err != nil {
			return
		}
		p, err := rego.Compile(rego.Source{Modules: map[string]string{"policy.rego": module}, Data: data, Decision: "acp/authz/allow"})
		if err != nil {
			rejected++
			if strings.Contains(err.Error(), "rego_") {
				rt.Fatalf("%s\nOPA compiles it, we do not: %v", module, err)
			}
			return
		}
		used := object{}
		for _, name := range p.Secrets() {
			used[name] = secrets[name]
		}
		if len(used) == 0 {
			return
		}
		bound, err := p.Bind(t.Context(), sealtest.Set(t, used), nil, nil)
		if err != nil {
			rt.Fatalf("%s\n%v", module, err)
		}
		for range 20 {
			input := rapid.SampledFrom(inputs).Draw(rt, "input")
			raw, _ := json.Marshal(input)
			value, _ := ast.ValueFromReader(strings.NewReader(string(raw)))
			set, err := stock.Eval(t.Context(), oparego.EvalParsedInput(value))
			want := err == nil && len(set) == 1 && set[0].Expressions[0].Value == true
			got := bound.Evaluate(t.Context(), raw, seal.Options{})
			evaluated++
			if text := fmt.Sprintf("%+v %v", got, got.Err); leaks(text, used) {
				rt.Fatalf("%s\ninput %s: a secret in %s", module, raw, text)
			}
			if got.Err != nil {
				refused++
				if got.Decision {
					rt.Fatalf("%s\ninput %s: allowed with %v", module, raw, got.Err)
				}
				codes[got.Err.Message]++
				continue
			}
			if got.Decision {
				allowed++
			}
			if got.Decision != want {
				rt.Fatalf("%s\ninput %s: got %v, on plaintext %v (%v)", module, raw, got.Decision, want, err)
			}
		}
	})
}

// leaks reports whether a strong secret of those in use stands in a text.
func leaks(text string, used object) bool {
	raw, _ := json.Marshal(used)
	for _, s := range []string{strong, strong2, "another-9x8Kq71LmZv0"} {
		if strings.Contains(string(raw), `"`+s+`"`) && strings.Contains(text, s) {
			return true
		}
	}
	return strings.Contains(text, "rsv_")
}

func inputPool() []any {
	texts := []any{strong, strong2, weak, "x", "a", "", strong[:7], strong[7:], strong + ":" + strong2, "Bearer " + strong,
		base64.StdEncoding.EncodeToString([]byte(strong)), base64.StdEncoding.EncodeToString([]byte("x:" + strong)), 5432, strings.ToUpper(strong)}
	var out []any
	for i, a := range texts {
		for j, b := range texts {
			if (i+j)%3 == 0 {
				out = append(out, object{"a": a, "b": b, "arr": []any{b, a}, "o": object{"a": a, "x": b}})
			} else {
				out = append(out, object{"a": a, "b": b, "arr": []any{a}, "o": object{fmt.Sprint(a): b}})
			}
		}
	}
	return append(out, object{}, object{"a": strong})
}

// generator writes random policies.
type generator struct {
	t     *rapid.T
	vars  []string // strings in scope
	names int
	// helpers that are declared: functions of one argument, string rules, sets,
	// objects.
	functions, values, sets, objects []string
}

func (g *generator) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(g.t, label)
}

func (g *generator) n(label string, limit int) int {
	return rapid.IntRange(0, limit-1).Draw(g.t, label)
}

func (g *generator) fresh() string {
	g.names++
	return fmt.Sprintf("v%d", g.names)
}

func (g *generator) module() string {
	var b strings.Builder
	b.WriteString("package acp.authz\n")
	for range g.n("helpers", 4) {
		b.WriteString(g.helper())
	}
	for range 1 + g.n("rules", 3) {
		b.WriteString("allow if {\n" + g.body(1+g.n("length", 4)/2, 2) + "}\n")
	}
	if g.n("output", 3) == 0 {
		b.WriteString("output := {\"v\": " + g.text(2) + "} if {\n" + g.body(1, 1) + "}\n")
	}
	return b.String()
}

func (g *generator) helper() string {
	defer func() { g.vars = nil }()
	name := g.pick("name", "h1", "h2", "h3", "h4")
	switch g.n("helper", 9) {
	case 0:
		out := name + "v := " + g.text(2) + "\n"
		g.values = append(g.values, name+"v")
		return out
	case 1:
		body := g.body(1+g.n("length", 2), 1)
		out := name + "s contains " + g.key(1) + " if {\n" + body + "}\n"
		g.sets = append(g.sets, name+"s")
		return out
	case 2:
		body := g.body(1+g.n("length", 2), 1)
		out := name + "o[" + g.key(1) + "] := " + g.text(1) + " if {\n" + body + "}\n"
		g.objects = append(g.objects, name+"o")
		return out
	case 3:
		g.vars = []string{"p"}
		out := name + "f(p) := " + g.text(1) + " if {\n" + g.body(1, 1) + "} else := " + g.text(1) + "\n"
		g.functions = append(g.functions, name+"f")
		return out
	case 4:
		out := name + "f(" + g.literal() + ") := " + g.text(1) + "\n"
		g.functions = append(g.functions, name+"f")
		return out
	case 5:
		g.vars = []string{"p"}
		out := name + "f([p, " + g.pick("second", "p", `"x"`, `"`+strong+`"`) + "]) := " + g.text(1) + "\n"
		g.functions = append(g.functions, name+"f")
		return out
	}
	if g.n("general", 3) == 0 {
		body := g.body(1+g.n("length", 2), 1)
		out := name + "g.deep[" + g.key(1) + "][" + g.key(1) + "] := " + g.text(1) + " if {\n" + body + "}\n"
		g.objects = append(g.objects, name+"g", name+"g.deep", name+"g.deep["+g.key(0)+"]")
		return out
	}
	body := g.body(1+g.n("length", 2), 1)
	out := "default " + name + "v := \"x\"\n" + name + "v := " + g.text(1) + " if {\n" + body + "}\n"
	g.values = append(g.values, name+"v")
	return out
}

// body writes statements; what they bind stays in scope.
func (g *generator) body(n, depth int) string {
	var b strings.Builder
	for range n {
		b.WriteString("  " + g.statement(depth) + "\n")
	}
	return b.String()
}

func (g *generator) statement(depth int) string {
	switch g.n("statement", 31) {
	case 0, 1, 2, 3:
		return g.text(depth) + " == " + g.text(depth)
	case 4:
		return g.text(depth) + " != " + g.text(depth)
	case 5:
		return "not " + g.text(depth) + " == " + g.text(depth)
	case 6:
		return g.text(depth) + " in " + g.collection(depth)
	case 7:
		return "not " + g.text(depth) + " in " + g.collection(depth)
	case 8:
		x, v := g.text(depth), g.fresh()
		g.vars = append(g.vars, v)
		return v + " := " + x
	case 9:
		c, v := g.collection(depth), g.fresh()
		g.vars = append(g.vars, v)
		return "some " + v + " in " + c
	case 10:
		c, k, v := g.collection(depth), g.fresh(), g.fresh()
		g.vars = append(g.vars, k, v)
		return "some " + k + ", " + v + " in " + c
	case 11:
		return g.object(depth) + "[" + g.key(depth) + "] == " + g.text(depth)
	case 12:
		return g.set(depth) + "[" + g.key(depth) + "]"
	case 13:
		return "not " + g.object(depth) + "[" + g.key(depth) + "]"
	case 14:
		a, other, v := g.array(depth), g.text(depth), g.fresh()
		g.vars = append(g.vars, v)
		return g.pick("pattern", "["+v+", "+other+"]", "["+other+", "+v+"]", "["+v+"]", "["+v+", "+v+"]") + " = " + a
	case 15:
		o, other, v := g.object(depth), g.text(depth), g.fresh()
		g.vars = append(g.vars, v)
		return g.pick("pattern", `{"a": `+v+`, "x": `+other+`}`, `{"a": `+v+`, "x": `+v+`}`, `{"a": `+v+`}`) + " = " + o
	case 16:
		c, v := g.collection(depth), g.fresh()
		saved := g.vars
		g.vars = append(append([]string{}, g.vars...), v)
		s := "every " + v + " in " + c + " { " + g.statement(0) + " }"
		g.vars = saved
		return s
	case 21:
		v := g.fresh()
		s := "walk(" + g.object(depth) + ", [_, " + v + "])"
		g.vars = append(g.vars, v)
		return s
	case 22:
		v := g.fresh()
		s := "walk(" + g.pick("walked", "input", "data.pol", "data.secrets.DB", g.array(depth)) + ", [[" + v + "], " + g.text(depth) + "])"
		g.vars = append(g.vars, v)
		return s
	case 23:
		return g.text(depth) + " == " + g.text(depth) + " with input as {\"a\": " + g.text(0) + ", \"o\": {" + g.key(0) + ": " + g.text(0) + "}}"
	case 24:
		v := g.fresh()
		return v + " := " + g.text(depth) + " == " + g.text(depth) + "; " + v + " == " + g.pick("boolean", "true", "false")
	case 17:
		return g.array(depth) + " == " + g.array(depth)
	case 18:
		return g.object(depth) + " == " + g.object(depth)
	case 19:
		return g.set(depth) + " == " + g.set(depth)
	case 26:
		return g.text(depth) + " == " + g.text(depth) + " with " + g.pick("function", "lower", "base64.encode", "base64.decode", "crypto.sha256", "split", "json.marshal") + " as " + g.replacement()
	case 27:
		if len(g.functions) > 0 {
			return g.text(depth) + " == " + g.text(depth) + " with " + rapid.SampledFrom(g.functions).Draw(g.t, "replaced") + " as " + g.replacement()
		}
	case 28:
		return "not " + g.pick("call", "base64.encode", "lower", "crypto.sha256") + "(" + g.key(depth) + ", " + g.text(0) + ")"
	case 29:
		v := g.fresh()
		return "[" + v + " | some " + v + " in " + g.collection(depth) + "] == " + g.array(depth)
	case 30:
		k := g.fresh()
		return "[" + k + " | some " + k + ", _ in " + g.object(depth) + "][0] == " + g.text(depth)
	case 20:
		return g.text(depth) + " == " + g.text(depth) + " with " + g.pick("target", "input.a", "input.o.a", "data.pol.s") + " as " + g.text(0)
	}
	s := g.pick("call", "startswith(%s, %s)", "contains(%s, %s)", "%s < %s", "count(%s) == count(%s)", "endswith(%s, %s)", "not startswith(%s, %s)", "print(%s, %s)")
	return fmt.Sprintf(s, g.key(depth), g.key(depth))
}

// replacement is what `with` may put in the place of a function of one argument.
func (g *generator) replacement() string {
	if len(g.functions) > 0 && g.n("by a function", 2) == 0 {
		return rapid.SampledFrom(g.functions).Draw(g.t, "by")
	}
	return g.pick("by", "lower", "base64.encode", "crypto.sha256", g.text(0), g.text(1))
}

func (g *generator) literal() string {
	return g.pick("literal", `"x"`, `"x"`, `"a"`, `""`, `"`+weak+`"`, `"`+strong+`"`, `"`+strong+`"`, `"`+strong2+`"`, `"Bearer "`, `"`+strong[:7]+`"`, `":"`)
}

// key writes a string that is mostly none of a secret: one would be rejected.
func (g *generator) key(depth int) string {
	if g.n("secret key", 12) == 0 {
		return g.text(depth)
	}
	if depth > 0 && g.n("computed", 3) == 0 {
		return fmt.Sprintf(g.pick("computed key", `concat("", ["", %s])`, `base64.decode(%s)`, `lower(%s)`, `trim_prefix(%s, "x")`), g.key(depth-1))
	}
	return g.pick("key", g.literal(), "input.a", "input.b", "input.arr[0]", "input.o.a", "data.pol.s", "data.pol.o.x")
}

// text writes an expression that is mostly a string.
func (g *generator) text(depth int) string {
	if len(g.vars) > 0 && g.n("variable", 3) == 0 {
		return rapid.SampledFrom(g.vars).Draw(g.t, "variable")
	}
	if depth == 0 {
		return g.pick("leaf", g.literal(), "input.a", "input.b", "input.arr[0]", "input.o.a", "input.a", "data.secrets.K", "data.secrets.W",
			"data.secrets.K2", "data.secrets.DB.p", "data.secrets.DB.w", "data.secrets.PAIR", "data.pol.s", "data.pol.o.x")
	}
	depth--
	switch g.n("text", 22) {
	case 0:
		return `concat("", [` + g.text(depth) + ", " + g.text(depth) + "])"
	case 1:
		return `concat(":", [` + g.text(depth) + ", " + g.text(depth) + "])"
	case 2:
		if g.n("encode", 3) == 0 {
			return "base64.encode(" + g.text(depth) + ")"
		}
	case 3:
		return "base64.decode(" + g.key(depth) + ")"
	case 4:
		return `sprintf("%s%v", [` + g.text(depth) + ", " + g.text(depth) + "])"
	case 5:
		return "split(" + g.key(depth) + `, ":")[` + g.pick("part", "0", "1", "_") + "]"
	case 6:
		return g.pick("function", "crypto.sha256", "hex.encode", "urlquery.encode", "json.marshal") + "(" + g.text(depth) + ")"
	case 7:
		return "trim_prefix(" + g.key(depth) + ", " + g.pick("prefix", `"Bearer "`, `"x"`, g.text(0)) + ")"
	case 8:
		return g.object(depth) + "[" + g.key(depth) + "]"
	case 9:
		return g.array(depth) + "[" + g.pick("index", "0", "1", "_") + "]"
	case 10:
		return "object.get(" + g.object(depth) + ", " + g.key(depth) + ", " + g.text(0) + ")"
	case 11:
		return `$"{` + g.text(0) + "}" + g.pick("between", "", ":", " ") + "{" + g.text(0) + `}"`
	case 12:
		if len(g.functions) > 0 {
			return rapid.SampledFrom(g.functions).Draw(g.t, "f") + "(" + g.pick("argument", g.text(depth), g.array(depth)) + ")"
		}
	case 13, 14:
		if len(g.values) > 0 {
			return rapid.SampledFrom(g.values).Draw(g.t, "rule")
		}
	case 15:
		return "crypto.hmac.sha256(" + g.text(depth) + ", " + g.text(depth) + ")"
	}
	return g.text(0)
}

func (g *generator) array(depth int) string {
	switch g.n("array", 9) {
	case 0, 1:
		return "[" + g.text(depth) + ", " + g.text(depth) + "]"
	case 2:
		return "input.arr"
	case 3:
		return "data.secrets.KEYS"
	case 4:
		return "data.pol.list"
	case 5:
		return "array.concat([" + g.text(depth) + "], input.arr)"
	case 6:
		return "[" + g.text(depth) + "]"
	case 7:
		return "json.unmarshal(json.marshal([" + g.text(depth) + "]))"
	}
	v := g.fresh()
	return "[" + v + " | some " + v + " in " + g.pick("source", "input.arr", "data.secrets.KEYS", "data.pol.list") + "; " + v + " != " + g.text(0) + "]"
}

func (g *generator) set(depth int) string {
	switch g.n("set", 5) {
	case 0:
		return "{" + g.key(depth) + ", " + g.key(depth) + "}"
	case 1:
		if len(g.sets) > 0 {
			return rapid.SampledFrom(g.sets).Draw(g.t, "set")
		}
	case 2:
		return "(" + "{" + g.key(depth) + "} | {" + g.key(depth) + "})"
	}
	v := g.fresh()
	return "{" + v + " | some " + v + " in " + g.array(depth) + "}"
}

func (g *generator) object(depth int) string {
	switch g.n("object", 9) {
	case 0:
		return `{"a": ` + g.text(depth) + "}"
	case 1:
		return `{"a": ` + g.text(depth) + `, "x": ` + g.text(depth) + "}"
	case 2:
		return "{" + g.key(depth) + ": " + g.text(depth) + "}"
	case 3:
		// A field that is not there refuses every evaluation.
		return "{k: v | some k, v in data.secrets.DB}"
	case 4:
		return "data.pol.o"
	case 5:
		if len(g.objects) > 0 {
			return rapid.SampledFrom(g.objects).Draw(g.t, "object")
		}
	case 6:
		k, v := g.fresh(), g.fresh()
		return "{" + k + ": " + v + " | some " + k + ", " + v + " in " + g.pick("source", "input.o", "data.secrets.DB", "data.pol.o") + "}"
	case 7:
		return "object.union({\"a\": " + g.text(depth) + "}, input.o)"
	}
	return "input.o"
}

func (g *generator) collection(depth int) string {
	switch g.n("collection", 3) {
	case 0:
		return g.array(depth)
	case 1:
		return g.set(depth)
	}
	return g.object(depth)
}
