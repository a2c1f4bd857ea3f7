package script

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/seal"
)

// TestBoundaries runs what scripts may do with secrets, in a worker and in
// process.
func TestBoundaries(t *testing.T) {
	cases := []struct{ body, input, want string }{
		{"return { secret: context.secrets.API_KEY }", `{}`, `{"secret":"***"}`},
		{"return context.secrets.API_KEY === context.input.k", `{"k":"sk_live_4242424242abcdef"}`, `true`},
		{"return context.secrets.API_KEY === context.input.k", `{"k":"sk_live_4242424242abcdeg"}`, `false`},
		{"return context.secrets.API_KEY !== context.input.k", `{"k":"x"}`, `true`},
		{"return context.secrets.API_KEY == context.input.k", `{"k":["sk_live_4242424242abcdef"]}`, `true`},
		{"return context.input.u + ':' + context.input.p === 'x:' + context.secrets.API_KEY", `{"u":"x","p":"sk_live_4242424242abcdef"}`, `true`},
		{"return context.input.a + context.input.b === context.secrets.API_KEY", `{"a":"sk_live_4242","b":"424242abcdef"}`, `true`},
		{"return 'Bearer ' + context.secrets.PIN === context.input.h", `{"h":"Bearer 123456"}`, `true`},
		{"return context.secrets.PIN == 123456", `{}`, `true`},
		{"return context.secrets.PIN === 123456", `{}`, `false`},
		{"return context.secrets.PIN == true", `{}`, `false`},
		{"return [context.secrets.PIN == null, context.secrets.PIN === undefined, context.secrets.PIN == Symbol.iterator]", `{}`, `[false,false,false]`},
		{"return String(context.input.pin) === context.secrets.PIN", `{"pin":123456}`, `true`},
		{"switch (context.input.k) { case 'a': return 1; case context.secrets.API_KEY: return 2; default: return 3 }", `{"k":"sk_live_4242424242abcdef"}`, `2`},
		{"switch (context.secrets.PIN) { case '1': return 1; case '123456': return 2 }", `{}`, `2`},
		{"return context.secrets.KEYS.includes(context.input.k)", `{"k":"second-key-0123456789"}`, `true`},
		{"return [context.secrets.KEYS.indexOf('second-key-' + '0123456789'), context.secrets.KEYS.lastIndexOf('no'), context.secrets.KEYS.length]", `{}`, `[1,-1,2]`},
		{"return context.secrets.KEYS.some(k => k === context.input.k)", `{"k":"second-key-0123456789"}`, `true`},
		{"return ['a', context.secrets.PIN].includes('123456')", `{}`, `true`},
		{"return Object.is(context.secrets.PIN, '123456')", `{}`, `true`},
		{"return context.secrets.DB.password === context.input.p && context.secrets.DB.n === 3", `{"p":"the-password-of-the-db"}`, `true`},
		{"return typeof context.secrets.API_KEY + !!context.secrets.API_KEY", `{}`, `"stringtrue"`},
		{"return `a ${context.secrets.API_KEY} b`", `{}`, `"a *** b"`},
		{"return btoa('u:' + context.secrets.API_KEY) === context.input.b", `{"b":"dTpza19saXZlXzQyNDI0MjQyNDJhYmNkZWY="}`, `true`},
		{"return JSON.stringify({a: context.secrets.ODD}) === context.input.j", `{"j":"{\"a\":\"a\\\"b\\\\c é/+%&= d\"}"}`, `true`},
		{"return JSON.stringify({a: [context.secrets.ODD], b: undefined}, null, 1) === '{\\n \"a\": [\\n  ' + JSON.stringify(context.input.s) + '\\n ]\\n}'", `{"s":"a\"b\\c é/+%&= d"}`, `true`},
		{"return encodeURIComponent(context.secrets.ODD) === context.input.e", `{"e":"a%22b%5Cc%20%C3%A9%2F%2B%25%26%3D%20d"}`, `true`},
		{"return new URLSearchParams({a: 'x y', s: context.secrets.ODD}).toString() === context.input.q", `{"q":"a=x+y&s=a%22b%5Cc+%C3%A9%2F%2B%25%26%3D+d"}`, `true`},
		{"return Object.keys(context.secrets)", `{}`, `["API_KEY","DB","KEYS","ODD","OTHER","PIN"]`},
		{"return context.secrets.get('GONE') === undefined && context.secrets.get('PIN') === '123456'", `{}`, `true`},
		{"return ['PIN' in context.secrets, 'x' in context.secrets, String(context.secrets)]", `{}`, `[true,false,"[object Object]"]`},
		{"const h = context.input.h; return h.startsWith('Bearer ') && h.slice(7) === context.secrets.API_KEY", `{"h":"Bearer sk_live_4242424242abcdef"}`, `true`},
		{"return context.input.h.startsWith('Basic ')", `{"h":"Bearer sk_live_4242424242abcdef"}`, `false`},
		{"return 'x'.concat(context.secrets.PIN) === 'x123456' && ['a', context.secrets.PIN].join('-') === 'a-123456'", `{}`, `true`},
		{"return 'a{t}'.replace('{t}', () => context.secrets.PIN) === 'a123456'", `{}`, `true`},
		{"const {API_KEY: k, DB: {password}} = context.secrets; return [k === password, k]", `{}`, `[false,"***"]`},
		{"await null; await new Promise(r => setTimeout(r, 5)); return 1", `{}`, `1`},
		{"const s = context.secrets.PIN; return [new Date() instanceof Date, /a/ instanceof RegExp, {} instanceof Object, (() => 1) instanceof Object, s instanceof Object, new (class extends Date {})() instanceof Date, new Date() instanceof class extends Date {}, [] instanceof Uint8Array, new Uint8Array(1) instanceof Uint8Array]", `{}`, `[true,true,true,true,false,true,false,false,true]`},
		{"let s = 0; for (let i = 0; i < 5; i++) s += i; return s", `{}`, `10`},
		{"return", `{}`, `null`},
		{"return undefined ?? null", `{}`, `null`},
		{"return {a: undefined, f() {}, n: NaN, d: new Date(0)}", `{}`, `{"d":"1970-01-01T00:00:00.000Z","n":null}`},
		{"return [context.input, context.variables]", `{"a":[1,"x",null]}`, `[{"a":[1,"x",null]},{}]`},
	}
	worker, local := engine(t, Config{Workers: 1}), engine(t, Config{InProcess: true})
	for _, tc := range cases {
		for name, e := range map[string]*Engine{"worker": worker, "in process": local} {
			for _, l := range languages {
				got := runAs(t, e, l, sealRun(t, secretsOfTests), tc.body, tc.input)
				if got.Error != nil {
					t.Errorf("%s, %s: %s: %v at %d:%d", name, l, tc.body, got.Error, got.Error.Line, got.Error.Column)
					continue
				}
				if s := asJSON(t, got.Output); s != tc.want {
					t.Errorf("%s, %s: %s: %s, want %s", name, l, tc.body, s, tc.want)
				}
			}
		}
	}
}

// TestInspecting runs what looks inside a secret. Each must be refused, whatever
// it is hidden behind; static checks are not asked here.
func TestInspecting(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for _, body := range []string{
		"return S.startsWith('sk')", "return S.endsWith('f')", "return S.slice(1)", "return S.slice(0, -1)", "return S.split('')",
		"return S.length", "return S[0]", "return S['length']", "return S[context.input.i]", "return S?.length", "return S.at(0)",
		"return S.charAt(0)", "return S.charCodeAt(0)", "return S.codePointAt(0)", "return S.toLowerCase()", "return S.trim()",
		"return S.match(/sk/)", "return S.matchAll(/s/g)", "return S.replace('s', 't')", "return S.replaceAll('s', 't')", "return S.search('s')",
		"return S.normalize()", "return S.padStart(40)", "return S.localeCompare('a')", "return S.substring(1)", "return S.substr(1)",
		"return S.lastIndexOf('s')", "return 'a'.localeCompare(S)", "return 'abc'.split(S)", "return 'x'.replace('x', S)", "return 'x'.padEnd(9, S)",
		"return /sk/.test(S)", "return /sk/.exec(S)", "return /s/[Symbol.replace](S, '')", "return /s/[Symbol.split](S)", "return new RegExp(S)",
		"return S < 'z'", "return 'a' > S", "return S <= S", "return S - 1", "return S * 1", "return 1 / S", "return S % 2", "return S ** 2", "return S | 0",
		"return ~S", "return +S", "return -S", "let x = S; x++; return x", "let x = S; x -= 1; return x", "const o = {x: S}; o.x--; return o", "const o = {x: S}; o['x'] *= 2; return o",
		"return Number(S)", "return new Number(S)", "return parseInt(S)", "return parseFloat(S)", "return BigInt(S)", "return Math.max(S, 1)", "return isNaN(S)", "return new Date(S)", "return Date.parse(S)",
		"return (5).toString(S)", "return Symbol(S)", "return Symbol.for(S)",
		"return new Set([S])", "return new Set().add(S)", "return new Set().has(S)", "return new Map([[S, 1]])", "return new Map().set(S, 1)", "return new Map().get(S)", "return new Map().has(S)",
		"return new Set(S)", "return new WeakMap().has(S)", "return new Set([1]).union(new Set([2])).size === 2 && new Set().union({size: 1, has() {}, keys() { return [S].values() }})",
		"return {[S]: 1}", "return ({})[S]", "return S in {}", "const o = {}; o[S] = 1; return o", "const o = {}; delete o[S]; return o", "const o = {}; o[[S]] = 1; return o",
		"const o = {}; o[{toString() { return S }}] = 1; return o", "const {[S]: x} = {}; return x", "class A { [S] = 1 } return new A()", "class A { [S]() {} } return new A()",
		"return Object.fromEntries([[S, 1]])", "return Object.defineProperty({}, S, {value: 1})", "return Object.keys(S)", "return Object.entries(S)", "return Object.assign({}, S)",
		"return Object.getOwnPropertyNames(S)", "return ({}).hasOwnProperty(S)", "return Object.hasOwn({}, S)", "return Reflect.get({}, S)", "return Reflect.has({}, S)", "return Reflect.ownKeys(Object(S))",
		"return {...S}", "return [...S]", "for (const c of S) return c", "for (const c in S) return c", "const [a] = S; return a", "const {length} = S; return length", "const {0: a} = S; return a",
		"let a, r; ({a, ...r} = S); return r", "return Array.from(S)", "return Math.max(...S)", "function* g() { yield* S } return [...g()]",
		"return Array.prototype.map.call(S, c => c)", "return [].slice.call(S)", "return [].join.call(S, '-')", "return [].forEach.apply(S, [c => c])",
		"return new String(S)", "return Object(S)", "return (function () { return this.length }).call(S)", "return (function () { return this[0] }).call(S)", "return (function () { return Object.keys(this) }).call(S)",
		"return [S, 'a'].sort()", "return [S].toSorted()", "return JSON.parse(S)", "return JSON.parse('[' + S + ']')", "return JSON.stringify({a: 1}, [S])", "return JSON.stringify({a: 1}, null, S)",
		"return atob(S)", "return decodeURIComponent(S)", "return decodeURI(S)", "return escape(S)", "return unescape(S)",
		"return S.indexOf('x')", "return S.includes('live')", "return 'abc'.includes(context.secrets.PIN)", "return S == 5n",
		"return new Uint8Array([S])", "return new Uint8Array(S)", "const a = new Uint8Array(1); a[0] = S; return a", "return new Uint8Array(1).fill(S)", "return Uint8Array.from([S])", "return Uint8Array.of(S)", "return new Uint8Array(1).map(() => S)",
		"return new DataView(new ArrayBuffer(8)).setInt8(0, S)", "return Uint8Array.fromBase64(S)",
		"return String.fromCharCode(S)", "return S.constructor.prototype['sl' + 'ice'].call(S, 1)", "const m = 'char' + 'At'; return S[m](0)",
		"return new URLSearchParams(S)", "return new URLSearchParams({[context.input.k]: 1, x: 1}).get(S)", "return new URLSearchParams([[S, 1]]).toString()",
		"return [1, 2].at(S)", "return [1].with(S, 2)", "return `${S}`.length", "return (S + 'x').length", "return [S].join('').length", "return S.concat('x')[0]", "return (S + S).slice(3)",
		"return String.raw`${S}`.length", "return btoa(S).length", "return encodeURIComponent(S).slice(1)", "return JSON.stringify(S).length",
		"return parseInt({toString() { return S }})", "return /s/.test({toString() { return S }})", "return Number({[Symbol.toPrimitive]() { return S }})", "return ({valueOf() { return S }}) - 1", "return [S] < 'z'",
		"return context.secrets[S]", "return context.secrets.get(S)", "setTimeout(() => {}, S)", "return crypto.randomUUID()[S]",
		"const p = new Proxy({}, {get: (t, k) => S}); return p.x.length", "return {get x() { return S }}.x.length", "const f = String.prototype.slice; return f.call(S, 1)",
		"const d = Object.getOwnPropertyDescriptor(String.prototype, 'slice').value; return d.call(S, 1)", "return Reflect.apply(String.prototype.slice, S, [1])",
		"for (const k of Object.getOwnPropertyNames(String.prototype)) if (k === 'charAt') return String.prototype[k].call(S, 0)",
		"return [1].map(Array.prototype.slice, S)", "Object.prototype.m = [].map; return S.m(c => c)", "const {map} = []; return map.call(S, c => c)", "String.prototype.m = Array.prototype['fil' + 'ter']; return S.m(c => c)",
		"return Reflect.get(String.prototype, 'sl' + 'ice').call(S, 1)", "const {slice} = ''; return slice.call(S, 1)", "return ''['constructor'].prototype.slice.call(S, 1)",
		"return (class extends String {}).prototype.slice.call(S, 1)", "return new (class extends String {})(S)", "return new (class extends Number {})(S)",
	} {
		for _, l := range languages {
			got := runAs(t, e, l, sealRun(t, secretsOfTests), "const S = [context.secrets.API_KEY][0];\n"+body, `{"i":0,"k":"k"}`)
			if got.Error == nil {
				t.Errorf("%s: %s: gave %s", l, body, asJSON(t, got.Output))
				continue
			}
			if got.Error.Code != seal.CodeInspected {
				t.Errorf("%s: %s: %v", l, body, got.Error)
			}
			if got.Error.Line != 3 {
				t.Errorf("%s: %s: at %d:%d", l, body, got.Error.Line, got.Error.Column)
			}
		}
	}
}

func TestExample(t *testing.T) {
	e := engine(t, Config{Workers: 1})
	got := e.Run(t.Context(), Run{ID: "v1", Seal: sealRun(t, map[string]any{"SCRIPT_NAME": "a-secret-of-the-page"}),
		Source: Source{Language: JavaScript, Source: "module.exports = async function(context) { return {secret: context.secrets.SCRIPT_NAME} }"}})
	if d := cmp.Diff(`{"secret":"***"}`, asJSON(t, got.Output)); d != "" {
		t.Error(d)
	}
	want := []seal.Masked{{Path: "/secret", Secrets: []string{"SCRIPT_NAME"}}}
	if d := cmp.Diff(want, got.Masked); d != "" {
		t.Error(d)
	}
}
