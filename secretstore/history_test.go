package secretstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/reticent/reticent/secretstore"
)

type thing struct {
	Text string `json:"text"`
}

// things are documents of a kind whose versions are kept.
func things(s *secretstore.Store) secretstore.Shelf[thing] {
	return secretstore.Shelf[thing]{Store: s, Kind: secretstore.KindPolicy,
		Check: func(_ context.Context, _ secretstore.Scope, _ string, x *thing) (secretstore.References, error) {
			if x.Text == "now refused" {
				return secretstore.References{}, errors.New("refused")
			}
			return secretstore.References{}, nil
		}}
}

func TestVersionsOfDocuments(t *testing.T) {
	ctx, s := t.Context(), open(t, t.TempDir())
	root := secretstore.Scope{}
	shelf := things(s)
	put := func(text, note string) {
		t.Helper()
		if _, _, err := shelf.With(secretstore.WriteOptions{Note: note}).Put(ctx, admin, root, "p", json.RawMessage(fmt.Sprintf(`{"text":%q}`, text)), ""); err != nil {
			t.Fatal(err)
		}
	}
	put("one", "the first")
	put("two", "")
	put("two", "nothing changed")
	restored, err := shelf.Restore(ctx, admin, root, "p", 1, "")
	if err != nil || restored.Version != 3 || restored.Value.Text != "one" {
		t.Fatalf("%+v %v", restored, err)
	}
	versions, err := shelf.Versions(ctx, admin, root, "p")
	if err != nil || len(versions) != 3 || versions[0].Note != "as version 1" || versions[1].Note != "" || versions[2].Note != "the first" || versions[2].StoredBy != admin.ID {
		t.Errorf("%+v %v", versions, err)
	}
	if e, err := shelf.Version(ctx, admin, root, "p", 2); err != nil || e.Value.Text != "two" || e.Version != 2 {
		t.Errorf("%+v %v", e, err)
	}
	if _, err := shelf.Restore(ctx, admin, root, "p", 2, "of-another"); !errors.Is(err, secretstore.ErrChanged) {
		t.Errorf("restored in spite of its ETag: %v", err)
	}
	for _, n := range []int{0, 4, -1} {
		if _, err := shelf.Version(ctx, admin, root, "p", n); !errors.Is(err, secretstore.ErrNotFound) {
			t.Errorf("version %d: %v", n, err)
		}
	}
	// Who may do nothing sees nothing.
	nobody := secretstore.Principal{ID: "token:nobody"}
	if _, err := shelf.Versions(ctx, nobody, root, "p"); !errors.Is(err, secretstore.ErrForbidden) {
		t.Errorf("listed for nobody: %v", err)
	}
	// The oldest are forgotten.
	for i := range secretstore.MaxDocumentVersions {
		put(fmt.Sprint(i), "")
	}
	versions, err = shelf.Versions(ctx, admin, root, "p")
	if err != nil || len(versions) != secretstore.MaxDocumentVersions || versions[len(versions)-1].Version != 4 {
		t.Errorf("%d versions, %v", len(versions), err)
	}
	// A new document of the name has its own.
	if err := shelf.Delete(ctx, admin, root, "p", "", false); err != nil {
		t.Fatal(err)
	}
	put("new", "")
	if versions, err = shelf.Versions(ctx, admin, root, "p"); err != nil || len(versions) != 1 || versions[0].Version != 1 {
		t.Errorf("%+v %v", versions, err)
	}
}
