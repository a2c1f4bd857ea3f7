package secretstore_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore"
)

func mustPut(t *testing.T, s *secretstore.Store, kind secretstore.Kind, scope secretstore.Scope, name string, secrets ...string) *secretstore.Document {
	t.Helper()
	body := json.RawMessage(fmt.Sprintf(`{"secrets":%d}`, len(secrets)))
	doc, _, err := s.PutDocument(t.Context(), admin, secretstore.Draft{Kind: kind, Scope: scope, Name: name, Secrets: secrets, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func usedBy(t *testing.T, s *secretstore.Store, scope secretstore.Scope, name string) []string {
	t.Helper()
	secret, err := s.Secret(admin, scope, name)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, r := range secret.UsedBy {
		out = append(out, fmt.Sprintf("%s %s/%s", r.Kind, r.Scope, r.Name))
	}
	return out
}

// What a name means decides who uses a secret, whatever is created or deleted in
// between.
func TestUsedBy(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	platform, shop := secretstore.Scope{}, secretstore.Scope{Project: "shop"}
	mustScope(t, s, shop)
	mustPut(t, s, secretstore.KindScript, shop, "early", "KEY")
	got := mustCreate(t, s, platform, "KEY", secretstore.Spec{Value: value(strong)})
	if len(got.UsedBy) != 1 {
		t.Errorf("a new secret that is waited for: %+v", got.UsedBy)
	}
	mustPut(t, s, secretstore.KindPolicy, platform, "p", "KEY", "OTHER")
	want := func(scope secretstore.Scope, want ...string) {
		t.Helper()
		if diff := cmp.Diff(append([]string{}, want...), usedBy(t, s, scope, "KEY")); diff != "" {
			t.Error(diff)
		}
	}
	want(platform, "policy /p", "script projects/shop/early")
	mustCreate(t, s, shop, "KEY", secretstore.Spec{Value: value(strong)})
	want(platform, "policy /p")
	want(shop, "script projects/shop/early")
	mustPut(t, s, secretstore.KindScript, shop, "early", "OTHER")
	want(shop)
	if err := s.DeleteSecret(t.Context(), admin, shop, "KEY", "", false); err != nil {
		t.Errorf("a secret that nothing uses any more: %v", err)
	}
	mustPut(t, s, secretstore.KindScript, shop, "early", "KEY")
	if err := s.DeleteDocument(t.Context(), admin, secretstore.KindPolicy, platform, "p", ""); err != nil {
		t.Fatal(err)
	}
	want(platform, "script projects/shop/early")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	want(platform, "script projects/shop/early")
}

func TestLastUse(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	platform := secretstore.Scope{}
	for _, name := range []string{"KEY", "UNUSED"} {
		if got := mustCreate(t, s, platform, name, secretstore.Spec{Value: value(strong)}); got.LastUsed != nil {
			t.Errorf("a new secret was used: %+v", got.LastUsed)
		}
	}
	doc := mustPut(t, s, secretstore.KindPolicy, platform, "p", "KEY")
	last := func(name string) *secretstore.Use {
		t.Helper()
		secret, err := s.Secret(admin, platform, name)
		if err != nil {
			t.Fatal(err)
		}
		return secret.LastUsed
	}
	s.Used(admin, doc)
	use := last("KEY")
	if use == nil || use.By != admin.ID || use.Kind != secretstore.KindPolicy || use.Name != "p" || use.At.IsZero() {
		t.Fatalf("last use %+v", use)
	}
	if last("UNUSED") != nil {
		t.Error("a use of another secret counts")
	}
	// It outlives changes of the secret, new documents and the server.
	if _, _, err := s.AddVersion(t.Context(), admin, platform, "KEY", given(strong+"2"), ""); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(use, last("KEY")); diff != "" {
		t.Error(diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if diff := cmp.Diff(use, last("KEY")); diff != "" {
		t.Errorf("after a restart:\n%s", diff)
	}
	if _, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, platform, secretstore.References{Secrets: []string{"KEY"}}); err != nil {
		t.Fatal(err)
	}
	if test := last("KEY"); test.Kind != secretstore.KindTest || test.Name != "" || test.At.Before(use.At) {
		t.Errorf("after a test run: %+v", test)
	}
	// A new secret of the name was not used.
	if err := s.DeleteSecret(t.Context(), admin, platform, "KEY", "", true); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, platform, "KEY", secretstore.Spec{Value: value(strong)})
	if use := last("KEY"); use != nil {
		t.Errorf("the use of the secret before it: %+v", use)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if use := last("KEY"); use != nil {
		t.Errorf("the use of the secret before it, after a restart: %+v", use)
	}
}

// To note a use is cheap: evaluations do it.
func BenchmarkUsed(b *testing.B) {
	s := open(b, b.TempDir())
	var names []string
	for i := range 5 {
		name := fmt.Sprintf("KEY%d", i)
		if _, err := s.CreateSecret(b.Context(), admin, secretstore.Scope{}, name, secretstore.Spec{Value: value(strong)}); err != nil {
			b.Fatal(err)
		}
		names = append(names, name)
	}
	doc, _, err := s.PutDocument(b.Context(), admin, secretstore.Draft{Kind: secretstore.KindPolicy, Name: "p", Secrets: names, Body: json.RawMessage(`{}`)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.Used(admin, doc)
	}
}
