package validator_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/jwks"
	"github.com/reticent/reticent/policy/validator"
	"github.com/reticent/reticent/secretstore/seal"
)

// issuer signs tokens.
type issuer struct {
	ec  *ecdsa.PrivateKey
	rsa *rsa.PrivateKey
}

var theIssuer = sync.OnceValue(func() *issuer {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return &issuer{ec, r}
})

var b64 = base64.RawURLEncoding.EncodeToString

// jwksText is the issuer's key set: an EC key `e` and an RSA key `r`.
func jwksText() string {
	i := theIssuer()
	point, err := i.ec.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"keys": [{"kty": "EC", "crv": "P-256", "kid": "e", "x": %q, "y": %q}, {"kty": "RSA", "kid": "r", "use": "sig", "n": %q, "e": "AQAB"}]}`,
		b64(point[1:33]), b64(point[33:]), b64(i.rsa.N.Bytes()))
}

func jwksValue(tb testing.TB) any {
	v, err := jsonvalue.Decode([]byte(jwksText()))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// sign makes a token. header and claims are JSON.
func (i *issuer) sign(tb testing.TB, header, claims string) string {
	tb.Helper()
	signed := b64([]byte(header)) + "." + b64([]byte(claims))
	digest := sha256.Sum256([]byte(signed))
	var h struct{ Alg string }
	if err := json.Unmarshal([]byte(header), &h); err != nil {
		tb.Fatal(err)
	}
	var signature []byte
	var err error
	switch h.Alg {
	case "ES256":
		r, s, e := ecdsa.Sign(rand.Reader, i.ec, digest[:])
		err = e
		signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case "RS256":
		signature, err = rsa.SignPKCS1v15(nil, i.rsa, crypto.SHA256, digest[:])
	case "HS256":
		signature = mac(apiKey, signed)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return signed + "." + b64(signature)
}

func mac(key, message string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(message))
	return h.Sum(nil)
}

// claims of a token that is valid at noon.
func claims(more string) string {
	return fmt.Sprintf(`{"iss": "https://idp.example", "aud": ["api", "other"], "sub": "ada", "exp": %d, "iat": %d%s}`,
		noon.Add(time.Minute).Unix(), noon.Add(-time.Minute).Unix(), more)
}

func bearer(token string) string {
	return fmt.Sprintf(`{"request": {"headers": {"Authorization": ["Bearer %s"]}}}`, token)
}

func TestJWT(t *testing.T) {
	i := theIssuer()
	const es, rs = `{"alg": "ES256", "kid": "e"}`, `{"alg": "RS256", "kid": "r"}`
	valid := i.sign(t, es, claims(""))
	parts := strings.Split(valid, ".")
	epoch := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	for _, source := range []string{`"jwks": ` + jwksText(), `"jwks_variable": "JWKS"`} {
		expect(t, `{"name": "jwt", "conf": {`+source+`, "issuer": "https://idp.example", "audience": ["api", "more"], "required_claims": ["sub"]}}`,
			[]string{
				bearer(valid), bearer(i.sign(t, rs, claims(""))), bearer(i.sign(t, `{"alg": "ES256"}`, claims(""))),
				`{"request": {"headers": {"authorization": "bearer ` + valid + `"}}}`,
			}, nil,
			[]string{
				`{}`, bearer(""), bearer("x"), bearer("a.b.c"), bearer(valid + "."), bearer(valid + "="), bearer(valid[:len(valid)-2]),
				`{"request": {"headers": {"Authorization": ["Bearer ` + valid + `", "Bearer ` + valid + `"]}}}`,
				// Another payload, header or signature.
				bearer(parts[0] + "." + b64([]byte(claims(`, "admin": true`))) + "." + parts[2]),
				bearer(b64([]byte(`{"alg":"ES256"}`)) + "." + parts[1] + "." + parts[2]),
				bearer(parts[0] + "." + parts[1] + "."), bearer(parts[0] + "." + parts[1] + "." + b64(make([]byte, 64))),
				// No algorithm, another one, and the public key as an HMAC key.
				bearer(b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."), bearer(b64([]byte(`{}`)) + "." + parts[1] + "." + parts[2]),
				bearer(i.sign(t, `{"alg": "HS256"}`, claims(""))), bearer(i.sign(t, `{"alg": "ES256", "kid": "r"}`, claims(""))),
				bearer(i.sign(t, `{"alg": "ES256", "kid": "other"}`, claims(""))), bearer(i.sign(t, `{"alg": "ES256", "kid": 1}`, claims(""))),
				bearer(i.sign(t, `{"alg": "ES256", "crit": ["b64"], "b64": false}`, claims(""))),
				bearer(i.sign(t, `{"alg": "ES256", "alg": "ES256"}`, claims(""))),
				// Claims.
				bearer(i.sign(t, es, `{"iss": "https://idp.example", "aud": "api", "sub": "a"}`)),
				bearer(i.sign(t, es, fmt.Sprintf(`{"iss": "https://idp.example", "aud": "api", "sub": "a", "exp": %d}`, epoch(0)))),
				bearer(i.sign(t, es, fmt.Sprintf(`{"iss": "https://idp.example", "aud": "api", "sub": "a", "exp": "%d"}`, epoch(time.Hour)))),
				bearer(i.sign(t, es, fmt.Sprintf(`{"iss": "https://evil.example", "aud": "api", "sub": "a", "exp": %d}`, epoch(time.Hour)))),
				bearer(i.sign(t, es, fmt.Sprintf(`{"aud": "api", "sub": "a", "exp": %d}`, epoch(time.Hour)))),
				bearer(i.sign(t, es, fmt.Sprintf(`{"iss": "https://idp.example", "aud": "app", "sub": "a", "exp": %d}`, epoch(time.Hour)))),
				bearer(i.sign(t, es, fmt.Sprintf(`{"iss": "https://idp.example", "sub": "a", "exp": %d}`, epoch(time.Hour)))),
				bearer(i.sign(t, es, fmt.Sprintf(`{"iss": "https://idp.example", "aud": "api", "exp": %d}`, epoch(time.Hour)))),
				bearer(i.sign(t, es, claims(fmt.Sprintf(`, "nbf": %d`, epoch(time.Second))))),
				bearer(i.sign(t, es, claims(`, "nbf": "now"`))),
				bearer(i.sign(t, es, claims(`, "pad": "`+strings.Repeat("x", jwks.MaxTokenBytes)+`"`))),
				bearer(i.sign(t, es, `"claims"`)),
			})
	}
	expect(t, `{"name": "jwt", "conf": {"jwks_variable": "JWKS", "algorithms": ["ES256"], "token": "body.token", "type": "at+jwt", "leeway": "30s"}}`,
		[]string{
			`{"body": {"token": "` + i.sign(t, `{"alg": "ES256", "typ": "application/at+JWT"}`, claims("")) + `"}}`,
			`{"body": {"token": "` + i.sign(t, `{"alg": "ES256", "typ": "at+jwt"}`, fmt.Sprintf(`{"exp": %d, "nbf": %d}`, epoch(-29*time.Second), epoch(30*time.Second))) + `"}}`,
		}, nil,
		[]string{
			`{"body": {"token": "` + i.sign(t, `{"alg": "RS256", "typ": "at+jwt"}`, claims("")) + `"}}`,
			`{"body": {"token": "` + valid + `"}}`,
			`{"body": {"token": "` + i.sign(t, `{"alg": "ES256", "typ": "at+jwt"}`, fmt.Sprintf(`{"exp": %d}`, epoch(-30*time.Second))) + `"}}`,
		})
}

// A secret is the key: of HMACs, or as PEM of signatures, but one of the two.
func TestJWTWithSecret(t *testing.T) {
	i := theIssuer()
	expect(t, `{"name": "jwt", "conf": {"secret": "API_KEY", "algorithms": ["HS256"]}}`,
		[]string{bearer(i.sign(t, `{"alg": "HS256"}`, claims("")))}, nil,
		[]string{`{}`, bearer(i.sign(t, `{"alg": "ES256"}`, claims(""))), bearer(i.sign(t, `{"alg": "HS256"}`, claims("")) + "AAAA"),
			bearer(b64([]byte(`{"alg":"HS256"}`)) + "." + b64([]byte(claims(""))) + "." + b64(mac(otherKey, b64([]byte(`{"alg":"HS256"}`))+"."+b64([]byte(claims(""))))))})
	public, err := x509.MarshalPKIXPublicKey(&i.rsa.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	withPEM := func(algorithm string) validator.Result {
		return evaluateWith(t, map[string]any{"PEM": text}, `[{"name": "jwt", "conf": {"secret": "PEM", "algorithms": ["`+algorithm+`"]}}]`,
			bearer(i.sign(t, `{"alg": "RS256"}`, claims(""))))
	}
	if r := withPEM("RS256"); !r.Decision || r.Err != nil {
		t.Errorf("%+v", r)
	}
	// The public key as the key of an HMAC, which everybody knows.
	header, payload := b64([]byte(`{"alg":"HS256"}`)), b64([]byte(claims("")))
	forged := header + "." + payload + "." + b64(mac(text, header+"."+payload))
	if r := evaluateWith(t, map[string]any{"PEM": text}, `[{"name": "jwt", "conf": {"secret": "PEM", "algorithms": ["HS256"]}}]`, bearer(forged)); r.Decision {
		t.Errorf("a public key taken as a symmetric one: %+v", r)
	}
	// Guesses at a weak key are counted.
	guard := seal.NewGuard()
	policy := bindAt(t, map[string]any{"PIN": pin}, `[{"name": "jwt", "conf": {"secret": "PIN", "algorithms": ["HS256"]}}]`)
	for n := 0; ; n++ {
		token := header + "." + payload + "." + b64(mac(fmt.Sprint("guess", n), header+"."+payload))
		input, err := jsonvalue.Decode([]byte(bearer(token)))
		if err != nil {
			t.Fatal(err)
		}
		r := policy.Evaluate(t.Context(), input, seal.Options{Principal: "mallory", Guard: guard})
		if r.Decision || n > seal.MaxMissesPerMinute+1 {
			t.Fatalf("guess %d: %+v", n, r)
		}
		if r.Err != nil {
			if r.Err.Code != seal.CodeLimited || n < seal.MaxMissesPerMinute {
				t.Errorf("guess %d: %+v", n, r)
			}
			break
		}
	}
}

func TestClaimsOfAVerifiedToken(t *testing.T) {
	i := theIssuer()
	const es = `{"alg": "ES256", "kid": "e"}`
	good := bearer(i.sign(t, es, claims(`, "roles": ["admin"], "tenant": "t1"`)))
	expect(t, `{"name": "jwt", "conf": {"jwks_variable": "JWKS", "fields": [{"field": "roles", "comparator": "contains", "value": "admin"}]}}`,
		[]string{good}, []string{bearer(i.sign(t, es, claims(`, "roles": ["guest"]`)))}, []string{bearer(i.sign(t, es, claims("")))})
	in := strings.TrimSuffix(good, "}") + `, "tenant": "t1"}`
	other := strings.TrimSuffix(good, "}") + `, "tenant": "t2", "claims": {"token": {"tenant": "t2"}}, "token": {"tenant": "t2"}}`
	for _, follows := range []string{
		`{"name": "attributes", "conf": {"fields": [{"field": "tenant", "comparator": "equals", "target": {"claim": "token.tenant"}}]}}`,
		`{"name": "attributes", "conf": {"fields": [{"claim": "token.tenant", "comparator": "equals", "target": {"input": "tenant"}}]}}`,
		`{"name": "cel", "conf": {"expression": "claims.token.tenant == input.tenant"}}`,
	} {
		document := `[{"name": "jwt", "conf": {"jwks_variable": "JWKS"}}, ` + follows + `]`
		if r := evaluateIn(t, environment, document, in); !r.Decision {
			t.Errorf("%s: %+v", follows, r)
		}
		if r := evaluateIn(t, environment, document, other); r.Decision || r.Err != nil {
			t.Errorf("%s: %+v", follows, r)
		}
		// Claims of a token that was not verified are nobody's.
		if r := evaluateIn(t, environment, `[{"name": "any", "conf": {"validators": [{"name": "jwt", "conf": {"jwks_variable": "JWKS", "issuer": "x"}}, {"name": "true"}]}}, {"name": "not", "conf": {"validator": `+follows+`}}]`, in); r.Decision || r.Err != nil {
			t.Errorf("%s: %+v", follows, r)
		}
	}
}

// The keys of a URL are those that were fetched last; before that there are none.
func TestJWTWithKeysOfAURL(t *testing.T) {
	keys, err := jwks.Parse([]byte(jwksText()))
	if err != nil {
		t.Fatal(err)
	}
	var fetched *jwks.Keys
	p := compile(t, `[{"name": "jwt", "conf": {"jwks_uri": "https://idp.example/jwks"}}]`)
	policy, err := p.Bind(validator.Environment{
		Now: func() time.Time { return noon },
		KeySet: func(url string) validator.KeySource {
			if url != "https://idp.example/jwks" {
				t.Errorf("asked for %s", url)
			}
			return func() *jwks.Keys { return fetched }
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	input, err := jsonvalue.Decode([]byte(bearer(theIssuer().sign(t, `{"alg": "ES256"}`, claims("")))))
	if err != nil {
		t.Fatal(err)
	}
	r := policy.Evaluate(t.Context(), input, seal.Options{})
	if r.Decision || !r.Undecided || r.Err != nil || len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Message, "fetched") {
		t.Errorf("before the first fetch: %+v", r)
	}
	fetched = keys
	if r := policy.Evaluate(t.Context(), input, seal.Options{}); !r.Decision {
		t.Errorf("%+v", r)
	}
}
