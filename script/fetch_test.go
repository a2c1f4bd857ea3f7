package script

import (
	"encoding/json"
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

// echo answers with what it was sent.
func echo(t *testing.T) (url string, got chan *http.Request) {
	got = make(chan *http.Request, 64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		got <- r
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"auth": r.Header.Get("Authorization"), "body": string(body), "query": r.URL.RawQuery, "n": 1})
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

func TestFetch(t *testing.T) {
	url, got := echo(t)
	host := strings.TrimPrefix(url, "http://")
	port := host[strings.Index(host, ":"):]
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	secrets := map[string]any{
		"TOKEN": sealtest.Secret{Value: `tok"en-with-a-quote/42`, Hosts: []string{"http://127.0.0.1" + port}, In: []seal.Position{"header", "body", "query"}},
		"HOME":  sealtest.Secret{Value: "a-secret-that-stays-home", Hosts: []string{"example.org"}},
	}
	for name, e := range map[string]*Engine{"worker": engine(t, Config{Workers: 1, Egress: client}), "in process": engine(t, Config{InProcess: true, Egress: client})} {
		for _, tc := range []struct{ body, want string }{
			{"const r = await fetch(U + '/x', {headers: {Authorization: 'Bearer ' + context.secrets.TOKEN}}); const j = await r.json(); return [r.ok, r.status, r.statusText, j.auth === 'Bearer ' + context.secrets.TOKEN, j.n, j.auth]",
				`[true,200,"OK",true,1,"Bearer ***"]`},
			{"const r = await fetch(U, {method: 'post', body: JSON.stringify({secret: context.secrets.TOKEN})}); const j = await r.json(); return [typeof j.body, j.n]", `["string",1]`},
			{"const r = await fetch(U, {method: 'POST', body: new URLSearchParams({t: context.secrets.TOKEN})}); return r.headers.get('content-type')", `"application/json"`},
			{"const r = await fetch(U + '/?t=' + encodeURIComponent(context.secrets.TOKEN)); return (await r.text()).includes('zzz')", `"refused"`},
			{"const r = await fetch(U + '/missing'); return [r.ok, r.status, r.headers.has('X-Echo'), [...r.headers.keys()].includes('x-echo'), r.bodyUsed]", `[false,404,true,true,false]`},
			{"const [a, b, c] = await Promise.all([fetch(U + '/1'), fetch(U + '/2'), fetch(U + '/3')]); return [a.status, b.status, c.status]", `[200,200,200]`},
			{"const r = await fetch(U, {headers: [['Authorization', context.secrets.HOME]]}); return r.status", `"egress_denied"`},
			{"const r = await fetch(U, {headers: new Headers({Authorization: context.secrets.TOKEN})}); return r.headers.get('x-echo') === context.secrets.TOKEN", `true`},
			{"const r = await fetch('http://127.0.0.1:1/'); return r.status", `"egress_failed"`},
			{"const r = await fetch('http://' + context.secrets.TOKEN + '/'); return r.status", `"egress_denied"`},
			{"const r = await fetch(U); await r.text(); await r.json(); return 1", `"TypeError"`},
			{"for (let i = 0; i < 30; i++) await fetch(U); return 1", `"uncatchable fetch_limit"`},
			{"return fetch.name + typeof Headers", `"fetchfunction"`},
		} {
			body := fmt.Sprintf("const U = '%s'; try { return await (async () => { %s })() } catch (e) { return e.code === 'sealed_secret_inspected' ? 'refused' : e.code || e.name }", url, tc.body)
			r := run(t, e, sealRun(t, secrets), body, "{}")
			for len(got) > 0 {
				<-got
			}
			s := asJSON(t, r.Output)
			if r.Error != nil {
				s = fmt.Sprintf("%q", "uncatchable "+string(r.Error.Code))
			}
			if s != tc.want {
				t.Errorf("%s: %s: %s %v, want %s", name, tc.body, s, r.Error, tc.want)
			}
			if strings.Contains(asJSON(t, r), "tok") && strings.Contains(asJSON(t, r), "en-with") {
				t.Errorf("%s: %s: the secret came out: %s", name, tc.body, asJSON(t, r))
			}
		}
	}
}

// TestFetchSendsPlaintext proves that the host is sent what the script meant.
func TestFetchSendsPlaintext(t *testing.T) {
	url, got := echo(t)
	port := url[strings.LastIndex(url, ":"):]
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	e := engine(t, Config{Workers: 1, Egress: client})
	secrets := map[string]any{"T": sealtest.Secret{Value: `a"b é+/%&=`, Hosts: []string{"http://127.0.0.1" + port}, In: []seal.Position{"header", "body", "query"}}}
	r := run(t, e, sealRun(t, secrets), "const U = '"+url+`'; const T = context.secrets.T;
		await fetch(U + '?q=' + encodeURIComponent(T), {method: 'POST', headers: {'X-A': 'u:' + btoa('u:' + T)}, body: JSON.stringify({t: 'x' + T})})`, "{}")
	if r.Error != nil {
		t.Fatal(r.Error)
	}
	req := <-got
	body, _ := io.ReadAll(req.Body)
	if string(body) != `{"t":"xa\"b é+/%&="}` || req.URL.RawQuery != "q=a%22b%20%C3%A9%2B%2F%25%26%3D" || req.Header.Get("X-A") != "u:dTphImIg6SsvJSY9" ||
		req.Header.Get("Content-Type") != "text/plain;charset=UTF-8" {
		t.Errorf("%s %s %v", body, req.URL.RawQuery, req.Header)
	}
}
