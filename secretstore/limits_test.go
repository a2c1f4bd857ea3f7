package secretstore_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

func patch(t *testing.T, s *secretstore.Store, name, body string) (secretstore.Secret, error) {
	t.Helper()
	var p secretstore.Patch
	if err := secretstore.Decode([]byte(body), &p); err != nil {
		t.Fatal(err)
	}
	return s.PatchSecret(t.Context(), admin, secretstore.Scope{}, name, p, "")
}

func TestWideningALimitNeedsTheValue(t *testing.T) {
	s := open(t, t.TempDir())
	for body, widens := range map[string]bool{
		`{"allowed_hosts":["evil.example.net"]}`:                   true,
		`{"allowed_hosts":["api.example.com","evil.example.net"]}`: true,
		`{"allowed_hosts":["api.example.com:8443"]}`:               true,
		`{"allowed_hosts":["http://api.example.com"]}`:             true,
		`{"allowed_hosts":["*.example.com"]}`:                      true,
		`{"allowed_in":["header","query"]}`:                        true,
		`{"allowed_in":["body"]}`:                                  true,
		`{"release":true}`:                                         true,
		`{"plain":["/x"]}`:                                         true,
		`{"description":"d"}`:                                      false,
		`{"allowed_hosts":["api.example.com","sub.example.org"]}`:  false,
		`{"allowed_in":["header"]}`:                                false,
		`{"allowed_hosts":["sub.example.org"],"allowed_in":null}`:  false,
		`{"allowed_hosts":[]}`:                                     false,
	} {
		before, _, err := s.PutSecret(t.Context(), admin, secretstore.Scope{}, "KEY", secretstore.Spec{
			Value: value(strong), AllowedHosts: []string{"api.example.com", "*.example.org"}, AllowedIn: []string{"header", "body:/a"},
		}, "")
		if err != nil {
			t.Fatal(err)
		}
		after, err := patch(t, s, "KEY", body)
		if got := errors.Is(err, secretstore.ErrValueRequired); got != widens || err != nil && !got {
			t.Errorf("%s: %v", body, err)
		}
		if widens {
			if after, err = s.Secret(admin, secretstore.Scope{}, "KEY"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("%s was refused and changed something: %s", body, diff)
			}
		}
		if after.Version != before.Version {
			t.Errorf("%s made a version", body)
		}
	}
}

func TestWideningReachesNoOlderVersion(t *testing.T) {
	s := open(t, t.TempDir())
	scope := secretstore.Scope{}
	mustCreate(t, s, scope, "KEY", secretstore.Spec{Value: value(strong), AllowedHosts: []string{"api.example.com"}})
	// Somebody who does not know the value gives another one with wider limits,
	// and then makes the old version the newest again.
	if _, err := patch(t, s, "KEY", `{"value":"not the value at all 1234","allowed_hosts":["evil.example.net","api.example.com"]}`); err != nil {
		t.Fatal(err)
	}
	if err := s.DestroyVersion(t.Context(), admin, scope, "KEY", 2, ""); err != nil {
		t.Fatal(err)
	}
	if !sees(t, s, scope, "KEY", strong) {
		t.Fatal("the first version is not current again")
	}
	set, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, scope, secretstore.References{Secrets: []string{"KEY"}})
	if err != nil {
		t.Fatal(err)
	}
	run := set.NewRun(seal.Options{})
	token, _ := run.Lookup("KEY")
	if err := run.Permit(token.(string), seal.Place{Scheme: "https", Host: "evil.example.net", Port: 443, In: seal.Header}); err == nil {
		t.Error("the old value may go to a host that was allowed for another value")
	}
	if err := run.Permit(token.(string), seal.Place{Scheme: "https", Host: "api.example.com", Port: 443, In: seal.Header}); err != nil {
		t.Error(err)
	}
}

func TestDerivedSecretsKeepTheirLimits(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, scope := t.Context(), secretstore.Scope{}
	mustCreate(t, s, scope, "A", secretstore.Spec{Value: value(strong), AllowedHosts: []string{"a.example.com", "b.example.com"}, Release: true})
	mustCreate(t, s, scope, "B", secretstore.Spec{Value: value("whsec_9tX2vQ7LpZr4KdYn8Jm1"), AllowedHosts: []string{"b.example.com"}})
	mustCreate(t, s, scope, "OPEN", secretstore.Spec{Value: value("xoxb-77Lk2mQp0sVt9RzYw4Ua"), AllowedHosts: []string{"b.example.com", "evil.example.net"}})
	set, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, scope, secretstore.References{Secrets: []string{"A", "B"}})
	if err != nil {
		t.Fatal(err)
	}
	run := set.NewRun(seal.Options{})
	a, _ := run.Lookup("A")
	b, _ := run.Lookup("B")
	both, err := run.Derive(seal.Base64, a.(string)+":"+b.(string))
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range map[string]any{
		"COPY": a.(string), "BOTH": both, "OPEN": both, "STRUCT": map[string]any{"x": []any{a, "plain", b}, "n": 1.0},
	} {
		if err := s.SetSecret(ctx, admin, run, scope, name, stored); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := s.Secret(admin, scope, name)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"b.example.com"}
		sources := 2
		if name == "COPY" {
			want, sources = []string{"a.example.com", "b.example.com"}, 1
		}
		if diff := cmp.Diff(want, got.AllowedHosts); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff([]string{"A", "B"}[:sources], got.DerivedFrom); got.Release || diff != "" {
			t.Errorf("%s: release %v, derived from: %s", name, got.Release, diff)
		}
		if _, err := patch(t, s, name, `{"allowed_hosts":["evil.example.net"]}`); !errors.Is(err, secretstore.ErrValueRequired) {
			t.Errorf("%s was widened without its value: %v", name, err)
		}
	}
	if !sees(t, s, scope, "COPY", strong) {
		t.Error("the stored value is not the plaintext")
	}
}

func TestVersionRules(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, scope := t.Context(), secretstore.Scope{}
	mustCreate(t, s, scope, "KEY", secretstore.Spec{Value: value(strong + "1")})
	status := func(n int, status secretstore.Status) error {
		_, err := s.SetVersionStatus(ctx, admin, scope, "KEY", n, status, "")
		return err
	}
	if err := status(1, secretstore.Disabled); err == nil {
		t.Error("the newest version was disabled")
	}
	if err := s.DestroyVersion(ctx, admin, scope, "KEY", 1, ""); err == nil {
		t.Error("the only version was destroyed")
	}
	if _, _, err := s.AddVersion(ctx, admin, scope, "KEY", given(strong+"2"), ""); err != nil {
		t.Fatal(err)
	}
	if err := status(1, secretstore.Disabled); err != nil {
		t.Error(err)
	}
	if err := s.DestroyVersion(ctx, admin, scope, "KEY", 2, ""); err == nil {
		t.Error("the newest version was destroyed while the one before it is disabled")
	}
	if err := status(1, secretstore.Enabled); err != nil {
		t.Error(err)
	}
	if err := s.DestroyVersion(ctx, admin, scope, "KEY", 2, ""); err != nil {
		t.Error(err)
	}
	if err := status(2, secretstore.Enabled); err == nil {
		t.Error("a destroyed version was enabled")
	}
	if !sees(t, s, scope, "KEY", strong+"1") {
		t.Error("the version before is not current")
	}
	v, _, err := s.AddVersion(ctx, admin, scope, "KEY", given(strong+"3"), "")
	if err != nil || v.Version != 3 {
		t.Errorf("the number of a destroyed version was given again: %+v %v", v, err)
	}
	versions, err := s.Versions(admin, scope, "KEY")
	if err != nil || len(versions) != 3 || versions[1].Status != secretstore.Destroyed {
		t.Errorf("versions %+v %v", versions, err)
	}
}

func TestTheOldestVersionGoes(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, scope := t.Context(), secretstore.Scope{}
	mustCreate(t, s, scope, "KEY", secretstore.Spec{Value: value(strong)})
	for n := range secretstore.MaxVersions {
		if _, _, err := s.AddVersion(ctx, admin, scope, "KEY", given(strong+strconv.Itoa(n)), ""); err != nil {
			t.Fatal(err)
		}
	}
	versions, err := s.Versions(admin, scope, "KEY")
	if err != nil || len(versions) != secretstore.MaxVersions || versions[len(versions)-1].Version != 2 {
		t.Errorf("%d versions, the oldest is %d, %v", len(versions), versions[len(versions)-1].Version, err)
	}
	if _, err := s.SetVersionStatus(ctx, admin, scope, "KEY", 1, secretstore.Enabled, ""); !errors.Is(err, secretstore.ErrNotFound) {
		t.Errorf("the first version is still there: %v", err)
	}
}

func TestIfMatch(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, scope := t.Context(), secretstore.Scope{}
	first := mustCreate(t, s, scope, "KEY", secretstore.Spec{Value: value(strong)})
	second, _, err := s.PutSecret(ctx, admin, scope, "KEY", secretstore.Spec{Value: value(strong + "2")}, first.ETag)
	if err != nil || second.ETag == first.ETag || second.Fingerprint == first.Fingerprint {
		t.Fatalf("put: %+v %v", second, err)
	}
	if _, _, err := s.PutSecret(ctx, admin, scope, "KEY", secretstore.Spec{Value: value(strong)}, first.ETag); !errors.Is(err, secretstore.ErrChanged) {
		t.Errorf("put with a stale tag: %v", err)
	}
	if err := s.DeleteSecret(ctx, admin, scope, "KEY", first.ETag, false); !errors.Is(err, secretstore.ErrChanged) {
		t.Errorf("delete with a stale tag: %v", err)
	}
	if _, _, err := s.PutSecret(ctx, admin, scope, "NEW", secretstore.Spec{Value: value(strong)}, "*"); !errors.Is(err, secretstore.ErrChanged) {
		t.Errorf("put of what must exist: %v", err)
	}
}

func TestMetadataNeverHasTheValue(t *testing.T) {
	s := open(t, t.TempDir())
	secret := mustCreate(t, s, secretstore.Scope{}, "DB", secretstore.Spec{
		Value: structured(t, `{"user":"svc","password":"`+strong+`"}`), Plain: []string{"/user"}, Description: "d",
	})
	text, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), strong) {
		t.Error("metadata hold the value")
	}
}

func structured(t *testing.T, raw string) *secretstore.Value {
	t.Helper()
	var v secretstore.Value
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatal(err)
	}
	return &v
}
