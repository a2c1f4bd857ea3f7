package egress

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

func TestRedirectsWithoutSecrets(t *testing.T) {
	var last seen
	other, _ := plainServer(t, recorder(&last))
	mux := http.NewServeMux()
	mux.HandleFunc("/end", recorder(&last))
	mux.HandleFunc("/to/{status}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("l"))
		w.WriteHeader(map[string]int{"301": 301, "302": 302, "303": 303, "307": 307, "308": 308, "300": 300, "304": 304}[r.PathValue("status")])
	})
	s, _ := plainServer(t, mux.ServeHTTP)
	c := newClient(t, Config{AllowLoopback: true})

	header := http.Header{"Authorization": {"Bearer x"}, "Cookie": {"a=b"}, "Content-Type": {"text/plain"}, "X-Kept": {"1"}}
	for _, tc := range []struct {
		method, path string
		status       int // of what comes back
		wantMethod   string
		wantURL      string
		wantBody     string
		wantHeader   []string // of Authorization, Cookie, Content-Type, X-Kept
	}{
		{"POST", "/to/301?l=/end", 200, "GET", s.URL + "/end", "", []string{"Bearer x", "a=b", "", "1"}},
		{"POST", "/to/302?l=../end%3Fq=1%23frag", 200, "GET", s.URL + "/end?q=1", "", []string{"Bearer x", "a=b", "", "1"}},
		{"PUT", "/to/302?l=/end", 200, "PUT", s.URL + "/end", "body", []string{"Bearer x", "a=b", "text/plain", "1"}},
		{"PUT", "/to/303?l=/end", 200, "GET", s.URL + "/end", "", []string{"Bearer x", "a=b", "", "1"}},
		{"HEAD", "/to/303?l=/end", 200, "HEAD", s.URL + "/end", "", []string{"Bearer x", "a=b", "", "1"}},
		{"POST", "/to/307?l=/end", 200, "POST", s.URL + "/end", "body", []string{"Bearer x", "a=b", "text/plain", "1"}},
		{"POST", "/to/308?l=" + other.URL, 200, "POST", other.URL + "/", "body", []string{"", "", "text/plain", "1"}},
		{"GET", "/to/302?l=//" + strings.TrimPrefix(other.URL, "http://") + "/x", 200, "GET", other.URL + "/x", "", []string{"", "", "", "1"}},
		{"GET", "/to/300?l=/end", 300, "", "", "", nil},
		{"GET", "/to/304?l=/end", 304, "", "", "", nil},
	} {
		last = seen{}
		req := Request{Method: tc.method, URL: s.URL + tc.path, Header: header.Clone(), Body: []byte("body")}
		if tc.method == "GET" || tc.method == "HEAD" {
			req.Body = nil
			req.Header.Del("Content-Type")
		}
		resp := send(t, c, noSecrets(t), req)
		if resp.Status != tc.status {
			t.Errorf("%s %s: status %d, want %d", tc.method, tc.path, resp.Status, tc.status)
		}
		if tc.wantMethod == "" {
			continue
		}
		got := []string{last.Method, resp.URL, last.Body, last.Header.Get("Authorization"), last.Header.Get("Cookie"), last.Header.Get("Content-Type"), last.Header.Get("X-Kept")}
		if diff := cmp.Diff(append([]string{tc.wantMethod, tc.wantURL, tc.wantBody}, tc.wantHeader...), got); diff != "" {
			t.Errorf("%s %s: -want +got\n%s", tc.method, tc.path, diff)
		}
	}
}

func TestEachRedirectIsChecked(t *testing.T) {
	var hits atomic.Int64
	s, _ := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		w.Header()["Location"] = []string{r.Header.Get("X-To")}
		w.WriteHeader(302)
	})
	c := newClient(t, Config{Allow: []string{"127.0.0.1"}})
	for _, to := range []string{
		"http://127.0.0.2/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/", "http://0x7f.1/",
		"file:///etc/passwd", "http://user@127.0.0.1/", "\\\\127.0.0.2\\", "/\\127.0.0.2", "http:127.0.0.2", "/a b", "javascript:1", "http://[::1", "//10.0.0.1",
	} {
		hits.Store(0)
		err := refusal(t, c, noSecrets(t), Request{URL: s.URL, Header: http.Header{"X-To": {to}}})
		if err.Code != seal.CodeEgressDenied || hits.Load() != 1 {
			t.Errorf("redirect to %s: %v after %d requests", to, err, hits.Load())
		}
	}
	hits.Store(0)
	err := refusal(t, c, noSecrets(t), Request{URL: s.URL, Header: http.Header{"X-To": {"/loop"}}})
	if !strings.Contains(err.Message, "MaxRedirects") || hits.Load() != MaxRedirects+1 {
		t.Errorf("a loop: %v after %d requests", err, hits.Load())
	}
}

// A permitted host that redirects must not take a secret to another one.
func TestRedirectsWithSecretsAreNotFollowed(t *testing.T) {
	var stolen atomic.Int64
	thief, _ := plainServer(t, func(http.ResponseWriter, *http.Request) { stolen.Add(1) })
	s, host := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", thief.URL+"/?"+r.Header.Get("Authorization")+r.URL.RawQuery)
		w.WriteHeader(307)
	})
	run, tokens := newRun(t, map[string]any{
		"KEY": sealtest.Secret{Value: "key-" + canary + "-0123456789", Hosts: []string{"http://" + host}, In: everywhere},
	})
	c := newClient(t, Config{AllowLoopback: true})
	for _, req := range []Request{
		{URL: s.URL, Header: http.Header{"Authorization": {tokens["KEY"]}}},
		{URL: s.URL + "/?" + tokens["KEY"]},
		{Method: "POST", URL: s.URL, Body: []byte(tokens["KEY"])},
	} {
		resp := send(t, c, run, req)
		if resp.Status != 307 || strings.Contains(resp.Header.Get("Location"), canary) {
			t.Errorf("got %d to %s", resp.Status, resp.Header.Get("Location"))
		}
	}
	// The host knows the secret and puts it in the Location by itself.
	knowing, knowingHost := plainServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", thief.URL+"/?key-"+canary+"-0123456789")
		w.WriteHeader(302)
	})
	run, tokens = newRun(t, map[string]any{
		"KEY": sealtest.Secret{Value: "key-" + canary + "-0123456789", Hosts: []string{"http://" + knowingHost, thief.URL}, In: everywhere},
	})
	resp := send(t, c, run, Request{URL: knowing.URL})
	if want := thief.URL + "/?" + tokens["KEY"]; resp.Status != 302 || resp.Header.Get("Location") != want {
		t.Errorf("got %d to %s, want 302 to %s", resp.Status, resp.Header.Get("Location"), want)
	}
	if stolen.Load() != 0 {
		t.Error("a redirect was followed")
	}
}
