package secretstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore"
)

func TestNames(t *testing.T) {
	for name, good := range map[string]bool{
		"API_KEY": true, "a": true, "0": true, "-": true, "esv-my-secret": true, "esv-My_1": true, "byos-x": true,
		"esv-" + strings.Repeat("x", 120): true, strings.Repeat("x", 124): true,
		"esv-" + strings.Repeat("x", 121): false, "": false, "a.b": false, "a b": false, "é": false, "a/b": false,
		"esv-": false, "byos-": false, "esv.my.secret": false, "get": false, "constructor": false, "a\n": false,
	} {
		if err := secretstore.CheckName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
	for reference, name := range map[string]string{
		"API_KEY": "API_KEY", "esv-my-secret": "esv-my-secret", "esv.my.secret": "esv-my-secret", "esv.my_own.secret": "esv-my_own-secret",
		"byos.x": "byos-x", "esv-my.secret": "esv-my.secret", "esvx.y": "esvx.y", "DB.password": "DB.password",
	} {
		if got := secretstore.Name(reference); got != name {
			t.Errorf("%s means %s, want %s", reference, got, name)
		}
	}
}

// An ESV is found by all of its names, the nearest one of either.
func TestNamesOfAnESV(t *testing.T) {
	s := open(t, t.TempDir())
	shop := secretstore.Scope{Project: "shop"}
	mustScope(t, s, shop)
	mustCreate(t, s, secretstore.Scope{}, "esv-7765622105-key", secretstore.Spec{Value: value(strong + "platform")})
	mustCreate(t, s, secretstore.Scope{}, "byos-old", secretstore.Spec{Value: value(strong + "old")})
	names := []string{"esv-7765622105-key", "byos-7765622105-key", "esv.7765622105.key", "byos.7765622105.key"}
	for _, name := range names {
		if !sees(t, s, shop, name, strong+"platform") {
			t.Errorf("%s does not mean the ESV", name)
		}
	}
	for _, name := range []string{"esv-old", "esv.old", "byos.old"} {
		if !sees(t, s, shop, name, strong+"old") {
			t.Errorf("%s does not mean what was brought", name)
		}
	}
	for _, name := range names {
		doc := mustPut(t, s, secretstore.KindPolicy, shop, strings.ReplaceAll(name, ".", "_"), name)
		if doc.SealingSet().Missing() != nil {
			t.Errorf("a policy does not find %s", name)
		}
	}
	if got := usedBy(t, s, secretstore.Scope{}, "esv-7765622105-key"); len(got) != len(names) {
		t.Errorf("used by %v", got)
	}
	// A nearer one of any of its names is nearer.
	mustCreate(t, s, shop, "byos-7765622105-key", secretstore.Spec{Value: value(strong + "shop")})
	for _, name := range names {
		if !sees(t, s, shop, name, strong+"shop") {
			t.Errorf("%s does not mean the nearer one", name)
		}
		doc, err := s.FindDocument(admin, secretstore.KindPolicy, shop, strings.ReplaceAll(name, ".", "_"))
		if err != nil {
			t.Fatal(err)
		}
		if run := doc.SealingSet().NewRun(s.RunOptions(admin, shop)); run != nil {
			token, err := run.Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			if equal, err := run.Equal(token.(string), strong+"shop"); err != nil || !equal {
				t.Errorf("the stored policy's %s is still the old one: %v", name, err)
			}
		}
	}
	if got := usedBy(t, s, secretstore.Scope{}, "esv-7765622105-key"); len(got) != 0 {
		t.Errorf("used by %v", got)
	}
	_, err := s.CreateSecret(t.Context(), admin, secretstore.Scope{}, "byos-7765622105-key", secretstore.Spec{Value: value(strong)})
	if !errors.Is(err, secretstore.ErrExists) || !strings.Contains(err.Error(), "another name of it") {
		t.Errorf("a second secret of one name: %v", err)
	}
	// A script that sets one of the names sets the secret that there is.
	set, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, secretstore.Scope{}, secretstore.References{Secrets: nil})
	if err != nil {
		t.Fatal(err)
	}
	run := set.NewRun(s.RunOptions(admin, secretstore.Scope{}))
	if err := s.SetSecret(t.Context(), admin, run, secretstore.Scope{}, "esv-old", strong+"new"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Secret(admin, secretstore.Scope{}, "byos-old"); err != nil || got.Version != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}
