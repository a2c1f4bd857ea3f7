package secretstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv/bolt"
	"github.com/reticent/reticent/secretstore/seal"
)

const strong = "sk_live_51Hq8ZkT0xVbN3mR7"

var admin = secretstore.Principal{ID: "token:admin", Admin: true}

// open opens a store in dir, making its key at the first call.
func open(t testing.TB, dir string) *secretstore.Store {
	t.Helper()
	dir = filepath.Join(dir, "data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(dir, "key.json")
	keys, err := envelope.OpenFile(keyFile)
	if err != nil {
		if keys, err = envelope.CreateFile(keyFile); err != nil {
			t.Fatal(err)
		}
	}
	db, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := secretstore.Open(t.Context(), secretstore.Config{KV: db, Keys: keys, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func value(s string) *secretstore.Value {
	v := secretstore.StringValue(s)
	return &v
}

func given(s string) secretstore.Given { return secretstore.Given{Value: value(s)} }

func mustCreate(t *testing.T, s *secretstore.Store, scope secretstore.Scope, name string, spec secretstore.Spec) secretstore.Secret {
	t.Helper()
	secret, err := s.CreateSecret(t.Context(), admin, scope, name, spec)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func mustScope(t *testing.T, s *secretstore.Store, scopes ...secretstore.Scope) {
	t.Helper()
	for _, scope := range scopes {
		if _, _, err := s.PutScope(t.Context(), admin, scope); err != nil {
			t.Fatal(err)
		}
	}
}

// sees reports what a secret's name means in a scope: whether a run's Equal finds
// the value.
func sees(t *testing.T, s *secretstore.Store, scope secretstore.Scope, name, want string) bool {
	t.Helper()
	set, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, scope, secretstore.References{Secrets: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	run := set.NewRun(seal.Options{})
	token, err := run.Lookup(name)
	if err != nil {
		return false
	}
	equal, err := run.Equal(token.(string), want)
	if err != nil {
		t.Fatal(err)
	}
	return equal
}

func TestNearestScopeWins(t *testing.T) {
	s := open(t, t.TempDir())
	project, service := secretstore.Scope{Project: "p"}, secretstore.Scope{Project: "p", Service: "s"}
	other := secretstore.Scope{Project: "other"}
	mustScope(t, s, project, service, other)
	mustCreate(t, s, secretstore.Scope{}, "KEY", secretstore.Spec{Value: value(strong + "platform")})
	for _, scope := range []secretstore.Scope{{}, project, service, other} {
		if !sees(t, s, scope, "KEY", strong+"platform") {
			t.Errorf("%s does not see the platform's secret", scope)
		}
	}
	mustCreate(t, s, project, "KEY", secretstore.Spec{Value: value(strong + "project")})
	mustCreate(t, s, service, "KEY", secretstore.Spec{Value: value(strong + "service")})
	for scope, want := range map[secretstore.Scope]string{{}: "platform", other: "platform", project: "project", service: "service"} {
		if !sees(t, s, scope, "KEY", strong+want) {
			t.Errorf("%s does not see the secret of the %s", scope, want)
		}
	}
	if err := s.DeleteSecret(t.Context(), admin, service, "KEY", "", false); err != nil {
		t.Fatal(err)
	}
	if !sees(t, s, service, "KEY", strong+"project") {
		t.Error("the service does not see the project's secret after its own is gone")
	}
}

func TestStateSurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	mustScope(t, first, secretstore.Scope{Project: "p"})
	mustCreate(t, first, secretstore.Scope{Project: "p"}, "KEY", secretstore.Spec{Value: value(strong), AllowedHosts: []string{"api.example.com"}})
	if _, _, err := first.AddVersion(t.Context(), admin, secretstore.Scope{Project: "p"}, "KEY", given(strong+"2"), ""); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	if !sees(t, again, secretstore.Scope{Project: "p"}, "KEY", strong+"2") {
		t.Error("the newest version is not there after reopening")
	}
	got, err := again.Secret(admin, secretstore.Scope{Project: "p"}, "KEY")
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != 2 || len(got.AllowedHosts) != 1 {
		t.Errorf("metadata after reopening: %+v", got)
	}
}

func TestWriteIsVisibleWhenItReturns(t *testing.T) {
	s := open(t, t.TempDir())
	var bound []string
	s.Subscribe(func(c secretstore.Change) {
		for _, doc := range c.Changed {
			bound = append(bound, doc.Name+":"+strings.Join(doc.SealingSet().Names(), ","))
		}
	})
	ctx := t.Context()
	if _, _, err := s.PutDocument(ctx, admin, secretstore.Draft{Kind: secretstore.KindPolicy, Name: "pol", Secrets: []string{"KEY"}, Body: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, secretstore.Scope{}, "OTHER", secretstore.Spec{Value: value(strong)})
	mustCreate(t, s, secretstore.Scope{}, "KEY", secretstore.Spec{Value: value(strong)})
	if got, want := strings.Join(bound, " "), "pol: pol:KEY"; got != want {
		t.Errorf("bindings %q, want %q", got, want)
	}
	err := s.DeleteSecret(ctx, admin, secretstore.Scope{}, "KEY", "", false)
	var failure *secretstore.Failure
	if !errors.As(err, &failure) || !errors.Is(err, secretstore.ErrInUse) || len(failure.UsedBy) != 1 {
		t.Errorf("deleting a secret in use: %v", err)
	}
	if err := s.DeleteSecret(ctx, admin, secretstore.Scope{}, "KEY", "", true); err != nil {
		t.Fatal(err)
	}
	if doc, err := s.FindDocument(admin, secretstore.KindPolicy, secretstore.Scope{}, "pol"); err != nil || doc.SealingSet().Missing() == nil {
		t.Errorf("a policy whose secret is gone: %v", err)
	}
}

func TestOnlyAdminsAreServed(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, nobody := context.Background(), secretstore.Principal{ID: "token:x"}
	_, err := s.CreateSecret(ctx, nobody, secretstore.Scope{}, "KEY", secretstore.Spec{Value: value(strong)})
	if !errors.Is(err, secretstore.ErrForbidden) {
		t.Errorf("create: %v", err)
	}
	if _, err := s.SealingSet(t.Context(), nobody, secretstore.KindScript, secretstore.Scope{}, secretstore.References{Secrets: []string{"KEY"}}); !errors.Is(err, secretstore.ErrForbidden) {
		t.Errorf("sealing set: %v", err)
	}
}
