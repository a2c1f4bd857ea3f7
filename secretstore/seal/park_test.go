package seal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

const parkedKey, parkedOther, parkedPIN = "kPz-8842-parked-key-value", "oQx-1177-the-other-value", "482913"

func parkSet(t *testing.T, hosts ...string) *seal.Set {
	return sealtest.Set(t, map[string]any{
		"KEY":   sealtest.Secret{Value: parkedKey, Hosts: hosts},
		"OTHER": sealtest.Secret{Value: parkedOther, Hosts: []string{"other.example"}},
		"PIN":   parkedPIN,
	})
}

func lookup(t *testing.T, r *seal.Run, name string) string {
	t.Helper()
	v, err := r.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return v.(string)
}

func derived(t *testing.T, r *seal.Run, f seal.Func, s string) string {
	t.Helper()
	out, err := r.Derive(f, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func park(t *testing.T, r *seal.Run, v any) *seal.Parked {
	t.Helper()
	p, err := r.Park(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func unpark(t *testing.T, r *seal.Run, p *seal.Parked) any {
	t.Helper()
	v, ok, err := r.Unpark(p)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return v
}

// TestPark carries a value from a run to the next of the same artefact.
func TestPark(t *testing.T) {
	set := parkSet(t, "api.example")
	first, next := set.NewRun(seal.Options{}), set.NewRun(seal.Options{})
	key := lookup(t, first, "KEY")
	mac, err := first.MAC(seal.HashSHA256, key, "message")
	if err != nil {
		t.Fatal(err)
	}
	p := park(t, first, map[string]any{
		"bearer": "Bearer " + key, "basic": derived(t, first, seal.Btoa, "u:"+key), "mac": derived(t, first, seal.Hex, mac),
		"pin": lookup(t, first, "PIN"), "both": []any{key + lookup(t, first, "OTHER")}, "n": 7.0, "text": "plain " + parkedOther, "none": nil,
	})
	if shown := fmt.Sprintf("%v %+v %#v", p, *p, p); strings.Contains(shown, parkedKey) || strings.Contains(shown, parkedPIN) {
		t.Errorf("a parked value shows its secrets: %s", shown)
	}
	got := unpark(t, next, p).(map[string]any)
	if first.Holds(got["bearer"].(string)) || !next.Holds(got["bearer"].(string)) {
		t.Error("the surrogates are not those of the run")
	}
	if got["bearer"] != "Bearer "+lookup(t, next, "KEY") || got["text"] != "plain "+lookup(t, next, "OTHER") {
		t.Error("what is of the set has other surrogates")
	}
	for name, plain := range map[string]string{"bearer": "Bearer " + parkedKey, "basic": "dTprUHotODg0Mi1wYXJrZWQta2V5LXZhbHVl", "pin": parkedPIN} {
		if same, err := next.Equal(got[name].(string), plain); !same || err != nil {
			t.Errorf("%s: %v %v", name, same, err)
		}
	}
	again := unpark(t, next, p)
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("a second look gives other surrogates: %s", diff)
	}
	masked, where := next.MaskValue(got)
	want := map[string]any{"bearer": "Bearer ***", "basic": "***", "mac": "***", "pin": "***", "both": []any{"******"}, "n": 7.0, "text": "plain ***", "none": nil}
	if diff := cmp.Diff(want, masked); diff != "" {
		t.Error(diff)
	}
	for _, m := range where {
		if m.Path == "/both/0" && !cmp.Equal(m.Secrets, []string{"KEY", "OTHER"}) || m.Path == "/basic" && !cmp.Equal(m.Secrets, []string{"KEY"}) {
			t.Errorf("%v", m)
		}
	}
	// It may go where all of its secrets may.
	header := func(host string) seal.Place {
		return seal.Place{Scheme: "https", Host: host, Port: 443, In: seal.Header}
	}
	for _, c := range []struct {
		text, host string
		allowed    bool
	}{
		{got["bearer"].(string), "api.example", true}, {got["bearer"].(string), "evil.example", false},
		{got["basic"].(string), "api.example", true}, {got["basic"].(string), "other.example", false},
		{got["both"].([]any)[0].(string), "api.example", false}, {got["pin"].(string), "api.example", false},
	} {
		if err := next.Permit(c.text, header(c.host)); (err == nil) != c.allowed {
			t.Errorf("%s: %v", c.host, err)
		}
	}
	// An encoding still is one.
	if _, err := next.Equal(got["basic"].(string), lookup(t, next, "KEY")); err == nil {
		t.Error("a secret was compared with an encoding of it")
	}
	if same, err := next.Equal(got["mac"].(string), "0000"); same || err != nil {
		t.Error(same, err)
	}
	if _, err := next.VerifyEncoded(got["mac"].(string), "m", "x"); err == nil {
		t.Error("a derived value passes for a secret as it stands")
	}
}

// TestParkedEndsWithItsSecrets brings values into runs for which the secrets have
// changed meanwhile.
func TestParkedEndsWithItsSecrets(t *testing.T) {
	first := parkSet(t, "api.example", "wide.example").NewRun(seal.Options{})
	p := park(t, first, "Bearer "+lookup(t, first, "KEY"))
	without := sealtest.Set(t, map[string]any{"OTHER": parkedOther, "KEY": nil}).NewRun(seal.Options{})
	if v, ok, err := without.Unpark(p); ok || v != nil || err != nil {
		t.Errorf("%v %v %v: the secret is gone", v, ok, err)
	}
	for name, set := range map[string]*seal.Set{
		"narrowed": parkSet(t, "api.example"),
		"rotated":  sealtest.Set(t, map[string]any{"KEY": sealtest.Secret{Value: "a-new-value-of-the-key-77", Hosts: []string{"api.example"}}}),
	} {
		run := set.NewRun(seal.Options{})
		v := unpark(t, run, p).(string)
		place := seal.Place{Scheme: "https", Port: 443, In: seal.Header}
		place.Host = "wide.example"
		if err := run.Permit(v, place); err == nil {
			t.Errorf("%s: the old limits hold", name)
		}
		place.Host = "api.example"
		if err := run.Permit(v, place); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if same, err := run.Equal(v, "Bearer "+parkedKey); !same || err != nil {
			t.Errorf("%s: %v %v", name, same, err)
		}
		if s, names := run.MaskString("x" + v); s != "xBearer ***" || !cmp.Equal(names, []string{"KEY"}) {
			t.Errorf("%s: %s %v", name, s, names)
		}
		// The net knows the plaintext as well.
		if s, _ := run.MaskString("leak: " + parkedKey); strings.Contains(s, parkedKey) {
			t.Errorf("%s: %s", name, s)
		}
	}
}

// TestParkedForeign parks what a host answered: a secret that the artefact does
// not name.
func TestParkedForeign(t *testing.T) {
	foreign := sealtest.New(t, "FOREIGN", sealtest.Secret{Value: "fGt-9920-of-another-script", Hosts: []string{"api.example"}})
	options := seal.Options{Hosts: func(seal.Target) []*seal.Secret { return []*seal.Secret{foreign} }}
	target := seal.Target{Scheme: "https", Host: "api.example", Port: 443}
	set := parkSet(t)
	first, next := set.NewRun(options), set.NewRun(seal.Options{})
	text, err := first.SealResponse(target, "token=fGt-9920-of-another-script")
	if err != nil || strings.Contains(text, "fGt") {
		t.Fatal(text, err)
	}
	v := unpark(t, next, park(t, first, text)).(string)
	if s, names := next.MaskString(v); s != "token=***" || !cmp.Equal(names, []string{"FOREIGN"}) {
		t.Errorf("%s %v", s, names)
	}
	if err := next.Permit(v, seal.Place{Scheme: "https", Host: "evil.example", Port: 443, In: seal.Header}); err == nil {
		t.Error("it goes anywhere")
	}
	if same, err := next.Equal(v, "token=fGt-9920-of-another-script"); !same || err != nil {
		t.Error(same, err)
	}
	if s, _ := next.MaskString("fGt-9920-of-another-script"); s != "***" {
		t.Error(s)
	}
}

// TestParkedIsNoOracle guesses at a weak secret by way of parked values, and
// makes one a name.
func TestParkedIsNoOracle(t *testing.T) {
	set := parkSet(t)
	guard := seal.NewGuard()
	first := set.NewRun(seal.Options{Principal: "p", Guard: guard})
	p := park(t, first, lookup(t, first, "PIN"))
	q := park(t, first, lookup(t, first, "PIN"))
	misses := 0
	for i := range 100 {
		run := set.NewRun(seal.Options{Principal: "p", Guard: guard})
		a, b := unpark(t, run, p).(string), unpark(t, run, q).(string)
		if a == b || a == lookup(t, run, "PIN") {
			t.Fatal("equal weak secrets show by their surrogates")
		}
		if _, err := run.Equal(a, fmt.Sprint(100000+i)); err != nil {
			break
		}
		misses++
	}
	if misses > seal.MaxMissesPerMinute {
		t.Errorf("%d guesses", misses)
	}
	if _, err := first.Park(map[string]any{lookup(t, first, "KEY"): 1.0}); err == nil {
		t.Error("a secret is a name")
	}
	long := set.NewRun(seal.Options{})
	if a, b := park(t, long, lookup(t, long, "KEY")), park(t, long, lookup(t, long, "PIN")); a.Size() != b.Size() {
		t.Errorf("sizes %d and %d tell lengths", a.Size(), b.Size())
	}
}
