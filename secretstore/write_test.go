package secretstore_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore"
)

// TestPreviewOfDocuments: a preview answers and refuses as the write would, and
// leaves no trace.
func TestPreviewOfDocuments(t *testing.T) {
	ctx, s := t.Context(), open(t, t.TempDir())
	root := secretstore.Scope{}
	preview := things(s).With(secretstore.WriteOptions{Preview: true, Set: "files"})
	if e, created, err := preview.Put(ctx, admin, root, "p", json.RawMessage(`{"text":"one"}`), ""); err != nil || !created || e.Version != 1 || e.Set != "files" {
		t.Errorf("%+v %v %v", e, created, err)
	}
	if _, err := things(s).Get(admin, root, "p"); !errors.Is(err, secretstore.ErrNotFound) {
		t.Errorf("a preview wrote: %v", err)
	}
	stored, _, err := things(s).Put(ctx, admin, root, "p", json.RawMessage(`{"text":"one"}`), "")
	if err != nil {
		t.Fatal(err)
	}
	if e, created, err := preview.Put(ctx, admin, root, "p", json.RawMessage(`{"text":"two"}`), stored.ETag); err != nil || created || e.Version != 2 || e.Value.Text != "two" {
		t.Errorf("%+v %v %v", e, created, err)
	}
	if now, err := things(s).Get(admin, root, "p"); err != nil || !cmp.Equal(stored, now) {
		t.Errorf("a preview changed something: %s, %v", cmp.Diff(stored, now), err)
	}
	if _, _, err := preview.Put(ctx, admin, root, "p", json.RawMessage(`{"text":"two"}`), "another"); !errors.Is(err, secretstore.ErrChanged) {
		t.Errorf("a preview with an old ETag: %v", err)
	}
	if _, _, err := preview.Put(ctx, admin, root, "p", json.RawMessage(`{"text":"now refused"}`), ""); err == nil {
		t.Error("a preview lets pass what is refused")
	}
	if _, _, err := preview.Put(ctx, secretstore.Principal{ID: "token:nobody"}, root, "p", json.RawMessage(`{"text":"two"}`), ""); !errors.Is(err, secretstore.ErrForbidden) {
		t.Errorf("somebody else's preview: %v", err)
	}
}

// TestSets: a write that names a set puts into it, and another one leaves it there.
func TestSets(t *testing.T) {
	ctx, s := t.Context(), open(t, t.TempDir())
	root := secretstore.Scope{}
	put := func(text, set string) secretstore.Entry[thing] {
		t.Helper()
		e, _, err := things(s).With(secretstore.WriteOptions{Set: set}).Put(ctx, admin, root, "p", json.RawMessage(text), "")
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	a := put(`{"text":"one"}`, "a")
	if again := put(`{"text":"one"}`, "a"); again.ETag != a.ETag {
		t.Error("the same set again changes something")
	}
	if none := put(`{"text":"two"}`, ""); none.Set != "a" {
		t.Errorf("set %q", none.Set)
	}
	if b := put(`{"text":"two"}`, "b"); b.Set != "b" || b.Version != 2 {
		t.Errorf("set %q, version %d", b.Set, b.Version)
	}
	if _, _, err := things(s).With(secretstore.WriteOptions{Set: "not a name"}).Put(ctx, admin, root, "p", json.RawMessage(`{"text":"one"}`), ""); !errors.Is(err, secretstore.ErrInvalid) {
		t.Errorf("a set of no name: %v", err)
	}
}

// TestAppliedFingerprint: it is that of the value that was applied, or was there when
// metadata were applied first, and stays when somebody else writes one.
func TestAppliedFingerprint(t *testing.T) {
	ctx, s := t.Context(), open(t, t.TempDir())
	root := secretstore.Scope{}
	o := secretstore.WriteOptions{Set: "files"}
	put := func(text string, o secretstore.WriteOptions) secretstore.Secret {
		t.Helper()
		secret, _, err := s.PutSecret(ctx, admin, root, "S", secretstore.Spec{Value: value(text), WriteOptions: o}, "")
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	patch := func(p secretstore.Patch) secretstore.Secret {
		t.Helper()
		secret, err := s.PatchSecret(ctx, admin, root, "S", p, "")
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	drifted := func(secret secretstore.Secret) bool { return secret.AppliedFingerprint != secret.Fingerprint }

	if secret := put("by-hand-0000000001", secretstore.WriteOptions{}); secret.Set != "" || secret.AppliedFingerprint != "" {
		t.Errorf("%+v", secret)
	}
	adopted := patch(secretstore.Patch{WriteOptions: o})
	if adopted.Set != "files" || drifted(adopted) {
		t.Errorf("%+v", adopted)
	}
	if secret := put("by-hand-0000000002", secretstore.WriteOptions{}); secret.Set != "files" || !drifted(secret) {
		t.Errorf("%+v", secret)
	}
	if secret := patch(secretstore.Patch{WriteOptions: o}); !drifted(secret) {
		t.Error("metadata that are applied hide that the value was changed")
	}
	preview := put("applied-0000000003", secretstore.WriteOptions{Set: "files", Preview: true})
	if preview.Version != 3 || drifted(preview) {
		t.Errorf("%+v", preview)
	}
	if now, err := s.Secret(admin, root, "S"); err != nil || now.Version != 2 || !drifted(now) {
		t.Errorf("a preview wrote: %+v %v", now, err)
	}
	if secret := put("applied-0000000003", o); drifted(secret) || secret.Version != 3 {
		t.Errorf("%+v", secret)
	}
}
