package signing_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/signing"
)

func armour(t *testing.T, kind string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func newRSA(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newEC(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestReadsKeysInEveryForm(t *testing.T) {
	r, e := newRSA(t, 2048), newEC(t, elliptic.P384())
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<31, 0)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, e.Public(), e)
	forms := map[string][]byte{"certificate": armour(t, "CERTIFICATE", certificate, err), "RSA public key": armour(t, "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&r.PublicKey), nil)}
	der, err := x509.MarshalPKIXPublicKey(r.Public())
	forms["public key"] = armour(t, "PUBLIC KEY", der, err)
	der, err = x509.MarshalPKCS8PrivateKey(e)
	forms["private key"] = armour(t, "PRIVATE KEY", der, err)
	want := map[string]signing.Kind{"certificate": signing.P384, "RSA public key": signing.RSA, "public key": signing.RSA, "private key": signing.P384}
	for name, text := range forms {
		k, err := signing.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		jwk, err := k.JWK()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := signing.Parse(jwk)
		if err != nil || again.Kind() != k.Kind() || again.Private() != k.Private() || k.Kind() != want[name] || k.Private() != (name == "private key") {
			t.Errorf("%s: kind %s, private %v, again %v: %v", name, k.Kind(), k.Private(), again, err)
		}
	}
}

func TestRefusesWhatIsNoKey(t *testing.T) {
	der, err := x509.MarshalPKIXPublicKey(&newRSA(t, 1024).PublicKey)
	small := armour(t, "PUBLIC KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(newEC(t, elliptic.P224()).Public())
	for name, text := range map[string]string{
		"empty": "", "space": " \n", "dashes": "-----x", "PEM of nothing": "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "cut off": string(small[:60]),
		"another block": string(armour(t, "CERTIFICATE REQUEST", []byte("x"), nil)), "passphrase": string(armour(t, "ENCRYPTED PRIVATE KEY", []byte("x"), nil)),
		"small RSA": string(small), "P-224": string(armour(t, "PUBLIC KEY", der, err)), "JSON of no type": `{"kty":"x"}`, "JSON without n": `{"kty":"RSA","e":"AQAB"}`,
	} {
		if _, err := signing.Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "AQAB") {
			t.Errorf("%s: the error quotes the key: %v", name, err)
		}
	}
}

// TestEachAlgorithmHasItsKeys tries every algorithm with every key.
func TestEachAlgorithmHasItsKeys(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[signing.Kind]any{signing.RSA: newRSA(t, 2048), signing.P256: newEC(t, elliptic.P256()), signing.P384: newEC(t, elliptic.P384()),
		signing.P521: newEC(t, elliptic.P521()), signing.Ed25519: ed, signing.Symmetric: []byte("a symmetric key")}
	got := map[signing.Kind]int{}
	for _, raw := range keys {
		k, err := signing.New(raw)
		if err != nil {
			t.Fatal(err)
		}
		for kind := range keys {
			for _, alg := range kind.Algorithms() {
				signature, err := k.Sign(alg, []byte("m"))
				if (err == nil) != (kind == k.Kind()) {
					t.Errorf("%s with a key of type %s: %v", alg, k.Kind(), err)
				}
				if err != nil {
					continue
				}
				got[kind]++
				if ok, err := k.Verify(alg, []byte("m"), signature); !ok || err != nil {
					t.Errorf("%s: %v %v", alg, ok, err)
				}
				signature[len(signature)-1] ^= 1
				if ok, _ := k.Verify(alg, []byte("m"), signature); ok {
					t.Errorf("%s: another signature verifies", alg)
				}
			}
		}
		for _, alg := range []signing.Algorithm{"none", "", "hs256"} {
			if _, err := k.Verify(alg, nil, nil); err == nil {
				t.Errorf("%q is an algorithm", alg)
			}
		}
	}
	if d := cmp.Diff(map[signing.Kind]int{signing.RSA: 6, signing.P256: 1, signing.P384: 1, signing.P521: 1, signing.Ed25519: 1, signing.Symmetric: 3}, got); d != "" {
		t.Error(d)
	}
}

// TestHostileKeys signs and verifies with keys that are made to do harm: each is an
// error or a signature, and none takes long or brings the process down.
func TestHostileKeys(t *testing.T) {
	b64 := func(n int, first byte) string {
		b := bytes.Repeat([]byte{0xff}, n)
		b[0] = first
		return base64.RawURLEncoding.EncodeToString(b)
	}
	zero := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	for name, text := range map[string]string{
		"huge modulus":       `{"kty":"RSA","e":"AQAB","n":"` + b64(20_000, 1) + `"}`,
		"exponent 1":         `{"kty":"RSA","e":"AQ","n":"` + b64(256, 0xff) + `"}`,
		"even modulus":       `{"kty":"RSA","e":"AQAB","n":"` + base64.RawURLEncoding.EncodeToString(append(bytes.Repeat([]byte{0xff}, 255), 0xfe)) + `"}`,
		"huge exponent":      `{"kty":"RSA","e":"` + b64(256, 1) + `","n":"` + b64(256, 0xff) + `"}`,
		"primes of zero":     `{"kty":"RSA","e":"AQAB","n":"` + b64(256, 0xff) + `","d":"` + b64(256, 1) + `","p":"AA","q":"AA","dp":"AA","dq":"AA","qi":"AA"}`,
		"other primes":       `{"kty":"RSA","e":"AQAB","n":"` + b64(256, 0xff) + `","d":"` + b64(256, 1) + `","p":"` + b64(128, 1) + `","q":"` + b64(128, 2) + `","dp":"AQ","dq":"AQ","qi":"AQ"}`,
		"no primes":          `{"kty":"RSA","e":"AQAB","n":"` + b64(256, 0xff) + `","d":"` + b64(256, 1) + `"}`,
		"off the curve":      `{"kty":"EC","crv":"P-256","x":"` + b64(32, 1) + `","y":"` + b64(32, 2) + `"}`,
		"point of zero":      `{"kty":"EC","crv":"P-256","x":"` + zero + `","y":"` + zero + `"}`,
		"scalar of zero":     `{"kty":"EC","crv":"P-256","x":"` + zero + `","y":"` + zero + `","d":"` + zero + `"}`,
		"scalar too large":   `{"kty":"EC","crv":"P-256","x":"` + b64(32, 1) + `","y":"` + b64(32, 2) + `","d":"` + b64(32, 0xff) + `"}`,
		"long coordinates":   `{"kty":"EC","crv":"P-521","x":"` + b64(3000, 1) + `","y":"` + b64(3000, 2) + `"}`,
		"short Ed25519":      `{"kty":"OKP","crv":"Ed25519","x":"AQ"}`,
		"short Ed25519 seed": `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"AQ"}`,
		"long Ed25519":       `{"kty":"OKP","crv":"Ed25519","x":"` + b64(64, 1) + `"}`,
		"empty oct":          `{"kty":"oct","k":""}`,
	} {
		t.Run(name, func(t *testing.T) {
			k, err := signing.Parse([]byte(text))
			if err != nil {
				return // refused
			}
			for _, alg := range k.Kind().Algorithms() {
				if signature, err := k.Sign(alg, []byte("m")); err == nil {
					_, _ = k.Verify(alg, []byte("m"), signature)
				}
				for _, signature := range [][]byte{nil, make([]byte, 64), make([]byte, 256), bytes.Repeat([]byte{1}, 132)} {
					if ok, _ := k.Verify(alg, []byte("m"), signature); ok {
						t.Errorf("%s: a signature of nothing verifies", alg)
					}
				}
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"))
	f.Add([]byte(`{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`))
	f.Add([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := signing.Parse(text)
		if err != nil {
			return // no key
		}
		// A text that starts as another type of key is never the secret of an HMAC.
		if k.Kind() == signing.Symmetric && signing.Armoured(text) {
			t.Error("PEM became a secret")
		}
		if algs := k.Kind().Algorithms(); len(algs) == 0 {
			t.Errorf("a key of kind %q", k.Kind())
		} else if _, err := k.Verify(algs[0], []byte("m"), []byte("s")); err != nil {
			t.Error(err)
		}
	})
}

func FuzzDER(f *testing.F) {
	f.Add([]byte{0x30, 0x06, 2, 1, 1, 2, 1, 1})
	f.Fuzz(func(t *testing.T, der []byte) {
		raw, err := signing.FromDER(signing.P256, der)
		if err != nil {
			return // no signature
		}
		again, err := signing.ToDER(signing.P256, raw)
		if err != nil || len(raw) != 64 {
			t.Fatalf("%x: %v", raw, err)
		}
		if back, err := signing.FromDER(signing.P256, again); err != nil || !cmp.Equal(back, raw) {
			t.Errorf("%x comes back as %x: %v", raw, back, err)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	for alg, raw := range map[signing.Algorithm]crypto.Signer{signing.RS256: r, signing.ES256: e} {
		k, err := signing.New(raw)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(alg), func(b *testing.B) {
			for b.Loop() {
				if _, err := k.Sign(alg, []byte("message")); err != nil {
					b.Fatal(err)
				}
			}
		})
		der, err := x509.MarshalPKCS8PrivateKey(raw)
		if err != nil {
			b.Fatal(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		b.Run(string(alg)+" parse", func(b *testing.B) {
			for b.Loop() {
				if _, err := signing.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
