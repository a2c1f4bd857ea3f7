package egress

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// TestDigestOfTheBodyThatIsSent has the digest made of the plaintext, and looks for
// it in an answer that repeats it: who reads it has a weak secret by trying.
func TestDigestOfTheBodyThatIsSent(t *testing.T) {
	const pin = "4711"
	var got, asked string
	s, host := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, asked = r.Header.Get("Content-Digest"), string(b)
		w.Header().Set("X-Was", got)
		_, _ = fmt.Fprintf(w, "it was %s", got)
	})
	run, tokens := newRun(t, map[string]any{"PIN": sealtest.Secret{Value: pin, Hosts: []string{"http://" + host}, In: []seal.Position{seal.Body}}})
	c := newClient(t, Config{AllowLoopback: true})
	resp := send(t, c, run, Request{Method: "POST", URL: s.URL, Body: []byte("pin=" + tokens["PIN"]), Digest: "sha-256"})
	sum := sha256.Sum256([]byte("pin=" + pin))
	digest := base64.StdEncoding.EncodeToString(sum[:])
	if asked != "pin="+pin || got != "sha-256=:"+digest+":" {
		t.Errorf("the host got %q with %q", asked, got)
	}
	if all := string(resp.Body) + resp.Header.Get("X-Was"); strings.Contains(all, digest[:8]) || !run.Holds(all) {
		t.Errorf("the digest came back: %s", all)
	}
	resp = send(t, c, run, Request{Method: "POST", URL: s.URL, Body: []byte("plain"), Digest: "sha-512"})
	if !strings.HasPrefix(got, "sha-512=:") || string(resp.Body) != "it was "+got {
		t.Errorf("of a plain body: %s, %s", got, resp.Body)
	}
	if send(t, c, run, Request{URL: s.URL, Digest: "sha-256"}); got != "" {
		t.Errorf("without a body: %s", got)
	}
	for name, req := range map[string]Request{
		"another algorithm": {Digest: "md5", Body: []byte("x")},
		"by hand":           {Header: http.Header{"Content-Digest": {"sha-256=:AAAA:"}}, Body: []byte("x")},
		"another host":      {URL: strings.Replace(s.URL, "127.0.0.1", "localhost", 1), Digest: "sha-256", Body: []byte(tokens["PIN"])},
	} {
		req.Method = "POST"
		if req.URL == "" {
			req.URL = s.URL
		}
		if err := refusal(t, c, run, req); err.Code != seal.CodeEgressDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHostThatPauses gives a host up that stops in a body, and not one that is slow.
func TestHostThatPauses(t *testing.T) {
	release := make(chan struct{})
	s, _ := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "a")
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/stops" {
			<-release
		}
		_, _ = io.WriteString(w, "b")
	})
	defer close(release)
	run, _ := newRun(t, nil)
	c := newClient(t, Config{AllowLoopback: true, Timeout: time.Minute, IdleTime: 200 * time.Millisecond})
	if err := refusal(t, c, run, Request{URL: s.URL + "/stops"}); err.Code != seal.CodeEgressFailed || !strings.Contains(err.Message, "IdleTime (200ms)") {
		t.Error(err)
	}
	if resp := send(t, newClient(t, Config{AllowLoopback: true}), run, Request{URL: s.URL}); string(resp.Body) != "ab" {
		t.Errorf("%s", resp.Body)
	}
}
