package seal_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// The tests of this file are attacks: each of them once told something of a
// plaintext, decided wrongly, or cost the server more than its author.

// must gives what a function of a run gives, which must not fail.
func must(t *testing.T) func(string, error) string {
	return func(s string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// A digest or an HMAC is equal to another exactly if what went in is: behind one,
// encodings would be an oracle as they are in the open.
func TestAttackEncodingsBehindDigests(t *testing.T) {
	run := newRun(t, map[string]any{"S": strong, "K": strong2, "NUL": strong2 + "\x00"})
	s, k, ok := token(t, run, "S"), token(t, run, "K"), must(t)
	percent, b64 := ok(run.Derive(seal.Component, s)), ok(run.Derive(seal.Base64, s))
	longer := ok(run.Derive(seal.Base64, s+"a"))
	digest := func(s string) string { return ok(run.Derive(seal.SHA256, s)) }
	mac := func(key, message string) string { return ok(hexMAC(run, key, message)) }
	for name, pair := range map[string][2]string{
		"alphabet by digest":        {digest(s), digest(percent)},
		"length by digest":          {digest(longer), digest(b64 + "YQ==")},
		"alphabet by two digests":   {digest(digest(s)), digest(digest(percent))},
		"alphabet by message":       {mac(k, s), mac(k, percent)},
		"alphabet by key":           {mac(s, "m"), mac(percent, "m")},
		"length by padding of key":  {mac(s, "m"), mac(s+"\x00", "m")},
		"length by padding, hashed": {digest(mac(s, "m")), digest(mac(s+"\x00", "m"))},
		"length by padding, twice":  {mac(k, mac(s, "m")), mac(k, mac(s+"\x00", "m"))},
		"length by another secret":  {mac(s+token(t, run, "NUL"), "m"), mac(s+strong2, "m")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run.Equal(pair[0], pair[1])
			wantCode(t, err, seal.CodeInspected)
		})
	}
	if equal(t, run, mac("v0="+s, "a"), mac("v0="+s, "b")) || equal(t, run, mac(s, "a"), mac(s+":"+k, "a")) || !equal(t, run, digest(percent), digest(percent)) {
		t.Error("HMACs under one key, and digests, do not compare")
	}
}

// An HMAC that comes out plain is compared where no boundary sees it.
func TestAttackReleasedKeysThatShowTheSecret(t *testing.T) {
	run := newRun(t, map[string]any{
		"S": sealtest.Secret{Value: strong, Release: true}, "T": sealtest.Secret{Value: strong2 + "\x00", Release: true},
	})
	s, other, ok := token(t, run, "S"), token(t, run, "T"), must(t)
	for name, key := range map[string]string{
		"padded": s + "\x00", "padded by a secret": s + other,
		"percent": ok(run.Derive(seal.Component, s)), "percent in front": ok(run.Derive(seal.Component, s)) + "a",
	} {
		if mac := ok(hexMAC(run, key, "m")); !run.Holds(mac) {
			t.Errorf("%s: the HMAC is plain", name)
		}
	}
	if mac := ok(hexMAC(run, "AWS4"+s, "20260101")); run.Holds(mac) {
		t.Error("the HMAC under a released secret is sealed")
	}
}

// Each step doubles what resolving costs.
func TestAttackDigestsOfDigests(t *testing.T) {
	run := newRun(t, map[string]any{"S": strong})
	for name, next := range map[string]func(string) (string, error){
		"digest": func(s string) (string, error) { return run.Derive(seal.SHA256, s+s) },
		"hmac":   func(s string) (string, error) { return hexMAC(run, s, s) },
	} {
		t.Run(name, func(t *testing.T) {
			s := token(t, run, "S")
			for range 64 {
				s = must(t)(next(s))
			}
			_, err := run.Equal(s, "x")
			wantCode(t, err, seal.CodeInspected)
		})
	}
}

// One text holds as many guesses as it has parts.
func TestAttackGuessesInOneText(t *testing.T) {
	run := newRun(t, map[string]any{"PIN": weak})
	pin, ok := token(t, run, "PIN"), must(t)
	const text = "0000000100020003000400050006000700080009001000110012001300140015001600170018001900200021"
	for name, try := range map[string]func(i int) error{
		"around": func(i int) error { _, err := run.Equal(text[:i]+pin+text[i+4:], text); return err },
		"encoded": func(i int) error {
			_, err := run.Equal(ok(run.Derive(seal.Base64, text[:i]+pin)), base64.StdEncoding.EncodeToString([]byte(text)))
			return err
		},
		"number": func(i int) error { _, err := run.EqualNumber(strings.Repeat("1", i)+pin, 22224711); return err },
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			for i := range seal.MaxMissesPerMinute + 1 {
				if err = try(i); err != nil {
					break
				}
			}
			wantCode(t, err, seal.CodeLimited)
		})
	}
}

// A secret that has every PIN shows which is another's, if that shares a surrogate.
func TestAttackAliasesOfWeakSecrets(t *testing.T) {
	all := make(map[string]any)
	for i := range 10000 {
		all[fmt.Sprintf("n%04d", i)] = fmt.Sprintf("%04d", i)
	}
	all["real"] = weak // as context.secrets.set stores a copy
	run := newRun(t, map[string]any{"PIN": weak, "ALL": all})
	v, err := run.Lookup("ALL")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{token(t, run, "PIN"): true}
	for name, s := range v.(map[string]any) {
		if seen[s.(string)] {
			t.Errorf("%s shares a surrogate", name)
		}
		seen[s.(string)] = true
	}
	_, masked := run.MaskValue(v)
	for _, m := range masked {
		if diff := cmp.Diff([]string{"ALL." + m.Path[1:]}, m.Secrets); diff != "" {
			t.Errorf("%s: %s", m.Path, diff)
		}
	}
}

// A release long after the miss must not take back somebody else's.
func TestAttackLateReleaseOfAMiss(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	guard := &seal.Guard{Now: func() time.Time { return now }}
	set := sealtest.Set(t, map[string]any{"PINS": []any{"1111", "2222"}})
	run := func() (*seal.Run, string, string) {
		r := set.NewRun(seal.Options{Guard: guard, Principal: "eve"})
		v, _ := r.Lookup("PINS")
		return r, v.([]any)[0].(string), v.([]any)[1].(string)
	}
	slow, first, second := run()
	equal(t, slow, first, "2222")
	now = now.Add(40 * time.Second)
	other, at, _ := run()
	equal(t, other, at, "in between")
	now = now.Add(40 * time.Second)
	for i := range seal.MaxMissesPerMinute - 1 {
		equal(t, other, at, fmt.Sprint(i))
	}
	equal(t, slow, second, "2222") // a hit: the miss of long ago is forgiven
	_, err := other.Equal(at, "one more")
	wantCode(t, err, seal.CodeLimited)
}

// Whether btoa fails must not tell that a secret has characters beyond Latin-1.
func TestAttackBtoaOfOtherCharacters(t *testing.T) {
	run := newRun(t, map[string]any{"S": "pä€s-Zk9vQ2xL7p-3mR7t"})
	s := must(t)(run.Derive(seal.Btoa, "u:"+token(t, run, "S")))
	if equal(t, run, s, "guess") || !equal(t, run, s, base64.StdEncoding.EncodeToString([]byte("u:pä€s-Zk9vQ2xL7p-3mR7t"))) {
		t.Error("btoa of a secret beyond Latin-1 does not resolve to its UTF-8")
	}
	for _, text := range []string{"€", "€" + token(t, run, "S")} {
		_, err := run.Derive(seal.Btoa, text)
		wantCode(t, err, seal.CodeInspected)
	}
}

func TestAttackIndexFindsTheFirst(t *testing.T) {
	run := newRun(t, map[string]any{"A": strong})
	for haystack, want := range map[string]int{
		strong[:20] + strong + strong: 20, strong[1:] + "x": -1, strong: 0, "": -1, strong[:len(strong)-1]: -1,
	} {
		if at, err := run.Index(haystack, token(t, run, "A")); err != nil || at != want {
			t.Errorf("Index = %d, %v; want %d", at, err, want)
		}
	}
}

var bank, evil = seal.Target{Scheme: "https", Host: "bank.example.com", Port: 443}, seal.Target{Scheme: "https", Host: "evil.example.net", Port: 443}

// A host that the PIN was not sent to answers all PINs: the sealed one is it.
func TestAttackListOfPinsFromAnotherHost(t *testing.T) {
	run := newRun(t, map[string]any{"PIN": weak, "A": strong})
	mac := must(t)(hexMAC(run, token(t, run, "PIN"), "m"))
	run.Left(bank, "PIN "+token(t, run, "PIN")+" "+mac+" "+token(t, run, "A"))
	const list = "4709 4710 4711 4712 " + "c1a8bfb4cd3ef1b1a3ca19f5d4a2ef5f"
	if sealed := foreign(t, run, evil, list); sealed != list {
		t.Errorf("the answer of another host is sealed: %q", sealed)
	}
	if sealed := foreign(t, run, bank, list); !run.Holds(sealed) || strings.Contains(sealed, weak) {
		t.Errorf("the answer of the host is not: %q", sealed)
	}
	if sealed := foreign(t, run, evil, "x"+strong); !run.Holds(sealed) {
		t.Error("a strong secret is not sealed in every answer")
	}
}

// In an echo of "x" + W + "x" the secret does not stand alone.
func TestAttackEchoOfAWeakSecretAmongLetters(t *testing.T) {
	run := newRun(t, map[string]any{"W": "hunter2!z", "V": weak})
	w, v := token(t, run, "W"), token(t, run, "V")
	basic := must(t)(run.Derive(seal.Base64, "ab"+v))
	for sent, plain := range map[string]string{
		"x" + w + "x": "xhunter2!zx", "a b" + w: "a bhunter2!z", w + v: "hunter2!z4711", "1" + w + "x" + v + "2": "1hunter2!zx47112",
		v + "3 rsv_x" + v + " " + v: "47113 rsv_x4711 4711", "é" + v: "é4711", "b=" + basic: "b=YWI0NzEx, ab4711",
	} {
		r := newRun(t, map[string]any{"W": "hunter2!z", "V": weak})
		sent = strings.NewReplacer(w, token(t, r, "W"), v, token(t, r, "V"), basic, must(t)(r.Derive(seal.Base64, "ab"+token(t, r, "V")))).Replace(sent)
		r.Left(bank, sent)
		for _, echo := range []string{plain, "{\"you sent\":\"" + plain + "\"}", percentAll(plain)} {
			sealed := foreign(t, r, bank, echo)
			if !equal(t, r, sealed, echo) {
				t.Errorf("the answer %q does not resolve to itself", echo)
			}
			for _, part := range []string{"hunter2", weak, "YWI0NzEx"} {
				if strings.Contains(sealed, part) {
					t.Errorf("%q in %q", part, sealed)
				}
			}
		}
	}
}

// How many escapes a secret needs must not show in what is too large.
func TestAttackSizeOfASpelling(t *testing.T) {
	limit := func(secret string) int {
		run := newRun(t, map[string]any{"S": secret})
		text := foreign(t, run, bank, "q="+percentAll(secret))
		for n := 1; ; n++ {
			if _, err := run.Equal(strings.Repeat(text, n), "x"); err != nil {
				return n
			}
		}
	}
	if short, long := limit(strong2), limit(strong2+strong2+strong2); short != long {
		t.Errorf("%d times and %d times", short, long)
	}
}

// What a response holds compares as the plaintext would, in JSON too.
func TestAttackEscapesInJSON(t *testing.T) {
	const secret = `p\nq/Zk9vQ2xL7p"3mR7t`
	run := newRun(t, map[string]any{"S": secret})
	for body, want := range map[string]string{
		`{"v":"p\nq%2FZk9vQ2xL7p\"3mR7t"}`:   "p\nq%2FZk9vQ2xL7p\"3mR7t",
		`{"v":"p%5Cnq%2FZk9vQ2xL7p\"3mR7t"}`: `p%5Cnq%2FZk9vQ2xL7p"3mR7t`,
		`{"v":"p\\nq/Zk9vQ2xL7p\"3mR7t"}`:    secret,
	} {
		var v struct{ V string }
		if err := json.Unmarshal([]byte(foreign(t, run, bank, body)), &v); err != nil {
			t.Fatal(err)
		}
		if !equal(t, run, v.V, want) {
			t.Errorf("the value of %s is not %q", body, want)
		}
	}
	const raw = `p\nq-Zk9vQ2xL7p-3mR7t`
	run = newRun(t, map[string]any{"S": raw})
	var v struct{ V string }
	if err := json.Unmarshal([]byte(foreign(t, run, bank, `{"v":"`+raw+`"}`)), &v); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Equal(v.V, token(t, run, "S")); err == nil {
		t.Error("a value with a line break is compared with a secret with a backslash")
	}
}

// Texts that derived surrogates are made of are kept.
func TestAttackMemoryOfDerivedValues(t *testing.T) {
	run := newRun(t, map[string]any{"S": strong})
	s, long := token(t, run, "S"), strings.Repeat("a", 1<<20)
	var err error
	for i := range 64 {
		if _, err = run.Derive(seal.Base64, fmt.Sprint(s, long, i)); err != nil {
			break
		}
	}
	wantCode(t, err, seal.CodeInspected)
}

func TestAttackEqualSecretsInResponses(t *testing.T) {
	const value = "ghp_Zx81kq2WmN5vT7yLc0Rb"
	wide := sealtest.New(t, "WIDE", sealtest.Secret{Value: value, Hosts: []string{"bank.example.com", "evil.example.net"}})
	narrow := sealtest.New(t, "NARROW", sealtest.Secret{Value: value, Hosts: []string{"bank.example.com"}})
	var found []string
	run := sealtest.Set(t, map[string]any{"A": strong}).NewRun(seal.Options{
		Hosts: func(seal.Target) []*seal.Secret { return []*seal.Secret{wide, narrow} },
		Found: func(names []string) { found = append(found, names...) },
	})
	sealed := foreign(t, run, bank, value)
	wantCode(t, run.Permit(sealed, seal.Place{Scheme: "https", Host: "evil.example.net", Port: 443, In: seal.Header}), seal.CodeEgressDenied)
	got, names := run.MaskString(token(t, run, "A") + value + sealed)
	if diff := cmp.Diff([]string{"A", "NARROW", "WIDE"}, names); got != "*********" || diff != "" {
		t.Error(got, diff)
	}
	if diff := cmp.Diff([]string{"NARROW", "WIDE"}, found); diff != "" {
		t.Errorf("the net reports what it did not catch: %s", diff)
	}
}
