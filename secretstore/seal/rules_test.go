package seal_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// The tests of this file are named after the rules of section 1 of the design:
// TestRule1… is the first.

const (
	strong  = `sk_live_"51Hq8ZkT0/xVbN+3m R7`
	strong2 = "whsec_9tX2vQ7LpZr4KdYn8Jm1"
	weak    = "4711"
)

func newRun(t *testing.T, values map[string]any) *seal.Run {
	t.Helper()
	return sealtest.Set(t, values).NewRun(seal.Options{Guard: seal.NewGuard(), Principal: "p"})
}

// token gives the surrogate of a string secret.
func token(t *testing.T, r *seal.Run, name string) string {
	t.Helper()
	v, err := r.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return v.(string)
}

// hexMAC gives the hex HMAC with SHA-256.
func hexMAC(r *seal.Run, key, message string) (string, error) {
	mac, err := r.MAC(seal.HashSHA256, key, message)
	if err != nil {
		return "", err
	}
	return r.Derive(seal.Hex, mac)
}

func equal(t *testing.T, r *seal.Run, a, b string) bool {
	t.Helper()
	ok, err := r.Equal(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func wantCode(t *testing.T, err error, code seal.Code) {
	t.Helper()
	var refused *seal.Error
	if !errors.As(err, &refused) || refused.Code != code {
		t.Errorf("error %v, want %s", err, code)
	}
	if err != nil && (strings.Contains(err.Error(), strong) || strings.Contains(err.Error(), strong2)) {
		t.Errorf("the error holds the plaintext")
	}
}

func TestRule1SurrogateCarriesNoBit(t *testing.T) {
	form := regexp.MustCompile(`^rsv_[a-z2-7]{32}$`)
	seen := make(map[string]bool)
	set := sealtest.Set(t, map[string]any{"A": strong})
	for range 100 {
		s := token(t, set.NewRun(seal.Options{}), "A")
		if !form.MatchString(s) || seen[s] {
			t.Fatalf("surrogate %q", s)
		}
		seen[s] = true
	}
	// With the randomness fixed, another plaintext has the same surrogate.
	other := sealtest.Set(t, map[string]any{"A": strong2})
	a := token(t, set.NewRun(seal.Options{Random: sealtest.Random(1)}), "A")
	b := token(t, other.NewRun(seal.Options{Random: sealtest.Random(1)}), "A")
	if a != b {
		t.Error("the surrogate depends on the plaintext")
	}
	if got := strings.ToLower(strings.TrimSpace(url.QueryEscape(a))); got != a {
		t.Errorf("%q does not survive URLs, trim and toLowerCase", a)
	}
	if b, err := json.Marshal(a); err != nil || string(b) != `"`+a+`"` {
		t.Errorf("%q does not survive JSON", a)
	}
}

func TestRule1OnlyIssuedSurrogatesResolve(t *testing.T) {
	set := sealtest.Set(t, map[string]any{"A": strong})
	run, other := set.NewRun(seal.Options{}), set.NewRun(seal.Options{})
	foreign := token(t, other, "A")
	if run.Holds(foreign) || equal(t, run, foreign, strong) {
		t.Error("a run resolves the surrogate of another")
	}
	if s, _ := run.MaskString(foreign); s != foreign {
		t.Error("text that only looks like a surrogate is masked")
	}
	_, err := run.SealString("x " + token(t, run, "A"))
	wantCode(t, err, seal.CodeLiveSurrogate)
	_, err = run.SealValue(map[string]any{"a": []any{map[string]any{token(t, run, "A"): 1}}})
	wantCode(t, err, seal.CodeLiveSurrogate)
	_, err = run.SealJSON([]byte(`{"a":["\u0072` + token(t, run, "A")[1:] + `"]}`))
	wantCode(t, err, seal.CodeLiveSurrogate)
}

func TestRule1EqualPlaintextsShareASurrogateAndAllLimits(t *testing.T) {
	run := newRun(t, map[string]any{
		"A": sealtest.Secret{Value: strong, Hosts: []string{"a.example.com"}},
		"B": sealtest.Secret{Value: strong, Hosts: []string{"b.example.com"}},
	})
	a := token(t, run, "A")
	if a != token(t, run, "B") {
		t.Fatal("equal plaintexts have two surrogates")
	}
	for _, host := range []string{"a.example.com", "b.example.com"} {
		wantCode(t, run.Permit(a, seal.Place{Scheme: "https", Host: host, Port: 443, In: seal.Header}), seal.CodeEgressDenied)
	}
	_, names := run.MaskString(a)
	if diff := cmp.Diff([]string{"A", "B"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestRule2TheSetIsStatic(t *testing.T) {
	set := sealtest.Set(t, map[string]any{"A": strong, "GONE": nil})
	run := set.NewRun(seal.Options{})
	for _, name := range []string{"GONE", "OTHER", "constructor"} {
		_, err := run.Lookup(name)
		wantCode(t, err, seal.CodeUnavailable)
	}
	if err := set.Missing(); err == nil || err.Code != seal.CodeUnavailable || !strings.Contains(err.Message, "GONE") {
		t.Errorf("missing: %v", err)
	}
	if diff := cmp.Diff([]string{"A"}, set.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestRule3ComparesAsOnPlaintext(t *testing.T) {
	run := newRun(t, map[string]any{"A": strong, "B": strong2, "W": weak})
	a, b, w := token(t, run, "A"), token(t, run, "B"), token(t, run, "W")
	for _, c := range []struct {
		x, y string
		want bool
	}{
		{a, strong, true}, {strong, a, true}, {a, strong + " ", false}, {a, "", false}, {a, b, false},
		{"Bearer " + a, "Bearer " + strong, true}, {"Bearer " + a, "bearer " + strong, false},
		{"user:" + b, "user:" + strong2, true}, {a + b, strong + strong2, true}, {b + a, strong + strong2, false},
		{a + a, strong + strong, true},
		// Overlaps: where the parts meet is not where the other side was cut.
		{a + strong2[:3], strong + "whs", true}, {"sk_" + a, "sk_" + strong, true},
		{a[:10], strong, false}, {w, weak, true}, {w + "0", "47110", true},
	} {
		if got := equal(t, run, c.x, c.y); got != c.want {
			t.Errorf("Equal(%q, %q) = %v", c.x, c.y, got)
		}
		if got := equal(t, run, c.y, c.x); got != c.want {
			t.Errorf("Equal(%q, %q) = %v", c.y, c.x, got)
		}
	}
}

func TestRule3ComparesNumbersAsJavaScript(t *testing.T) {
	for text, n := range map[string]float64{"5432": 5432, " 5432\n": 5432, "0x10": 16, "1e3": 1000, ".5": 0.5, "0b101": 5, "-7": -7} {
		run := newRun(t, map[string]any{"N": text})
		if ok, err := run.EqualNumber(token(t, run, "N"), n); err != nil || !ok {
			t.Errorf("%q == %v: %v %v", text, n, ok, err)
		}
		if ok, err := run.EqualNumber(token(t, run, "N"), n+1); err != nil || ok {
			t.Errorf("%q == %v: %v %v", text, n+1, ok, err)
		}
	}
	for _, text := range []string{"inf", "nan", "1_000", "0x1p4", "five", "-0x10", "1e"} {
		run := newRun(t, map[string]any{"N": text})
		for _, n := range []float64{0, 1000, 16, -16, 1, 5} {
			if ok, err := run.EqualNumber(token(t, run, "N"), n); err != nil || ok {
				t.Errorf("%q == %v: %v %v", text, n, ok, err)
			}
		}
	}
}

func TestRule3SearchIsForWholeSecrets(t *testing.T) {
	run := newRun(t, map[string]any{"A": strong, "W": weak})
	a := token(t, run, "A")
	if at, err := run.Index("key="+strong+";", a); err != nil || at != 4 {
		t.Errorf("Index = %d, %v", at, err)
	}
	if at, err := run.Index("key=other;", a); err != nil || at != -1 {
		t.Errorf("Index = %d, %v", at, err)
	}
	if at, err := run.Index("Bearer "+a, "ear"); err != nil || at != 1 {
		t.Errorf("in front of the secret: %d, %v", at, err)
	}
	if ok, err := run.Contains("Bearer "+a, a); err != nil || !ok {
		t.Errorf("Contains = %v, %v", ok, err)
	}
	for _, needle := range []string{"sk_", "a", "r " + a[:4]} {
		_, err := run.Index(a+" "+needle, needle)
		wantCode(t, err, seal.CodeInspected)
	}
	_, err := run.Index("0000 4711 9999", token(t, run, "W"))
	wantCode(t, err, seal.CodeInspected)
}

func TestRule4DerivedSurrogatesResolveToWhatPlaintextGives(t *testing.T) {
	run := newRun(t, map[string]any{"A": strong})
	a := token(t, run, "A")
	sealed := "user:" + a + ":é"
	plain := "user:" + strong + ":é"
	latin := "user:" + strong + ":\xe9"
	for f, want := range map[seal.Func]string{
		seal.Base64:       base64.StdEncoding.EncodeToString([]byte(plain)),
		seal.Base64URL:    base64.URLEncoding.EncodeToString([]byte(plain)),
		seal.Base64RawURL: base64.RawURLEncoding.EncodeToString([]byte(plain)),
		seal.Btoa:         base64.StdEncoding.EncodeToString([]byte(latin)),
		seal.Hex:          fmt.Sprintf("%x", plain),
		seal.QueryEscape:  url.QueryEscape(plain),
		seal.Form:         strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(plain)),
		seal.Component:    strings.ReplaceAll(url.QueryEscape(plain), "+", "%20"),
		seal.JSONString:   strings.ReplaceAll(plain, `"`, `\"`),
	} {
		got, err := run.Derive(f, sealed)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got, a) || !run.Holds(got) {
			t.Errorf("%s aliases its base: %q", f, got)
		}
		if !equal(t, run, got, want) {
			t.Errorf("%s does not resolve to %q", f, want)
		}
		if again, _ := run.Derive(f, sealed); again != got {
			t.Errorf("%s of the same text has two surrogates", f)
		}
		if direct, err := run.Derive(f, plain); err != nil || direct != want {
			t.Errorf("%s of plain text: %q, %v; want %q", f, direct, err, want)
		}
		if masked, names := run.MaskString(got); strings.Contains(masked, "rsv_") || len(names) != 1 {
			t.Errorf("%s masked: %q %v", f, masked, names)
		}
	}
}

func TestRule4EncodingsAreNoOracle(t *testing.T) {
	run := newRun(t, map[string]any{"A": strong2})
	a := token(t, run, "A")
	for _, f := range []seal.Func{seal.Component, seal.URI, seal.Form, seal.QueryEscape, seal.JSONString, seal.Hex, seal.Base64, seal.Btoa} {
		d, err := run.Derive(f, a)
		if err != nil {
			t.Fatal(err)
		}
		_, err = run.Equal(d, a)
		wantCode(t, err, seal.CodeInspected)
		_, err = run.Equal(a+"x", d+"x")
		wantCode(t, err, seal.CodeInspected)
	}
	// Length modulo three: base64 of S+"a" ends like that of S.
	x, _ := run.Derive(seal.Base64, a+"a")
	y, _ := run.Derive(seal.Base64, a)
	_, err := run.Equal(x, y+"YQ==")
	wantCode(t, err, seal.CodeInspected)
}

func TestRule4KeyedOutputs(t *testing.T) {
	const message, want = "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	run := newRun(t, map[string]any{
		"JEFE":     "Jefe", // RFC 4231, test case 2
		"KEPT":     strong,
		"RELEASED": sealtest.Secret{Value: strong2, Release: true},
		"WEAK":     sealtest.Secret{Value: weak, Release: true},
	})
	mac, err := hexMAC(run, token(t, run, "JEFE"), message)
	if err != nil || !equal(t, run, mac, want) {
		t.Errorf("HMAC: %v", err)
	}
	for name, plain := range map[string]bool{"KEPT": false, "WEAK": false, "RELEASED": true} {
		mac, err := hexMAC(run, token(t, run, name), message)
		if err != nil {
			t.Fatal(err)
		}
		if run.Holds(mac) == plain {
			t.Errorf("HMAC under %s: plain is %v", name, !run.Holds(mac))
		}
	}
	mac, err = hexMAC(run, token(t, run, "RELEASED"), "x"+token(t, run, "KEPT"))
	if err != nil || !run.Holds(mac) {
		t.Errorf("an HMAC of a secret came out plain: %v", err)
	}
	// Double HMAC, a constant-time comparison of others, is none of ours to refuse.
	x, _ := hexMAC(run, token(t, run, "KEPT"), "a")
	y, _ := hexMAC(run, token(t, run, "KEPT"), "b")
	if equal(t, run, x, y) {
		t.Error("HMACs of two messages are equal")
	}
}

func TestRule4DerivingIsBounded(t *testing.T) {
	run := newRun(t, map[string]any{"A": strong})
	s := token(t, run, "A")
	var err error
	for range 64 {
		if s, err = run.Derive(seal.Base64, s+s); err != nil {
			break
		}
	}
	_, err = run.Equal(s, "x")
	wantCode(t, err, seal.CodeInspected)
	for i := range seal.MaxDerived + 1 {
		if _, err = run.Derive(seal.Hex, fmt.Sprint(token(t, run, "A"), i)); err != nil {
			break
		}
		if _, err = run.Derive(seal.Base64, fmt.Sprint(token(t, run, "A"), i)); err != nil {
			break
		}
	}
	wantCode(t, err, seal.CodeInspected)
}

func TestRule6TheInputIsSealed(t *testing.T) {
	run := newRun(t, map[string]any{"A": strong, "W": weak, "PROD": "production"})
	a := token(t, run, "A")
	for in, want := range map[string]string{
		strong:                        a,
		"Bearer " + strong:            "Bearer " + a,
		strong + "," + strong:         a + "," + a,
		"x" + strong:                  "x" + strong, // no boundary: ordinary text
		strong + "9":                  strong + "9",
		"é" + strong:                  "é" + a,
		strong[1:]:                    strong[1:],
		weak:                          weak,
		"production":                  "production",
		"reproduction-production":     "reproduction-production",
		"rsv_nosurrogateofanybodyxxx": "rsv_nosurrogateofanybodyxxx",
	} {
		got, err := run.SealString(in)
		if err != nil || got != want {
			t.Errorf("SealString(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	in := map[string]any{strong: []any{1.0, nil, map[string]any{"k": "Basic " + strong}}, "same": "s"}
	got, err := run.SealValue(in)
	want := map[string]any{a: []any{1.0, nil, map[string]any{"k": "Basic " + a}}, "same": "s"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, changed := in[a]; changed {
		t.Error("SealValue changed its argument")
	}
	raw, _ := json.Marshal(in)
	sealed, err := run.SealJSON(raw)
	var decoded any
	if err != nil || json.Unmarshal(sealed, &decoded) != nil {
		t.Fatal(err, string(sealed))
	}
	if diff := cmp.Diff(any(want), decoded); diff != "" {
		t.Error(diff)
	}
}

func TestRule7LimitsByHostAndPosition(t *testing.T) {
	run := newRun(t, map[string]any{
		"HEADER": sealtest.Secret{Value: strong, Hosts: []string{"api.example.com", "*.example.org", "http://localhost:9000"}},
		"BODY":   sealtest.Secret{Value: strong2, Hosts: []string{"api.example.com:8443"}, In: []seal.Position{"body:/client_secret", seal.Query}},
		"NO":     weak,
	})
	for _, c := range []struct {
		name  string
		place seal.Place
		want  string // "" allowed, else the setting that the error names
	}{
		{"HEADER", seal.Place{Scheme: "https", Host: "api.example.com", Port: 443, In: seal.Header}, ""},
		{"HEADER", seal.Place{Scheme: "https", Host: "a.b.example.org", Port: 443, In: seal.Header}, ""},
		{"HEADER", seal.Place{Scheme: "http", Host: "localhost", Port: 9000, In: seal.Header}, ""},
		{"HEADER", seal.Place{Scheme: "https", Host: "example.org", Port: 443, In: seal.Header}, "allowed_hosts"},
		{"HEADER", seal.Place{Scheme: "https", Host: "evilexample.org", Port: 443, In: seal.Header}, "allowed_hosts"},
		{"HEADER", seal.Place{Scheme: "http", Host: "api.example.com", Port: 443, In: seal.Header}, "allowed_hosts"},
		{"HEADER", seal.Place{Scheme: "https", Host: "api.example.com", Port: 8443, In: seal.Header}, "allowed_hosts"},
		{"HEADER", seal.Place{Scheme: "https", Host: "api.example.com", Port: 443, In: seal.Query}, "allowed_in"},
		{"HEADER", seal.Place{Scheme: "https", Host: "api.example.com", Port: 443, In: seal.Body}, "allowed_in"},
		{"BODY", seal.Place{Scheme: "https", Host: "api.example.com", Port: 8443, In: seal.Body, Pointer: "/client_secret"}, ""},
		{"BODY", seal.Place{Scheme: "https", Host: "api.example.com", Port: 8443, In: seal.Body, Pointer: "/name"}, "allowed_in"},
		{"BODY", seal.Place{Scheme: "https", Host: "api.example.com", Port: 8443, In: seal.Body}, "allowed_in"},
		{"BODY", seal.Place{Scheme: "https", Host: "api.example.com", Port: 8443, In: seal.Header}, "allowed_in"},
		{"NO", seal.Place{Scheme: "https", Host: "api.example.com", Port: 443, In: seal.Header}, "allowed_hosts"},
	} {
		s := token(t, run, c.name)
		derived, err := run.Derive(seal.Base64, "u:"+s)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{s, "x" + s, derived} {
			err := run.Permit(s, c.place)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s to %+v: %v, want %q", c.name, c.place, err, c.want)
			}
		}
	}
	// A value of two secrets has the limits of both.
	both := token(t, run, "HEADER") + token(t, run, "BODY")
	wantCode(t, run.Permit(both, seal.Place{Scheme: "https", Host: "api.example.com", Port: 443, In: seal.Header}), seal.CodeEgressDenied)
	if p := run.Provenance(both); len(p.From) != 2 || len(p.Limits.Hosts) != 0 {
		t.Errorf("provenance %v", p)
	}
}

func TestRule7ResponsesAreSealed(t *testing.T) {
	other := sealtest.New(t, "OTHER", sealtest.Secret{Value: "ghp_Zx81kq2WmN5vT7yLc0Rb", Hosts: []string{"api.example.com"}})
	hidden := sealtest.New(t, "HIDDEN", sealtest.Secret{Value: "xoxb-77Lk2mQp0sVt9RzYw4Ua"})
	hidden.Hidden = true
	run := sealtest.Set(t, map[string]any{"A": strong, "W": "hunter2!"}).NewRun(seal.Options{
		Hosts: func(seal.Target) []*seal.Secret { return []*seal.Secret{other, hidden} },
	})
	basic, err := run.Derive(seal.Base64, "u:"+token(t, run, "W"))
	if err != nil {
		t.Fatal(err)
	}
	target := seal.Target{Scheme: "https", Host: "api.example.com", Port: 443}
	run.Left(target, basic)
	escaped, _ := json.Marshal(strong)
	for name, body := range map[string]string{
		"raw":              "you sent " + strong,
		"in a word":        "x" + strong + "x",
		"json":             `{"auth":` + string(escaped) + `}`,
		"json unicode":     `{"auth":"` + unicodeEscape(strong) + `"}`,
		"percent":          "a=" + url.QueryEscape(strong),
		"percent lower":    "a=" + percentAll(strong),
		"percent in json":  `{"url":"?a=` + percentAll(strong) + `"}`,
		"json in percent":  url.QueryEscape(`{"a":` + string(escaped) + `}`),
		"of another":       "token ghp_Zx81kq2WmN5vT7yLc0Rb",
		"out of sight":     "xoxb-77Lk2mQp0sVt9RzYw4Ua",
		"derived and sent": "Basic " + base64.StdEncoding.EncodeToString([]byte("u:hunter2!")),
		"its weak source":  "password hunter2!",
	} {
		t.Run(name, func(t *testing.T) {
			sealed, err := run.SealResponse(target, body)
			if err != nil {
				t.Fatal(err)
			}
			if !run.Holds(sealed) {
				t.Errorf("%q is not sealed", sealed)
			}
			for _, plain := range []string{strong, percentAll(strong), url.QueryEscape(strong), "ghp_Z", "xoxb-7", "hunter2", "dTpodW50ZXIy"} {
				if strings.Contains(sealed, plain) {
					t.Errorf("%q holds %q", sealed, plain)
				}
			}
			masked, names := run.MaskString(sealed)
			if strings.Contains(masked, "rsv_") {
				t.Errorf("masked %q", masked)
			}
			if name == "out of sight" && len(names) != 0 {
				t.Errorf("a hidden secret is named: %v", names)
			}
			if name == "json" {
				var v map[string]string
				if json.Unmarshal([]byte(sealed), &v) != nil || !equal(t, run, v["auth"], strong) {
					t.Error("the field of a JSON response is not its secret")
				}
			}
		})
	}
	wantCode(t, run.Permit(foreign(t, run, target, "xoxb-77Lk2mQp0sVt9RzYw4Ua"), seal.Place{Scheme: "https", Host: "api.example.com", Port: 443, In: seal.Header}), seal.CodeEgressDenied)
}

func foreign(t *testing.T, run *seal.Run, target seal.Target, text string) string {
	t.Helper()
	s, err := run.SealResponse(target, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func unicodeEscape(s string) string {
	var b strings.Builder
	for _, c := range s {
		fmt.Fprintf(&b, `\u%04X`, c)
	}
	return b.String()
}

func percentAll(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[i])
	}
	return b.String()
}

func TestRule8WhatGoesOutIsMasked(t *testing.T) {
	run := newRun(t, map[string]any{"A": strong, "DB": map[string]any{"user": "u", "password": strong2, "port": 5432, "tls": true}})
	a := token(t, run, "A")
	db, err := run.Lookup("DB")
	if err != nil {
		t.Fatal(err)
	}
	got, masked := run.MaskValue(map[string]any{
		"auth": "Bearer " + a, "list": []any{1.0, a}, "db": db, a: 1.0, "x" + a: 2.0, "***": 3.0, "a/b~c": a, "clean": "ok",
	})
	want := map[string]any{
		"auth": "Bearer ***", "list": []any{1.0, "***"}, "a/b~c": "***", "clean": "ok",
		"db":  map[string]any{"user": "***", "password": "***", "port": 5432.0, "tls": true},
		"***": 3.0, "***_2": 1.0, "x***": 2.0,
	}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Error(diff)
	}
	wantMasked := []seal.Masked{
		{Path: "/***_2", Secrets: []string{"A"}}, {Path: "/auth", Secrets: []string{"A"}},
		{Path: "/a~1b~0c", Secrets: []string{"A"}}, {Path: "/db/password", Secrets: []string{"DB.password"}},
		{Path: "/db/user", Secrets: []string{"DB.user"}}, {Path: "/list/1", Secrets: []string{"A"}}, {Path: "/x***", Secrets: []string{"A"}},
	}
	if diff := cmp.Diff(wantMasked, masked); diff != "" {
		t.Error(diff)
	}
}

func TestRule8TheNetCatchesPlaintext(t *testing.T) {
	var found []string
	run := sealtest.Set(t, map[string]any{"A": strong, "W": "production"}).NewRun(seal.Options{
		Found: func(names []string) { found = append(found, names...) },
	})
	got, names := run.MaskString("leaked " + strong + " in production")
	if got != "leaked *** in production" {
		t.Errorf("masked %q", got)
	}
	if diff := cmp.Diff([]string{"A"}, names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"A"}, found); diff != "" {
		t.Error(diff)
	}
}

func TestRule9WeakSecrets(t *testing.T) {
	for text, want := range map[string]bool{
		"production": true, "1234567890123456789": true, "hunter2": true, "correcthorsebat": true,
		"passwordpassword": true, "aaaaaaaaaaaaaaaaaaaaaaaa": true, "qwertyuiopasdfghjkl": true, "abcdefghijklmnopqrst": true,
		strong: false, strong2: false, "a3f8c2e91b7d4056": false, "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC": false,
	} {
		set := sealtest.Set(t, map[string]any{"S": text})
		sealed, err := set.NewRun(seal.Options{}).SealString(text)
		if err != nil {
			t.Fatal(err)
		}
		if isWeak := sealed == text; isWeak != want {
			t.Errorf("%q: weak is %v", text, isWeak)
		}
	}
}

func TestRule9MissesOnWeakSecretsAreLimited(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	guard := &seal.Guard{Now: func() time.Time { return now }}
	set := sealtest.Set(t, map[string]any{"PIN": weak, "A": strong})
	run := set.NewRun(seal.Options{Guard: guard, Principal: "eve"})
	pin := token(t, run, "PIN")
	for range 100 { // hits are free
		if !equal(t, run, pin, weak) {
			t.Fatal("no hit")
		}
	}
	for i := range seal.MaxMissesPerMinute {
		if equal(t, run, pin, fmt.Sprint(i)) {
			t.Fatal("hit")
		}
	}
	for _, guess := range []string{weak, "0000"} {
		_, err := set.NewRun(seal.Options{Guard: guard, Principal: "eve"}).Equal(pin, guess)
		if err != nil {
			t.Errorf("a surrogate of another run is text: %v", err)
		}
		_, err = run.Equal(pin, guess)
		wantCode(t, err, seal.CodeLimited)
		_, err = run.EqualNumber(pin, 77777)
		wantCode(t, err, seal.CodeLimited)
	}
	for i := range 3 * seal.MaxMissesPerMinute { // the same guess on many fields is one
		list := sealtest.Set(t, map[string]any{"PINS": []any{"1111", "2222", "3333"}}).NewRun(seal.Options{Guard: guard, Principal: "list"})
		pins, _ := list.Lookup("PINS")
		hit := false
		for _, p := range pins.([]any) {
			hit = equal(t, list, p.(string), "3333") || hit
		}
		if !hit {
			t.Fatalf("membership %d is limited", i)
		}
	}
	if !equal(t, run, token(t, run, "A"), strong) || equal(t, run, token(t, run, "A"), "guess") {
		t.Error("a strong secret is limited too")
	}
	bob := set.NewRun(seal.Options{Guard: guard, Principal: "bob"})
	if !equal(t, bob, token(t, bob, "PIN"), weak) {
		t.Error("one principal's misses limit another")
	}
	now = now.Add(time.Minute)
	if !equal(t, run, pin, weak) {
		t.Error("still limited after a minute")
	}
}

func TestRule10NothingElseDerives(t *testing.T) {
	run := newRun(t, map[string]any{"CONF": sealtest.Secret{
		Value: map[string]any{"host": "db.example.com", "password": strong, "ports": []any{1, 2}}, Plain: []string{"/host"},
	}})
	v, err := run.Lookup("CONF")
	if err != nil {
		t.Fatal(err)
	}
	got := v.(map[string]any)
	if got["host"] != "db.example.com" || !run.Holds(got["password"].(string)) {
		t.Errorf("structure %v", got)
	}
	if diff := cmp.Diff([]any{1.0, 2.0}, got["ports"]); diff != "" {
		t.Error(diff)
	}
}

func TestRule5WhatSealingCannotDoIsRefused(t *testing.T) {
	run := newRun(t, map[string]any{"A": strong, "GONE": nil})
	a := token(t, run, "A")
	if _, err := run.Lookup("GONE"); err == nil {
		t.Error("an absent secret has a value")
	} else {
		wantCode(t, err, seal.CodeUnavailable)
	}
	for _, needle := range []string{strong[:8], strong[len(strong)-8:], "k", "Bearer sk"} {
		_, err := run.Index("Bearer "+a, needle)
		wantCode(t, err, seal.CodeInspected)
		_, err = run.Contains("Bearer "+a, needle)
		wantCode(t, err, seal.CodeInspected)
	}
	_, err := run.Derive("reverse", a)
	wantCode(t, err, seal.CodeInspected)
}
