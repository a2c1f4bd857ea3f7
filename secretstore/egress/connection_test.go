package egress

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// HTTP/2 connections are shared, those of HTTP/1 carry one request.
func TestConnectionReuse(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.Proto, " ", r.RemoteAddr) }
	secure, _ := tlsServer(t, handler)
	plain, _ := plainServer(t, handler)
	c := newClient(t, Config{AllowLoopback: true}, secure)
	for url, want := range map[string]struct {
		proto string
		conns int
	}{secure.URL: {"HTTP/2.0", 1}, plain.URL: {"HTTP/1.1", 5}} {
		conns := make(map[string]bool)
		for range 5 {
			var proto, from string
			if _, err := fmt.Sscan(string(send(t, c, noSecrets(t), Request{URL: url}).Body), &proto, &from); err != nil {
				t.Fatal(err)
			}
			if proto != want.proto {
				t.Errorf("%s speaks %s, want %s", url, proto, want.proto)
			}
			conns[from] = true
		}
		if len(conns) != want.conns {
			t.Errorf("%s: %d connections, want %d", url, len(conns), want.conns)
		}
	}
}

// BenchmarkDo is one request with a secret to a local server that repeats it,
// beside the same request through net/http, a connection each.
func BenchmarkDo(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	b.Run("bare", func(b *testing.B) {
		transport := &http.Transport{DisableKeepAlives: true}
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequestWithContext(b.Context(), "GET", server.URL, nil)
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+failing)
			resp, err := transport.RoundTrip(req)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
	b.Run("sealed", func(b *testing.B) {
		c, err := New(Config{AllowLoopback: true})
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		set := sealtest.Set(b, map[string]any{"KEY": sealtest.Secret{Value: failing, Hosts: []string{server.URL}}})
		b.ReportAllocs()
		for b.Loop() {
			run := set.NewRun(seal.Options{})
			key, err := run.Lookup("KEY")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := c.Do(b.Context(), run, Request{URL: server.URL, Header: http.Header{"Authorization": {"Bearer " + key.(string)}}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
