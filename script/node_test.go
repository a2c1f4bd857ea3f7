package script

import (
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
)

// TestNodeModules runs what scripts use of Node's modules. What they give was
// compared with Node 20, but that messages of assert are our own and / is the
// working directory.
func TestNodeModules(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for code, want := range map[string]string{
		"const { StringDecoder: D } = require('string_decoder'), all = (e, ...parts) => { const d = new D(e); return [...parts.map((p) => d.write(Buffer.from(p))), d.end()] }; return [all('utf8', [0xe2, 0x82], [0xac]), all(undefined, [0xe2]), all('base64', [1, 2], [3, 4]), all('hex', [1, 255]), all('utf16le', [0x61], [0x00]), new D('latin1').encoding]":                                                                                                                                            `[["","€",""],["","�"],["","AQID","BA=="],["01ff",""],["","a",""],"latin1"]`,
		"const p = require('punycode'); return [p.encode('mañana'), p.decode('maana-pta'), p.toASCII('☃-⌘.com'), p.toUnicode('xn--maana-pta.com'), p.toASCII('джумла@джpумлатест.bрфa'), p.encode('Pročprostěnemluvíčesky'), p.decode('ihqwcrb4cv8a8dqg056pqjye'), p.ucs2.decode(String.fromCharCode(0xd834, 0xdf06)), p.ucs2.encode([97]), p.encode('abc')]":                                                                                                                                                 `["maana-pta","mañana","xn----dqo34k.com","mañana.com","джумла@xn--p-8sbkgc5ag7bhce.xn--ba-lmcq","Proprostnemluvesky-uyb24dma41a","他们为什么不说中文",[119558],"a","abc-"]`,
		"const u = require('url'); return [u.domainToASCII('español.com'), u.domainToUnicode('xn--espaol-zwa.com'), u.domainToASCII('xn--iñvalid.com')]":                                                                                                                                                                                                                                                                                                                                                      `["xn--espaol-zwa.com","español.com",""]`,
		"const u = require('util'); return [u.format('%s=%d %j', 'a', 1, { b: 2 }), u.inspect({ a: [1, 'x'] }), u.types.isDate(new Date()), u.types.isRegExp('x')]":                                                                                                                                                                                                                                                                                                                                           `["a=1 {\"b\":2}","{ a: [ 1, 'x' ] }",true,false]`,
		"const { promisify } = require('node:util'); return [await promisify((a, cb) => cb(null, a + 1))(1), await promisify((cb) => cb(new Error('no')))().catch(e => e.message)]":                                                                                                                                                                                                                                                                                                                           `[2,"no"]`,
		"const { inherits } = require('util'); function A() {} function B() {} inherits(B, A); return [new B() instanceof A, B.super_ === A]":                                                                                                                                                                                                                                                                                                                                                                 `[true,true]`,
		"const d = require('util').isDeepStrictEqual; return [d({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }), d([1], ['1']), d(new Set([{ a: 1 }]), new Set([{ a: 1 }])), d(new Map([[1, [2]]]), new Map([[1, [2]]])), d(new Date(1), new Date(2)), d(NaN, NaN), d(0, -0), d([1, , 3], [1, undefined, 3]), d(/a/g, /a/i), d({}, []), d(Object.create(null), {})]":                                                                                                                                              `[true,false,true,true,false,true,false,false,false,false,false]`,
		"const d = require('util').isDeepStrictEqual, a = { x: 1 }, b = { x: 1 }; a.self = a; b.self = b; return [d(a, b), d(new Uint8Array([1, 2]), new Uint8Array([1, 2])), d(new Error('a'), new Error('b'))]":                                                                                                                                                                                                                                                                                             `[true,true,false]`,
		"const E = require('events'), e = new E(), out = []; e.on('a', (x) => out.push(x)); e.once('a', (x) => out.push(x * 10)); e.emit('a', 1); e.emit('a', 2); return [out, e.emit('b'), e.listenerCount('a'), e.eventNames(), E.EventEmitter === E]":                                                                                                                                                                                                                                                      `[[1,10,2],false,1,["a"],true]`,
		"class C extends require('events').EventEmitter {} const c = new C(); setTimeout(() => c.emit('x', 7), 1); const [v] = await require('events').once(c, 'x'); try { c.emit('error', new Error('boom')) } catch (e) { return [v, e.message] }":                                                                                                                                                                                                                                                          `[7,"boom"]`,
		"const p = require('path'); return [p.join('/a', '..', 'b', './c'), p.basename('/x/y.tar.gz', '.gz'), p.extname('a.b/c'), p.dirname('/a/b/'), p.resolve('x', '../y'), p.relative('/a/b/c', '/a/d'), p.normalize('a//b/../c/'), p.isAbsolute('a'), p.parse('/home/f.txt'), p.format({ dir: '/d', base: 'b' })]":                                                                                                                                                                                        `["/b/c","y.tar","","/a","/y","../../d","a/c/",false,{"base":"f.txt","dir":"/home","ext":".txt","name":"f","root":"/"},"/d/b"]`,
		"const q = require('querystring'); return [q.parse('a=1&b=2&a=3&c=%20x+y&d'), q.stringify({ a: [1, 'x y'], b: true, c: null, d: 'é' }), q.escape('a&b'), q.unescape('%zz')]":                                                                                                                                                                                                                                                                                                                          `[{"a":["1","3"],"b":"2","c":" x y","d":""},"a=1&a=x%20y&b=true&c=&d=%C3%A9","a%26b","%zz"]`,
		"const a = require('assert'), of = (f) => { try { f(); return 'ok' } catch (e) { return e.name + ' ' + e.message } }; return [of(() => a(1)), of(() => a.equal(1, '1')), of(() => a.strictEqual(1, '1')), of(() => a.deepEqual([1], ['1'])), of(() => a.strict.deepEqual([1], ['1'], 'not the same')), of(() => a.throws(() => { throw new TypeError('bad x') }, /bad/)), of(() => a.throws(() => {})), of(() => a.throws(() => { throw new TypeError('t') }, { name: 'TypeError', message: 't' }))]": `["ok","ok","AssertionError 1 is not strictly equal to '1'","ok","AssertionError not the same","ok","AssertionError An error was expected and there is none","ok"]`,
		"const a = require('node:assert/strict'); await a.rejects(async () => { throw new RangeError('r') }, RangeError); return await a.rejects(Promise.resolve(1)).catch(e => e.code)":                                                                                                                                                                                                                                                                                                                      `"ERR_ASSERTION"`,
		"const { setTimeout: sleep } = require('timers/promises'); return [await sleep(1, 'v'), typeof require('timers').setImmediate, typeof require('node-fetch'), typeof require('node-fetch').default]":                                                                                                                                                                                                                                                                                                   `["v","function","function","function"]`,
		"return [require('buffer').Buffer.from('aGk=', 'base64').toString(), require('process').env, require('jsonwebtoken') === require('jsonwebtoken')]":                                                                                                                                                                                                                                                                                                                                                    `["hi",{},true]`,
		"const u = require('url'); return [new u.URL('/b?x=1', 'https://a.example').href, new u.URLSearchParams({ a: 'b c' }).toString(), u.URL === URL, new (require('util').TextEncoder)().encode('é').length]":                                                                                                                                                                                                                                                                                             `["https://a.example/b?x=1","a=b+c",true,2]`,
	} {
		for kind, seals := range map[string]*seal.Run{"bare": sealRun(t, nil), "sealed": sealRun(t, secretsOfTests)} {
			got := run(t, e, seals, code, "{}")
			if s := asJSON(t, got.Output); got.Error != nil || strings.ReplaceAll(s, `\u0026`, "&") != want {
				t.Errorf("%s: %s: %s %v, want %s", kind, code, s, got.Error, want)
			}
		}
		if _, err := e.Check(t.Context(), Source{Language: JavaScript, Source: head + code + "\n}"}); err != nil {
			t.Errorf("%s: %v", code, err)
		}
	}
	for _, name := range []string{"fs", "node:http", "child_process", "internal/deep", "%inspect", "node:lodash", "vm", "module"} {
		if _, err := e.Check(t.Context(), Source{Language: JavaScript, Source: head + "return require('" + name + "')\n}"}); err == nil {
			t.Errorf("%s is there", name)
		}
	}
}

// TestNodeModulesAreSealed gives sealed strings to Node's modules: they decide as on
// plaintext, or refuse.
func TestNodeModulesAreSealed(t *testing.T) {
	e := engine(t, Config{Workers: 1})
	for code, want := range map[string]string{
		"require('util').isDeepStrictEqual({ a: [S] }, { a: [I] })":                                                                      "true",
		"require('util').isDeepStrictEqual({ a: [S] }, { a: [I + 'x'] })":                                                                "false",
		"require('util').isDeepStrictEqual(new Set([I]), new Set([I]))":                                                                  "true",
		"require('util').format('%s!', S) === I + '!'":                                                                                   "true",
		"require('assert').throws(() => require('assert').strictEqual(S, I + 'x'))":                                                      "null",
		"require('assert').deepEqual([S], [I])":                                                                                          "null",
		"new (require('string_decoder').StringDecoder)().write(Buffer.from(S)) === I":                                                    "true",
		"require('querystring').stringify({ a: S }) === 'a=' + I":                                                                        "true",
		"(() => { let seen; const e = new (require('events'))(); e.on('x', (v) => { seen = v === I }); e.emit('x', S); return seen })()": "true",
		"require('util').promisify((cb) => cb(null, S))().then((v) => v === I)":                                                          "true",
		"require('util').inspect({ S })":                                                                                                 `"{ S: '***' }"`,
		"require('assert').strictEqual(S, 'other')":                                                                                      "",
		"require('url').domainToASCII(S)":                                                                                                "",
		"require('path').join(S, 'x')":                                                                                                   "",
		"require('querystring').parse(S)":                                                                                                "",
		"require('querystring').stringify({ [S]: 1 })":                                                                                   "",
		"new (require('events'))().on(S, () => {})":                                                                                      "",
		"require('util').isDeepStrictEqual({ [S]: 1 }, {})":                                                                              "",
	} {
		got := run(t, e, sealRun(t, secretsOfTests), "const S = [context.secrets.API_KEY][0], I = 'sk_live_' + '4242424242abcdef'; return "+code, "{}")
		s := asJSON(t, got.Output)
		if want == "" {
			if got.Error == nil || got.Error.Code != seal.CodeInspected && got.Error.Code != "script_error" {
				t.Errorf("%s: %s %v", code, s, got.Error)
			}
			continue
		}
		if got.Error != nil || s != want {
			t.Errorf("%s: %s %v, want %s", code, s, got.Error, want)
		}
	}
}
