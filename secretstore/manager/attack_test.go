package manager_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/manager"
)

// TestCredentialsStayWithinTheirLimits has a manager whose address is an attacker's:
// the token does not go there, nor into the body where it is for the header.
func TestCredentialsStayWithinTheirLimits(t *testing.T) {
	w := open(t, manager.Local{})
	v := newFakeVault(t, 2)
	v.set("db", "password", first)
	w.manager("m", vaultSpec(w, v))
	w.secret("VAULT_TOKEN", "hvs.root-token-of-the-test", "vault.example.com")
	calls := v.count()
	w.missing("m/db/password")
	if v.count() != calls {
		t.Error("the token went to a host that it is not for")
	}
	var spec secretstore.Spec
	raw, _ := json.Marshal(map[string]any{"value": "the SecretID of the test 314", "allowed_hosts": []string{v.URL}})
	if err := secretstore.Decode(raw, &spec); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.store.PutSecret(t.Context(), admin, platform, "SECRET_ID", spec, ""); err != nil {
		t.Fatal(err)
	}
	w.manager("a", map[string]any{"kind": "vault", "vault": map[string]any{"address": v.URL, "auth": map[string]any{"method": "approle", "role_id": "r", "secret": "SECRET_ID"}}})
	w.missing("a/db/password")
	if v.count() != calls {
		t.Error("a secret for headers went out in a body")
	}
	if !strings.Contains(w.log.String(), "allowed_in") {
		t.Error("the log does not say why")
	}
}

// TestWhatIsTheServersOwn is refused unless the operator allows it, and below the
// platform always.
func TestWhatIsTheServersOwn(t *testing.T) {
	t.Setenv("RETICENT_TEST_OPEN", first)
	w := open(t, manager.Local{Directories: []string{"/srv/secrets"}, EnvironmentPrefixes: []string{"RETICENT_TEST_"}})
	if _, _, err := w.store.PutScope(t.Context(), admin, secretstore.Scope{Project: "p"}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		scope secretstore.Scope
		spec  string
	}{
		"a directory outside":        {platform, `{"kind":"directory","directory":{"path":"/etc"}}`},
		"one with that for a prefix": {platform, `{"kind":"directory","directory":{"path":"/srv/secrets-of-others"}}`},
		"one by way of ..":           {platform, `{"kind":"directory","directory":{"path":"/srv/secrets/../../etc"}}`},
		"a directory for a project":  {secretstore.Scope{Project: "p"}, `{"kind":"directory","directory":{"path":"/srv/secrets"}}`},
		"the administrator's token":  {platform, `{"kind":"environment","environment":{"prefix":"RETICENT_TO"}}`},
		"the environment, a project": {secretstore.Scope{Project: "p"}, `{"kind":"environment","environment":{"prefix":"RETICENT_TEST_"}}`},
		"the pod's service account":  {platform, `{"kind":"vault","vault":{"address":"https://attacker.example.com","auth":{"method":"kubernetes","role":"r"}}}`},
		"the server's AWS":           {platform, `{"kind":"aws","aws":{"region":"eu-central-1","endpoint":"https://attacker.example.com"}}`},
		"an address with a user":     {platform, `{"kind":"vault","vault":{"address":"https://u:p@vault.example.com","auth":{"method":"token","secret":"T"}}}`},
		"two kinds":                  {platform, `{"kind":"environment","environment":{"prefix":"RETICENT_TEST_"},"directory":{"path":"/srv/secrets"}}`},
	} {
		if _, _, err := w.Put(t.Context(), admin, c.scope, "m", json.RawMessage(c.spec), ""); !errors.Is(err, secretstore.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAssignment has a manager for a group: a grant on secrets does not open it, being
// a member does, and what a member stored is refused when he is one no more.
func TestAssignment(t *testing.T) {
	t.Setenv("RETICENT_TEST_OPEN", first)
	w := open(t, manager.Local{EnvironmentPrefixes: []string{"RETICENT_TEST_"}})
	put := func(kind secretstore.Kind, name, body string) error {
		var err error
		if kind == secretstore.KindGroup {
			_, _, err = secretstore.GroupShelf(w.store).Put(t.Context(), admin, platform, name, json.RawMessage(body), "")
		} else {
			_, _, err = secretstore.GrantShelf(w.store).Put(t.Context(), admin, platform, name, json.RawMessage(body), "")
		}
		return err
	}
	member, other := secretstore.Principal{ID: "token:member"}, secretstore.Principal{ID: "token:other"}
	for _, err := range []error{
		put(secretstore.KindGroup, "dba", `{"members":["token:member"]}`),
		put(secretstore.KindGrant, "member", `{"subject":"token:member","role":"author"}`),
		put(secretstore.KindGrant, "other", `{"subject":"token:other","role":"author"}`),
		put(secretstore.KindGrant, "use", `{"subject":"token:other","permissions":["use"],"kinds":["secret"]}`),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	spec := map[string]any{"kind": "environment", "environment": map[string]any{"prefix": "RETICENT_TEST_"}}
	w.manager("open", spec)
	spec["groups"] = []string{"group:dba"}
	w.manager("dbs", spec)
	draft := func(by secretstore.Principal, name, reference string) error {
		_, _, err := w.store.PutDocument(t.Context(), by, secretstore.Draft{Kind: secretstore.KindScript, Name: name, Secrets: []string{reference}, Body: json.RawMessage(`{}`)})
		return err
	}
	if err := draft(other, "a", "dbs/OPEN"); !errors.Is(err, secretstore.ErrForbidden) {
		t.Errorf("who is no member: %v", err)
	}
	if err := draft(other, "b", "open/OPEN"); err != nil {
		t.Errorf("who has a grant, of a manager for no group: %v", err)
	}
	if err := draft(member, "c", "open/OPEN"); !errors.Is(err, secretstore.ErrForbidden) {
		t.Errorf("who has no grant, of a manager for no group: %v", err)
	}
	if err := draft(member, "d", "dbs/OPEN"); err != nil {
		t.Fatalf("a member: %v", err)
	}
	set := func() (missing bool) {
		doc, err := w.store.Document(admin, secretstore.KindScript, platform, "d")
		if err != nil {
			t.Fatal(err)
		}
		if doc, err = w.store.Complete(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
		return doc.Forbidden() != nil || doc.SealingSet().Missing() != nil
	}
	if set() {
		t.Error("what a member stored has no secret")
	}
	if err := put(secretstore.KindGroup, "dba", `{"members":[]}`); err != nil {
		t.Fatal(err)
	}
	if !set() {
		t.Error("what he stored has the secret when he is a member no more")
	}
}

// BenchmarkComplete compares a document that names a fetched secret, one that names a
// stored one, and one that names none.
func BenchmarkComplete(b *testing.B) {
	root := b.TempDir()
	w := open(b, manager.Local{Directories: []string{root}})
	mounted{b, root}.set("KEY", "", first)
	w.manager("m", map[string]any{"kind": "directory", "directory": map[string]any{"path": root}})
	w.secret("STORED", second, "api.example.com")
	for name, secrets := range map[string][]string{"managed": {"m/KEY"}, "stored": {"STORED"}, "none": nil} {
		doc, _, err := w.store.PutDocument(b.Context(), admin, secretstore.Draft{Kind: secretstore.KindScript, Name: name, Secrets: secrets, Body: json.RawMessage(`{}`)})
		if err != nil {
			b.Fatal(err)
		}
		if doc, err = w.store.Complete(b.Context(), doc); err != nil || doc.SealingSet().Missing() != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				found, err := w.store.FindDocument(admin, secretstore.KindScript, platform, name)
				if err != nil {
					b.Fatal(err)
				}
				if found, err = w.store.Complete(b.Context(), found); err != nil {
					b.Fatal(err)
				}
				_ = found.SealingSet().NewRun(w.store.RunOptions(admin, platform))
			}
		})
	}
}
