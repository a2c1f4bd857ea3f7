package script

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/secretstore/seal"
)

// TestNothingComesOut tries to get a secret, or a surrogate, out of a run by
// every way out that there is. Nothing that comes out may hold either.
func TestNothingComesOut(t *testing.T) {
	worker, local := engine(t, Config{Workers: 1}), engine(t, Config{InProcess: true})
	for _, body := range []string{
		"return S", "return [S, {a: S}, [[S]]]", "throw S", "throw new Error(S)", "throw {a: S}", "throw [S]", "throw new TypeError('x' + S, {cause: S})",
		"return Promise.reject(S)", "await Promise.reject(new Error(S))", "const e = new Error('a'); e.message = S; throw e", "const e = new Error('a'); e.name = S; throw e", "const e = new Error('a'); e.stack = S; throw e",
		"class X extends Error { get message() { return S } } throw new X()", "throw {toString() { return S }}", "throw {get message() { throw S }}", "throw Symbol.iterator",
		"console.log(S)", "console.error({S}, [S], new Error(S), '%s', S)", "console.log('%s %d %j %o', S, S, S, {S})", "console.log(new Map([['a', S]]), context.secrets, context)",
		"return {get a() { return S }}", "return new Proxy({a: S}, {})", "return {toJSON() { return S }}", "return {toJSON(k) { return {b: S + k} }}", "return Object.create({}, {a: {value: S, enumerable: true}})",
		"return JSON.stringify({a: S})", "return btoa(S) + encodeURIComponent(S) + JSON.stringify(S)", "return new URLSearchParams({a: S}).toString()", "return [...new URLSearchParams({a: S})]",
		"return context", "return context.secrets", "return {...context.secrets}", "return Object.entries(context.secrets)", "return JSON.stringify(context.secrets)", "return `${S}`", "return S + S", "return [S].toString()",
		"const f = () => S; return f.toString() + f()", "function* g() { yield S; return S } const i = g(); return [i.next(), i.next(), [...g()]]", "const m = new Map([[1, S]]); return [...m]",
		"return S.valueOf()", "return Object.assign({}, {S})", "return Reflect.ownKeys(context.secrets).map(k => k)", "return new Error(S).stack", "return (() => { try { null[S] } catch (e) { return e.message } })()",
		"return (() => { try { S() } catch (e) { return e.message } })()", "return (() => { try { context.x[S] } catch (e) { return e.message } })()", "try { S.slice(1) } catch (e) { return [e.message, e.code, e.stack] }",
		"Object.prototype.toString = () => S; return String({})", "Object.defineProperty(Object.prototype, 'x', {set(v) { console.log(v, S) }}); ({}).x = 1", "String.prototype.includes = function () { return this }; return S.includes('x')",
		"Array.prototype.toJSON = function () { return S }; return []", "Object.prototype.then = function (r) { r(S) }; return {}", "return {then(r) { r(S) }}", "Promise.prototype.then = function () { return S }; return await 1",
		"JSON.stringify = () => S; return {a: S}", "globalThis.x = S; return x", "var y = S; return globalThis", "return arguments", "return arguments.callee.caller", "return (function f() { return f.caller })()",
		"const o = {}; o.self = o; o.s = S; console.log(o); return 1", "return new (class A { #p = S; get p() { return this.#p } })().p", "const w = new WeakMap(), k = {}; w.set(k, S); return w.get(k)",
		"await context.secrets; return context.secrets.then", "setTimeout(() => { throw new Error(S) }, 1); await new Promise(r => setTimeout(r, 50))", "queueMicrotask(() => { throw S }); await new Promise(r => setTimeout(r, 1))",
		"Promise.reject(S); await null", "return eval(S)", "return {['a' + 1]: S}", "Error.prototype.toString = function () { return S }; throw new Error('x')", "Error.prototype.name = S; null.x",
		"Symbol.prototype.toString = () => S; throw Symbol('a')", "return Object.getOwnPropertyDescriptors({a: S})", "return new Array(3).fill(S)", "return [1,2].map(() => S).reverse()", "return 'a'.replace(/a/, () => S)",
	} {
		for name, e := range map[string]*Engine{"worker": worker, "in process": local} {
			for _, l := range languages {
				r := sealRun(t, secretsOfTests)
				got := runAs(t, e, l, r, "const S = [context.secrets.API_KEY][0];\n"+body, `{"k":"sk_live_4242424242abcdef"}`)
				out := asJSON(t, got)
				if strings.Contains(out, "sk_live") || strings.Contains(out, "4242424242") || seal.MayHold(out) {
					t.Errorf("%s, %s: %s: %s", name, l, body, out)
				}
			}
		}
	}
}

// TestTricksDecideRightly has a script patch what comparing might rely on.
func TestTricksDecideRightly(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for body, want := range map[string]string{
		"Object.is = () => true; return S === 'x'":                                                          `false`,
		"String.prototype.valueOf = () => 'x'; return S == 'x'":                                             `false`,
		"return S === {toString() { return 'sk_live_4242424242abcdef' }}":                                   `false`,
		"return S == {toString() { return 'sk_live_4242424242abcdef' }}":                                    `true`,
		"return S == {[Symbol.toPrimitive](h) { return h === 'default' ? 'sk_live_4242424242abcdef' : 1 }}": `true`,
		"let n = 0; S == {valueOf() { n++; return 1 }}; return n":                                           `1`,
		"try { return S == {valueOf() { throw new Error('v') }} } catch (e) { return e.message }":           `"v"`,
		"return [S] == 'sk_live_4242424242abcdef'":                                                          `true`,
		"return new Proxy([S], {}).includes('sk_live_4242424242abcdef')":                                    `true`,
		"const a = ['x', S]; a.includes = () => 7; return a.includes('y')":                                  `7`,
		"return [undefined, S].indexOf('sk_live_4242424242abcdef', -1)":                                     `1`,
		"return 'token=sk_live_4242424242abcdef;'.includes(S)":                                              `true`,
		"return 'ążź sk_live_4242424242abcdef'.indexOf(S)":                                                  `4`,
		"var undefined = S; return undefined === 'sk_live_4242424242abcdef'":                                `true`,
		"return new URLSearchParams([['a', S]]).has('a', 'sk_live_4242424242abcdef')":                       `true`,
		"return [S, 'b'].sort((a, b) => a === S ? 1 : -1)[0]":                                               `"b"`,
		"const x = {S}; return x.S === S && 'S' in x && delete x.S":                                         `true`,
		"return Array.isArray(context.secrets.KEYS) && context.secrets.KEYS[1] === 'second-key-0123456789'": `true`,
		"return [...context.secrets.KEYS].length":                                                           `2`,
		"const [a, b] = context.secrets.KEYS; return a === 'first-key-0123456789'":                          `true`,
		"return Object.keys(context.secrets.DB)":                                                            `["n","password","user"]`,
	} {
		for _, l := range languages {
			got := runAs(t, e, l, sealRun(t, secretsOfTests), "const S = [context.secrets.API_KEY][0];\n"+body, `{}`)
			if s := asJSON(t, got.Output); s != want || got.Error != nil {
				t.Errorf("%s: %s: %s %v, want %s", l, body, s, got.Error, want)
			}
		}
	}
}

func TestFailures(t *testing.T) {
	worker, local := engine(t, Config{Workers: 1}), engine(t, Config{InProcess: true})
	for _, tc := range []struct {
		source string
		want   RunError
	}{
		{head + "  throw new Error('boom')\n}", RunError{Code: host.CodeScript, Message: "Error: boom", Line: 2, Column: 9}},
		{head + "  null.x\n}", RunError{Code: host.CodeScript, Message: "TypeError: Cannot read property 'x' of undefined", Line: 2, Column: 8}},
		{head + "  await null;\n  throw new RangeError('later')\n}", RunError{Code: host.CodeScript, Message: "RangeError: later", Line: 3, Column: 9}},
		{head + "  throw 'text'\n}", RunError{Code: host.CodeScript, Message: "text", Line: 0, Column: 0}},
		{head + "  throw {a: [1, 'x']}\n}", RunError{Code: host.CodeScript, Message: "{ a: [ 1, 'x' ] }", Line: 0, Column: 0}},
		{"module.exports = function () { throw 5 }", RunError{Code: host.CodeScript, Message: "5", Line: 1, Column: 32}},
		{"const a = 1", RunError{Code: host.CodeNoHandler, Message: "the script exports no function; write module.exports = async function (context) { … } or export default async function (context) { … }", Line: 0, Column: 0}},
		{"module.exports = 5", RunError{Code: host.CodeNoHandler, Message: "the script exports no function; write module.exports = async function (context) { … } or export default async function (context) { … }", Line: 0, Column: 0}},
		{"a b", RunError{Code: "syntax_error", Message: "Expected \";\" but found \"b\"", Line: 1, Column: 3}},
		{head + "  return context.secrets.GONE\n}", RunError{Code: seal.CodeUnavailable, Message: "secret GONE is absent, disabled or expired in this scope; create or enable it", Line: 2, Column: 26}},
		{head + "  try { return context.secrets.GONE } catch { return 1 } finally { return 2 }\n}", RunError{Code: seal.CodeUnavailable, Message: "secret GONE is absent, disabled or expired in this scope; create or enable it", Line: 2, Column: 32}},
		{head + "  return await (async () => context.secrets.GONE)().catch(() => 1)\n}", RunError{Code: seal.CodeUnavailable, Message: "secret GONE is absent, disabled or expired in this scope; create or enable it", Line: 2, Column: 45}},
		{head + "  return context.secrets['NO' + 'NE']\n}", RunError{Code: host.CodeNotNamed, Message: "context.secrets was asked for a secret that the script does not name; write context.secrets.NAME with the name itself, so that it can be checked", Line: 2, Column: 25}},
	} {
		for name, e := range map[string]*Engine{"worker": worker, "in process": local} {
			got := e.Run(context.Background(), Run{Source: Source{Language: JavaScript, Source: tc.source}, Seal: sealRun(t, secretsOfTests)})
			if got.Error == nil {
				t.Errorf("%s: %s: no error", name, tc.source)
				continue
			}
			if d := cmp.Diff(tc.want, *got.Error); d != "" {
				t.Errorf("%s: %s: %s", name, tc.source, d)
			}
			if got.Output != nil {
				t.Errorf("%s: %s: an output beside the error", name, tc.source)
			}
		}
	}
}

func TestConsole(t *testing.T) {
	e := engine(t, Config{Workers: 1, Limits: Limits{ConsoleBytes: 600, ConsoleLines: 20}})
	got := run(t, e, sealRun(t, secretsOfTests), `
		console.log('a', 1, true, null, undefined, 1n, Symbol('s'))
		console.info({a: 'x', 'b-c': [1, {d: {e: {f: 1}}}]})
		console.warn('%s is %d%%', 'n', 5, 'more')
		console.error(new TypeError('t').message, [], {}, () => 1, function f() {}, new Map([['k', 1]]), new Set(['v']), new Date(0), /r/g)
		console.debug(context.secrets.API_KEY, { auth: 'Bearer ' + context.secrets.API_KEY })
		console.log('x'.repeat(1000) + context.secrets.API_KEY)
		console.log('never')`, "{}")
	want := []ConsoleLine{
		{"log", "a 1 true null undefined 1n Symbol(s)"},
		{"info", "{ a: 'x', 'b-c': [ 1, { d: [Object] } ] }"},
		{"warn", "n is 5% more"},
		{"error", "t [] {} [Function (anonymous)] [Function: f] Map { 'k' => 1 } Set { 'v' } Thu Jan 01 1970 00:00:00 GMT+0000 (UTC) /r/g"},
		{"debug", "*** { auth: 'Bearer ***' }"},
	}
	if len(got.Console) != len(want)+1 || !got.ConsoleTruncated {
		t.Fatalf("%v %v", got.Console, got.ConsoleTruncated)
	}
	if d := cmp.Diff(want, got.Console[:len(want)]); d != "" {
		t.Error(d)
	}
}

func TestContext(t *testing.T) {
	e := engine(t, Config{Workers: 1})
	type set struct {
		Name, Scope string
		Value       any
	}
	var sets []set
	r := sealRun(t, secretsOfTests)
	got := e.Run(t.Context(), Run{Seal: r, Input: []byte(`{"k":"sk_live_4242424242abcdef","note":"key sk_live_4242424242abcdef!"}`),
		Variables: json.RawMessage(`{"V":1,"W":"sk_live_4242424242abcdef"}`),
		Context:   map[string]json.RawMessage{"request": json.RawMessage(`{"h":["a"]}`), "secrets": json.RawMessage(`{"API_KEY":"forged"}`)},
		SetSecret: func(_ context.Context, name string, v any, scope string) error {
			sets = append(sets, set{name, scope, v})
			if name == "BAD" {
				return errors.New("a reason that is nobody's business: sk_live_4242424242abcdef")
			}
			return nil
		},
		Source: Source{Language: JavaScript, Source: head + `
			context.secrets.set('COPY', context.secrets.API_KEY, 'project'); context.secrets.set('NEW', {a: [1]});
			let failed; try { context.secrets.set('BAD', 1) } catch (e) { failed = e }
			try { context.secrets.X = 1 } catch (e) { return [context.variables, context.input, context.request.h, failed.message, e.message] } }`}})
	want := `[{"V":1,"W":"***"},{"k":"***","note":"key ***!"},["a"],"context.secrets.set did not succeed","context.secrets cannot be written; use context.secrets.set(name, value, scope)"]`
	if s := asJSON(t, got.Output); s != want || got.Error != nil {
		t.Errorf("%s %v", s, got.Error)
	}
	if len(sets) != 3 || !r.Holds(sets[0].Value.(string)) || sets[0].Scope != "project" || asJSON(t, sets[1].Value) != `{"a":[1]}` {
		t.Errorf("%v", sets)
	}
}
