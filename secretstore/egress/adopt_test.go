package egress

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

func code(err error) seal.Code {
	var refused *seal.Error
	errors.As(err, &refused)
	if refused == nil {
		return ""
	}
	return refused.Code
}

const issued = "the-token-0f1e2d3c4b5a6978"

// TestFieldsOfAResponseAreSealed proves that a fetched token reaches the caller
// sealed, wherever in the response it stands, and that it can be used at its host.
func TestFieldsOfAResponseAreSealed(t *testing.T) {
	s, _ := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Token", issued)
		if r.Header.Get("Authorization") == "Bearer "+issued {
			w.Header().Set("X-Known", "yes")
		}
		_, _ = w.Write([]byte(`{"access_token":"` + issued + `","again":"` + issued + `","expires_in":3600}`))
	})
	c := newClient(t, Config{AllowLoopback: true})
	run := noSecrets(t)
	wanted := []seal.Adoption{{Pointer: "/access_token"}}
	resp := send(t, c, run, Request{URL: s.URL, Seal: wanted})
	if strings.Contains(string(resp.Body)+resp.Header.Get("X-Token"), issued) || !strings.Contains(string(resp.Body), `"expires_in":3600`) {
		t.Fatalf("%s %v", resp.Body, resp.Header)
	}
	token := surrogates.FindString(string(resp.Body))
	if resp.Header.Get("X-Token") != token {
		t.Errorf("the header has %q", resp.Header.Get("X-Token"))
	}
	if resp := send(t, c, run, Request{URL: s.URL, Header: http.Header{"Authorization": {"Bearer " + token}}, Seal: wanted}); resp.Header.Get("X-Known") != "yes" {
		t.Error("the token did not arrive")
	}
	other, _ := plainServer(t, func(http.ResponseWriter, *http.Request) { t.Error("the token was sent to another host") })
	if _, err := c.Do(t.Context(), run, Request{URL: other.URL, Header: http.Header{"Authorization": {token}}}); code(err) != seal.CodeEgressDenied {
		t.Error(err)
	}
}

// TestResponseThatCannotBeSealed proves that nothing of it comes back.
func TestResponseThatCannotBeSealed(t *testing.T) {
	body, status := "", 200
	s, host := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Token", issued)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	c := newClient(t, Config{AllowLoopback: true})
	wanted := []seal.Adoption{{Pointer: "/access_token"}}
	for _, body = range []string{
		"<html>" + issued + "</html>", `{"access_token":"` + issued + `"`, `{"access_token":"a","access_token":"` + issued + `"}`,
		`"` + issued + `"`, `{"access_token":12345678}`, `{"access_token":"` + issued + `"}{}`, "access_token=" + issued,
	} {
		resp, err := c.Do(t.Context(), noSecrets(t), Request{URL: s.URL, Seal: wanted})
		if code(err) != seal.CodeEgressFailed || resp != nil || strings.Contains(err.Error(), "token-0f") {
			t.Errorf("%s: %v %v", body, resp, err)
		}
	}
	body, status = `{"access_token":"`+issued+`"}`, 302 // a redirect without a place to go to
	resp := send(t, c, noSecrets(t), Request{URL: s.URL, Seal: wanted})
	if len(resp.Body) > 0 {
		t.Errorf("the body of a redirect came back: %s", resp.Body)
	}
	// What a host that is a secret gives may go nowhere by default: a limit would
	// name the host.
	status = 200
	run, tokens := newRun(t, map[string]any{"HOOK": sealtest.Secret{Value: s.URL + "/" + canary, Hosts: []string{"http://" + host}, In: everywhere}})
	resp = send(t, c, run, Request{URL: tokens["HOOK"], Seal: wanted})
	token := surrogates.FindString(string(resp.Body))
	if p := run.Provenance(token); len(p.Limits.Hosts) != 0 || !p.Sealed {
		t.Errorf("%+v", p)
	}
	if opened, err := run.Resolve(token); err != nil || string(plaintext.Open(opened)) != issued {
		t.Error("the value is another one")
	}
}

// TestRedirectModes proves "error" and "manual".
func TestRedirectModes(t *testing.T) {
	hits := 0
	s, _ := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		hits++
		if r.URL.Path != "/end" {
			http.Redirect(w, r, "/end", http.StatusFound)
		}
	})
	c := newClient(t, Config{AllowLoopback: true})
	for _, tc := range []struct {
		mode       RedirectMode
		status     int
		hits       int
		redirected bool
	}{{FollowRedirects, 200, 2, true}, {"", 200, 2, true}, {ReturnRedirects, 302, 1, false}, {RefuseRedirects, 0, 1, false}} {
		hits = 0
		resp, err := c.Do(t.Context(), noSecrets(t), Request{URL: s.URL, Redirect: tc.mode})
		switch {
		case tc.status == 0:
			if code(err) != seal.CodeEgressFailed {
				t.Errorf("%s: %v %v", tc.mode, resp, err)
			}
		case err != nil || resp.Status != tc.status || resp.Redirected != tc.redirected:
			t.Errorf("%s: %+v %v", tc.mode, resp, err)
		}
		if hits != tc.hits {
			t.Errorf("%s: %d requests", tc.mode, hits)
		}
	}
}
