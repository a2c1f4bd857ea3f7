package egress

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// Hosts that repeat what they were sent: the plaintext never comes back.
func TestEchoesAreSealed(t *testing.T) {
	const value = canary + "/\"<ü>\\ key?%"
	answers := map[string]func(http.ResponseWriter, string){
		"raw":           func(w http.ResponseWriter, v string) { _, _ = io.WriteString(w, "you sent "+v+"!") },
		"twice":         func(w http.ResponseWriter, v string) { _, _ = io.WriteString(w, v+v) },
		"json":          func(w http.ResponseWriter, v string) { _ = json.NewEncoder(w).Encode(map[string]string{"v": v}) },
		"query escaped": func(w http.ResponseWriter, v string) { _, _ = io.WriteString(w, url.QueryEscape(v)) },
		"path escaped":  func(w http.ResponseWriter, v string) { _, _ = io.WriteString(w, url.PathEscape(v)) },
		"lower hex":     func(w http.ResponseWriter, v string) { _, _ = io.WriteString(w, strings.ToLower(url.QueryEscape(v))) },
		"header":        func(w http.ResponseWriter, v string) { w.Header().Set("X-Echo", "v="+v) },
		"cookie":        func(w http.ResponseWriter, v string) { w.Header().Add("Set-Cookie", "a="+v+"; Path=/") },
		"location": func(w http.ResponseWriter, v string) {
			w.Header().Set("Location", "/?"+url.QueryEscape(v))
			w.WriteHeader(302)
		},
		"error status": func(w http.ResponseWriter, v string) { http.Error(w, "bad token "+v, http.StatusUnauthorized) },
		"gzip": func(w http.ResponseWriter, v string) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped(v))
		},
		"gzip, oddly so": func(w http.ResponseWriter, v string) {
			w.Header().Set("Content-Encoding", " X-GZIP")
			_, _ = w.Write(zipped(v))
		},
		"chunks":          func(w http.ResponseWriter, v string) { dribble(w, v) },
		"content type":    func(w http.ResponseWriter, v string) { w.Header().Set("Content-Type", v) },
		"two in a header": func(w http.ResponseWriter, v string) { w.Header()["Link"] = []string{v, v} },
	}
	handler := func(w http.ResponseWriter, r *http.Request) { answers[r.Header.Get("X-How")](w, r.Header.Get("X-Key")) }
	plain, host := plainServer(t, handler)
	secure, secureHost := tlsServer(t, handler)
	var logged lockedBuffer
	c := newClient(t, Config{AllowLoopback: true, Logger: textLogger(&logged)}, secure)
	for how := range answers {
		for _, target := range []string{plain.URL, secure.URL} {
			run, tokens := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: value, Hosts: []string{"http://" + host, secureHost}}})
			resp := send(t, c, run, Request{URL: target, Header: http.Header{"X-Key": {tokens["KEY"]}, "X-How": {how}}})
			dump := fmt.Sprint(resp.Header) + string(resp.Body)
			if strings.Contains(strings.ToLower(dump), canary) {
				t.Errorf("%s from %s: the plaintext came back: %s", how, target, dump)
			}
			if !run.Holds(dump) {
				t.Errorf("%s from %s: no surrogate in %s", how, target, dump)
			}
		}
	}
	if strings.Contains(logged.String(), canary) {
		t.Error("the log holds the plaintext")
	}
}

func zipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.Bytes()
}

func dribble(w http.ResponseWriter, s string) {
	for i := range len(s) {
		_, _ = io.WriteString(w, s[i:i+1])
		_ = http.NewResponseController(w).Flush()
	}
}

// A secret that the run did not send is found too when it may go to the host.
func TestResponsesAreSealedAgainstEverySecretOfTheHost(t *testing.T) {
	const value = "other-" + canary + "-0123456789"
	s, host := plainServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "gist: "+value) })
	other := sealtest.New(t, "OTHER", sealtest.Secret{Value: value, Hosts: []string{"http://" + host}})
	var asked seal.Target
	run := sealtest.Set(t, nil).NewRun(seal.Options{Hosts: func(target seal.Target) []*seal.Secret {
		asked = target
		return []*seal.Secret{other}
	}})
	c := newClient(t, Config{AllowLoopback: true})
	resp := send(t, c, run, Request{URL: s.URL})
	if strings.Contains(string(resp.Body), canary) || !run.Holds(string(resp.Body)) {
		t.Errorf("got %s", resp.Body)
	}
	if asked.String() != s.URL {
		t.Errorf("secrets of %s were asked for, want those of %s", asked, s.URL)
	}
}

func TestHeadersThatTellTheBodyAreDropped(t *testing.T) {
	s, host := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Digest", "Content-Digest", "Repr-Digest", "Content-MD5", "Keep-Alive"} {
			w.Header().Set(name, "x")
		}
		w.Header()["X-"+r.Header.Get("X-Key")] = []string{"in a name"}
		w.Header().Set("X-Kept", "1")
		_, _ = io.WriteString(w, r.Header.Get("X-Key"))
	})
	run, tokens := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: "key-" + canary + "-0123456789", Hosts: []string{"http://" + host}}})
	resp := send(t, newClient(t, Config{AllowLoopback: true}), run, Request{URL: s.URL, Header: http.Header{"X-Key": {tokens["KEY"]}}})
	delete(resp.Header, "Date")
	delete(resp.Header, "Content-Type")
	if len(resp.Header) != 1 || resp.Header.Get("X-Kept") != "1" {
		t.Errorf("header is %v", resp.Header)
	}
}

// A host that decodes what nobody encoded, or that repeats a part of a secret
// URL, says a secret in a form in which package seal can't find it.
func TestDecodedEchoesAreRefused(t *testing.T) {
	s, host := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_ = json.NewEncoder(w).Encode(map[string]any{"form": r.Form, "path": r.URL.Path, "rest": r.Header.Get("X-Rest"), "uri": r.RequestURI})
	})
	c := newClient(t, Config{AllowLoopback: true})
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for name, tc := range map[string]struct {
		value string
		req   func(key string) Request
	}{
		"plus in a query":    {"abc+" + canary + "+0123456789", func(k string) Request { return Request{URL: s.URL + "/?k=" + k} }},
		"percent in a query": {"abc%2F" + canary + "%2f0123456789", func(k string) Request { return Request{URL: s.URL + "/?k=x" + k} }},
		"and in a query":     {canary + "-0123456789&0123456789-" + canary, func(k string) Request { return Request{URL: s.URL + "/?k=" + k} }},
		"percent in a path":  {"abc%41" + canary + "%410123456789", func(k string) Request { return Request{URL: s.URL + "/" + k} }},
		"plus in a body": {"abc+" + canary + "+0123456789", func(k string) Request {
			return Request{Method: "POST", URL: s.URL, Header: form, Body: []byte("k=" + k)}
		}},
		"layers":             {"<&>%41" + canary + "\"0123456789", func(k string) Request { return Request{URL: s.URL + "/" + k} }},
		"the path of a URL":  {s.URL + "/hook/0123456789/" + canary, func(k string) Request { return Request{URL: k} }},
		"the query of a URL": {s.URL + "/?token=0123456789" + canary, func(k string) Request { return Request{URL: k} }},
	} {
		run, tokens := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: tc.value, Hosts: []string{"http://" + host}, In: everywhere}})
		if err := refusal(t, c, run, tc.req(tokens["KEY"])); err.Code != seal.CodeEgressFailed || !strings.Contains(err.Message, whyRepeated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The raw value is sealed as ever.
	run, tokens := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: "abc+" + canary + "+0123456789", Hosts: []string{"http://" + host}, In: everywhere}})
	resp := send(t, c, run, Request{URL: s.URL, Header: http.Header{"X-Rest": {tokens["KEY"]}}})
	if !run.Holds(string(resp.Body)) {
		t.Errorf("got %s", resp.Body)
	}
}

func TestFold(t *testing.T) {
	const value = "a/b+c&d<é>\"\\q\U0001f511"
	quoted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := json.Marshal(string(quoted))
	if err != nil {
		t.Fatal(err)
	}
	for _, encoded := range []string{
		value, string(quoted), string(twice), url.QueryEscape(value), url.PathEscape(value), url.QueryEscape(url.QueryEscape(value)),
		url.QueryEscape(string(quoted)), html.EscapeString(value), html.EscapeString(string(quoted)), `\ud83d\udd11 ` + value,
	} {
		if !contains(fold("x"+encoded+"y"), fold(value)) {
			t.Errorf("%s is not found", encoded)
		}
	}
}

func FuzzContains(f *testing.F) {
	f.Add("haystack", "stack")
	f.Add("aaaaab", "aab")
	f.Add("", "a")
	f.Fuzz(func(t *testing.T, text, form string) {
		if form != "" && contains(text, form) != strings.Contains(text, form) {
			t.Fail()
		}
		fold(text)
	})
}

// net/http logs what it finds on an idle connection. A host that answers HEAD
// with a body would have it log the body. TestMain looks at the log.
func TestSecretsDoNotReachTheStandardLog(t *testing.T) {
	before := len(standardLog.String())
	host := rawServer(t, func(request string, c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"+request)
		_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n"+request)
	})
	run, tokens := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: "key-" + canary + "-0123456789", Hosts: []string{"http://" + host}}})
	c := newClient(t, Config{AllowLoopback: true})
	for range 20 {
		send(t, c, run, Request{Method: "HEAD", URL: "http://" + host + "/", Header: http.Header{"X-Key": {tokens["KEY"]}}})
	}
	if s := standardLog.String()[before:]; strings.Contains(s, "Unsolicited") {
		t.Errorf("net/http logged %s", s)
	}
}

// A tracer in the caller's context would be shown the header as it is sent.
func TestTracersSeeNothing(t *testing.T) {
	s, host := plainServer(t, echo)
	called := false
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		WroteHeaderField: func(string, []string) { called = true },
		GotConn:          func(httptrace.GotConnInfo) { called = true },
	})
	run, tokens := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: "key-" + canary + "-0123456789", Hosts: []string{"http://" + host}}})
	if _, err := newClient(t, Config{AllowLoopback: true}).Do(ctx, run, Request{URL: s.URL, Header: http.Header{"X-Key": {tokens["KEY"]}}}); err != nil {
		t.Fatal(err)
	}
	if called {
		t.Error("the tracer was called")
	}
}
