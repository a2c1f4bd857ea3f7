package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

// tourKeys signs, verifies, encrypts and decrypts.
func tourKeys(ctx context.Context, t *testing.T, c *client.Client, scope client.Scope, ok func(error)) {
	t.Helper()
	never := false
	_, _, err := c.Secrets(scope).Put(ctx, "TOUR_SIGNING", client.SecretSpec{Generate: &client.Generate{Kind: "ec"}, UseInPlaceholders: &never}, "")
	ok(err)
	keys := c.Keys(scope)
	k, _, err := keys.Put(ctx, "tour.signing", client.KeySpec{Secret: "TOUR_SIGNING"}, "")
	ok(err)
	_, err = keys.Patch(ctx, "tour.signing", map[string]any{"description": "tour"}, k.ETag)
	ok(err)
	if k, err = keys.Get(ctx, "tour.signing"); err != nil || k.Use != "sig" || k.ETag == "" {
		t.Errorf("key %+v, %v", k, err)
	}
	if all, err := keys.All(ctx); err != nil || len(all) == 0 {
		t.Errorf("keys %+v, %v", all, err)
	}
	signed, err := keys.Sign(ctx, "tour.signing", client.SignRequest{Content: client.Content{Claims: json.RawMessage(`{"sub":"alice"}`)}})
	ok(err)
	if v, err := keys.Verify(ctx, "tour.signing", client.VerifyRequest{Token: signed.Token}); err != nil || !v.Valid || v.KeyID != signed.KeyID {
		t.Errorf("verified %+v, %v", v, err)
	}
	if versions, err := keys.Versions(ctx, "tour.signing"); err != nil || len(versions) == 0 || versions[0].KeyID != signed.KeyID {
		t.Errorf("versions %+v, %v", versions, err)
	}
	if set, err := c.KeySet(ctx, scope); err != nil || !strings.Contains(string(set), signed.KeyID) {
		t.Errorf("key set %s, %v", set, err)
	}
	_, _, err = keys.Put(ctx, "tour.encryption", client.KeySpec{Secret: "TOUR_SIGNING", Use: "enc"}, "")
	ok(err)
	text := "card 4111"
	encrypted, err := keys.Encrypt(ctx, "tour.encryption", client.EncryptRequest{Content: client.Content{Payload: &text}})
	ok(err)
	if d, err := keys.Decrypt(ctx, "tour.encryption", encrypted.Token); err != nil || d.Payload == nil || *d.Payload != text {
		t.Errorf("decrypted %+v, %v", d, err)
	}
	ok(keys.Delete(ctx, "tour.encryption", "", false))
	ok(keys.Delete(ctx, "tour.signing", "", false))
	ok(c.Secrets(scope).Delete(ctx, "TOUR_SIGNING", "", false))
}

// TestKeySetIsPublic: whoever verifies needs no token, keeps the set for a time and
// asks again with its ETag.
func TestKeySetIsPublic(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	anonymous := map[string]string{"Authorization": ""}
	want(t, s, 201, request{"PUT", "/v1/projects/shop/secrets/SIGNING", `{"generate":{"kind":"ed25519"}}`, nil})
	want(t, s, 201, request{"PUT", "/v1/projects/shop/keys/tokens", `{"secret":"SIGNING"}`, nil})
	first := want(t, s, 200, request{"GET", "/v1/projects/shop/jwks.json", "", anonymous})
	if got := first.Header; got.Get("Cache-Control") != "public, max-age=300" || got.Get("Content-Type") != "application/jwk-set+json" {
		t.Errorf("headers %v", got)
	}
	again := map[string]string{"Authorization": "", "If-None-Match": first.Header.Get("ETag")}
	want(t, s, http.StatusNotModified, request{"GET", "/v1/projects/shop/jwks.json", "", again})
	want(t, s, 201, request{"POST", "/v1/projects/shop/secrets/SIGNING/versions", `{"generate":{"kind":"ed25519"}}`, nil})
	second := want(t, s, 200, request{"GET", "/v1/projects/shop/jwks.json", "", again})
	if strings.Count(string(second.Body), `"kid"`) != 2 {
		t.Errorf("after a rotation: %s", second.Body)
	}
	if absent := want(t, s, 200, request{"GET", "/v1/projects/absent/jwks.json", "", anonymous}); strings.TrimSpace(string(absent.Body)) != `{"keys":[]}` {
		t.Errorf("a project that does not exist: %s", absent.Body)
	}
	want(t, s, http.StatusUnauthorized, request{"GET", "/v1/projects/shop/keys", "", anonymous})
	wantProblem(t, s, 422, "token_undecryptable", func() request {
		want(t, s, 201, request{"PUT", "/v1/projects/shop/secrets/AES", `{"generate":{"kind":"aes"}}`, nil})
		want(t, s, 201, request{"PUT", "/v1/projects/shop/keys/sealed", `{"secret":"AES","use":"enc"}`, nil})
		return request{"POST", "/v1/projects/shop/keys/sealed/decrypt", `{"token":"a.b.c.d.e"}`, nil}
	}())
}
