package script

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
	"github.com/reticent/reticent/secretstore/signing"
)

// keySet serves a JSON Web Key Set with a key under a kid, among others, and counts.
func keySet(t *testing.T, pem string) (url string, asked *atomic.Int32) {
	t.Helper()
	k, err := signing.Parse([]byte(pem))
	if err != nil {
		t.Fatal(err)
	}
	public, err := k.PublicOnly()
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := public.JWK()
	if err != nil {
		t.Fatal(err)
	}
	asked = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path != "/keys" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		fmt.Fprintf(w, `{"keys":[{"kty":"X"},{"kty":"oct","kid":"secret","k":"c2VjcmV0"},{"kid":"enc","use":"enc",%s,{"kid":"1","use":"sig",%s]}`, jwk[1:], jwk[1:])
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// TestRemoteKeySets verifies tokens with a key set that the script fetches.
func TestRemoteKeySets(t *testing.T) {
	var values map[string]string
	readTestdata(t, "values.json", &values)
	url, asked := keySet(t, values["TEXT_RSA"])
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	secrets := map[string]any{"RSA": values["TEXT_RSA"]}
	for _, e := range []*Engine{engine(t, Config{Workers: 1, Egress: client}), engine(t, Config{InProcess: true, Egress: client})} {
		for name, c := range map[string]struct{ body, want string }{
			"by kid":          {"return (await jwt.verify(sign('1'), set)).sub", `"ada"`},
			"with a callback": {"return await new Promise((ok, no) => jwt.verify(sign('1'), set, { audience: 'us' }, (e, v) => e ? ok(e.message) : no(v)))", `"jwt audience invalid. expected: us"`},
			"twice":           {"await jwt.verify(sign('1'), set); return (await jwt.verify(sign('1'), set)).sub", `"ada"`},
			"unknown kid":     {"return await jwt.verify(sign('2'), set).catch(e => e.name + ': ' + e.message)", `"JsonWebTokenError: no key of the JSON Web Key Set fits the token's header"`},
			"for encryption":  {"return await jwt.verify(sign('enc'), set).catch(e => e.message)", `"no key of the JSON Web Key Set fits the token's header"`},
			"a shared secret": {"return await jwt.verify(jwt.sign({}, Buffer.from('secret'), { keyid: 'secret' }), set).catch(e => e.message)", `"no key of the JSON Web Key Set fits the token's header"`},
			"no such set":     {"return await jwt.verify(sign('1'), jwt.createRemoteJWKSet(context.input.url + '/gone')).catch(e => e.name + ': ' + e.message)", `"JsonWebTokenError: error in secret or public key callback: Expected 200 OK from the JSON Web Key Set HTTP response"`},
			"forged":          {"const [h, , s] = plain.split('.'); return await jwt.verify([h, btoa('{\"sub\":\"eve\"}').replace(/=/g, ''), s].join('.'), set).catch(e => e.message)", `"invalid signature"`},
		} {
			before := asked.Load()
			r := sealtest.Set(t, secrets).NewRun(seal.Options{Principal: "test"})
			plain := plainToken(t, values["TEXT_RSA"])
			got := run(t, e, r, "const jwt = require('jsonwebtoken'), set = jwt.createRemoteJWKSet(context.input.url + '/keys'), plain = context.input.plain;"+
				"const sign = kid => jwt.sign({ sub: 'ada' }, context.secrets.RSA, { algorithm: 'RS256', keyid: kid });"+c.body, asJSON(t, map[string]any{"url": url, "plain": plain}))
			if s := asJSON(t, got.Output); got.Error != nil || s != c.want {
				t.Errorf("%s: %s %v, want %s", name, s, got.Error, c.want)
			}
			if n := asked.Load() - before; n > 2 || n > 1 && name == "twice" {
				t.Errorf("%s: the set was fetched %d times", name, n)
			}
		}
	}
}

// plainToken is one that somebody else made.
func plainToken(t *testing.T, pem string) string {
	t.Helper()
	k, err := signing.Parse([]byte(pem))
	if err != nil {
		t.Fatal(err)
	}
	const input = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJhZGEifQ" // {"alg":"RS256","kid":"1"}, {"sub":"ada"}
	signature, err := k.Sign(signing.RS256, []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	r := sealtest.Set(t, nil).NewRun(seal.Options{})
	text, err := r.Derive(seal.Base64RawURL, string(signature))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + text
}

// TestTokensAsOthersSeeThem sends what a script signed to a host and checks there
// what came.
func TestTokensAsOthersSeeThem(t *testing.T) {
	var values map[string]string
	readTestdata(t, "values.json", &values)
	url, got := echo(t)
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	host := "http://" + strings.TrimPrefix(url, "http://")
	for alg, name := range map[signing.Algorithm]string{"HS256": "K", "RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "ED"} {
		for _, cfg := range []Config{{Workers: 1, Egress: client}, {InProcess: true, Egress: client}} {
			secrets := map[string]any{"KEY": sealtest.Secret{Value: values[name], Hosts: []string{host}}, "M": sealtest.Secret{Value: values["M"], Hosts: []string{host}}}
			r := run(t, engine(t, cfg), sealtest.Set(t, secrets).NewRun(seal.Options{Principal: "test"}), `const jwt = require('jsonwebtoken');
				const token = jwt.sign({ m: context.secrets.M }, context.secrets.KEY, { algorithm: context.input.alg, noTimestamp: true });
				await fetch(context.input.url, { headers: { authorization: 'Bearer ' + token } }); return token`, asJSON(t, map[string]any{"url": url, "alg": alg}))
			if r.Error != nil {
				t.Fatal(alg, r.Error)
			}
			if s := asJSON(t, r.Output); !strings.Contains(s, ".***.***") {
				t.Errorf("%s: the token comes out: %s", alg, s)
			}
			token := strings.TrimPrefix((<-got).Header.Get("Authorization"), "Bearer ")
			at := strings.LastIndexByte(token, '.')
			plain := sealtest.Set(t, nil).NewRun(seal.Options{})
			signature, err := plain.Underive(seal.Base64RawURL, token[at+1:])
			if err != nil {
				t.Fatal(err)
			}
			payload, err := plain.Underive(seal.Base64RawURL, strings.Split(token, ".")[1])
			if ok, verr := plain.Verify(alg, values[name], token[:at], signature); !ok || verr != nil || err != nil || payload != `{"m":`+asJSON(t, values["M"])+`}` {
				t.Errorf("%s: what was sent is no token of the claims: %v %v", alg, verr, err)
			}
		}
	}
}
