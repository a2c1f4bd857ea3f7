package script

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// TestURL runs URL as browsers and Node have it.
func TestURL(t *testing.T) {
	bodies(t, engine(t, Config{InProcess: true}), nil, [][2]string{
		{"const u = new URL('HTTPS://us%65r:pa ss@EXAMPLE.org:443/a/../b c?q=1 2#f g'); return [u.href, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash, u.origin]",
			`["https://us%65r:pa%20ss@example.org/b%20c?q=1%202#f%20g","https:","us%65r","pa%20ss","example.org","example.org","","/b%20c","?q=1%202","#f%20g","https://example.org"]`},
		{"return [new URL('../x?y', 'https://a.org/b/c/d').href, new URL('//h/p', 'http://a').href, new URL('?q', 'https://a/b#c').href, String(new URL('https://żółw.pl'))]", `["https://a.org/b/x?y","http://h/p","https://a/b?q","https://xn--w-uga1v8h.pl/"]`},
		{"const u = new URL('https://a.org/p'); u.searchParams.append('k', 'v w'); u.searchParams.set('x', '&'); u.hash = 'h'; u.pathname = '/ż'; u.port = '8080'; u.hostname = 'b.org'; u.protocol = 'http'; u.username = 'me'; return [u.href, u.searchParams.get('k'), u.searchParams.size]",
			`["http://me@b.org:8080/%C5%BC?k=v+w\u0026x=%26#h","v w",2]`},
		{"const u = new URL('https://a/?a=1'), p = u.searchParams; u.search = '?b=2'; const x = p.get('b'); p.delete('b'); return [x, u.href, u.searchParams === p, (u.href = 'http://c/?d=3', p.get('d'))]", `["2","https://a/",true,"3"]`},
		{"return [URL.canParse('x'), URL.canParse('/x', 'https://a'), URL.parse('nope'), URL.parse('https://a').href, JSON.stringify({u: new URL('https://a')}), `${new URL('data:text/plain,a b')}`, new URL('mailto:a@b').origin]",
			`[false,true,null,"https://a/","{\"u\":\"https://a/\"}","data:text/plain,a b","null"]`},
		{"try { new URL('https://a b/') } catch (e) { return [e.name, e.code, e.message] }", `["TypeError","ERR_INVALID_URL","Invalid URL"]`},
		{"return [new URL('http://0x7f.1/').host, new URL('http://[::1]:80/').host, new URL('http://2130706433').hostname]", `["127.0.0.1","[::1]","127.0.0.1"]`},
	})
}

// TestSecretsInURLs runs what a secret may do in a URL.
func TestSecretsInURLs(t *testing.T) {
	secrets := map[string]any{"API_KEY": "sk_live_4242424242abcdef", "PIN": "123456", "ODD": `a b&c=d'é%2F"+`}
	for _, e := range []*Engine{engine(t, Config{Workers: 1}), engine(t, Config{InProcess: true})} {
		bodies(t, e, secrets, [][2]string{
			{"return new URL('https://a.org/x?key=' + S).href === 'https://a.org/x?key=sk_live_4242424242abcdef'", `true`},
			{"return new URL('https://a.org/' + S + '/x#' + S).pathname === '/sk_live_4242424242abcdef/x'", `true`},
			{"const u = new URL('https://a.org/?x=1'); u.searchParams.set('key', S); return [u.search === '?x=1&key=sk_live_4242424242abcdef', u.searchParams.get('key') === S, u.host, u]", `[true,true,"a.org","https://a.org/?x=1\u0026key=***"]`},
			{"const O = context.secrets.ODD, u = new URL('https://a.org/?k=' + encodeURIComponent(O)); u.searchParams.append('l', '1'); return [u.searchParams.get('k') === O, u.search === '?k=a+b%26c%3Dd%27%C3%A9%252F%22%2B&l=1']", `[true,true]`},
			{"const O = context.secrets.ODD; return [new URL('https://a.org/?' + O).search === \"?a%20b&c=d%27%C3%A9%2F%22+\", new URL('https://a.org/#' + O).hash === \"#a%20b&c=d'%C3%A9%2F%22+\", new URL('https://a.org/' + O).pathname === \"/a%20b&c=d'%C3%A9%2F%22+\"]", `[true,true,true]`},
			{"const u = new URL('b?k=' + S, 'https://a.org/x/'); const v = new URL('?l=2', u); return [u.href === 'https://a.org/x/b?k=sk_live_4242424242abcdef', v.href]", `[true,"https://a.org/x/b?l=2"]`},
			{"const u = new URL('https://a.org/'); u.pathname = '/t/' + S; u.search = '?s=' + S; u.hash = S; return u.href === 'https://a.org/t/sk_live_4242424242abcdef?s=sk_live_4242424242abcdef#sk_live_4242424242abcdef'", `true`},
			{"return new URLSearchParams('a=1&k=' + encodeURIComponent(S)).get('k') === S", `true`},
			{"return [new URL(S).href === S, String(new URL(S)) === S, JSON.stringify(new URL(S)) === JSON.stringify(S)]", `[true,true,true]`},
		})
	}
	refusals(t, engine(t, Config{InProcess: true}), []string{
		"new URL('https://' + S + '/')", "new URL('https://' + S + '@a.org/')", "new URL('https://u:' + S + '@a.org/')", "new URL('https://a.org:' + PIN + '/')", "new URL(S + '://a.org/')", "new URL('//' + S, 'https://a')",
		"new URL(S, 'https://a')", "new URL(S + '/x', 'https://a')", "new URL('x', S)", "new URL('mailto:' + S)", "new URL('data:,' + S)", "new URL('https:' + S)", "new URL('https://a/' + S + '/../x')",
		"new URL(S).host", "new URL(S).pathname", "new URL(S).searchParams", "new URL(S).origin", "new URL(S).search = 'x'", "new URL('https://a').host = S", "new URL('https://a').hostname = S", "new URL('https://a').port = PIN",
		"new URL('https://a').protocol = S", "new URL('https://a').username = S", "new URL('https://a').password = S", "new URL('https://a/?k=' + S).searchParams", "new URL('https://a/?' + S).searchParams", "new URLSearchParams(S)",
		"new URLSearchParams('k=' + S).get('k')", "new URL('https://a/?' + encodeURIComponent(S) + '=1').searchParams", "new URL('https://a/?k=%' + encodeURIComponent(S)).searchParams", "new URL('https://a').searchParams.append(S, 'x')",
		"new URL(`https://a${S}.org/`)", "new URL('https://a\\n' + S)", "new URL('https://a.org/x').href.length === 1 || new URL('https://a.org/' + S).href.length",
	})
}

// TestFetchTakesURLs sends secrets in URLs.
func TestFetchTakesURLs(t *testing.T) {
	var asked string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.RequestURI()
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(s.Close)
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	in := []seal.Position{"query", "path"}
	secrets := map[string]any{
		"ODD":  sealtest.Secret{Value: `a b&c=d#é?"long"`, Hosts: []string{s.URL}, In: in},
		"HOOK": sealtest.Secret{Value: s.URL + "/hook/0f1e2d3c4b5a6978", Hosts: []string{s.URL}, In: in},
	}
	for _, e := range []*Engine{engine(t, Config{Workers: 1, Egress: client}), engine(t, Config{InProcess: true, Egress: client})} {
		for _, tc := range [][2]string{
			{"const u = new URL(U); u.searchParams.set('k', O); await fetch(u)", "/?k=a+b%26c%3Dd%23%C3%A9%3F%22long%22"},
			{"await fetch(new URL('/x?k=' + encodeURIComponent(O), U))", "/x?k=a%20b%26c%3Dd%23%C3%A9%3F%22long%22"},
			{"await fetch(new Request(new URL('/p/' + O + '/q', U)))", "/p/a%20b&c=d%23%C3%A9%3F%22long%22/q"},
			{"await fetch(new URL(context.secrets.HOOK))", "/hook/0f1e2d3c4b5a6978"},
		} {
			got := run(t, e, sealRun(t, secrets), "const U = '"+s.URL+"', O = context.secrets.ODD; "+tc[0], "{}")
			if got.Error != nil || asked != tc[1] {
				t.Errorf("%s: %s %v, want %s", tc[0], asked, got.Error, tc[1])
			}
		}
	}
}

// TestTextCoders runs TextEncoder and TextDecoder.
func TestTextCoders(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	bodies(t, e, nil, [][2]string{
		{"const b = new TextEncoder().encode('żó'); return [b instanceof Uint8Array, [...b], new TextEncoder().encoding, new TextEncoder().encode().length]", `[true,[197,188,195,179],"utf-8",0]`},
		{"const d = new Uint8Array(3); return [new TextEncoder().encodeInto('aż😀', d), [...d]]", `[{"read":2,"written":3},[97,197,188]]`},
		{"const d = s => new TextDecoder(s); return [d().decode(new Uint8Array([0xef, 0xbb, 0xbf, 104, 105])), new TextDecoder('utf8', {ignoreBOM: true}).decode(new Uint8Array([0xef, 0xbb, 0xbf, 104])).length, d('latin1').decode(new Uint8Array([0x80, 0xe9])), d('utf-16le').decode(new Uint8Array([104, 0, 105, 0])), d('ascii').encoding]",
			`["hi",2,"€é","hi","windows-1252"]`},
		{"const d = new TextDecoder(); return d.decode(new Uint8Array([0xe2, 0x82]), {stream: true}) + d.decode(new Uint8Array([0xac]).buffer, {stream: true}) + d.decode()", `"€"`},
		{"return [new TextDecoder().decode(new Uint8Array([0xe2, 65])), new TextDecoder().decode(new DataView(new Uint8Array([65, 66, 67]).buffer, 1))]", `["�A","BC"]`},
		{"try { new TextDecoder('utf-8', {fatal: true}).decode(new Uint8Array([0xff])) } catch (e) { return [e.name, e.code] }", `["TypeError","ERR_ENCODING_INVALID_ENCODED_DATA"]`},
		{"try { new TextDecoder('koi8-r') } catch (e) { return e.name }", `"RangeError"`},
	})
	bodies(t, e, secretsOfTests, [][2]string{
		{"return new TextDecoder().decode(new TextEncoder().encode('k=' + S)) === 'k=sk_live_4242424242abcdef'", `true`},
		{"return new TextDecoder('utf-8', {fatal: true}).decode(Buffer.concat([Buffer.from([65]), new TextEncoder().encode(S)])) === 'A' + S", `true`},
	})
	refusals(t, e, []string{"new TextEncoder().encode(S).length", "new TextEncoder().encode(S)[0]", "new TextEncoder().encodeInto(S, new Uint8Array(9))", "new TextDecoder('latin1').decode(Buffer.from(S))",
		"new TextDecoder('utf-16le').decode(Buffer.from(S))", "new TextDecoder(S)", "[...new TextEncoder().encode(S)]", "new TextEncoder().encode(S).buffer"})
}

// TestClonesAndClocks runs structuredClone, setImmediate and performance.
func TestClonesAndClocks(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	bodies(t, e, nil, [][2]string{
		{"const a = {d: new Date(0), r: /x/gi, m: new Map([[1, {a: 2}]]), s: new Set([3]), l: [1, , 3], n: null, u: undefined, b: new Uint8Array([1, 2]), e: new TypeError('t')}; a.self = a; const c = structuredClone(a); return [c !== a, c.self === c, c.d.getTime(), c.d instanceof Date, String(c.r), c.m.get(1), c.m.get(1) !== a.m.get(1), [...c.s], 1 in c.l, c.l.length, 'u' in c, [...c.b], c.b.buffer !== a.b.buffer, c.e.message, c.e.name]",
			`[true,true,0,true,"/x/gi",{"a":2},true,[3],false,3,true,[1,2],true,"t","TypeError"]`},
		{"const b = new ArrayBuffer(4), c = structuredClone([new Uint8Array(b), new Uint16Array(b, 2, 1)]); c[0][2] = 7; return c[1][0]", `7`},
		{"return [() => 1, Symbol('x'), {f() {}}, Promise.resolve(), new Headers()].map(v => { try { structuredClone(v); return 'cloned' } catch (e) { return e.name + e.code } })", `["DataCloneError25","DataCloneError25","DataCloneError25","DataCloneError25","DataCloneError25"]`},
		{"const out = []; await new Promise(r => { setTimeout(() => out.push('t'), 20); setImmediate((a) => { out.push(a); r() }, 'i'); clearImmediate(setImmediate(() => out.push('no'))) }); return out", `["i"]`},
		{"let n = 0; await new Promise(r => { const i = setInterval(() => { if (++n === 3) { clearInterval(i); r() } }, 1) }); return n", `3`},
		{"const a = performance.now(); await new Promise(r => setTimeout(r, 3)); const b = performance.now(); return [b > a, Number.isInteger(a), performance.timeOrigin > 1e12]", `[true,true,true]`},
		{"let o = {}; for (let i = 0; i < 300; i++) o = {o}; try { structuredClone(o) } catch (e) { return e.name }", `"DataCloneError"`},
	})
	bodies(t, e, secretsOfTests, [][2]string{
		{"const c = structuredClone({a: [S], b: Buffer.from(S), m: new Map([['k', S]])}); return [c.a[0] === S, Buffer.from(c.b).equals(Buffer.from(S)), c.m.get('k') === S, c.a]", `[true,true,true,["***"]]`},
	})
	refusals(t, e, []string{"structuredClone(Buffer.from(S)).length", "structuredClone(Buffer.from(S))[0]"})
}

// webText writes an expression that sends a text through the host's classes.
func (g *generator) webText() string {
	s := g.text()
	switch g.r.IntN(12) {
	case 0:
		return "Buffer.from(" + s + ").toString()"
	case 1:
		return "Buffer.from(" + s + ").toString('" + []string{"hex", "base64", "base64url"}[g.r.IntN(3)] + "')"
	case 2:
		return "Buffer.concat([Buffer.from(" + s + "), Buffer.from(" + g.text() + ")]).toString('" + []string{"utf8", "hex", "base64"}[g.r.IntN(3)] + "')"
	case 3:
		return "new TextDecoder().decode(new TextEncoder().encode(" + s + "))"
	case 4:
		return "new URL('https://a.org/?k=' + encodeURIComponent(" + s + ")).href"
	case 5:
		return "new URL('https://a.org/?k=' + encodeURIComponent(" + s + ")).searchParams.get('k')"
	case 6:
		return "(() => { const u = new URL('https://a.org/'); u.searchParams.append('k', " + s + "); return u.search })()"
	case 7:
		return "JSON.parse(JSON.stringify({a: " + s + "})).a"
	case 8:
		return "structuredClone([" + s + "])[0]"
	case 9:
		return "(await new Response(" + s + ").text())"
	case 10:
		return "(await Response.json([" + s + "]).json())[0]"
	}
	return "new URLSearchParams('k=' + encodeURIComponent(" + s + ")).get('k')"
}

func (g *generator) webTruth() string {
	a, b := g.webText(), g.webText()
	if g.r.IntN(3) == 0 {
		b = g.text()
	}
	switch g.r.IntN(4) {
	case 0:
		return "(" + a + " !== " + b + ")"
	case 1:
		return "Buffer.from(" + a + ").equals(Buffer.from(" + b + "))"
	case 2:
		return "[" + a + "].includes(" + b + ")"
	}
	return "(" + a + " === " + b + ")"
}

// FuzzWebDecisions generates scripts that use the host's classes and requires that
// each decides as it does on plaintext, or is refused.
func FuzzWebDecisions(f *testing.F) {
	for i := range uint64(300) {
		f.Add(i)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		e := engine(t, Config{InProcess: true})
		g := &generator{r: rand.New(rand.NewPCG(seed, 2)), depth: 2}
		body := "const S = context.secrets, I = context.input;\nreturn [" + g.webTruth() + ", " + g.webTruth() + "]"
		want := bare(t, e, body)
		r := sealRun(t, map[string]any{"API_KEY": texts[0], "OTHER": texts[1], "PIN": texts[2]})
		got := runAs(t, e, languages[seed%2], r, body, asJSON(t, texts))
		if got.Error != nil {
			if got.Error.Code == seal.CodeInspected || got.Error.Code == seal.CodeLimited || want == "error" {
				return
			}
			t.Fatalf("%s\n%v, want %s", body, got.Error, want)
		}
		if s := asJSON(t, got.Output); s != want {
			t.Fatalf("%s\ngave %s, want %s", body, s, want)
		}
	})
}

// TestWebDecides requires that many of these scripts are decided, not refused.
func TestWebDecides(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	decided, sealed, refused := 0, 0, map[string]int{}
	for seed := range uint64(200) {
		g := &generator{r: rand.New(rand.NewPCG(seed, 2)), depth: 2}
		body := "const S = context.secrets, I = context.input;\nreturn [" + g.webTruth() + "]"
		if !strings.Contains(body, "S.") {
			continue
		}
		sealed++
		got := run(t, e, sealRun(t, map[string]any{"API_KEY": texts[0], "OTHER": texts[1], "PIN": texts[2]}), body, asJSON(t, texts))
		if got.Error == nil {
			decided++
		} else {
			refused[fmt.Sprint(got.Error.Message)]++
		}
	}
	t.Logf("%d of %d were decided; refused: %v", decided, sealed, refused)
	if decided*3 < sealed {
		t.Errorf("only %d of %d were decided", decided, sealed)
	}
}

// TestURLsReachNoPrivateAddress: what URL makes of odd spellings of an address is
// checked as the address that it is.
func TestURLsReachNoPrivateAddress(t *testing.T) {
	client, err := egress.New(egress.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	e := engine(t, Config{InProcess: true, Egress: client})
	for _, url := range []string{"http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://[::ffff:127.0.0.1]/", "http://①②⑦.0.0.1/", "http://127.0.0.1:80/",
		"http://0/", "http://[::]/", "http://169.254.169.254/", "http://u:p@127.0.0.1/", "http:\\\\127.0.0.1\\"} {
		body := fmt.Sprintf("const u = new URL(%q); try { return (await fetch(u)).status } catch (e) { return e.code }", url)
		if got := run(t, e, sealRun(t, nil), body, "{}"); asJSON(t, got.Output) != `"egress_denied"` {
			t.Errorf("%s: %s %v", url, asJSON(t, got.Output), got.Error)
		}
	}
}
