package api_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crypto/x509"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/reticent/reticent/api/apitest"
)

// minter makes tokens of one key.
type minter struct {
	t   *testing.T
	key crypto.Signer
	alg jwa.SignatureAlgorithm
	kid string
}

func newMinter(t *testing.T, alg jwa.SignatureAlgorithm, kid string) minter {
	t.Helper()
	m := minter{t: t, alg: alg, kid: kid}
	var err error
	if alg == jwa.RS256() {
		m.key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		m.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// jwks gives the public halves of keys.
func jwksOf(t *testing.T, minters ...minter) string {
	t.Helper()
	set := jwk.NewSet()
	for _, m := range minters {
		k, err := jwk.Import(m.key.Public())
		if err != nil {
			t.Fatal(err)
		}
		if m.kid != "" {
			_ = k.Set(jwk.KeyIDKey, m.kid)
		}
		_ = set.AddKey(k)
	}
	return asJSON(t, set)
}

// claims are those of a good token, with some changed; nil takes one out.
func claims(change map[string]any) map[string]any {
	now := time.Now().Unix()
	out := map[string]any{"iss": "https://login.example.com", "aud": "reticent", "sub": "alice", "exp": now + 300, "iat": now, "groups": []string{"billing"}}
	maps.Copy(out, change)
	for k, v := range out {
		if v == nil {
			delete(out, k)
		}
	}
	return out
}

func (m minter) mint(change map[string]any) string {
	m.t.Helper()
	headers := jws.NewHeaders()
	if m.kid != "" {
		_ = headers.Set(jws.KeyIDKey, m.kid)
	}
	token, err := jws.Sign([]byte(asJSON(m.t, claims(change))), jws.WithKey(m.alg, m.key, jws.WithProtectedHeaders(headers)))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(token)
}

func b64(v any) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// issuer stores one.
func issuer(t *testing.T, s *apitest.Server, name string, change map[string]any) {
	t.Helper()
	body := map[string]any{"issuer": "https://login.example.com", "audiences": []string{"reticent", "other"}}
	maps.Copy(body, change)
	if a := send(t, s, request{"PUT", "/v1/issuers/" + name, asJSON(t, body), nil}); a.Status > 201 {
		t.Fatalf("issuer %s: %d %s", name, a.Status, a.Body)
	}
}

// who asks with a token, and gives the status and the principal that the server
// took it for.
func who(t *testing.T, s *apitest.Server, token string) (int, string) {
	t.Helper()
	a := send(t, s, request{"POST", "/v1/tokens", "{}", map[string]string{"Authorization": "Bearer " + token}})
	list := entries(t, s, "/v1", map[string][]string{"action": {"token.create"}})
	return a.Status, list[len(list)-1].Principal
}

// TestIssuersTokens takes good tokens and turns every other away.
func TestIssuersTokens(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	signer, second, stranger := newMinter(t, jwa.ES256(), "k1"), newMinter(t, jwa.RS256(), "k2"), newMinter(t, jwa.ES256(), "k1")
	unnamed := signer
	unnamed.kid = ""
	wrongID := signer
	wrongID.kid = "k2"
	issuer(t, s, "corp", map[string]any{"jwks": json.RawMessage(jwksOf(t, signer, second))})
	given(t, s, "/v1", "alice", `{"subject":"user:corp:alice","role":"auditor"}`)
	given(t, s, "/v1", "billing", `{"subject":"group:corp:billing","role":"auditor"}`)

	now := time.Now().Unix()
	public, err := x509.MarshalPKIXPublicKey(second.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	hmac := func(key []byte, kid string) string {
		headers := jws.NewHeaders()
		_ = headers.Set(jws.KeyIDKey, kid)
		token, err := jws.Sign([]byte(asJSON(t, claims(nil))), jws.WithKey(jwa.HS256(), key, jws.WithProtectedHeaders(headers)))
		if err != nil {
			t.Fatal(err)
		}
		return string(token)
	}
	good := signer.mint(nil)
	parts := strings.Split(good, ".")
	crit := func() string {
		headers := jws.NewHeaders()
		_ = headers.Set("crit", []string{"b64"})
		_ = headers.Set("b64", true)
		token, err := jws.Sign([]byte(asJSON(t, claims(nil))), jws.WithKey(jwa.ES256(), signer.key, jws.WithProtectedHeaders(headers)))
		if err != nil {
			t.Fatal(err)
		}
		return string(token)
	}
	for _, x := range []struct {
		name  string
		token string
		ok    bool
	}{
		{"a good one", good, true},
		{"one of the other key", second.mint(nil), true},
		{"one that names no key", unnamed.mint(nil), true},
		{"several audiences", signer.mint(map[string]any{"aud": []string{"x", "other"}}), true},
		{"a clock that is off", signer.mint(map[string]any{"exp": now - 10, "nbf": now + 10}), true},
		{"no groups", signer.mint(map[string]any{"groups": nil}), true},

		{"alg none", b64(map[string]string{"alg": "none"}) + "." + parts[1] + ".", false},
		{"alg none, with a signature", b64(map[string]string{"alg": "none"}) + "." + parts[1] + "." + parts[2], false},
		{"alg None", b64(map[string]string{"alg": "None"}) + "." + parts[1] + ".", false},
		{"no alg", b64(map[string]string{}) + "." + parts[1] + "." + parts[2], false},
		{"HS256 with the public key as PEM", hmac(asPEM, "k2"), false},
		{"HS256 with the public key as DER", hmac(public, "k2"), false},
		{"HS256 with an empty key id", hmac(asPEM, ""), false},
		{"RS256 said of an ECDSA signature", b64(map[string]string{"alg": "RS256", "kid": "k1"}) + "." + parts[1] + "." + parts[2], false},
		{"a stranger's signature", stranger.mint(nil), false},
		{"another key's id", wrongID.mint(nil), false},
		{"a key id that is a path", func() string { m := stranger; m.kid = "../../dev/null"; return m.mint(nil) }(), false},
		{"a key of its own", func() string {
			k, _ := jwk.Import(stranger.key.Public())
			headers := jws.NewHeaders()
			_ = headers.Set(jws.JWKKey, k)
			token, _ := jws.Sign([]byte(asJSON(t, claims(nil))), jws.WithKey(jwa.ES256(), stranger.key, jws.WithProtectedHeaders(headers)))
			return string(token)
		}(), false},
		{"critical headers", crit(), false},
		{"other claims under the signature", parts[0] + "." + b64(claims(map[string]any{"sub": "root"})) + "." + parts[2], false},
		{"no signature", parts[0] + "." + parts[1] + ".", false},
		{"a signature that is cut", good[:len(good)-2], false},
		{"a wrong issuer", signer.mint(map[string]any{"iss": "https://login.example.org"}), false},
		{"an issuer that begins like it", signer.mint(map[string]any{"iss": "https://login.example.com/"}), false},
		{"no issuer", signer.mint(map[string]any{"iss": nil}), false},
		{"issuers", signer.mint(map[string]any{"iss": []string{"https://login.example.com"}}), false},
		{"a wrong audience", signer.mint(map[string]any{"aud": "shop"}), false},
		{"no audience", signer.mint(map[string]any{"aud": nil}), false},
		{"an audience that begins like it", signer.mint(map[string]any{"aud": "reticent2"}), false},
		{"expired", signer.mint(map[string]any{"exp": now - 60}), false},
		{"no expiry", signer.mint(map[string]any{"exp": nil}), false},
		{"an expiry that is a text", signer.mint(map[string]any{"exp": "9999999999"}), false},
		{"an expiry beyond time", signer.mint(map[string]any{"exp": 1e300}), false},
		{"not valid yet", signer.mint(map[string]any{"nbf": now + 60}), false},
		{"issued in the future", signer.mint(map[string]any{"iat": now + 60}), false},
		{"no subject", signer.mint(map[string]any{"sub": nil}), false},
		{"an empty subject", signer.mint(map[string]any{"sub": ""}), false},
		{"a subject of many", signer.mint(map[string]any{"sub": []string{"alice"}}), false},
		{"a subject with a line break", signer.mint(map[string]any{"sub": "alice\nx"}), false},
		{"a subject that is too long", signer.mint(map[string]any{"sub": strings.Repeat("a", 600)}), false},
		{"a token that is too long", signer.mint(map[string]any{"x": strings.Repeat("a", 16<<10)}), false},
		{"four parts", good + ".x", false},
		{"nothing", "..", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			a := send(t, s, request{"GET", "/v1/secrets", "", map[string]string{"Authorization": "Bearer " + x.token}})
			if ok := a.Status == 200; ok != x.ok || !ok && a.Status != 401 {
				t.Errorf("status %d: %s", a.Status, a.Body)
			}
		})
	}

	// Whom a token stands for, and what his groups bring.
	if status, principal := who(t, s, signer.mint(map[string]any{"sub": "bob", "groups": nil})); status != 403 || principal != "user:corp:bob" {
		t.Errorf("bob without groups: %d as %s", status, principal)
	}
	bob := signer.mint(map[string]any{"sub": "bob"})
	want(t, s, 200, request{"GET", "/v1/secrets", "", map[string]string{"Authorization": "Bearer " + bob}})
	// A group that is kept here is no issuer's to give.
	want(t, s, 201, request{"PUT", "/v1/groups/admins", `{"members":["token:x"]}`, nil})
	given(t, s, "/v1", "admins", `{"subject":"group:admins","role":"admin"}`)
	for _, name := range []string{"admins", "group:admins", ":admins", "../admins"} {
		if status, _ := who(t, s, signer.mint(map[string]any{"sub": "eve", "groups": []string{name}})); status != 403 {
			t.Errorf("eve in %q is answered %d", name, status)
		}
	}
	for _, sub := range []string{"token:admin", "admin", "x:token:admin"} {
		if status, _ := who(t, s, signer.mint(map[string]any{"sub": sub, "groups": nil})); status != 403 {
			t.Errorf("the subject %s is answered %d", sub, status)
		}
	}

	// Another issuer of the same subjects is other people.
	other := newMinter(t, jwa.ES256(), "")
	issuer(t, s, "other", map[string]any{"issuer": "https://other.example.com", "jwks": json.RawMessage(jwksOf(t, other))})
	if status, principal := who(t, s, other.mint(map[string]any{"iss": "https://other.example.com"})); status != 403 || principal != "user:other:alice" {
		t.Errorf("another issuer's alice: %d as %s", status, principal)
	}
	if a := send(t, s, request{"GET", "/v1/secrets", "", map[string]string{"Authorization": "Bearer " + other.mint(nil)}}); a.Status != 401 {
		t.Errorf("one issuer's key signs for another: %d", a.Status)
	}

	// An issuer that is gone is believed nothing any more.
	want(t, s, 204, request{"DELETE", "/v1/issuers/corp", "", nil})
	if a := send(t, s, request{"GET", "/v1/secrets", "", map[string]string{"Authorization": "Bearer " + good}}); a.Status != 401 {
		t.Errorf("a token of an issuer that is gone: %d", a.Status)
	}
	if strings.Contains(s.Log.String(), parts[2]) {
		t.Error("the log has a token")
	}
}

// TestIssuersKeysAreFetched takes keys from a URL, and claims from where they are.
func TestIssuersKeysAreFetched(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	signer := newMinter(t, jwa.ES256(), "")
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, jwksOf(t, signer))
	}))
	defer keys.Close()
	issuer(t, s, "corp", map[string]any{"jwks_url": keys.URL, "subject_claim": "email", "groups_claim": "/realm_access/roles", "types": []string{"at+jwt"}})
	given(t, s, "/v1", "keepers", `{"subject":"group:corp:keeper","role":"auditor"}`)
	headers := jws.NewHeaders()
	_ = headers.Set(jws.TypeKey, "application/at+jwt")
	token, err := jws.Sign([]byte(asJSON(t, claims(map[string]any{"email": "alice@example.com", "realm_access": map[string]any{"roles": []string{"keeper", "x"}}}))),
		jws.WithKey(jwa.ES256(), signer.key, jws.WithProtectedHeaders(headers)))
	if err != nil {
		t.Fatal(err)
	}
	ask := request{"GET", "/v1/secrets", "", map[string]string{"Authorization": "Bearer " + string(token)}}
	for tries := 0; send(t, s, ask).Status != 200; tries++ {
		if tries == 200 {
			t.Fatalf("the keys are not fetched: %s", s.Log)
		}
	}
	if status, principal := who(t, s, string(token)); status != 403 || principal != "user:corp:alice@example.com" {
		t.Errorf("%d as %s", status, principal)
	}
	if a := send(t, s, request{"GET", "/v1/secrets", "", map[string]string{"Authorization": "Bearer " + signer.mint(nil)}}); a.Status != 401 {
		t.Errorf("a token of another type: %d", a.Status)
	}
}

// TestIssuersAreChecked refuses issuers that would let too many in.
func TestIssuersAreChecked(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	keys := jwksOf(t, newMinter(t, jwa.ES256(), ""))
	private, err := jwk.Import(newMinter(t, jwa.ES256(), "").key)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ name, body string }{
		{"corp", `{"issuer":"https://i","audiences":[],"jwks":` + keys + `}`},
		{"corp", `{"issuer":"https://i","audiences":[""],"jwks":` + keys + `}`},
		{"corp", `{"issuer":"","audiences":["a"],"jwks":` + keys + `}`},
		{"corp", `{"issuer":"https://i","audiences":["a"]}`},
		{"corp", `{"issuer":"https://i","audiences":["a"],"jwks":` + keys + `,"jwks_url":"https://i/jwks"}`},
		{"corp", `{"issuer":"https://i","audiences":["a"],"jwks":` + keys + `,"algorithms":["HS256"]}`},
		{"corp", `{"issuer":"https://i","audiences":["a"],"jwks":` + keys + `,"algorithms":["none"]}`},
		{"corp", `{"issuer":"https://i","audiences":["a"],"jwks":` + keys + `,"leeway_seconds":3600}`},
		{"corp", `{"issuer":"https://i","audiences":["a"],"jwks":{"keys":[{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQ"}]}}`},
		{"corp", `{"issuer":"https://i","audiences":["a"],"jwks":{"keys":[` + asJSON(t, private) + `]}}`},
		{"corp", `{"issuer":"https://i","audiences":["a"],"jwks_url":"http://login.example.com/jwks"}`},
		{"corp", `{"issuer":"https://i","audiences":["a"],"jwks_url":"file:///etc/passwd"}`},
		{"corp", `{"issuer":"https://i","audiences":["a"],"jwks_url":"https://u:p@login.example.com/jwks"}`},
		{"mtls", `{"issuer":"https://i","audiences":["a"],"jwks":` + keys + `}`},
	} {
		wantProblem(t, s, 400, "invalid_request", request{"PUT", "/v1/issuers/" + x.name, x.body, nil})
	}
}
