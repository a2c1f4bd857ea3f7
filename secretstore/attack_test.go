package secretstore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// The tests of this file are attacks by an author whose scripts store what they
// compute: each of them once told something of a plaintext.

// script runs fn with the surrogates of secrets, as a script of the platform.
func script(t *testing.T, s *secretstore.Store, fn func(run *seal.Run, secrets map[string]string), names ...string) {
	t.Helper()
	set, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, secretstore.Scope{}, secretstore.References{Secrets: names})
	if err != nil {
		t.Fatal(err)
	}
	run := set.NewRun(s.RunOptions(admin, secretstore.Scope{}))
	secrets := make(map[string]string)
	for _, name := range names {
		v, err := run.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		secrets[name], _ = v.(string)
	}
	fn(run, secrets)
}

// set is context.secrets.set.
func set(t *testing.T, s *secretstore.Store, run *seal.Run, name string, sealed any) {
	t.Helper()
	if err := s.SetSecret(t.Context(), admin, run, secretstore.Scope{}, name, sealed); err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code seal.Code) {
	t.Helper()
	var refused *seal.Error
	if !errors.As(err, &refused) || refused.Code != code {
		t.Errorf("error %v, want %s", err, code)
	}
}

// Behind a prefix made for it, whether a computed value is weak would tell a
// secret a character at a time.
func TestAttackWhetherAComputedValueIsWeak(t *testing.T) {
	const half = "9tX2vQ7L" // strong together with eight random characters
	var want map[string]bool
	for _, value2 := range []string{"aaaaaaa1", "Zq8!Xw1v"} {
		s := open(t, t.TempDir())
		mustCreate(t, s, secretstore.Scope{}, "W", secretstore.Spec{Value: value(value2)})
		mustCreate(t, s, secretstore.Scope{}, "S", secretstore.Spec{Value: value(value2 + "-Zk9vQ2xL7p")})
		got := make(map[string]bool)
		script(t, s, func(run *seal.Run, secrets map[string]string) {
			for name, sealed := range map[string]any{
				"WEAK": half + secrets["W"], "PREFIX": half + half[:4] + secrets["S"],
				"FIELDS": map[string]any{"a/b": []any{secrets["S"], half + half[4:] + half}},
				"BOTH":   map[string]any{"a": secrets["S"], "b": "production"},
			} {
				set(t, s, run, name, sealed)
				secret, err := s.Secret(admin, secretstore.Scope{}, name)
				if err != nil {
					t.Fatal(err)
				}
				got[name] = secret.Weak
			}
		}, "W", "S")
		if want == nil {
			want = map[string]bool{"WEAK": true, "PREFIX": false, "FIELDS": false, "BOTH": true}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("weak is told by the value: %s", diff)
		}
		script(t, s, func(run *seal.Run, _ map[string]string) { // and what is sealed into an input
			for text, sealed := range map[string]bool{half + value2: false, half + half[:4] + value2 + "-Zk9vQ2xL7p": true, "production": false} {
				if got, err := run.SealString(text); err != nil || (got != text) != sealed {
					t.Errorf("%q is sealed: %v, %v", text, got != text, err)
				}
			}
		}, "WEAK", "PREFIX", "BOTH")
	}
}

// A copy must not come with guesses of its own.
func TestAttackGuessesAtCopies(t *testing.T) {
	s := open(t, t.TempDir())
	mustCreate(t, s, secretstore.Scope{}, "PIN", secretstore.Spec{Value: value("4711")})
	script(t, s, func(run *seal.Run, secrets map[string]string) { set(t, s, run, "COPY", secrets["PIN"]) }, "PIN")
	script(t, s, func(run *seal.Run, secrets map[string]string) { set(t, s, run, "AGAIN", "x"+secrets["COPY"]) }, "COPY")
	script(t, s, func(run *seal.Run, secrets map[string]string) {
		for i := range seal.MaxMissesPerMinute {
			if _, err := run.Equal(secrets["PIN"], fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"PIN", "COPY", "AGAIN"} {
			_, err := run.Equal(secrets[name], "4710")
			wantCode(t, err, seal.CodeLimited)
		}
	}, "PIN", "COPY", "AGAIN")
}

// A stored encoding is an encoding: equal to its source is what needs no escape.
func TestAttackStoredEncodings(t *testing.T) {
	s := open(t, t.TempDir())
	mustCreate(t, s, secretstore.Scope{}, "S", secretstore.Spec{Value: value(strong)}) // needs none
	script(t, s, func(run *seal.Run, secrets map[string]string) {
		encoded, err := run.Derive(seal.Component, secrets["S"])
		if err != nil {
			t.Fatal(err)
		}
		set(t, s, run, "ENCODED", encoded)
		set(t, s, run, "FIELD", map[string]any{"e": encoded})
		set(t, s, run, "COPY", secrets["S"])
	}, "S")
	script(t, s, func(run *seal.Run, secrets map[string]string) { set(t, s, run, "TWICE", "Bearer "+secrets["ENCODED"]) }, "ENCODED")
	script(t, s, func(run *seal.Run, secrets map[string]string) {
		field, _ := run.Lookup("FIELD")
		for name, pair := range map[string][2]string{
			"encoded": {secrets["S"], secrets["ENCODED"]}, "field": {secrets["S"], field.(map[string]any)["e"].(string)},
			"twice": {"Bearer " + secrets["S"], secrets["TWICE"]}, "of a copy": {secrets["COPY"], secrets["ENCODED"]},
		} {
			if _, err := run.Equal(pair[0], pair[1]); err == nil {
				t.Errorf("%s: compared", name)
			}
		}
		if _, names := run.MaskString(secrets["S"]); len(names) != 2 {
			t.Errorf("masking the secret names %v", names)
		}
		if ok, err := run.Equal(secrets["COPY"], secrets["S"]); err != nil || !ok {
			t.Errorf("a copy and its source: %v, %v", ok, err)
		}
		// A caller's credential is still the secret and not its encoding.
		if sealed, err := run.SealString(strong); err != nil || sealed != secrets["S"] {
			t.Errorf("the input is sealed as %q, %v", sealed, err)
		}
	}, "S", "ENCODED", "FIELD", "TWICE", "COPY")
}

// What a host answers is sealed against secrets that scripts may not have, and a
// script that gets one so may not send it on.
func TestAttackUnusableSecretsFromAnswers(t *testing.T) {
	s := open(t, t.TempDir())
	hosts, past, no := []string{"api.example.com"}, time.Now().Add(-time.Hour), false
	mustScope(t, s, secretstore.Scope{Project: "p"})
	mustCreate(t, s, secretstore.Scope{}, "EXPIRED", secretstore.Spec{Value: value(strong + "1"), AllowedHosts: hosts, ExpiresAt: &past})
	mustCreate(t, s, secretstore.Scope{}, "KEY", secretstore.Spec{Value: value(strong + "2"), AllowedHosts: hosts, UseInPlaceholders: &no})
	mustCreate(t, s, secretstore.Scope{}, "OTHER", secretstore.Spec{Value: value(strong + "3"), AllowedHosts: hosts})
	mustCreate(t, s, secretstore.Scope{Project: "p"}, "HIDDEN", secretstore.Spec{Value: value(strong + "4"), AllowedHosts: hosts})
	target := seal.Target{Scheme: "https", Host: "api.example.com", Port: 443}
	script(t, s, func(run *seal.Run, _ map[string]string) {
		for number, want := range map[string]struct {
			names []string
			goes  bool
		}{"1": {[]string{"EXPIRED"}, false}, "2": {[]string{"KEY"}, false}, "3": {[]string{"OTHER"}, true}, "4": {[]string{}, false}} {
			sealed, err := run.SealResponse(target, "x"+strong+number)
			if err != nil {
				t.Fatal(err)
			}
			_, names := run.MaskString(sealed)
			if diff := cmp.Diff(want.names, names); diff != "" || !run.Holds(sealed) {
				t.Errorf("%q: %s", sealed, diff)
			}
			err = run.Permit(sealed, seal.Place{Scheme: "https", Host: "api.example.com", Port: 443, In: seal.Header})
			if (err == nil) != want.goes {
				t.Errorf("secret %s goes on: %v", number, err)
			}
		}
	})
}
