package script

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/secretstore/seal"
)

// TestLoweredCannotInspect looks inside a secret through what lowering turns into
// other code and through the helpers that it adds. Each must be refused.
func TestLoweredCannotInspect(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for _, body := range []string{
		"return S!.length", "return (S as any)?.length", "return (<any>S)[0]", "return (S satisfies string).slice(1)", "return (S as unknown as number) - 1", "return +(S as any)",
		"let n = S as any; n++; return n", "let n = S as any; n -= 1; return n", "return (S as any) < 'z'", "return `${S as any}`.length",
		"enum E { A = S as any } return E", "enum E { A = 1 } return E[S as any]", "const enum E { A = 1 } return (E as any)[S]", "enum E { A = (S as any).length } return E", "enum E { A = S as any, B } return 1",
		"enum E { A = 1, B = (S as any) - A } return E",
		"namespace N { export let x: any } § N.x = S; return N.x.length", "namespace N { export const m: any = {}; export function set(s: any) { m[s] = 1 } } § N.set(S)", "namespace N { export namespace M { export const f = (s: any) => s.split('') } } § return N.M.f(S)",
		"namespace N { export let length: any, f = (s: any) => { ({ length } = s) } } § N.f(S)", "namespace N { export let a: any, f = (s: any) => { [a] = s } } § N.f(S)",
		"function d(v: any, c: any) { return (x: any) => x.slice(1) }\nclass A { @d p = S } return new A().p",
		"function d(v: any, c: any) { return function (this: any, x: any) { return x.length } }\nclass A { @d m(x: any) {} } return (new A() as any).m(S)",
		"function d(v: any, c: any) {}\nclass A { @d [S as any]() {} } return A", "function d(v: any, c: any) {}\nclass A { @d static [S as any] = 1 } return A",
		"function d(v: any, c: any) {}\nclass A { @d accessor [S as any] = 1 } return A", "class A { accessor [S as any] = 1 } return A",
		"function d(v: any, c: any) { c.addInitializer(function (this: any) { this.n = this.p.length }) }\nclass A { @d p = S } return (new A() as any).n",
		"let g: any; function d(v: any, c: any) { g = c.access.get }\nclass A { @d p = S } return g(new A()).charAt(0)",
		"let h: any; function d(v: any, c: any) { h = c.access.has }\nclass A { @d [S as any] = 1 } return h({})",
		"class A { accessor x = S } return new A().x.length", "class A { static accessor x = S } return A.x.trim()",
		"class A { constructor(public s: string) {} } return new A(S).s[0]", "class A { constructor(private s: any) {} f() { return this.s.length } } return new A(S).f()",
		"async function* g() { yield S.slice(1) } for await (const x of g()) return x", "async function* g() { yield S } for await (const x of g()) return x.length", "async function* g() { yield S } for await (const [c] of g()) return c",
		"async function* g() { yield S } for await (const { length } of g()) return length", "async function* g() { yield* S } for await (const x of g()) return x", "for await (const c of S) return c", "for await (const c of S as any) return c",
		"async function* g() { const x: any = yield 1; return x.length } const i: any = g(); await i.next(); return await i.next(S)",
		"async function* g() { try { yield 1 } catch (e: any) { yield e.length } } const i: any = g(); await i.next(); return await i.throw(S)",
		"async function* g() { try { yield 1 } finally { yield S.length } } for await (const x of g()) break; return 1",
		"const i: any = { [Symbol.asyncIterator]() { return { next: () => ({ done: false, value: S }) } } }; for await (const x of i) return x.at(0)",
		"const i: any = { [Symbol.asyncIterator]() { return { next: () => ({ done: (S as any) - 1, value: S }) } } }; for await (const x of i) return 1",
		"const o: any = {}; for await (o[S] of [1]) return o", "const o: any = {}; for await (const x of [S]) o[x] = 1; return o",
		"using x = { s: S, [Symbol.dispose]() { this.s.length } }; return 1", "await using x = { s: S, async [Symbol.asyncDispose]() { this.s.slice(1) } }; return 1",
		"using x = { [S as any]: 1, [Symbol.dispose]() {} }; return 1",
		"const { [S as any]: x, ...rest } = {} as any; return rest", "const { length }: any = S; return length", "const { ...r }: any = S; return r", "return { ...(S as any) }", "return [...(S as any)]",
		"const f = ({ length }: any) => length; return f(S)", "const f = ({ ...r }: any) => r; return f(S)", "function f([a]: any) { return a } return f(S)",
		"function isKey(s: any): s is string { return s.startsWith('sk') } return isKey(S)", "const f = <T extends string>(s: T) => s.length; return f(S)", "abstract class A { abstract s: string; f() { return this.s[1] } } class B extends A { s = S } return new B().f()",
		"return new Set<string>([S]).has('x')", "return new Map<string, number>([[S, 1]])", "const m: Record<string, number> = { [S]: 1 }; return m",
		"const tag = (p: TemplateStringsArray, ...v: any[]) => v[0].length; return tag`a${S}`", "return ((s: any) => s.length)(S)",
		// Code lowered elsewhere, to ES5 and to ES2017.
		"var spread = function (a: any, b: any) { for (var p in b) a[p] = b[p]; return a }; return spread({}, S)",
		"var rest = function (s: any, e: any) { var t: any = {}; for (var p in s) if (e.indexOf(p) < 0) t[p] = s[p]; return t }; return rest(S, [])",
		"var values = function (o: any) { var i = 0; return { next: function () { return { value: o && o[i++], done: !o } } } }; return values(S).next()",
		"var read = function (o: any, n: any) { var m = typeof Symbol === 'function' && o[Symbol.iterator]; return m && m.call(o).next() }; return read(S, 1)",
		"var field = function (o: any, k: any, v: any) { return k in o ? 1 : o[k] = v }; return field({}, S, 1)",
		"var st: any = { label: 0, s: S }; for (;;) switch (st.label) { case 0: st.label = st.s < 'z' ? 1 : 2; break; default: return st.label }",
	} {
		got := runAs(t, e, TypeScript, sealRun(t, secretsOfTests), inHandler("const S: string = [context.secrets.API_KEY][0];\n", body), `{"k":"k"}`)
		if got.Error == nil || got.Error.Code != seal.CodeInspected {
			t.Errorf("%s: %s %v", body, asJSON(t, got.Output), got.Error)
			continue
		}
		if got.Error.Line < 2 && !strings.Contains(body, "§") || got.Error.Column < 1 {
			t.Errorf("%s: at %d:%d", body, got.Error.Line, got.Error.Column)
		}
	}
}

// inHandler puts a text before what is in the handler (see runAs).
func inHandler(text, body string) string {
	top, rest, found := strings.Cut(body, "§")
	if !found {
		return text + body
	}
	return top + "§" + text + rest
}

// TestLoweredDecides requires that what is lowered decides as on plaintext, on a
// value that equals the secret and on one that does not.
func TestLoweredDecides(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for _, body := range []string{
		"return S === (k as any)", "return S! == k!", "return (S as any) !== <any>k", "return [S].includes(k satisfies string)",
		"enum E { A = 'sk_live_4242424242abcdef', B = 'x' } return [S === E.A, k === E.A, E.B === S]", "const enum E { A = 'sk_live_4242424242abcdef' } return [S === E.A, k === E.A]",
		"enum E { A = 'sk_live_4242424242abcdef' } switch (k) { case E.A: return 1; default: return 2 }",
		"namespace N { export let key: any; export function is(x: string): boolean { return x === key } } § N.key = S; return N.is(k)",
		"function d(v: any, c: any) { return function (this: any, ...a: any[]) { return v.apply(this, a) } }\nclass A { @d m(x: any) { return x === S } } return new A().m(k)",
		"function d(v: any, c: any) { return (x: any) => x === k }\nclass A { @d p = S } return new A().p", "function d(v: any, c: any) { return [c.name === S, c.kind === k] as any }\nclass A { @((v: any, c: any) => {}) m() {} } return d(1, { name: k, kind: S })",
		"class A { accessor s = S } const a = new A(); const was = a.s === k; a.s = k; return [was, a.s === k, a.s === S]", "class A { static accessor s = S } return A.s === k",
		"class A { constructor(readonly s: string) {} is(x: string) { return this.s === x } } return new A(S).is(k)", "class A { #s = S; static is(a: A, x: string) { return a.#s === x } } return A.is(new A(), k)",
		"async function* g() { yield S; yield* [k, S] } const out = []; for await (const x of g()) out.push(x === k); return out", "async function* h() { yield* [S] } async function* g() { yield* h() } for await (const x of g()) return x === k",
		"async function* g() { return S } return (await g().next()).value === k", "async function* g() { const x: any = yield 1; return x === S } const i: any = g(); await i.next(); return (await i.next(k)).value",
		"async function* g() { try { yield 1 } catch (e) { yield e === k } } const i: any = g(); await i.next(); return (await i.throw(S)).value", "try { for await (const x of [S]) throw x } catch (e) { return e === k }",
		"async function* g() { try { yield 1; yield 2 } finally { out.push(S === k) } } const out: any[] = []; for await (const x of g()) break; return out", "for await (const x of [Promise.resolve(S)]) return x === k",
		"const out: any[] = []; { using x = { s: S, [Symbol.dispose]() { out.push(this.s === k) } }; out.push(x.s === k) } return out", "const out: any[] = []; { await using x = { async [Symbol.asyncDispose]() { out.push(await S === k) } } } return out",
		"try { using x = S as any; return 1 } catch (e: any) { return e.message }", "const f = async (s?: string) => s ?? k; return (await f(S)) === k", "const o = { s: S as string | undefined }; return o?.s === k",
		"const { API_KEY, ...others } = context.secrets; return [API_KEY === k, typeof others]", "const tag = (p: any, ...v: any[]) => v[0] === k; return tag`a${S}`", "let x: string | null = null; x ??= S; return x === k", "label: for (const x of [S]) { if (x === k) continue label; return 1 } return 2",
		"type P = { s: string }; const f = <T extends P>({ s }: T) => s === k; return f({ s: S })", "const a: readonly string[] = [S]; return a.some((x): x is string => x === k)", "abstract class A { abstract s(): string; is() { return this.s() === k } } return new (class extends A { s() { return S } })().is()",
		"var st: any = { label: 0, s: S }; for (;;) switch (st.label) { case 0: st.label = st.s === k ? 1 : 2; break; default: return st.label }",
	} {
		for _, k := range []string{"sk_live_4242424242abcdef", "sk_live_4242424242abcdeg"} {
			input := `{"k":"` + k + `"}`
			got := runAs(t, e, TypeScript, sealRun(t, secretsOfTests), inHandler("const S: string = [context.secrets.API_KEY][0], k: any = context.input.k;\n", body), input)
			plain := runAs(t, e, TypeScript, sealRun(t, nil), inHandler("const S: string = 'sk_live_4242424242abcdef', k: any = context.input.k;\n",
				strings.ReplaceAll(body, "context.secrets", "{ API_KEY: S }")), input)
			if plain.Error != nil {
				t.Errorf("%s: on plaintext: %v", body, plain.Error)
			}
			if d := cmp.Diff(plain.Output, got.Output); d != "" || got.Error != nil {
				t.Errorf("%s: with %s: %v (-plaintext +sealed)\n%s", body, k, got.Error, d)
			}
		}
	}
}

// TestLoweredPositions requires the author's lines and columns in what a run
// says.
func TestLoweredPositions(t *testing.T) {
	worker, local := engine(t, Config{Workers: 1}), engine(t, Config{InProcess: true})
	for _, source := range []string{
		"type T = string\nexport default (c: T) => {\n  throw ‸new Error('x')\n}",
		"interface I {\n  a: string\n}\nexport default async (c: any) => {\n  await null;\n  const zażółć: I = c, x = '😀' + ‸zażółć()\n}",
		"export default async (c: any) => { for await (const x of [1]) { null.‸y } }",
		"enum E { A }\r\nexport default (c: any) => {\r\n  const s: string = [c.secrets.API_KEY][0]\r\n  return s.‸slice(1) + E.A }",
		"@log\n‸class A {}\nfunction log(v: any, c: any) { return 5 as any }\nexport default () => 1",
		"namespace N { export function f(): never { throw ‸new RangeError('n') } }\nexport default () => N.f()",
		"class A { accessor x = 1; @d m() { ‸undeclared() } }\nfunction d() {}\nexport default () => new A().m()",
		"export default async () => {\n  async function* g() {\n    yield 1\n    throw ‸new Error('g')\n  }\n  for await (const x of g());\n}",
		"export default (c: any) => c.secrets.‸GONE",
		"export default () => { let x: any; return x?.a.b.c ?? ‸f() }\nlet f: any",
	} {
		text, line, column := before(source)
		for name, e := range map[string]*Engine{"worker": worker, "in process": local} {
			got := e.Run(t.Context(), Run{Seal: sealRun(t, secretsOfTests), Source: Source{Language: TypeScript, Source: text}})
			if got.Error == nil || got.Error.Line != line || got.Error.Column < column-1 || got.Error.Column > column {
				t.Errorf("%s: %s\n%+v, want %d:%d", name, text, got.Error, line, column)
			}
		}
	}
	got := local.Run(t.Context(), Run{Seal: sealRun(t, nil), Source: Source{Language: TypeScript,
		Source: "type T = 1\nfunction where(): Error {\n  return new Error('w')\n}\nexport default () => { console.log(where()) }"}})
	if len(got.Console) != 1 || !strings.Contains(got.Console[0].Text, "at where (script.ts:3:10(") || !strings.Contains(got.Console[0].Text, "(script.ts:5:") {
		t.Errorf("%v", got.Console)
	}
}

// before gives a source without its mark ‸, and the place of that.
func before(source string) (text string, line, column int) {
	head, tail, _ := strings.Cut(source, "‸")
	return head + tail, strings.Count(head, "\n") + 1, len(head) - strings.LastIndex(head, "\n")
}

// TestHostileTypeScript checks texts that are hard to lower, and runs one at the
// end.
func TestHostileTypeScript(t *testing.T) {
	e := engine(t, Config{Workers: 1, MemoryBytes: 128 << 20})
	for _, source := range []string{
		strings.Repeat("A<", 3_000), "type T = " + strings.Repeat("A<", 20_000) + "1" + strings.Repeat(">", 20_000), "type T = " + strings.Repeat("keyof ", 10_000) + "1",
		"type T = " + strings.Repeat("A extends B ? C : ", 3_600) + "D", "type T = " + strings.Repeat("a|", 32_000) + "b", "let x: " + strings.Repeat("()=>", 16_000) + "void",
		strings.Repeat("<a>", 21_000) + "1", strings.Repeat("a!", 32_000), "a" + strings.Repeat(" as any", 9_000), strings.Repeat("@d ", 21_000) + "class A {}",
		"namespace " + strings.Repeat("A.", 32_000) + "B { let x }", "enum E {" + strings.Repeat("a,", 3_000) + "}",
		"enum E { a = " + strings.Repeat("1+", 32_000) + "1 }", strings.Repeat("-", 65_000) + "1", strings.Repeat("new ", 16_000) + "a", strings.Repeat("await ", 10_000) + "a", strings.Repeat("a?b:", 16_000) + "c",
		strings.Repeat("async()=>", 3_000) + "1", strings.Repeat("{using a=b}", 5_900), strings.Repeat("for await(a of b)", 3_800) + ";", strings.Repeat("if(1)", 13_000) + ";", "`" + strings.Repeat("${a}", 16_000) + "`",
		strings.Repeat("export default 1;", 3_800), strings.Repeat("import 'a';", 5_900), "\x00", "\xff\xfe", "", "<", "type", "export default", "#!", "/*", strings.Repeat("x", 70_000),
		"let a: 1 = 1 //# sourceMappingURL=/dev/zero", "import a from '/etc/passwd'\na()", "/// <reference path='/etc/passwd' />", "export * from '/etc/passwd'",
	} {
		start := time.Now()
		checked, err := e.Check(t.Context(), Source{Language: TypeScript, Source: source})
		if (err == nil) == (checked == nil) {
			t.Errorf("%.30q: %v %v", source, checked, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "the script is refused: ") || len(asString(err)) > 700 {
			t.Errorf("%.30q: %v", source, err)
		}
		if took := time.Since(start); took > time.Second {
			t.Logf("%.30q: %v %.100v", source, took.Round(time.Millisecond), err)
		}
	}
	got := runAs(t, e, TypeScript, sealRun(t, nil), "return 1 as number", "{}")
	if asJSON(t, got.Output) != "1" {
		t.Errorf("afterwards: %v", got.Error)
	}
}

func asString(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestDefaultExport tells what a script may export.
func TestDefaultExport(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for source, want := range map[string]string{
		"export default () => 1": "1", "export default function () { return 1 }": "1", "const f = () => 1; export { f as default }": "1", "export = () => 1": "1",
		"exports.default = () => 1": "1", "module.exports = () => 1": "1", "module.exports = { default: () => 1 }": "1", "export const a = 2; export default async (c: any) => a": "2",
		"export const a = 2": "no_handler", "export default 5": "no_handler", "export default { default() { return 1 } }": "no_handler", "": "no_handler",
		"module.exports = { get default() { throw new Error('x') } }": "no_handler",
	} {
		got := e.Run(t.Context(), Run{Seal: sealRun(t, nil), Source: Source{Language: TypeScript, Source: source}})
		s := asJSON(t, got.Output)
		if got.Error != nil {
			s = string(got.Error.Code)
		}
		if s != want {
			t.Errorf("%s: %s, want %s", source, s, want)
		}
	}
	if host.CodeNoHandler != "no_handler" {
		t.Error(host.CodeNoHandler)
	}
}

// TestHandlerUnpacks has handlers take their context apart, which is right, and
// be called with a secret, which would take that apart.
func TestHandlerUnpacks(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for source, want := range map[string]string{
		"module.exports = async ({ secrets, ...rest }) => secrets.API_KEY === rest.input.k":                                           "true",
		"module.exports = async function ({ secrets: s, ...rest } = {}) { var s; let t = s; return t.API_KEY === rest.input.k }":      "true",
		"module.exports = ({ secrets, ['in' + 'put']: i }) => secrets.API_KEY === i.k":                                                "true",
		"module.exports = function ({ secrets, ...rest }) { return [arguments.length, module.exports.length, rest.input.k === 'x'] }": "[1,1,false]",
		"export default async ({ secrets, ...rest }) => secrets.API_KEY === rest.input.k":                                             "true",
		"export default function f({ secrets, ...rest }) { return secrets.API_KEY === rest.input.k }":                                 "true",
		"const f = ({ secrets, ...rest }) => secrets.API_KEY === rest.input.k\nexport { f as default }":                               "true",
		"module.exports = c => { const x = {}; x.exports = ({ ...r }) => r; return x.exports([c.secrets.API_KEY][0]) }":               "sealed_secret_inspected",
		"module.exports = c => { const x = {}; x.exports = ({ length }) => length; return x.exports([c.secrets.API_KEY][0]) }":        "sealed_secret_inspected",
		"export default function f({ secrets, ...r }) { if (!secrets) return r; return f(secrets.API_KEY) }":                          "sealed_secret_inspected",
		"export default function f({ secrets, 0: r }) { if (!secrets) return r; return f(secrets.API_KEY) }":                          "sealed_secret_inspected",
		"module.exports = ({ secrets, ...rest }, { ...more }) => more":                                                                "sealed_secret_inspected",
	} {
		for _, l := range languages {
			got := e.Run(t.Context(), Run{Seal: sealRun(t, secretsOfTests), Input: []byte(`{"k":"sk_live_4242424242abcdef"}`), Source: Source{Language: l, Source: source}})
			s := asJSON(t, got.Output)
			if got.Error != nil {
				if s = string(got.Error.Code); s == "script_error" {
					s, _, _ = strings.Cut(got.Error.Message, ":")
				}
			}
			if s != want {
				t.Errorf("%s: %s: %s %v, want %s", l, source, s, got.Error, want)
			}
		}
	}
}
