package script

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// TestStreams runs ReadableStream, alone and as a body.
func TestStreams(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	const all = "const all = async (s) => { const out = []; for await (const c of s) out.push(c); return out }; "
	cases := [][2]string{
		{"return all(new ReadableStream({start(c) { c.enqueue(1); c.enqueue(2); c.close() }}))", `[1,2]`},
		{"let n = 0; const s = new ReadableStream({async pull(c) { n < 3 ? c.enqueue(n++) : c.close() }}); return [await all(s), s.locked]", `[[0,1,2],false]`},
		{"return all(ReadableStream.from((async function* () { yield 'a'; yield 'b' })()))", `["a","b"]`},
		{"return all(ReadableStream.from(['x', Promise.resolve('y')]))", `["x","y"]`},
		{"const s = new ReadableStream({start(c) { c.enqueue(1); c.close() }}), [a, b] = s.tee(); return [await all(a), await all(b), s.locked]", `[[1],[1],true]`},
		{"let why; const s = new ReadableStream({cancel(r) { why = r }}); await s.cancel('enough'); return [why, await s.getReader().read()]", `["enough",{"done":true}]`},
		{"let over = false; const s = new ReadableStream({pull(c) { c.enqueue(1) }, cancel() { over = true }}); for await (const c of s) break; return over", `true`},
		{"const s = new ReadableStream({start(c) { c.error(new Error('broke')) }}); try { await s.getReader().read() } catch (e) { return e.message }", `"broke"`},
		{"const s = new ReadableStream({pull() { throw new Error('broke') }}); try { await all(s) } catch (e) { return e.message }", `"broke"`},
		{"const s = new ReadableStream(), r = s.getReader(); try { s.getReader() } catch (e) { r.releaseLock(); return [e.name, s.locked] }", `["TypeError",false]`},
		{"try { new ReadableStream({type: 'bytes'}) } catch (e) { return e.name }", `"TypeError"`},
		{"return new Response(new ReadableStream({start(c) { c.enqueue(new Uint8Array([0xe2, 0x82])); c.enqueue(new Uint8Array([0xac])); c.close() }})).text()", `"€"`},
		{"const r = new Request('https://a/', {method: 'POST', duplex: 'half', body: (async function* () { yield 'a'; yield Buffer.from('b') })()}); return [await r.text(), r.bodyUsed]", `["ab",true]`},
		{"const s = ReadableStream.from(['x']); const r = new Response(s); return [r.body === s, Buffer.concat(await all(new Response('y').body)).toString()]", `[true,"y"]`},
		{"try { await new Response(ReadableStream.from([1])).text() } catch (e) { return e.message }", `"a chunk of a body must be bytes or a string"`},
		{"try { new Response(ReadableStream.from(['a'])).clone() } catch (e) { return e.name }", `"TypeError"`},
		{"let n = 0; try { await new Response((async function* () { try { for (;;) { n++; yield 'x'.repeat(1e5) } } finally { n += 1000 } })()).text() } catch (e) { return [e.message, n] }",
			`["the body is larger than 1048576 bytes (the limit BodyBytes)",1011]`},
		{"return [typeof new Response('x').body.getReader, new Response(null).body]", `["function",null]`},
	}
	for i := range cases {
		cases[i][0] = all + cases[i][0]
	}
	bodies(t, e, nil, cases)
	bodies(t, e, secretsOfTests, [][2]string{
		{"return await new Response((async function* () { yield 'k='; yield S; yield Buffer.from(PIN) })()).text() === 'k=sk_live_4242424242abcdef123456'", `true`},
		{"for await (const c of ReadableStream.from([S])) return c === S", `true`},
	})
	refusals(t, e, []string{"for await (const c of new Response(S).body) c.length"})
}

// TestForms runs Blob, File and FormData.
func TestForms(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	bodies(t, e, nil, [][2]string{
		{"const b = new Blob(['é', new Uint8Array([97]), new Blob(['b'])], {type: 'Text/Plain'}); return [b.size, b.type, await b.text(), await b.slice(2).text(), await b.slice(-1, undefined, 'x/y').text(), b.slice(0, 1, 'x/y').type, (await b.bytes()).length, (await b.arrayBuffer()).byteLength, String(b)]",
			`[4,"text/plain","éab","ab","b","x/y",4,4,"[object Blob]"]`},
		{"const f = new File(['x'], 'a.txt', {type: 'text/plain', lastModified: 7}); return [f.name, f.lastModified, f instanceof Blob, f.size, String(f)]", `["a.txt",7,true,1,"[object File]"]`},
		{"const out = []; for await (const c of new Blob(['hi']).stream()) out.push(Buffer.from(c).toString()); return out", `["hi"]`},
		{"const f = new FormData(); f.append('a', '1'); f.append('b', 2); f.append('a', '3'); f.set('b', 'x'); const out = [f.get('a'), f.getAll('a'), f.has('c'), f.get('c'), [...f], [...f.keys()]]; f.delete('a'); return [out, [...f.entries()]]",
			`[["1",["1","3"],false,null,[["a","1"],["b","x"],["a","3"]],["a","b","a"]],[["b","x"]]]`},
		{"const f = new FormData(); f.append('f', new Blob(['x'])); f.append('g', new Blob(['y']), 'g.bin'); const out = []; f.forEach((v, k) => out.push(k, v instanceof File, v.name)); return out", `["f",true,"blob","g",true,"g.bin"]`},
		{"const f = new FormData(); f.set('a\"b', 'x\\ny'); f.set('f', new File(['hi'], 'h.txt', {type: 'text/x'})); const r = new Response(f), type = r.headers.get('content-type'), text = await r.text(); return text.replaceAll(type.slice(30), 'B').split('\\r\\n')",
			`["--B","Content-Disposition: form-data; name=\"a%22b\"","","x","y","--B","Content-Disposition: form-data; name=\"f\"; filename=\"h.txt\"","Content-Type: text/x","","hi","--B--",""]`},
		{"const f = new FormData(); f.set('a', 'é'); f.set('f', new File(['hi'], 'h.txt', {type: 'text/x'})); const g = await new Response(f).formData(); return [g.get('a'), g.get('f').name, g.get('f').type, await g.get('f').text()]", `["é","h.txt","text/x","hi"]`},
		{"return [...await new Response(new URLSearchParams({a: 'b c'})).formData()]", `[["a","b c"]]`},
		{"const b = await new Response('x', {headers: {'content-type': 'a/b'}}).blob(); return [b.type, b.size]", `["a/b",1]`},
		{"const types = new Set(); for (let i = 0; i < 9; i++) types.add(new Response(new FormData()).headers.get('content-type')); return types.size", `9`},
		{"const out = []; for (const f of [() => new Response('x').formData(), () => new Response('x', {headers: {'content-type': 'multipart/form-data; boundary=b'}}).formData(), () => new FormData('form'), () => new File(['x']), () => new Blob('x')]) { try { await f(); out.push('ok') } catch (e) { out.push(e.name) } } return out",
			`["TypeError","TypeError","TypeError","TypeError","TypeError"]`},
	})
	bodies(t, e, secretsOfTests, [][2]string{
		{"const b = new Blob(['k=', S]); return [await b.text() === 'k=sk_live_4242424242abcdef', Buffer.from(await b.bytes()).equals(Buffer.from('k=' + S))]", `[true,true]`},
		{"const f = new FormData(); f.set('k', S); f.set('f', new Blob([Buffer.from(PIN)])); const g = await new Response(f).formData(); return [g.get('k') === S, await g.get('f').text() === '123456', g.get('k')]", `[true,true,"***"]`},
	})
	refusals(t, e, []string{"new Blob([S]).size", "new Blob([S]).slice(1)", "new Blob([], {type: S})", "new File(['x'], S)", "new FormData().set(S, 'x')", "new FormData().set('x', new Blob(['x']), S)", "new FormData().has(S)"})
}

// TestFetchForms sends forms, streams and digests with secrets in them, from a worker
// too.
func TestFetchForms(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/form" {
			file, head, err := r.FormFile("file")
			if err != nil {
				w.WriteHeader(400)
				return
			}
			content, _ := io.ReadAll(file)
			_, _ = fmt.Fprintf(w, "%s %s %s %t %t", head.Filename, head.Header.Get("Content-Type"), r.FormValue("note"), r.FormValue("key") == "sk_live_4242424242abcdef", string(content) == "pin=123456")
			return
		}
		b, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%d %t %s", len(b), strings.Contains(string(b), "sk_live_4242"), r.Header.Get("Content-Digest"))
	}))
	t.Cleanup(s.Close)
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	body := []seal.Position{seal.Body}
	secrets := map[string]any{"API_KEY": sealtest.Secret{Value: "sk_live_4242424242abcdef", Hosts: []string{s.URL}, In: body},
		"PIN": sealtest.Secret{Value: "123456", Hosts: []string{s.URL}, In: body}, "OTHER": sealtest.Secret{Value: "another-long-secret-value-7", Hosts: []string{s.URL}}}
	for name, e := range map[string]*Engine{"worker": engine(t, Config{Workers: 1, Egress: client}), "in process": engine(t, Config{InProcess: true, Egress: client})} {
		for _, tc := range [][2]string{
			{"const f = new FormData(); f.set('key', S); f.set('note', 'n'); f.set('file', new File(['pin=', context.secrets.PIN], 'p.txt', {type: 'text/x'})); return (await fetch(U + '/form', {method: 'POST', body: f})).text()", `"p.txt text/x n true true"`},
			{"const f = new FormData(); f.set('key', context.secrets.OTHER); return (await fetch(U + '/form', {method: 'POST', body: f})).text()", `"egress_denied"`},
			{"return (await fetch(U, {method: 'POST', duplex: 'half', body: (async function* () { yield 'k='; yield S })()})).text()", `"26 true "`},
			{"return (await fetch(U, {method: 'POST', body: ReadableStream.from([Buffer.from([255])])})).text()", `"1 false "`},
			{"return (await fetch(U, {method: 'POST', body: ReadableStream.from([context.secrets.OTHER])})).text()", `"egress_denied"`},
			{"return (await fetch(U, {method: 'POST', body: (async function* () { for (;;) yield 'x'.repeat(1e5) })()})).text()", `"TypeError"`},
			{"const c = new AbortController(); return (await fetch(U, {method: 'POST', signal: c.signal, body: (async function* () { c.abort(); yield 'x' })()})).text()", `20`},
			{"return (await fetch(U, {method: 'POST', body: 'hello', digest: 'sha-256'})).text()", `"5 false sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"`},
			{"const t = await (await fetch(U, {method: 'POST', body: S, digest: 'sha-256'})).text(); return [t, t === '24 true sha-256=:' + crypto.createHash('sha256').update('sk_live_4242424242abcdef').digest('base64') + ':']", `["24 true sha-256=:***:",true]`},
			{"return (await fetch(U, {method: 'POST', body: S, headers: {'Content-Digest': 'x'}})).text()", `"egress_denied"`},
			{"return (await fetch(U, {method: 'POST', body: S, digest: S})).text()", `"sealed_secret_inspected"`},
		} {
			body := "const U = '" + s.URL + "', S = context.secrets.API_KEY; try { return await (async () => { " + tc[0] + " })() } catch (e) { return e.code || e.name }"
			got := run(t, e, sealRun(t, secrets), body, "{}")
			if got.Error != nil || asJSON(t, got.Output) != tc[1] {
				t.Errorf("%s: %s: %s %v, want %s", name, tc[0], asJSON(t, got.Output), got.Error, tc[1])
			}
		}
	}
}
