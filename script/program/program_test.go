package program

import (
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/google/go-cmp/cmp"
)

const handler = "module.exports = async function (context) { "

func TestReferences(t *testing.T) {
	for _, tc := range []struct {
		source             string
		secrets, variables []string
	}{
		{handler + "return context.secrets.A }", []string{"A"}, nil},
		{handler + "return context['secrets']['A'] }", []string{"A"}, nil},
		{handler + "return context.secrets?.A }", []string{"A"}, nil},
		{handler + "return context.secrets.get('A') }", []string{"A"}, nil},
		{handler + "const { A, B: b } = context.secrets }", []string{"A", "B"}, nil},
		{handler + "const s = context.secrets; return s.A + s.B }", []string{"A", "B"}, nil},
		{handler + "const { secrets } = context; return secrets.A }", []string{"A"}, nil},
		{handler + "const { secrets: x } = context; const y = x; return y.A }", []string{"A"}, nil},
		{"module.exports = async ({ secrets: { A, B = 1 } }) => A", []string{"A", "B"}, nil},
		{"module.exports = async ({ secrets }) => secrets.A", []string{"A"}, nil},
		{"module.exports = async (c) => c.secrets.DB.password", []string{"DB"}, nil},
		{"module.exports = async (c) => { let s; ({ A: s } = c.secrets); return s }", []string{"A"}, nil},
		{handler + "context.secrets.set('A', 1); context.secrets.hasOwnProperty('B') }", nil, nil},
		{handler + "return context.secrets[context.input.name] }", nil, nil},
		{handler + "return context.variables.V + context.variables['W'] }", nil, []string{"V", "W"}},
		{handler + "return '/' + `${context.secrets.A}` }", []string{"A"}, nil},
		{"function f(o) { return o.X }\n" + handler + "return f(context.secrets) }", nil, nil},
	} {
		p, findings := Compile(script(tc.source), Options{Check: true})
		if findings != nil {
			t.Errorf("%s: %v", tc.source, findings)
			continue
		}
		if d := cmp.Diff(append([]string{}, tc.secrets...), p.Secrets); d != "" {
			t.Errorf("%s: secrets %s", tc.source, d)
		}
		if d := cmp.Diff(append([]string{}, tc.variables...), p.Variables); d != "" {
			t.Errorf("%s: variables %s", tc.source, d)
		}
	}
}

func TestFindings(t *testing.T) {
	for source, want := range map[string]string{
		"context.secrets.X.startsWith('a')":                CodeInspects,
		"context.secrets.X.slice(1)":                       CodeInspects,
		"context.secrets.X.split('')":                      CodeInspects,
		"context.secrets.X.length":                         CodeInspects,
		"context.secrets.X[0]":                             CodeInspects,
		"context.secrets['X'].toLowerCase()":               CodeInspects,
		"context.secrets.get('X').charCodeAt(0)":           CodeInspects,
		"context.secrets.X?.trim()":                        CodeInspects,
		"const s = context.secrets.X; s.at(0)":             CodeInspects,
		"const {X} = context.secrets; X.length":            CodeInspects,
		"const {secrets:{X}} = context; X.length":          CodeInspects,
		"const s = context.secrets.X, u = s; u.match(/a/)": CodeInspects,
		"new Set([context.secrets.X])":                     CodeInspects,
		"new Map([[context.secrets.X, 1]])":                CodeInspects,
		"({[context.secrets.X]: 1})":                       CodeInspects,
		"context.input[context.secrets.X]":                 CodeInspects,
		"context.secrets.X in context.input":               CodeInspects,
		"context.secrets.X < 'b'":                          CodeInspects,
		"context.secrets.X - 1":                            CodeInspects,
		"+context.secrets.X":                               CodeInspects,
		"/^a/.test(context.secrets.X)":                     CodeInspects,
		"const re = /a/; re.exec(context.secrets.X)":       CodeInspects,
		"[...context.secrets.X]":                           CodeInspects,
		"for (const c of context.secrets.X) c":             CodeInspects,
		"const [a] = context.secrets.X":                    CodeInspects,
		"const {length} = context.secrets.X":               CodeInspects,
		"parseInt(context.secrets.X)":                      CodeInspects,
		"Object.keys(context.secrets.X)":                   CodeInspects,
		"atob(context.secrets.X)":                          CodeInspects,
		"context.secrets.DB.password.slice(1)":             CodeInspects,
		"function f({...r}) {} f(context.secrets.X)":       CodeInspects,
		"/(?=a)b/":                 CodeRegexp,
		"/(a)\\1/":                 CodeRegexp,
		`/\p{L}/u`:                 CodeRegexp,
		"eval('1')":                CodeUnsupported,
		"new Function('return 1')": CodeUnsupported,
		"with (context) {}":        CodeUnsupported,
		"a b":                      CodeSyntax,
		"let a; let a":             CodeSyntax,
		strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300): CodeLimit,
		"'" + strings.Repeat("x", MaxSourceBytes) + "'":           CodeLimit,
	} {
		_, findings := Compile(script(handler+"\n  "+source+"\n}"), Options{Check: true})
		if len(findings) == 0 {
			t.Errorf("%.80s: accepted", source)
			continue
		}
		if findings[0].Code != want {
			t.Errorf("%.80s: %v, want %s", source, findings, want)
		}
		if want == CodeInspects && (findings[0].Line != 2 || findings[0].Column < 3) {
			t.Errorf("%.80s: position %v", source, findings[0])
		}
		if findings[0].Line < 1 || findings[0].Column < 1 {
			t.Errorf("%.80s: no position in %v", source, findings[0])
		}
	}
}

func TestAccepted(t *testing.T) {
	for _, source := range []string{
		"return context.secrets.X === context.input.k",
		"function f(s) { return s.slice(1) } const s = 1; return context.secrets.X",
		"return context.input.a.slice(1).length + context.secrets.X",
		"return context.secrets.KEYS.includes(context.input.k)",
		"return context.secrets.KEYS.some(k => k === context.input.k)",
		"const { a, ...rest } = context.input; return [rest, context.secrets.X]",
		"return Object.keys(context.secrets)",
		"return `Bearer ${context.secrets.X}`",
		"const s = '((((' + \"[[[[\"; return /[(]{3}/.test(s) && context.secrets.X",
		"return JSON.stringify({client_secret: context.secrets.X})",
		"switch (context.input.a) { case context.secrets.X: return 1; default: return 2 }",
	} {
		if _, findings := Compile(script(handler+source+"\n}"), Options{Check: true}); findings != nil {
			t.Errorf("%s: %v", source, findings)
		}
	}
}

// TestNativeWithoutSecrets proves that the operators of a script that touches no
// secret are left alone.
func TestNativeWithoutSecrets(t *testing.T) {
	p, findings := Compile(script(handler+"return context.input.a === 'b' }"), Options{})
	if findings != nil || p.Sealed {
		t.Fatalf("sealed %v, findings %v", p, findings)
	}
}

// TestRewriteKeepsMeaning runs rewritten programs with helpers that do what the
// language does, and requires what the bare engine gives.
func TestRewriteKeepsMeaning(t *testing.T) {
	helpers := `[(a,b)=>a==b,(a,b)=>a===b,a=>a,a=>a,a=>a,
		(o,k)=>({get value(){return o[k]},set value(v){o[k]=v}})]`
	for _, body := range []string{
		"let n = 0; for (let i = 0; i < 10; i++) n += i * 2; return n",
		"let a = [1,2,3]; a[0]++; a[1] -= 5; --a[2]; return [a, a.length, a['length']]",
		"let o = {p: {q: 4}}; o.p.q **= 2; o.p['q'] %= 7; return [o, delete o['p'], o]",
		"let x = 5; const y = x++ + ++x; x <<= 2; return [x, y, x--, -x, ~x, +x]",
		"switch ('b') { case 'a': return 1; case 'b': case 'c': return 2; default: return 3 }",
		"let r = []; l: for (const k of ['a','b','c']) { switch (k) { case 'b': continue l; default: r.push(k); break } } return r",
		"l: switch (1 + 1) { case 2: { break l } default: return 7 } return 8",
		"switch (3) { default: return 'd'; case '3': return 's' }",
		"const {a, ...r} = {a: 1, b: 2, c: 3}; const {length} = 'four'; return [a, r, length]",
		"let a, r; ({a, ...r} = {a: 1, b: 2}); return [a, r]",
		"class A { #n = 1; static ['x' + 1] = 4; ['m' + 2]() { this.#n += 2; this.#n++; return this.#n } has(o) { return #n in o } } const o = new A(); return [A.x1, o.m2(), o.has(o), o.has({})]",
		"const o = {a: {b: 'text'}}; return [o?.a?.b?.length, o?.z?.length, o.a?.['b'], o.f?.(1), o?.['a']?.['b']?.[0]]",
		"class A { get x() { return 2 } } class B extends A { constructor() { super(); this.v = super.x; this.w = super['x'] } } const b = new B(); return [b.v, b.w]",
		"return ['a' in {a: 1}, 'b' in {a: 1}, 1 == '1', 1 === '1', null == undefined, NaN !== NaN, typeof 1 === 'number']",
		"function* g() { const x = yield 1; yield x === 2; yield* [3] } const i = g(); return [i.next(), i.next(2), i.next(), i.next()]",
		"for (const k in 'ab') { if (k === '1') return k }",
		"let s = 'a'; s += 'b'; s ||= 'c'; const o = {}; o['k'] ??= 3; o.k += 1; o['z' + 1] = 2; return [s, o]",
		"const f = (a, {b} = {b: 2}, ...c) => [a, b, c, c.length]; return [f(1), f(1, {b: 3}, 4, 5), f.length]",
		"try { null.x } catch ({message}) { return message.length > 3 }",
		"let out = ''; for (let i = 0, n = 3; i < n; ++i) out += i; do { out += 'x' } while (out.length < 6); return out",
		"return [1,2,3].map(x => x * 2).filter(x => x !== 4).reduce((a, b) => a + b, '')",
		"var i = 7; { let i = 'a'; i += 'b'; } return i - 1",
		"return `${1 + 1}${[1,2].length}` + String.raw`a\\n${1}`",
	} {
		source := "module.exports = function () { " + body + " }"
		want := run(t, source, Options{}, "")
		got := run(t, source, Options{Sealed: true}, helpers)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", body, got, want)
		}
	}
}

func run(t *testing.T, source string, o Options, helpers string) string {
	t.Helper()
	p, findings := Compile(script(source), o)
	if findings != nil {
		t.Fatalf("%s: %v", source, findings)
	}
	vm := goja.New()
	f, err := vm.RunProgram(p.Modules[0].Code)
	if err != nil {
		t.Fatal(err)
	}
	if helpers != "" {
		list, err := vm.RunString(helpers)
		if err != nil {
			t.Fatal(err)
		}
		var args []goja.Value
		vm.ForOf(list, func(v goja.Value) bool { args = append(args, v); return true })
		outer, _ := goja.AssertFunction(f)
		if f, err = outer(nil, args...); err != nil {
			t.Fatal(err)
		}
	}
	if err := vm.Set("f", f); err != nil {
		t.Fatal(err)
	}
	v, err := vm.RunString("const module = {exports: {}}; f(module.exports, undefined, module); JSON.stringify(module.exports())")
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return v.String()
}

// FuzzCompile requires that no source panics, and that what is refused is
// refused with a position.
func FuzzCompile(f *testing.F) {
	f.Add(handler + "return context.secrets.X.length }")
	f.Add("({[a]: b, ...c} = d, e?.[f]?.length++)")
	f.Add("class A { static { x.y **= z } #a; get [k]() { return this.#a -= 1 } }")
	f.Add("//# sourceMappingURL=/dev/zero\n`${`${1}`}`")
	f.Fuzz(func(t *testing.T, source string) {
		_, findings := Compile(script(source), Options{Sealed: true, Check: true})
		for _, f := range findings {
			if f.Line < 1 || f.Column < 1 || f.Message == "" {
				t.Fatalf("%+v", f)
			}
		}
	})
}

func script(source string) []Unit { return []Unit{{Source: source}} }
