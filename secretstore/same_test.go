package secretstore_test

import (
	"fmt"
	"testing"

	"github.com/reticent/reticent/secretstore"
)

func TestTheSameValueAddsNothing(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, scope := t.Context(), secretstore.Scope{}
	mustCreate(t, s, scope, "KEY", secretstore.Spec{Value: value(strong), AllowedHosts: []string{"api.example.com"}})
	mustCreate(t, s, scope, "DB", secretstore.Spec{Value: structured(t, `{"password":"`+strong+`"}`)})
	versions := func(name string, want int) {
		t.Helper()
		got, err := s.Versions(admin, scope, name)
		if err != nil || len(got) != want {
			t.Errorf("%s has %d versions, want %d, %v", name, len(got), want, err)
		}
	}
	v, added, err := s.AddVersion(ctx, admin, scope, "KEY", given(strong), "")
	if err != nil || added || v.Version != 1 {
		t.Errorf("the same value: %+v, %v, %v", v, added, err)
	}
	db := structured(t, `{"password":"`+strong+`"}`)
	if _, added, err := s.AddVersion(ctx, admin, scope, "DB", secretstore.Given{Value: db}, ""); err != nil || added {
		t.Errorf("the same structure: %v, %v", added, err)
	}
	text := value(`{"password":"` + strong + `"}`)
	if _, added, err := s.AddVersion(ctx, admin, scope, "DB", secretstore.Given{Value: text}, ""); err != nil || !added {
		t.Errorf("the text of the structure: %v, %v", added, err)
	}
	versions("KEY", 1)
	versions("DB", 2)

	put, _, err := s.PutSecret(ctx, admin, scope, "KEY", secretstore.Spec{Value: value(strong), AllowedHosts: []string{"api.example.com"}, Description: "d"}, "")
	if err != nil || put.Version != 1 || put.Description != "d" {
		t.Errorf("put: %+v, %v", put, err)
	}
	// To widen a limit makes a version: the old one stays as narrow as it was.
	put, _, err = s.PutSecret(ctx, admin, scope, "KEY", secretstore.Spec{Value: value(strong), AllowedHosts: []string{"other.example.com"}}, "")
	if err != nil || put.Version != 2 {
		t.Errorf("put with another limit: %+v, %v", put, err)
	}
	// Only the newest version counts: to go back to an older value is a change.
	if _, added, err := s.AddVersion(ctx, admin, scope, "KEY", given(strong+"x"), ""); err != nil || !added {
		t.Errorf("another value: %v, %v", added, err)
	}
	if _, added, err := s.AddVersion(ctx, admin, scope, "KEY", given(strong), ""); err != nil || !added {
		t.Errorf("an older value: %v, %v", added, err)
	}
	versions("KEY", 4)
}

// To be told that a value is the same is a guess: after twenty that missed, the
// right one is told nothing either.
func TestAttackGuessByAddingVersions(t *testing.T) {
	s := open(t, t.TempDir())
	mustCreate(t, s, secretstore.Scope{}, "PIN", secretstore.Spec{Value: value("814359")})
	mustCreate(t, s, secretstore.Scope{}, "OTHER", secretstore.Spec{Value: value("814359")})
	add := func(name, text string) bool {
		t.Helper()
		_, added, err := s.AddVersion(t.Context(), admin, secretstore.Scope{}, name, given(text), "")
		if err != nil {
			t.Fatal(err)
		}
		return added
	}
	if add("PIN", "814359") {
		t.Fatal("the same value was added")
	}
	for i := range 20 {
		if !add("PIN", fmt.Sprint(100000+i)) {
			t.Fatal("another value was not added")
		}
	}
	if !add("PIN", "100019") {
		t.Error("the 21st guess was answered")
	}
	if add("OTHER", "814359") {
		t.Error("guesses at one secret count for another")
	}
}

// A secret that was written by a script from a weak one: a guess at it is one at
// its source.
func TestAttackGuessByAddingVersionsOfACopy(t *testing.T) {
	s := open(t, t.TempDir())
	mustCreate(t, s, secretstore.Scope{}, "PIN", secretstore.Spec{Value: value("814359")})
	set, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, secretstore.Scope{}, secretstore.References{Secrets: []string{"PIN"}})
	if err != nil {
		t.Fatal(err)
	}
	run := set.NewRun(s.RunOptions(admin, secretstore.Scope{}))
	pin, err := run.Lookup("PIN")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 21 {
		name := fmt.Sprintf("COPY%d", i)
		if err := s.SetSecret(t.Context(), admin, run, secretstore.Scope{}, name, pin); err != nil {
			t.Fatal(err)
		}
		guess := fmt.Sprint(100000 + i)
		if i == 20 {
			guess = "814359"
		}
		if _, added, err := s.AddVersion(t.Context(), admin, secretstore.Scope{}, name, given(guess), ""); err != nil || !added {
			t.Errorf("guess %d: %v, %v", i, added, err)
		}
	}
}
