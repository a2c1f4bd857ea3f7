package secretstore_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore"
)

func secretsFile(t *testing.T, text string) map[string]secretstore.Value {
	t.Helper()
	var file map[string]secretstore.Value
	if err := secretstore.Decode([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSecretsFile(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, service := t.Context(), secretstore.Scope{Project: "p", Service: "s"}
	mustScope(t, s, secretstore.Scope{Project: "p"}, service)
	mustCreate(t, s, secretstore.Scope{}, "PLATFORM", secretstore.Spec{Value: value(strong)})
	put := func(text string, o secretstore.FileOptions, want secretstore.FileResult) {
		t.Helper()
		got, err := s.PutFile(ctx, admin, service, secretsFile(t, text), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range []*[]string{&want.Created, &want.Updated, &want.Unchanged, &want.Deleted} {
			*list = append([]string{}, *list...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	put(`{"DB_NAME":"test_db","DB":{"user":"u","password":"supersecretpas$-91kx"}}`, secretstore.FileOptions{}, secretstore.FileResult{Created: []string{"DB", "DB_NAME"}})
	if !s.Structured(service, "DB") || !sees(t, s, service, "DB_NAME", "test_db") {
		t.Error("a structure is no structure, or a text not what it was")
	}
	if _, err := s.PatchSecret(ctx, admin, service, "DB_NAME", secretstore.Patch{Description: secretstore.Optional[string]{Present: true, Value: "d"}}, ""); err != nil {
		t.Fatal(err)
	}
	put(`{"DB_NAME":"prod_db","DB":{"user":"u","password":"supersecretpas$-91kx"},"NEW":"n"}`, secretstore.FileOptions{},
		secretstore.FileResult{Created: []string{"NEW"}, Updated: []string{"DB_NAME"}, Unchanged: []string{"DB"}})
	if got, err := s.Secret(admin, service, "DB_NAME"); err != nil || got.Version != 2 || got.Description != "d" {
		t.Errorf("%+v, %v", got, err)
	}
	put(`{"DB_NAME":"prod_db"}`, secretstore.FileOptions{}, secretstore.FileResult{Unchanged: []string{"DB_NAME"}})

	// Replacing deletes the scope's others, and no other scope's.
	mustPut(t, s, secretstore.KindScript, service, "job", "DB", "PLATFORM")
	_, err := s.PutFile(ctx, admin, service, secretsFile(t, `{"DB_NAME":"third"}`), secretstore.FileOptions{Replace: true})
	var failure *secretstore.Failure
	if !errors.As(err, &failure) || !errors.Is(err, secretstore.ErrInUse) || len(failure.UsedBy) != 1 {
		t.Errorf("replacing a secret that is in use: %v", err)
	}
	if !sees(t, s, service, "DB_NAME", "prod_db") {
		t.Error("a refused file changed something")
	}
	put(`{"DB_NAME":"third"}`, secretstore.FileOptions{Replace: true, Force: true}, secretstore.FileResult{Updated: []string{"DB_NAME"}, Deleted: []string{"DB", "NEW"}})
	if !sees(t, s, service, "PLATFORM", strong) {
		t.Error("a secret of the platform went too")
	}
}

// All of a file or nothing.
func TestSecretsFileIsAllOrNothing(t *testing.T) {
	s := open(t, t.TempDir())
	mustCreate(t, s, secretstore.Scope{}, "AES", secretstore.Spec{Generate: &secretstore.Generate{Kind: "aes"}})
	mustCreate(t, s, secretstore.Scope{}, "esv-x", secretstore.Spec{Value: value(strong)})
	for text, class := range map[string]error{
		`{"A":"good","a.b":"bad name"}`:         secretstore.ErrInvalid,
		`{"A":"good","B":""}`:                   secretstore.ErrInvalid,
		`{"A":"good","AES":"no key"}`:           secretstore.ErrInvalid,
		`{"A":"good","byos-x":"the other one"}`: secretstore.ErrExists,
	} {
		if _, err := s.PutFile(t.Context(), admin, secretstore.Scope{}, secretsFile(t, text), secretstore.FileOptions{Replace: true, Force: true}); !errors.Is(err, class) {
			t.Errorf("%s: %v", text, err)
		}
		page, err := s.Secrets(admin, secretstore.Scope{}, secretstore.PageRequest{})
		if err != nil || len(page.Items) != 2 {
			t.Fatalf("after %s there are %d secrets, %v", text, len(page.Items), err)
		}
	}
}
