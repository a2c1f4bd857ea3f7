package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/client"
)

// dial makes a client of a server that answers everything with h.
func dial(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, "the-token", server.Client())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAddresses(t *testing.T) {
	for addr, want := range map[string]string{
		"":                         client.DefaultAddr,
		"127.0.0.1:8640":           "http://127.0.0.1:8640",
		"http://localhost:8640/":   "http://localhost:8640",
		"https://reticent.example": "https://reticent.example",
		"https://example.com/base": "https://example.com/base",
	} {
		c, err := client.New(addr, "", nil)
		if err != nil || c.Addr() != want {
			t.Errorf("%q: %v, want %s", addr, err, want)
		}
	}
	for _, addr := range []string{"ftp://example.com", "http://", "https://user:password@example.com", "http://example.com/?a", "://", "http://exa mple"} {
		if _, err := client.New(addr, "", nil); err == nil {
			t.Errorf("%q is taken", addr)
		} else if strings.Contains(err.Error(), "password") {
			t.Errorf("%q: the error quotes it: %v", addr, err)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
	defer server.Close()
	t.Setenv("RETICENT_ADDR", server.URL)
	t.Setenv("RETICENT_TOKEN", "from-the-environment")
	c, err := client.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Ready(t.Context()); err != nil || got != "Bearer from-the-environment" {
		t.Errorf("%v, Authorization %q", err, got)
	}
}

// TestRedirectsAreNotFollowed makes sure that a body with a secret stays where it
// was sent.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	_, err := c.Secrets(client.Scope{}).Create(t.Context(), "K", client.SecretSpec{Value: client.StringValue("v")})
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusTemporaryRedirect {
		t.Errorf("error %v", err)
	}
}

// TestValuesDoNotPrint looks at every way that a value could be printed.
func TestValuesDoNotPrint(t *testing.T) {
	const text = "sk_live_4242424242abcdef"
	v := client.StringValue(text)
	spec := client.SecretSpec{Value: v, Description: "d"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", v)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", v)
	for _, s := range []string{
		fmt.Sprint(v), fmt.Sprintf("%v %#v", *v, *v), fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v), fmt.Sprintf("%v %+v", spec, spec), log.String(),
	} {
		if strings.Contains(s, text) || strings.Contains(s, fmt.Sprintf("%x", text)) {
			t.Errorf("printed: %s", s)
		}
	}
	c := dial(t, func(http.ResponseWriter, *http.Request) { t.Error("a value that is no text was sent") })
	if _, err := c.Secrets(client.Scope{}).Create(t.Context(), "K", client.SecretSpec{Value: client.StringValue("\xff")}); !errors.Is(err, client.ErrNotText) {
		t.Errorf("error %v", err)
	}
	body, err := json.Marshal(spec)
	if err != nil || string(body) != `{"value":"`+text+`","description":"d"}` {
		t.Errorf("body %s, %v", body, err)
	}
}

// TestRequests has what is sent, to the byte.
func TestRequests(t *testing.T) {
	type sent struct{ Method, URI, IfMatch, ContentType, Body string }
	var got sent
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		got = sent{r.Method, r.RequestURI, r.Header.Get("If-Match"), r.Header.Get("Content-Type"), body.String()}
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("ETag", `"tag"`)
		fmt.Fprint(w, `{"items":[]}`)
	})
	ctx, scope := t.Context(), client.Scope{Project: "a", Service: "b/c"}
	var none *time.Time
	hosts := []string{}
	for _, test := range []struct {
		call func() error
		want sent
	}{
		{func() error {
			_, err := c.Secrets(scope).List(ctx, client.PageRequest{Size: 3, Token: "x&y"})
			return err
		},
			sent{"GET", "/v1/projects/a/services/b%2Fc/secrets?page_size=3&page_token=x%26y", "", "", ""}},
		{func() error {
			_, err := c.Secrets(client.Scope{}).Patch(ctx, "K", client.SecretPatch{AllowedHosts: &hosts, ExpiresAt: &none}, "*")
			return err
		}, sent{"PATCH", "/v1/secrets/K", "*", "application/merge-patch+json", `{"allowed_hosts":[],"expires_at":null}` + "\n"}},
		{func() error { return c.Secrets(client.Scope{}).Delete(ctx, "K", "tag", true) },
			sent{"DELETE", "/v1/secrets/K?force=true", `"tag"`, "", ""}},
		{func() error {
			_, err := c.Bindings(client.Scope{}).Get(ctx, "authzen", "*")
			return err
		}, sent{"GET", "/v1/bindings/authzen?target=%2A", "", "", ""}},
		{func() error {
			_, err := c.RunScript(ctx, client.Scope{}, "S", map[string]string{"a": "<&>"})
			return err
		}, sent{"POST", "/v1/scripts/S/run", "", "application/json", `{"input":{"a":"<&>"}}` + "\n"}},
		{func() error { _, err := c.EvaluatePolicy(ctx, client.Scope{}, "P", nil, ""); return err },
			sent{"POST", "/v1/policies/P/evaluate", "", "application/json", "{}\n"}},
	} {
		if err := test.call(); err != nil {
			t.Errorf("%v: %v", test.want, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestAnswersThatAreNone has what a client makes of a server that is not ours, or
// is broken.
func TestAnswersThatAreNone(t *testing.T) {
	for name, test := range map[string]struct {
		h    http.HandlerFunc
		want string
	}{
		"a proxy's page": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "<html>")
		}, "the server answered Bad Gateway without saying why; is it a Reticent server?"},
		"no JSON": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
			"GET /v1/secrets/K: the answer is not what this client knows; is it a Reticent server of this version?"},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			chunk := bytes.Repeat([]byte(" "), 1<<20)
			for range 33 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, "GET /v1/secrets/K: the answer is larger than 33554432 bytes (MaxResponseBytes)"},
	} {
		c := dial(t, test.h)
		if _, err := c.Secrets(client.Scope{}).Get(t.Context(), "K"); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProblems(t *testing.T) {
	c := dial(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"title":"t","status":503,"code":"overloaded","detail":"d","errors":[{"file":"a.rego","line":1,"column":2,"message":"m","advice":"a"},{"pointer":"/x","message":"m"},{"line":3,"column":4,"message":"m"}]}`)
	})
	err := c.Ready(t.Context())
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || err.Error() != "d" || !client.HasCode(err, "overloaded") || p.RetryAfter != 7*time.Second {
		t.Fatalf("%+v", err)
	}
	var places []string
	for _, f := range p.Errors {
		places = append(places, f.String())
	}
	if diff := cmp.Diff([]string{"a.rego:1:2: m; a", "/x: m", "3:4: m"}, places); diff != "" {
		t.Error(diff)
	}
}
