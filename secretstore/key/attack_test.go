package key_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/key"
)

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// TestForgedTokens: what an attacker makes of a token and a public key is not
// valid, and is told like any other.
func TestForgedTokens(t *testing.T) {
	w := open(t)
	w.secret(platform, "S", `{"generate":{"kind":"rsa","bits":2048}}`)
	w.key(platform, "K", `{"secret":"S"}`)
	s := w.sign("K", key.SignRequest{Content: claims(`{"sub":"alice"}`)})
	secret, err := w.store.Secret(admin, platform, "S")
	if err != nil {
		t.Fatal(err)
	}
	set, err := w.Set(platform)
	if err != nil {
		t.Fatal(err)
	}
	p := strings.Split(s.Token, ".")
	forged := map[string]string{
		"none":               b64(`{"alg":"none"}`) + "." + p[1] + ".",
		"no signature":       p[0] + "." + p[1] + ".",
		"other claims":       p[0] + "." + b64(`{"sub":"admin"}`) + "." + p[2],
		"critical":           b64(`{"alg":"RS256","crit":["x"],"x":1}`) + "." + p[1] + "." + p[2],
		"not encoded":        b64(`{"alg":"RS256","b64":false,"crit":["b64"]}`) + "." + p[1] + "." + p[2],
		"algorithm twice":    b64(`{"alg":"RS256","alg":"RS256"}`) + "." + p[1] + "." + p[2],
		"other algorithm":    b64(`{"alg":"PS256"}`) + "." + p[1] + "." + p[2],
		"padded":             p[0] + "." + p[1] + "." + p[2] + "=",
		"line break":         p[0] + "." + p[1] + ".\n" + p[2],
		"four parts":         s.Token + ".x",
		"JSON serialization": `{"payload":"` + p[1] + `","protected":"` + p[0] + `","signature":"` + p[2] + `"}`,
		"empty":              "..",
	}
	// The public key as the secret of an HMAC, in the forms in which it is known.
	for name, known := range map[string]string{"PEM": secret.PublicKey, "PEM trimmed": strings.TrimSpace(secret.PublicKey), "JWK": string(set.Keys[0])} {
		message := b64(`{"alg":"HS256"}`) + "." + b64(`{"sub":"admin"}`)
		mac := hmac.New(sha256.New, []byte(known))
		mac.Write([]byte(message))
		forged["HS256 under the public key as "+name] = message + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	for name, token := range forged {
		if v := w.verify("K", key.VerifyRequest{Token: token}); v.Valid || v.Reason != key.NotSigned {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestNothingPrivateIsPublished: the set and what is told of a key have the public
// members only, and nothing at all of a symmetric key.
func TestNothingPrivateIsPublished(t *testing.T) {
	w := open(t)
	for name, kind := range map[string]string{"EC": "ec", "RSA": "rsa", "ED": "ed25519", "MAC": "hmac"} {
		w.secret(platform, name, `{"generate":{"kind":"`+kind+`"}}`)
		w.key(platform, name, `{"secret":"`+name+`"}`)
	}
	w.secret(platform, "AES", `{"generate":{"kind":"aes"}}`)
	w.key(platform, "AES", `{"secret":"AES","use":"enc"}`)
	set, err := w.Set(platform)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 3 {
		t.Errorf("%d keys are published, want 3", len(set.Keys))
	}
	public := map[string]bool{"kty": true, "kid": true, "use": true, "alg": true, "crv": true, "x": true, "y": true, "n": true, "e": true}
	for _, raw := range set.Keys {
		var members map[string]any
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		for name := range members {
			if !public[name] {
				t.Errorf("member %s is published", name)
			}
		}
	}
}

// TestWhoMayOperate: an operation needs the permission execute on the key, and the
// key the use of its secret by who stored it.
func TestWhoMayOperate(t *testing.T) {
	w := open(t)
	w.secret(platform, "S", `{"generate":{"kind":"ec"}}`)
	w.key(platform, "K", `{"secret":"S"}`)
	nobody := secretstore.Principal{ID: "token:nobody"}
	if _, err := w.Sign(nobody, platform, "K", key.SignRequest{Content: claims(`{}`)}); err == nil {
		t.Error("somebody without a permission signs")
	}
	if _, _, err := w.Put(t.Context(), nobody, platform, "MINE", json.RawMessage(`{"secret":"S"}`), ""); err == nil {
		t.Error("somebody without a permission makes a key of a secret")
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("a.b.c")
	f.Add(b64(`{"alg":"HS256"}`) + "." + b64(`{}`) + "." + b64("x"))
	f.Add("....")
	var w *world
	f.Fuzz(func(t *testing.T, token string) {
		if w == nil {
			made := open(t)
			w = &made
			w.secret(platform, "S", `{"generate":{"kind":"hmac"}}`)
			w.key(platform, "K", `{"secret":"S"}`)
			w.secret(platform, "E", `{"generate":{"kind":"aes"}}`)
			w.key(platform, "E", `{"secret":"E","use":"enc"}`)
		}
		if v, err := w.Verify(admin, platform, "K", key.VerifyRequest{Token: token}); err == nil && v.Valid {
			t.Errorf("%q is valid", token)
		}
		if _, err := w.Decrypt(admin, platform, "E", key.DecryptRequest{Token: token}); err == nil {
			t.Errorf("%q decrypts", token)
		}
	})
}
