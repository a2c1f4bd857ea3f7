package key_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwe"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/key"
	"github.com/reticent/reticent/secretstore/kv/bolt"
	"github.com/reticent/reticent/secretstore/seal"
)

var (
	admin    = secretstore.Principal{ID: "token:admin", Admin: true}
	platform = secretstore.Scope{}
)

type world struct {
	*key.Service
	t     *testing.T
	store *secretstore.Store
}

func open(t *testing.T) world {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	keys, err := envelope.CreateFile(filepath.Join(dir, "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := secretstore.Open(t.Context(), secretstore.Config{KV: db, Keys: keys, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return world{key.NewService(store), t, store}
}

// secret makes a secret; spec is its JSON.
func (w world) secret(scope secretstore.Scope, name, spec string) {
	w.t.Helper()
	var s secretstore.Spec
	if err := secretstore.Decode([]byte(spec), &s); err != nil {
		w.t.Fatal(err)
	}
	if _, _, err := w.store.PutSecret(w.t.Context(), admin, scope, name, s, ""); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) key(scope secretstore.Scope, id, spec string) {
	w.t.Helper()
	if _, _, err := w.Put(w.t.Context(), admin, scope, id, json.RawMessage(spec), ""); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) add(name, kind string) int {
	w.t.Helper()
	v, _, err := w.store.AddVersion(w.t.Context(), admin, platform, name, secretstore.Given{Generate: &secretstore.Generate{Kind: kind}}, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return v.Version
}

func claims(text string) key.Content { return key.Content{Claims: json.RawMessage(text)} }

func payload(text string) key.Content { return key.Content{Payload: &text} }

func (w world) sign(id string, q key.SignRequest) key.Signed {
	w.t.Helper()
	s, err := w.Sign(admin, platform, id, q)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w world) verify(id string, q key.VerifyRequest) key.Verified {
	w.t.Helper()
	v, err := w.Verify(admin, platform, id, q)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// set gives the published keys as a library reads them.
func (w world) set(scope secretstore.Scope) jwk.Set {
	w.t.Helper()
	published, err := w.Set(scope)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := json.Marshal(published)
	if err != nil {
		w.t.Fatal(err)
	}
	set, err := jwk.Parse(text)
	if err != nil {
		w.t.Fatal(err)
	}
	return set
}

func wantCode(t *testing.T, err error, code seal.Code) {
	t.Helper()
	var e *seal.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("error %v, want %s", err, code)
	}
}

// TestSignatures signs with every kind of key, and verifies with the key and, by
// the published set, with a library.
func TestSignatures(t *testing.T) {
	for _, x := range []struct{ generate, algorithms, want string }{
		{`{"kind":"ec"}`, ``, "ES256"},
		{`{"kind":"ec","curve":"P-384"}`, ``, "ES384"},
		{`{"kind":"ec","curve":"P-521"}`, `"ES512"`, "ES512"},
		{`{"kind":"ed25519"}`, ``, "EdDSA"},
		{`{"kind":"rsa","bits":2048}`, ``, "RS256"},
		{`{"kind":"rsa","bits":2048}`, `"ES256","PS384","RS256"`, "PS384"},
		{`{"kind":"hmac"}`, ``, "HS256"},
		{`{"kind":"hmac","bytes":64}`, `"HS512"`, "HS512"},
	} {
		t.Run(x.want+x.algorithms, func(t *testing.T) {
			w := open(t)
			w.secret(platform, "S", `{"generate":`+x.generate+`}`)
			w.key(platform, "am.services.oauth2.signing", `{"secret":"S","algorithms":[`+x.algorithms+`]}`)
			s := w.sign("am.services.oauth2.signing", key.SignRequest{Content: claims(`{"sub":"alice"}`)})
			if s.Algorithm != x.want || s.Version != 1 || s.KeyID == "" {
				t.Errorf("signed %+v", s)
			}
			want := key.Verified{Valid: true, Content: claims(`{"sub":"alice"}`), Algorithm: x.want, KeyID: s.KeyID, Version: 1}
			if diff := cmp.Diff(want, w.verify("am.services.oauth2.signing", key.VerifyRequest{Token: s.Token})); diff != "" {
				t.Error(diff)
			}
			raw := w.sign("am.services.oauth2.signing", key.SignRequest{Content: payload("text"), Format: key.FormatRaw})
			if v := w.verify("am.services.oauth2.signing", key.VerifyRequest{Content: payload("text"), Signature: raw.Signature}); !v.Valid {
				t.Errorf("raw signature: %+v", v)
			}
			if v := w.verify("am.services.oauth2.signing", key.VerifyRequest{Content: payload("texT"), Signature: raw.Signature}); v.Valid {
				t.Error("it is valid for another text")
			}
			set := w.set(platform)
			if strings.HasPrefix(x.want, "HS") {
				if set.Len() != 0 {
					t.Fatal("a symmetric key is published")
				}
				return
			}
			got, err := jws.Verify([]byte(s.Token), jws.WithKeySet(set, jws.WithInferAlgorithmFromKey(true)))
			if err != nil || string(got) != `{"sub":"alice"}` {
				t.Errorf("a library with the published set: %q, %v", got, err)
			}
		})
	}
}

// TestEncryption encrypts to every kind of key, decrypts with it, and what a
// library encrypts to the published half too.
func TestEncryption(t *testing.T) {
	for _, x := range []struct{ generate, spec, algorithm, encryption string }{
		{`{"kind":"rsa","bits":2048}`, ``, "RSA-OAEP-256", "A256GCM"},
		{`{"kind":"ec"}`, ``, "ECDH-ES", "A256GCM"},
		{`{"kind":"ec","curve":"P-384"}`, `,"algorithms":["ECDH-ES+A256KW"],"encryption":"A256CBC-HS512"`, "ECDH-ES+A256KW", "A256CBC-HS512"},
		{`{"kind":"aes","bits":128}`, ``, "A128KW", "A256GCM"},
		{`{"kind":"aes"}`, ``, "A256KW", "A256GCM"},
		{`{"kind":"aes"}`, `,"algorithms":["dir"]`, "dir", "A256GCM"},
		{`{"kind":"aes","bits":192}`, `,"algorithms":["dir"]`, "dir", "A192GCM"},
	} {
		t.Run(x.algorithm+x.encryption, func(t *testing.T) {
			w := open(t)
			w.secret(platform, "S", `{"generate":`+x.generate+`}`)
			w.key(platform, "K", `{"secret":"S","use":"enc"`+x.spec+`}`)
			e, err := w.Encrypt(admin, platform, "K", key.EncryptRequest{Content: payload("card 4111")})
			if err != nil {
				t.Fatal(err)
			}
			if e.Algorithm != x.algorithm || e.Encryption != x.encryption {
				t.Errorf("encrypted %+v", e)
			}
			d, err := w.Decrypt(admin, platform, "K", key.DecryptRequest{Token: e.Token})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(key.Decrypted{Content: payload("card 4111"), KeyID: e.KeyID, Version: 1}, d); diff != "" {
				t.Error(diff)
			}
			for i := range 5 {
				p := strings.Split(e.Token, ".")
				p[i] += "A"
				_, err := w.Decrypt(admin, platform, "K", key.DecryptRequest{Token: strings.Join(p, ".")})
				wantCode(t, err, key.CodeUndecryptable)
			}
			public, ok := w.set(platform).LookupKeyID(e.KeyID)
			if !ok {
				return
			}
			management, _ := jwa.LookupKeyEncryptionAlgorithm(x.algorithm)
			theirs, err := jwe.Encrypt([]byte("theirs"), jwe.WithKey(management, public))
			if err != nil {
				t.Fatal(err)
			}
			if d, err := w.Decrypt(admin, platform, "K", key.DecryptRequest{Token: string(theirs)}); err != nil || *d.Payload != "theirs" {
				t.Errorf("what a library encrypted: %+v, %v", d, err)
			}
		})
	}
}

// TestVersions: the newest enabled version signs, every enabled one verifies, and
// the set follows at once.
func TestVersions(t *testing.T) {
	w := open(t)
	w.secret(platform, "S", `{"generate":{"kind":"ec"},"use_in_placeholders":false}`)
	w.key(platform, "K", `{"secret":"S"}`)
	first := w.sign("K", key.SignRequest{Content: claims(`{}`)})
	w.add("S", "rsa") // of another kind: no algorithm is named
	second := w.sign("K", key.SignRequest{Content: claims(`{}`)})
	if second.Version != 2 || second.Algorithm != "RS256" || second.KeyID == first.KeyID {
		t.Errorf("after a rotation: %+v", second)
	}
	valid := func(s key.Signed) bool { return w.verify("K", key.VerifyRequest{Token: s.Token}).Valid }
	if !valid(first) || !valid(second) || w.set(platform).Len() != 2 {
		t.Error("both versions are enabled and do not both verify")
	}
	again := w.sign("K", key.SignRequest{Content: claims(`{}`)})
	if again.KeyID != second.KeyID {
		t.Error("the kid is not stable")
	}
	status := func(s secretstore.Status) {
		if _, err := w.store.SetVersionStatus(t.Context(), admin, platform, "S", 1, s, ""); err != nil {
			t.Fatal(err)
		}
	}
	status(secretstore.Disabled)
	if valid(first) || !valid(second) || w.set(platform).Len() != 1 {
		t.Error("a disabled version verifies, or is published")
	}
	status(secretstore.Enabled)
	if !valid(first) {
		t.Error("a version that was enabled again does not verify")
	}
	if err := w.store.DestroyVersion(t.Context(), admin, platform, "S", 2, ""); err != nil {
		t.Fatal(err)
	}
	if valid(second) || w.sign("K", key.SignRequest{Content: claims(`{}`)}).Version != 1 {
		t.Error("the destroyed version is in use")
	}
	versions, err := w.Versions(admin, platform, "K")
	if err != nil || len(versions) != 1 || !versions[0].Active || versions[0].KeyID != first.KeyID {
		t.Errorf("versions %+v, %v", versions, err)
	}
	if err := w.store.DeleteSecret(t.Context(), admin, platform, "S", "", false); !errors.Is(err, secretstore.ErrInUse) {
		t.Errorf("deleting the secret of a key: %v", err)
	}
	if err := w.store.DeleteSecret(t.Context(), admin, platform, "S", "", true); err != nil {
		t.Fatal(err)
	}
	_, err = w.Sign(admin, platform, "K", key.SignRequest{Content: claims(`{}`)})
	wantCode(t, err, seal.CodeUnavailable)
	if w.set(platform).Len() != 0 {
		t.Error("a deleted key is published")
	}
}

// TestTimes holds tokens to exp and nbf.
func TestTimes(t *testing.T) {
	w := open(t)
	w.secret(platform, "S", `{"generate":{"kind":"hmac"}}`)
	w.key(platform, "K", `{"secret":"S"}`)
	now := time.Unix(1_900_000_000, 0)
	w.SetClock(func() time.Time { return now })
	for text, reason := range map[string]string{
		`{"exp":1900000001,"nbf":1900000000}`: "",
		`{"exp":1900000000}`:                  key.Expired,
		`{"exp":1899999999.5}`:                key.Expired,
		`{"nbf":1900000000.5}`:                key.NotYetValid,
		`{"exp":"2100"}`:                      key.BadClaims,
		`{"exp":null}`:                        key.BadClaims,
		`{}`:                                  "",
	} {
		s := w.sign("K", key.SignRequest{Content: claims(text)})
		if v := w.verify("K", key.VerifyRequest{Token: s.Token}); v.Reason != reason || v.Valid != (reason == "") || !v.Valid && v.Claims != nil {
			t.Errorf("%s: %+v", text, v)
		}
	}
}

// TestExpiredSecret: an expired secret is no key, from the moment that it expires.
func TestExpiredSecret(t *testing.T) {
	w := open(t)
	at := time.Now().Add(time.Hour)
	w.secret(platform, "S", `{"generate":{"kind":"ec"},"expires_at":"`+at.Format(time.RFC3339)+`"}`)
	w.key(platform, "K", `{"secret":"S"}`)
	w.sign("K", key.SignRequest{Content: claims(`{}`)})
	w.SetClock(func() time.Time { return at.Add(time.Second) })
	_, err := w.Sign(admin, platform, "K", key.SignRequest{Content: claims(`{}`)})
	wantCode(t, err, seal.CodeUnavailable)
	if w.set(platform).Len() != 0 {
		t.Error("the key of an expired secret is published")
	}
}

// TestScopes: a key is looked up from a scope, its secret from where it is stored.
func TestScopes(t *testing.T) {
	w := open(t)
	project := secretstore.Scope{Project: "p"}
	if _, _, err := w.store.PutScope(t.Context(), admin, project); err != nil {
		t.Fatal(err)
	}
	w.secret(platform, "S", `{"generate":{"kind":"ec"}}`)
	w.key(platform, "K", `{"secret":"S"}`)
	w.secret(project, "S", `{"generate":{"kind":"ec"}}`)
	above := w.sign("K", key.SignRequest{Content: claims(`{}`)})
	through, err := w.Sign(admin, project, "K", key.SignRequest{Content: claims(`{}`)})
	if err != nil || through.KeyID != above.KeyID {
		t.Errorf("a secret of the project got into the platform's key: %+v, %v", through, err)
	}
	w.key(project, "OWN", `{"secret":"S"}`)
	if n := w.set(project).Len(); n != 2 {
		t.Errorf("the project sees %d public keys, want its own and the platform's", n)
	}
	if n := w.set(platform).Len(); n != 1 {
		t.Errorf("the platform publishes %d keys, want 1", n)
	}
	if n := w.set(secretstore.Scope{Project: "absent"}).Len(); n != 1 {
		t.Errorf("a project that does not exist is told apart: %d keys", n)
	}
}

// TestRefusedDocuments says what is wrong with a key, and where.
func TestRefusedDocuments(t *testing.T) {
	w := open(t)
	for spec, want := range map[string]string{
		`{}`:                                     "/secret",
		`{"secret":"a/b"}`:                       "/secret",
		`{"secret":"S","use":"both"}`:            "/use",
		`{"secret":"S","algorithms":["none"]}`:   "/algorithms/0",
		`{"secret":"S","algorithms":["A256KW"]}`: "/algorithms/0",
		`{"secret":"S","use":"enc","algorithms":["RSA1_5"]}`:             "/algorithms/0",
		`{"secret":"S","use":"enc","algorithms":["PBES2-HS256+A128KW"]}`: "/algorithms/0",
		`{"secret":"S","use":"enc","encryption":"A1GCM"}`:                "/encryption",
		`{"secret":"S","operations":["sign","decrypt"]}`:                 "/operations/1",
		`{"secret":"S","extra":1}`:                                       "extra",
	} {
		_, _, err := w.Put(t.Context(), admin, platform, "K", json.RawMessage(spec), "")
		if !errors.Is(err, secretstore.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", spec, err)
		}
	}
	for _, id := range []string{"", ".", "a.", ".a", "a..b", "a/b", strings.Repeat("a", key.MaxIDLength+1)} {
		if _, _, err := w.Put(t.Context(), admin, platform, id, json.RawMessage(`{"secret":"S"}`), ""); !errors.Is(err, secretstore.ErrInvalid) {
			t.Errorf("ID %q: %v", id, err)
		}
	}
}

// TestUnusableSecrets: what is no key, or would be told by what it signs, signs
// nothing.
func TestUnusableSecrets(t *testing.T) {
	long := base64.StdEncoding.EncodeToString([]byte("0123456789abcdefghijklmnopqrstuv"))
	for name, x := range map[string]struct{ secret, spec string }{
		"weak":             {`{"value":"passwordpasswordpasswordpasswordpassword"}`, `{"secret":"S"}`},
		"short":            {`{"value":"sk_live_51Hq8ZkT0xVb"}`, `{"secret":"S"}`},
		"short for HS512":  {`{"value":"` + long + `","encoding":"base64hmac"}`, `{"secret":"S","algorithms":["HS512"]}`},
		"structure":        {`{"value":{"a":"sk_live_51Hq8ZkT0xVbN3mR7yU2wQ9eP4a"}}`, `{"secret":"S"}`},
		"HMAC with RS256":  {`{"generate":{"kind":"hmac"}}`, `{"secret":"S","algorithms":["RS256"]}`},
		"RSA with HS256":   {`{"generate":{"kind":"rsa","bits":2048}}`, `{"secret":"S","algorithms":["HS256"]}`},
		"HMAC encrypts":    {`{"generate":{"kind":"hmac","bytes":32}}`, `{"secret":"S","use":"enc"}`},
		"Ed25519 encrypts": {`{"generate":{"kind":"ed25519"}}`, `{"secret":"S","use":"enc"}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			w.secret(platform, "S", x.secret)
			w.key(platform, "K", x.spec)
			var err error
			if strings.Contains(x.spec, "enc") {
				_, err = w.Encrypt(admin, platform, "K", key.EncryptRequest{Content: payload("x")})
			} else {
				_, err = w.Sign(admin, platform, "K", key.SignRequest{Content: payload("x")})
			}
			wantCode(t, err, seal.CodeKey)
			if versions, err := w.Versions(admin, platform, "K"); err != nil || versions[0].Problem == "" || versions[0].Active {
				t.Errorf("versions %+v, %v", versions, err)
			}
		})
	}
}

// TestComputedSecretIsNoKey: a value that a script made of secrets signs nothing.
func TestComputedSecretIsNoKey(t *testing.T) {
	w := open(t)
	w.secret(platform, "SOURCE", `{"generate":{"kind":"hmac"}}`)
	set, err := w.store.SealingSet(t.Context(), admin, secretstore.KindScript, platform, secretstore.References{Secrets: []string{"SOURCE"}})
	if err != nil {
		t.Fatal(err)
	}
	run := set.NewRun(seal.Options{})
	token, err := run.Lookup("SOURCE")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.SetSecret(t.Context(), admin, run, platform, "COPY", token.(string)+"x"); err != nil {
		t.Fatal(err)
	}
	w.key(platform, "K", `{"secret":"COPY"}`)
	_, err = w.Sign(admin, platform, "K", key.SignRequest{Content: payload("x")})
	wantCode(t, err, seal.CodeKey)
}

// TestOperations: a key does what its use and its operations say, and nothing else.
func TestOperations(t *testing.T) {
	w := open(t)
	w.secret(platform, "S", `{"generate":{"kind":"ec"}}`)
	w.key(platform, "ALL", `{"secret":"S"}`)
	w.key(platform, "VERIFIES", `{"secret":"S","operations":["verify"]}`)
	s := w.sign("ALL", key.SignRequest{Content: claims(`{}`)})
	if v := w.verify("VERIFIES", key.VerifyRequest{Token: s.Token}); !v.Valid {
		t.Errorf("a key that only verifies: %+v", v)
	}
	for _, err := range []error{
		func() error {
			_, err := w.Sign(admin, platform, "VERIFIES", key.SignRequest{Content: claims(`{}`)})
			return err
		}(),
		func() error {
			_, err := w.Encrypt(admin, platform, "ALL", key.EncryptRequest{Content: claims(`{}`)})
			return err
		}(),
		func() error { _, err := w.Decrypt(admin, platform, "ALL", key.DecryptRequest{Token: "x"}); return err }(),
	} {
		if !errors.Is(err, secretstore.ErrInvalid) {
			t.Errorf("error %v", err)
		}
	}
}

// TestRestrictedSecretReachesKeysOnly: with use_in_placeholders false a script has
// no secret, and the key signs.
func TestRestrictedSecretReachesKeysOnly(t *testing.T) {
	w := open(t)
	w.secret(platform, "S", `{"generate":{"kind":"ec"},"use_in_placeholders":false}`)
	set, err := w.store.SealingSet(t.Context(), admin, secretstore.KindScript, platform, secretstore.References{Secrets: []string{"S"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = set.NewRun(seal.Options{}).Lookup("S")
	wantCode(t, err, seal.CodeUnavailable)
	entry, _, err := w.Put(t.Context(), admin, platform, "K", json.RawMessage(`{"secret":"S"}`), "")
	if err != nil || len(entry.Warnings) != 0 {
		t.Errorf("warnings %v, %v", entry.Warnings, err)
	}
	w.sign("K", key.SignRequest{Content: claims(`{}`)})
	secret, err := w.store.Secret(admin, platform, "S")
	if err != nil || secret.LastUsed == nil || secret.LastUsed.Kind != secretstore.KindKey {
		t.Errorf("last use %+v, %v", secret.LastUsed, err)
	}
}
