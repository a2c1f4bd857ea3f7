package script

import (
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
)

// TestBuffer runs what Node's Buffer does; the answers are Node's.
func TestBuffer(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for _, tc := range []struct{ body, want string }{
		{"return Buffer.from('żółw').toString('hex')", `"c5bcc3b3c58277"`},
		{"return Buffer.from('6869zz', 'hex').toString()", `"hi"`},
		{"return [Buffer.from('aGk=', 'base64') + '', Buffer.from('_-8', 'base64').toString('hex'), Buffer.from('aGk', 'base64url').toString('latin1')]", `["hi","ffef","hi"]`},
		{"return [Buffer.from('é', 'latin1').length, Buffer.from('ż', 'binary').toString('hex'), Buffer.from('hi', 'utf16le').toString('hex'), Buffer.from('6800690a', 'hex').toString('ucs2')]", `[1,"7c","68006900","h੩"]`},
		{"return [Buffer.from([1, 256, -1, 2.9, '3', 'x']).toJSON(), Buffer.from({type: 'Buffer', data: [1, 2]}).length]", `[{"data":[1,0,255,2,3,0],"type":"Buffer"},2]`},
		{"return JSON.stringify(Buffer.from('hi'))", `"{\"type\":\"Buffer\",\"data\":[104,105]}"`},
		{"const b = Buffer.from('hello'); const s = b.subarray(1, -1); s[0] = 65; return [b.toString(), s.toString(), s instanceof Buffer, Buffer.isBuffer(s), s instanceof Uint8Array, Buffer.isBuffer(new Uint8Array(1))]", `["hAllo","All",true,true,true,false]`},
		{"return Buffer.concat([Buffer.from('a'), new Uint8Array([98]), Buffer.from('c')]).toString() + Buffer.concat([Buffer.from('abc')], 2) + Buffer.concat([]).length", `"abcab0"`},
		{"return [Buffer.alloc(3).toString('hex'), Buffer.alloc(5, 'ab').toString(), Buffer.alloc(2, 1)[1], Buffer.allocUnsafe(4).length, Buffer(2).length, new Buffer('x').toString()]", `["000000","ababa",1,4,2,"x"]`},
		{"return [Buffer.compare(Buffer.from('a'), Buffer.from('b')), Buffer.from('b').compare(Buffer.from('a')), Buffer.from('abc').compare(Buffer.from('xabcx'), 1, 4), Buffer.from('a').equals(new Uint8Array([97])), Buffer.from('a').equals(Buffer.from('ab'))]", `[-1,1,0,true,false]`},
		{"return [Buffer.byteLength('żó'), Buffer.byteLength('aGk=', 'base64'), Buffer.isEncoding('UTF-8'), Buffer.isEncoding('x')]", `[4,2,true,false]`},
		{"const b = Buffer.alloc(8); b.writeUInt32BE(0xdeadbeef, 0); b.writeInt16LE(-2, 4); b.writeUInt8(7, 6); return [b.toString('hex'), b.readUInt32LE(0), b.readUint32BE(), b.readInt16LE(4), b.readInt8(5), b.readUIntBE(1, 3), b.readIntLE(0, 6)]", `["deadbeeffeff0700",4022250974,3735928559,-2,-1,11386607,-4567683618]`},
		{"const b = Buffer.alloc(16); b.writeDoubleBE(1.5); b.writeFloatLE(0.5, 8); b.writeIntBE(-5, 12, 3); return [b.readDoubleBE(0), b.readFloatLE(8), b.readIntBE(12, 3), b.toString('hex')]", `[1.5,0.5,-5,"3ff80000000000000000003ffffffb00"]`},
		{"const b = Buffer.alloc(8); b.writeBigInt64LE(-1n); return [String(b.readBigUInt64BE()), String(b.readBigInt64LE(0))]", `["18446744073709551615","-1"]`},
		{"const b = Buffer.alloc(6, 46); return [b.write('abż', 1), b.toString(), b.write('ff', 4, 'hex'), b[4], b.write('żż', 0, 3), b.fill('xy', 1, 4).toString('latin1')]", `[4,".abż.",1,255,2,"Åxyxÿ."]`},
		{"const b = Buffer.from('abcabc'); return [b.indexOf('c'), b.indexOf('c', 3), b.indexOf(Buffer.from('ca')), b.lastIndexOf('a'), b.includes('bc', -2), b.indexOf(98, -3), b.indexOf('x'), b.lastIndexOf('a', 2)]", `[2,5,2,3,true,4,-1,0]`},
		{"const a = Buffer.from('abc'), b = Buffer.alloc(2); return [a.copy(b, 0, 1), b.toString(), a.toString('utf8', 1, 2), [...a], a.map(x => x + 1).toString()]", `[2,"bc","b",[97,98,99],"bcd"]`},
		{"return [Buffer.from('abcd').swap16().toString(), Buffer.from('abcd').swap32().toString()]", `["badc","dcba"]`},
		{"return [Buffer.from([0xe2, 0x82, 65, 0xff, 0xf0, 0x90]).toString()]", "[\"\ufffdA\ufffd\ufffd\"]"},
		{"try { Buffer.alloc(1).readUInt16LE(0) } catch (e) { return [e.name, e.code, e instanceof RangeError] }", `["RangeError","ERR_OUT_OF_RANGE",true]`},
		{"try { Buffer.from('a', 'rot13') } catch (e) { return [e.name, e.code, e.message] }", `["TypeError","ERR_UNKNOWN_ENCODING","Unknown encoding: rot13"]`},
		{"try { Buffer.alloc(1e12) } catch (e) { return e.code }", `"ERR_OUT_OF_RANGE"`},
		{"const b = Buffer.from(new Uint8Array([1, 2, 3]).buffer, 1, 2); b[0] = 9; return [b.length, b.buffer.byteLength, Object.prototype.toString.call(b)]", `[2,3,"[object Uint8Array]"]`},
		{"console.log(Buffer.from('hi'), [Buffer.alloc(0)]); return 1", `1`},
	} {
		for kind, body := range map[string]string{"bare": tc.body, "sealed": "context.secrets;" + tc.body, "guarded": "context.secrets; globalThis; Reflect;" + tc.body} {
			secrets := map[string]any{}
			if kind != "bare" {
				secrets = secretsOfTests
			}
			if got := run(t, e, sealRun(t, secrets), body, "{}"); got.Error != nil || asJSON(t, got.Output) != tc.want {
				t.Errorf("%s: %s: %s %v, want %s", kind, tc.body, asJSON(t, got.Output), got.Error, tc.want)
			}
		}
	}
}

// TestSealedBytes runs what may be done with bytes that hold a secret, in a worker
// too, where they go over a pipe.
func TestSealedBytes(t *testing.T) {
	for name, e := range map[string]*Engine{"worker": engine(t, Config{Workers: 1}), "in process": engine(t, Config{InProcess: true})} {
		for _, tc := range []struct{ body, want string }{
			{"return Buffer.from('u:' + S).toString('base64') === 'dTpza19saXZlXzQyNDI0MjQyNDJhYmNkZWY='", `true`},
			{"return Buffer.from(S).toString('hex') === '736b5f6c6976655f34323432343234323432616263646566'", `true`},
			{"return Buffer.from(S).toString() === 'sk_live_4242424242abcdef'", `true`},
			{"return Buffer.from(S) == 'sk_live_4242424242abcdef'", `true`},
			{"return Buffer.from(S).equals(Buffer.from('sk_live_4242424242abcdef')) && !Buffer.from(S).equals(Buffer.from('no'))", `true`},
			{"return Buffer.concat([Buffer.from([0xff]), Buffer.from(S), Buffer.from([0, 0xfe])]).toString('hex') === 'ff736b5f6c6976655f3432343234323432343261626364656600fe'", `true`},
			{"return Buffer.concat([Buffer.from([0xff, 1]), Buffer.from(S)]).equals(Buffer.concat([Buffer.from([0xff, 1]), Buffer.from('sk_live_4242424242abcdef')]))", `true`},
			{"return Buffer.concat([Buffer.from([0xff]), Buffer.from(S)]).toString() === '\\ufffdsk_live_4242424242abcdef'", `true`},
			{"const b = new Uint8Array(Buffer.from(S)); return [b instanceof Uint8Array, b instanceof Buffer, Buffer.isBuffer(Buffer.from(S)), ArrayBuffer.isView(b), b.constructor === Uint8Array, String(Object.prototype.toString.call(b)), Buffer.from(b).toString() === S, b.toHex() === Buffer.from(S).toString('hex')]",
				`[true,false,true,true,true,"[object Uint8Array]",true,true]`},
			{"return typeof Buffer.from(S) + !!Buffer.from(S) + (await Buffer.from(S) == S)", `"objecttruetrue"`},
			{"return Buffer.from(S).slice().equals(Buffer.from(S)) && Buffer.from(S).subarray(0).equals(Buffer.from(S))", `true`},
			{"console.log(Buffer.from(S)); return 1", `1`},
		} {
			body := "const S = context.secrets.API_KEY; " + tc.body
			got := run(t, e, sealRun(t, secretsOfTests), body, "{}")
			if got.Error != nil || asJSON(t, got.Output) != tc.want {
				t.Errorf("%s: %s: %s %v, want %s", name, tc.body, asJSON(t, got.Output), got.Error, tc.want)
			}
			got.Duration = 0 // which may have its digits
			if strings.Contains(asJSON(t, got), "4242") {
				t.Errorf("%s: %s: the secret came out: %s", name, tc.body, asJSON(t, got))
			}
		}
	}
}

// TestSealedBytesAreNotInspected requires that what would look at sealed bytes is
// refused, whatever the way to them.
func TestSealedBytesAreNotInspected(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for _, look := range []string{
		"B.length", "B.byteLength", "B.byteOffset", "B.buffer", "B[0]", "B['0']", "0 in B", "[...B]", "Array.from(B)", "new Set(B)", "Object.keys(B)", "Object.entries(B)",
		"Object.getOwnPropertyNames(B)", "for (const b of B);", "for (const b in B);", "B.at(0)", "B.slice(1)", "B.subarray(0, 1)", "B.indexOf(115)", "B.includes('s')",
		"B.compare(Buffer.from('x'))", "Buffer.compare(B, Buffer.from('x'))", "B < Buffer.from('x')", "B.readUInt8(0)", "B.toString('utf8', 0, 1)", "B.toString('latin1')",
		"B.toString('ascii')", "B.toString('utf16le')", "B.toJSON()", "JSON.stringify(B)", "({...B})", "B.fill(0)", "B[0] = 1", "B.copy(Buffer.alloc(1))", "B.map(x => x)", "B.every(x => x)",
		"B.forEach(x => x)", "B.sort()", "B.reverse()", "B.set([1])", "B.write('x')", "B.swap16()", "B.entries()", "B.values()", "B.keys()", "B.join()", "Buffer.byteLength(B)",
		"Buffer.alloc(9, B)", "Buffer.alloc(9).fill(S)", "Buffer.alloc(9).write(S)", "Buffer.from('x').indexOf(S)", "Buffer.from('x').includes(B)", "Buffer.concat([B], 1)",
		"new Uint8Array(B, 0, 1)", "new Uint16Array(B)", "new DataView(B)", "Uint8Array.from(B)", "new Uint8Array(9).set(B)", "Buffer.alloc(2)[0] = S", "Buffer.from([S])",
		"Buffer.from(S, 'hex')", "Buffer.from(S, 'base64')", "Buffer.from(S, 'latin1')", "Buffer.byteLength(S)", "new Uint8Array(B)[0]", "new Uint8Array(B).length", "new Uint8Array(B) + ''",
		"Uint8Array.prototype.at.call(B, 0)", "Array.prototype.slice.call(B)", "Array.prototype.map.call(B, x => x)", "Reflect.get(B, 0)", "Reflect.ownKeys(B)", "Reflect.has(B, '3')",
		"Object.hasOwn(B, '3')", "B.hasOwnProperty('3')", "Object.assign([], B)", "String.fromCharCode(...B)", "String.fromCharCode.apply(null, B)", "Buffer.from(B.buffer)", "Math.max(...B)",
		"Object.getOwnPropertyDescriptor(B, '0')", "const [a] = B", "Buffer.prototype.readUInt8.call(B, 0)", "Object.getPrototypeOf(B.constructor.prototype).at.call(B, 0)",
	} {
		body := "const S = context.secrets.API_KEY, B = Buffer.from(S); try { " + look + "; return 'looked' } catch (e) { return e.code || e.name }"
		got := run(t, e, sealRun(t, secretsOfTests), body, "{}")
		s := asJSON(t, got.Output)
		if got.Error != nil {
			s = string(got.Error.Code)
		}
		if strings.Trim(s, `"`) != string(seal.CodeInspected) && s != `"TypeError"` {
			t.Errorf("%s: %s %v", look, s, got.Error)
		}
	}
}
