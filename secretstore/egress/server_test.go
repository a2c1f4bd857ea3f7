package egress

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// everywhere allows all positions.
var everywhere = []seal.Position{seal.Header, seal.Query, seal.Path, seal.Body}

// tlsServer starts a server with HTTP/2 and gives its URL and host:port.
func tlsServer(t *testing.T, h http.HandlerFunc) (*httptest.Server, string) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, strings.TrimPrefix(s.URL, "https://")
}

// plainServer starts a server without TLS.
func plainServer(t *testing.T, h http.HandlerFunc) (*httptest.Server, string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s, strings.TrimPrefix(s.URL, "http://")
}

// rawServer answers each connection with what answer writes, after it has read
// the header of a request.
func rawServer(t *testing.T, answer func(request string, c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer c.Close()
				var request strings.Builder
				for r := bufio.NewReader(c); ; {
					line, err := r.ReadString('\n')
					request.WriteString(line)
					if err != nil || line == "\r\n" {
						break
					}
				}
				answer(request.String(), c)
			}()
			<-done
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// newClient makes a client that reaches loopback and trusts s.
func newClient(t *testing.T, cfg Config, trusted ...*httptest.Server) *Client {
	t.Helper()
	for _, s := range trusted {
		if cfg.RootCAs == nil {
			cfg.RootCAs = x509.NewCertPool()
		}
		cfg.RootCAs.AddCert(s.Certificate())
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// newRun makes a run and the surrogates of its secrets.
func newRun(t *testing.T, secrets map[string]any) (*seal.Run, map[string]string) {
	t.Helper()
	run := sealtest.Set(t, secrets).NewRun(seal.Options{})
	tokens := make(map[string]string)
	for name := range secrets {
		v, err := run.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		tokens[name], _ = v.(string)
	}
	return run, tokens
}

// noSecrets makes a run without any.
func noSecrets(t *testing.T) *seal.Run {
	run, _ := newRun(t, nil)
	return run
}

// send sends and fails the test on an error.
func send(t *testing.T, c *Client, run *seal.Run, req Request) *Response {
	t.Helper()
	resp, err := c.Do(context.Background(), run, req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	return resp
}

// refusal sends and gives the error, which must be one of package seal and
// without plaintext.
func refusal(t *testing.T, c *Client, run *seal.Run, req Request) *seal.Error {
	t.Helper()
	resp, err := c.Do(context.Background(), run, req)
	if err == nil {
		t.Fatalf("%s %s: status %d, want an error", req.Method, req.URL, resp.Status)
	}
	var refused *seal.Error
	if !errors.As(err, &refused) {
		t.Fatalf("error is a %T: %v", err, err)
	}
	if strings.Contains(err.Error(), canary) {
		t.Fatalf("the error holds a plaintext: %v", err)
	}
	return refused
}

// seen is what an echoing server saw of a request.
type seen struct {
	Method, URI, Host, Body string
	Header                  http.Header
}

// echo answers with the request that it saw, as JSON.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(seen{r.Method, r.RequestURI, r.Host, string(body), r.Header})
}

// recorder keeps the last request that it saw and answers "ok".
func recorder(last *seen) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*last = seen{r.Method, r.RequestURI, r.Host, string(body), r.Header.Clone()}
		_, _ = io.WriteString(w, "ok")
	}
}

// textLogger writes everything to w.
func textLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
