package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
	"github.com/reticent/reticent/secretstore/signing"
)

// pair is a key pair in PEM.
type pair struct{ private, public string }

func armour(kind string, der []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func newPair(private crypto.Signer) pair {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	out := pair{private: armour("PRIVATE KEY", der, err)}
	der, err = x509.MarshalPKIXPublicKey(private.Public())
	out.public = armour("PUBLIC KEY", der, err)
	return out
}

// pairs gives a pair for each kind of key, made once.
var pairs = sync.OnceValue(func() map[seal.KeyKind]pair {
	out := make(map[seal.KeyKind]pair)
	for kind, curve := range map[seal.KeyKind]elliptic.Curve{signing.P256: elliptic.P256(), signing.P384: elliptic.P384(), signing.P521: elliptic.P521()} {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			panic(err)
		}
		out[kind] = newPair(k)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	_, e, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	out[signing.RSA], out[signing.Ed25519] = newPair(r), newPair(e)
	return out
})

var everyAlgorithm = []seal.Algorithm{
	signing.HS256, signing.HS384, signing.HS512, signing.RS256, signing.RS384, signing.RS512,
	signing.PS256, signing.PS384, signing.PS512, signing.ES256, signing.ES384, signing.ES512, signing.EdDSA,
}

// keysFor gives the key that signs and the one that verifies.
func keysFor(alg seal.Algorithm) (sign, verify string) {
	if alg.Kind() == signing.Symmetric {
		return strong2, strong2
	}
	p := pairs()[alg.Kind()]
	return p.private, p.public
}

// verify gives what Verify gives, which must not fail.
func verify(t *testing.T, r *seal.Run, alg seal.Algorithm, key, message, signature string) bool {
	t.Helper()
	ok, err := r.Verify(alg, key, message, signature)
	if err != nil {
		t.Fatalf("%s: %v", alg, err)
	}
	return ok
}

func TestRule4SignaturesAreSealed(t *testing.T) {
	for _, alg := range everyAlgorithm {
		private, public := keysFor(alg)
		run := newRun(t, map[string]any{
			"KEPT": private, "PUBLIC": public, "A": strong, "RELEASED": sealtest.Secret{Value: private, Release: true},
		})
		// Equal plaintexts share a surrogate, and so the strictest release.
		alone := newRun(t, map[string]any{"RELEASED": sealtest.Secret{Value: private, Release: true}, "A": strong})
		ok := must(t)
		kept := ok(run.Sign(alg, token(t, run, "KEPT"), "m"))
		if !run.Holds(kept) {
			t.Errorf("%s: a signature under a secret comes out plain", alg)
		}
		if again := ok(run.Sign(alg, token(t, run, "KEPT"), "m")); again != kept {
			t.Errorf("%s: signing the same again gives another surrogate", alg)
		}
		released := ok(alone.Sign(alg, token(t, alone, "RELEASED"), "m"))
		if alone.Holds(released) {
			t.Errorf("%s: a signature that is released is sealed", alg)
		}
		if s := ok(alone.Sign(alg, token(t, alone, "RELEASED"), "m"+token(t, alone, "A"))); !alone.Holds(s) {
			t.Errorf("%s: a signature of a secret comes out plain", alg)
		}
		plain := ok(run.Sign(alg, private, "m"))
		if run.Holds(plain) {
			t.Errorf("%s: a signature without any secret is sealed", alg)
		}
		for _, key := range []string{public, token(t, run, "PUBLIC")} {
			for _, signature := range []string{kept, released, plain} {
				if !verify(t, run, alg, key, "m", signature) || verify(t, run, alg, key, "n", signature) {
					t.Errorf("%s: verifying does not tell signatures", alg)
				}
			}
			if verify(t, run, alg, key, "m", "") || verify(t, run, alg, key, "m", plain[:len(plain)-1]) || verify(t, run, alg, key, "m", plain+"\x00") {
				t.Errorf("%s: a signature of another length verifies", alg)
			}
		}
		secretMessage := "m" + token(t, run, "A")
		signature := ok(run.Sign(alg, private, secretMessage))
		if !run.Holds(signature) || !verify(t, run, alg, public, secretMessage, signature) || !verify(t, run, alg, public, "m"+strong, signature) ||
			verify(t, run, alg, public, "m"+strong2, signature) {
			t.Errorf("%s: a signature of a secret does not verify as one of its plaintext", alg)
		}
		wantCode(t, run.Permit(kept, seal.Place{Scheme: "https", Host: "a.example.com", Port: 443, In: seal.Header}), seal.CodeEgressDenied)
	}
}

func TestRule4KeysInEveryForm(t *testing.T) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(e)
	secret := base64.RawURLEncoding.EncodeToString([]byte(strong2))
	for name, c := range map[string]struct {
		alg  seal.Algorithm
		key  string
		kind seal.KeyKind
	}{
		"PKCS #8":        {signing.RS256, newPair(r).private, signing.RSA},
		"PKCS #1":        {signing.RS256, armour("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r), nil), signing.RSA},
		"SEC 1":          {signing.ES256, armour("EC PRIVATE KEY", sec1, err), signing.P256},
		"parameters":     {signing.ES256, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + armour("EC PRIVATE KEY", sec1, nil), signing.P256},
		"space around":   {signing.RS256, "\n\n " + newPair(r).private + "\n", signing.RSA},
		"JSON, oct":      {signing.HS256, `{"kty":"oct","k":"` + secret + `"}`, signing.Symmetric},
		"JSON, Ed25519":  {signing.EdDSA, `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, signing.Ed25519},
		"text":           {signing.HS512, strong, signing.Symmetric},
		"text in braces": {signing.HS512, `{"no key": "` + strong2 + `"}`, signing.Symmetric},
	} {
		run := newRun(t, map[string]any{"K": c.key})
		key := token(t, run, "K")
		signature := must(t)(run.Sign(c.alg, key, "m"))
		if !verify(t, run, c.alg, c.key, "m", signature) || !verify(t, run, c.alg, key, "m", signature) {
			t.Errorf("%s: the signature does not verify", name)
		}
		if kind, err := run.KeyKind(key); err != nil || kind != c.kind {
			t.Errorf("%s: kind %q, %v", name, kind, err)
		}
	}
}

// RFC 8037 appendix A.4 and RFC 7515 appendix A.1.
func TestRule4SignaturesAreThoseOfTheStandard(t *testing.T) {
	run := newRun(t, map[string]any{
		"ED":  `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		"OCT": `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`,
	})
	for name, c := range map[string]struct {
		alg           seal.Algorithm
		message, want string
	}{
		"ED": {signing.EdDSA, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
		"OCT": {signing.HS256, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
			"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
	} {
		signature := must(t)(run.Sign(c.alg, token(t, run, name), c.message))
		if text := must(t)(run.Derive(seal.Base64RawURL, signature)); !equal(t, run, text, c.want) {
			t.Errorf("%s: not the signature of the standard", name)
		}
	}
}

func TestRule4DERIsOfSignaturesAlone(t *testing.T) {
	for _, alg := range []seal.Algorithm{signing.ES256, signing.ES384, signing.ES512} {
		private, public := keysFor(alg)
		run := newRun(t, map[string]any{"K": private})
		signature := must(t)(run.Sign(alg, token(t, run, "K"), "m"))
		der := must(t)(run.Derive(seal.DER, signature))
		raw := must(t)(run.Sign(alg, private, "m")) // RFC 6979: the same
		want, err := signing.ToDER(alg.Kind(), []byte(raw))
		if err != nil || !equal(t, run, der, string(want)) || !verify(t, run, alg, public, "m", raw) {
			t.Errorf("%s: not the DER of the signature: %v", alg, err)
		}
		for _, other := range []string{token(t, run, "K"), signature + signature, "x", must(t)(run.MAC(seal.HashSHA256, token(t, run, "K"), "m"))} {
			_, err := run.Derive(seal.DER, other)
			wantCode(t, err, seal.CodeInspected)
		}
	}
}

func TestRule5DecodingUndoesWhatTheRunEncoded(t *testing.T) {
	run := newRun(t, map[string]any{"A": strong, "ENCODED": base64.StdEncoding.EncodeToString([]byte(strong2)), "HEX": hex.EncodeToString([]byte(strong))})
	a, ok := token(t, run, "A"), must(t)
	for _, f := range []seal.Func{seal.Base64, seal.Base64URL, seal.Base64RawURL, seal.Hex, seal.Component} {
		for _, s := range []string{a, "user:" + a, a + "é", "plain", a + a} {
			if got := ok(run.Underive(f, ok(run.Derive(f, s)))); got != s {
				t.Errorf("%s: %q comes back as %q", f, s, got)
			}
		}
		for _, s := range []string{a, "00" + a, token(t, run, "ENCODED"), token(t, run, "HEX"), "0" + ok(run.Derive(seal.Hex, a)), ok(run.Derive(seal.Form, a))} {
			if f == seal.Component && s != a {
				continue
			}
			_, err := run.Underive(f, s)
			wantCode(t, err, seal.CodeInspected)
		}
	}
	for f, size := range map[seal.Func]int{seal.MD5: 16, seal.SHA1: 20, seal.SHA256: 32, seal.SHA384: 48, seal.SHA512: 64} {
		raw := ok(run.Underive(seal.Hex, ok(run.Derive(f, a))))
		want, err := hex.DecodeString(ok(run.Derive(f, strong)))
		if err != nil || len(want) != size || !equal(t, run, raw, string(want)) {
			t.Errorf("%s: not the bytes of the digest", f)
		}
		if again := ok(run.Derive(seal.Hex, raw)); !equal(t, run, again, ok(run.Derive(f, strong))) {
			t.Errorf("%s: hex of its bytes is not the digest", f)
		}
	}
	mac := ok(run.MAC(seal.HashSHA256, a, "m"))
	if got := ok(run.Underive(seal.Hex, ok(run.Derive(seal.Hex, mac)))); got != mac {
		t.Error("the bytes of an HMAC do not come back")
	}
	_, err := run.Underive(seal.Hex, "xyz")
	wantCode(t, err, seal.CodeInspected)
	_, err = run.Underive(seal.SHA256, "00")
	wantCode(t, err, seal.CodeInspected)
}

func TestRule5SecretsThatAreBase64AreDecodedWhole(t *testing.T) {
	bytes := strong + "\x00\xff\r\n"
	text := base64.StdEncoding.EncodeToString([]byte(bytes))
	run := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: text, Base64: true, Release: true}, "TEXT": strong2})
	key, ok := token(t, run, "KEY"), must(t)
	decoded := ok(run.Underive(seal.Base64, key))
	if decoded == key || !run.Holds(decoded) || ok(run.Underive(seal.Base64, key)) != decoded {
		t.Errorf("the bytes are %q, want a surrogate of their own, the same each time", decoded)
	}
	if !equal(t, run, decoded, bytes) || equal(t, run, decoded, text) || equal(t, run, decoded, bytes[:len(bytes)-1]) {
		t.Error("the bytes are not those of the base64")
	}
	m := hmac.New(sha256.New, []byte(bytes))
	m.Write([]byte("m"))
	// They are an encoding of it: what is computed with them is not released.
	if got := ok(run.MAC(seal.HashSHA256, decoded, "m")); !run.Holds(got) || !equal(t, run, got, string(m.Sum(nil))) {
		t.Error("the HMAC is plain, or not that of the bytes")
	}
	if _, names := run.MaskString(decoded); !slices.Equal(names, []string{"KEY"}) {
		t.Errorf("the bytes come from %v, want KEY", names)
	}
	for name, try := range map[string]func() error{
		"comparing them with the text": func() error { _, err := run.Equal(decoded, key); return err },
		"HMACs of the two": func() error {
			_, err := run.Equal(ok(run.MAC(seal.HashSHA256, decoded, "m")), ok(run.MAC(seal.HashSHA256, key, "m"+key)))
			return err
		},
		"a part of a text": func() error { _, err := run.Underive(seal.Base64, "AAAA"+key); return err },
		"twice the text":   func() error { _, err := run.Underive(seal.Base64, key+key); return err },
		"what they are":    func() error { _, err := run.Underive(seal.Base64, decoded); return err },
		"hex":              func() error { _, err := run.Underive(seal.Hex, key); return err },
		"another secret":   func() error { _, err := run.Underive(seal.Base64, token(t, run, "TEXT")); return err },
	} {
		if err := try(); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			wantCode(t, err, seal.CodeInspected)
		}
	}
}

func TestRule9GuessesThroughSignaturesAreCounted(t *testing.T) {
	mac := func(key, message string) string {
		m := hmac.New(sha256.New, []byte(key))
		m.Write([]byte(message))
		return string(m.Sum(nil))
	}
	for name, try := range map[string]func(r *seal.Run, pin, guess string) error{
		"verify": func(r *seal.Run, pin, guess string) error {
			_, err := r.Verify(signing.HS256, pin, "m", mac(guess, "m"))
			return err
		},
		"verify, a message": func(r *seal.Run, pin, guess string) error {
			_, err := r.Verify(signing.HS256, "plain key", pin, mac("plain key", guess))
			return err
		},
		"verify, a guess as the key": func(r *seal.Run, pin, guess string) error {
			_, err := r.Verify(signing.HS256, guess, "m", must(t)(r.MAC(seal.HashSHA256, pin, "m")))
			return err
		},
		"sign": func(r *seal.Run, pin, guess string) error {
			_, err := r.Equal(must(t)(r.Sign(signing.HS256, pin, "m")), mac(guess, "m"))
			return err
		},
		"other keys": func(r *seal.Run, pin, guess string) error {
			_, err := r.Verify(signing.HS256, guess+pin, "m", mac("0000", "m"))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := newRun(t, map[string]any{"PIN": weak})
			var err error
			for i := range seal.MaxMissesPerMinute + 1 {
				if err = try(run, token(t, run, "PIN"), fmt.Sprintf("%04d", i)); err != nil {
					break
				}
			}
			wantCode(t, err, seal.CodeLimited)
		})
	}
}

func TestRule4SigningIsBounded(t *testing.T) {
	private, _ := keysFor(signing.ES256)
	run := newRun(t, map[string]any{"K": private})
	for i := range seal.MaxSignatures {
		must(t)(run.Sign(signing.ES256, token(t, run, "K"), fmt.Sprint(i)))
	}
	must(t)(run.Sign(signing.ES256, token(t, run, "K"), "0")) // known
	_, err := run.Sign(signing.ES256, token(t, run, "K"), "one more")
	wantCode(t, err, seal.CodeInspected)
}

// An RSA public key, which everybody has, as the secret of an HMAC.
func TestAttackPublicKeyAsSecret(t *testing.T) {
	for kind, p := range pairs() {
		run := newRun(t, map[string]any{"PUBLIC": p.public, "SPACED": " \n" + p.public, "JSON": `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`})
		for _, key := range map[string]string{
			"sealed": token(t, run, "PUBLIC"), "sealed, spaced": token(t, run, "SPACED"), "sealed JSON": token(t, run, "JSON"), "plain": p.public, "plain, spaced": "\t" + p.public,
		} {
			for _, alg := range []seal.Algorithm{signing.HS256, signing.HS384, signing.HS512} {
				_, err := run.Sign(alg, key, "m")
				wantCode(t, err, seal.CodeKey)
				_, err = run.Verify(alg, key, "m", "s")
				wantCode(t, err, seal.CodeKey)
			}
			_, err := run.Sign(kind.Algorithms()[0], key, "m")
			wantCode(t, err, seal.CodeKey)
		}
	}
}

func TestAttackOtherAlgorithms(t *testing.T) {
	for kind, p := range pairs() {
		run := newRun(t, map[string]any{"K": p.private, "T": strong})
		for _, alg := range append([]seal.Algorithm{"none", "None", "", "HS257", "RSA"}, everyAlgorithm...) {
			if alg.Kind() == kind {
				continue
			}
			for _, key := range []string{token(t, run, "K"), p.private, token(t, run, "T"), strong, ""} {
				if alg.Kind() == signing.Symmetric && strings.HasPrefix(key, "rsv") || key == strong && alg.Kind() == signing.Symmetric {
					continue // TestAttackPublicKeyAsSecret, and keys that are right
				}
				_, err := run.Sign(alg, key, "m")
				wantCode(t, err, seal.CodeKey)
				_, err = run.Verify(alg, key, "m", "")
				wantCode(t, err, seal.CodeKey)
			}
		}
	}
}

// Whether a text made around a secret is a key tells what the secret is made of.
func TestAttackKeysComposedOfSecrets(t *testing.T) {
	run := newRun(t, map[string]any{"S": "c2VjcmV0LVprOXZRMnhMN3A", "K": pairs()[signing.RSA].private})
	s, k := token(t, run, "S"), token(t, run, "K")
	for name, key := range map[string]string{
		"JSON": `{"kty":"oct","k":"` + s + `"}`, "JSON, spaced": "\n {" + s, "PEM": "-----BEGIN PUBLIC KEY-----\n" + s + "\n-----END PUBLIC KEY-----",
		"a key and space": k + "\n", "half a line": "---" + k, "encoded": must(t)(run.Derive(seal.Base64, k)), "two": k + s,
	} {
		_, err := run.Sign(signing.RS256, key, "m")
		if name == "JSON" || name == "JSON, spaced" || name == "PEM" {
			wantCode(t, err, seal.CodeInspected)
			_, err = run.Sign(signing.HS256, key, "m")
			wantCode(t, err, seal.CodeInspected)
			continue
		}
		wantCode(t, err, seal.CodeKey)
		if _, err := run.Sign(signing.HS256, key, "m"); err != nil {
			t.Errorf("%s: whether it is the key of an HMAC depends on the secret: %v", name, err)
		}
	}
}

// context.secrets.set stores what a script composed; that is no key either.
func TestAttackStoredKeysComposedOfSecrets(t *testing.T) {
	for name, value := range map[string]string{"a key": pairs()[signing.RSA].private, "broken": "-----BEGIN PRIVATE KEY-----\n!", "text": strong, "JSON": `{"kty":"oct","k":"####"}`} {
		secrets := map[string]*seal.Secret{"COPY": {ID: "copy", Name: "COPY", From: []string{"s"}, Value: seal.StringTree(plaintext.FromString(value), seal.ByValue)}}
		run := seal.NewSet(secrets, nil).NewRun(seal.Options{})
		_, err := run.Sign(signing.RS256, token(t, run, "COPY"), "m")
		wantCode(t, err, seal.CodeKey)
		if _, err := run.Sign(signing.HS256, token(t, run, "COPY"), "m"); err != nil {
			t.Errorf("%s: whether it is the key of an HMAC depends on the secret: %v", name, err)
		}
	}
}

// All that is said of a secret that is no key is the same.
func TestAttackErrorsOfKeys(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	said := make(map[string][]string)
	for name, value := range map[string]string{
		"PEM cut off": pairs()[signing.RSA].private[:300], "no PEM": "-----BEGIN PRIVATE KEY-----\n" + strong + "\n-----END PRIVATE KEY-----", "dashes": "-----" + strong,
		"JSON": `{"kty":"RSA","n":"` + strong2 + `"}`, "type": `{"kty":"` + strong2 + `"}`, "small": newPair(small).private,
		"curve": `{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
	} {
		run := newRun(t, map[string]any{"K": value})
		for _, alg := range everyAlgorithm {
			_, err := run.Sign(alg, token(t, run, "K"), "m")
			wantCode(t, err, seal.CodeKey)
			said[fmt.Sprint(err)] = append(said[fmt.Sprint(err)], name)
		}
	}
	if len(said) != 1 {
		t.Errorf("the errors tell keys apart: %v", said)
	}
}

// A short key in a JSON Web Key is a weak secret in a text that counts as strong.
func TestAttackShortKeyInALongText(t *testing.T) {
	run := newRun(t, map[string]any{"K": sealtest.Secret{Value: `{"kty":"oct","kid":"Zk9vQ2xL7p3mR7t","k":"NDcxMQ"}`, Release: true}})
	_, err := run.Sign(signing.HS256, token(t, run, "K"), "m")
	wantCode(t, err, seal.CodeKey)
}

// HMAC takes the digest of a key that is longer than a block, and fills up one
// that is shorter: an HMAC under such a key, compared, would tell a length.
func TestAttackLengthByDigestOfKey(t *testing.T) {
	long := strings.Repeat("kT9-vQ2xL7p:", 12)
	for _, value := range []string{long, strong} {
		run := newRun(t, map[string]any{"S": sealtest.Secret{Value: value, Release: true}})
		s, ok := token(t, run, "S"), must(t)
		for f, h := range map[seal.Func]seal.Hash{seal.MD5: seal.HashMD5, seal.SHA1: seal.HashSHA1, seal.SHA256: seal.HashSHA256, seal.SHA384: seal.HashSHA384, seal.SHA512: seal.HashSHA512} {
			digest := ok(run.Underive(seal.Hex, ok(run.Derive(f, s))))
			mac := ok(run.MAC(h, digest, "m"))
			if !run.Holds(mac) {
				t.Errorf("%s: the HMAC under a digest comes out plain", h)
			}
			sealed := ok(run.MAC(h, s, s))
			_, err := run.Equal(ok(run.MAC(h, digest, s)), sealed)
			wantCode(t, err, seal.CodeInspected)
		}
		for _, key := range map[string]string{"digest": ok(run.Underive(seal.Hex, ok(run.Derive(seal.SHA256, s)))), "padded": s + "\x00"} {
			_, err := run.Verify(signing.HS256, s, "m", ok(run.Sign(signing.HS256, key, "m")))
			wantCode(t, err, seal.CodeInspected)
			_, err = run.Verify(signing.HS256, key, "m", ok(run.Sign(signing.HS256, s, "m"+s)))
			wantCode(t, err, seal.CodeInspected)
		}
	}
}

// A signature of an encoding, verified for the secret itself, tells its alphabet.
func TestAttackEncodingsBehindSignatures(t *testing.T) {
	for _, alg := range []seal.Algorithm{signing.HS256, signing.RS256, signing.ES256, signing.EdDSA} {
		private, public := keysFor(alg)
		run := newRun(t, map[string]any{"S": "Zk9vQ2xL7p3mR7tAAbb", "K": private})
		s, ok := token(t, run, "S"), must(t)
		percent := ok(run.Derive(seal.Component, s))
		for _, key := range []string{private, token(t, run, "K")} {
			_, err := run.Verify(alg, public, s, ok(run.Sign(alg, key, percent)))
			wantCode(t, err, seal.CodeInspected)
			_, err = run.Equal(ok(run.Sign(alg, key, percent)), ok(run.Sign(alg, key, s)))
			wantCode(t, err, seal.CodeInspected)
			// By one more encoding around it, which shows nothing itself.
			_, err = run.Equal(ok(run.Derive(seal.Hex, ok(run.Sign(alg, key, percent)))), ok(run.Derive(seal.Hex, ok(run.Sign(alg, key, s)))))
			wantCode(t, err, seal.CodeInspected)
		}
	}
}

// How the bytes of an HMAC or a signature look is a bit of what they are made with.
func TestAttackFormOfBytes(t *testing.T) {
	run := newRun(t, map[string]any{"PIN": weak, "K": keyOf(signing.ES256)})
	pin, ok := token(t, run, "PIN"), must(t)
	for name, raw := range map[string]string{
		"HMAC": ok(run.MAC(seal.HashSHA256, pin, "m")), "digest": ok(run.Underive(seal.Hex, ok(run.Derive(seal.SHA256, pin)))), "signature": ok(run.Sign(signing.ES256, token(t, run, "K"), "m"))} {
		for _, f := range []seal.Func{seal.Component, seal.Form, seal.JSONString, seal.Btoa} {
			_, err := run.Equal(ok(run.Derive(f, raw)), raw)
			wantCode(t, err, seal.CodeInspected)
		}
		// It would write U+FFFD for whatever is no text.
		_, err := run.Derive(seal.GoJSONString, "x"+raw)
		wantCode(t, err, seal.CodeInspected)
		if !equal(t, run, ok(run.Derive(seal.Hex, raw)), ok(run.Derive(seal.Hex, raw))) || equal(t, run, ok(run.Derive(seal.Hex, raw)), ok(run.Derive(seal.Base64, raw))) {
			t.Errorf("%s: encodings of its bytes do not compare", name)
		}
	}
}

func keyOf(alg seal.Algorithm) string {
	private, _ := keysFor(alg)
	return private
}

// Under a key of small order one signature holds for one hash in eight, or all.
func TestAttackSmallOrderKeys(t *testing.T) {
	identity := append([]byte{1}, make([]byte, 31)...)
	signature := append(bytes.Clone(identity), make([]byte, 32)...) // R is the identity, S is 0
	if !ed25519.Verify(identity, []byte("anything"), signature) {
		t.Fatal("the attack does not work on the library")
	}
	run := newRun(t, map[string]any{"S": strong})
	for _, y := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000", "0100000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	} {
		raw, err := hex.DecodeString(y)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(raw))
		for _, key := range []string{armour("PUBLIC KEY", der, err), `{"kty":"OKP","crv":"Ed25519","x":"` + base64.RawURLEncoding.EncodeToString(raw) + `"}`} {
			_, err := run.Verify(signing.EdDSA, key, "m"+token(t, run, "S"), string(signature))
			wantCode(t, err, seal.CodeKey)
		}
	}
}

// One key and one signature hold for two messages: two guesses for one miss.
func TestAttackTwoGuessesInOneSignature(t *testing.T) {
	curve := elliptic.P256()
	n := curve.Params().N
	hash := func(m string) *big.Int { d := sha256.Sum256([]byte(m)); return new(big.Int).SetBytes(d[:]) }
	e1, e2 := hash("pin=4711"), hash("pin=4712")
	k := big.NewInt(12345)
	// times gives the public key of a number: a point, uncompressed.
	times := func(v *big.Int) []byte {
		private, err := ecdh.P256().NewPrivateKey(v.FillBytes(make([]byte, 32)))
		if err != nil {
			t.Fatal(err)
		}
		return private.PublicKey().Bytes()
	}
	r := new(big.Int).Mod(new(big.Int).SetBytes(times(k)[1:33]), n)
	half := new(big.Int).ModInverse(big.NewInt(2), n)
	inverse := func(v *big.Int) *big.Int { return new(big.Int).ModInverse(v, n) }
	mod := func(v *big.Int) *big.Int { return v.Mod(v, n) }
	s := mod(new(big.Int).Mul(mod(new(big.Int).Mul(new(big.Int).Sub(e1, e2), half)), inverse(k)))
	d := mod(new(big.Int).Neg(mod(new(big.Int).Mul(mod(new(big.Int).Mul(new(big.Int).Add(e1, e2), half)), inverse(r)))))
	key, err := ecdsa.ParseUncompressedPublicKey(curve, times(d))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	public := armour("PUBLIC KEY", der, err)
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	run := newRun(t, map[string]any{"PIN": weak})
	for _, m := range []string{"pin=4711", "pin=4712"} {
		if !verify(t, run, signing.ES256, public, m, string(signature)) {
			t.Fatal("the attack does not work on the library")
		}
	}
	_, err = run.Verify(signing.ES256, public, "pin="+token(t, run, "PIN"), string(signature))
	wantCode(t, err, seal.CodeInspected)
}

// A caller who sends the key gets no signature that its owner does not.
func TestAttackCallersKeyThatIsASecret(t *testing.T) {
	for _, alg := range []seal.Algorithm{signing.HS256, signing.ES256} {
		private := keyOf(alg)
		run := newRun(t, map[string]any{"K": private})
		sealed := must(t)(run.SealString(private))
		if sealed == private {
			t.Fatalf("%s: the key is not sealed into the input", alg)
		}
		if s := must(t)(run.Sign(alg, sealed, "m")); !run.Holds(s) {
			t.Errorf("%s: a signature with a caller's key that is a secret comes out plain", alg)
		}
	}
}
