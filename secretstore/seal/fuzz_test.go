package seal_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// program is a small straight-line evaluation over sealed and plain strings: each
// byte of a fuzz input is a step. It is run twice, on surrogates through the
// boundaries and on plaintext, and both must agree or the first be refused.
type program struct {
	run    *seal.Run
	sealed []string
	plain  []string
}

var derivable = []seal.Func{
	seal.Base64, seal.Base64URL, seal.Base64RawURL, seal.Hex, seal.Component, seal.URI,
	seal.Form, seal.QueryEscape, seal.JSONString, seal.MD5, seal.SHA1, seal.SHA256, seal.SHA384, seal.SHA512,
}

// step makes a new string of two that exist.
func (p *program) step(t *testing.T, op, i, j byte) {
	t.Helper()
	a, b := int(i)%len(p.sealed), int(j)%len(p.sealed)
	n := int(op) % (len(derivable) + 2)
	var sealed, plain string
	var err error
	switch {
	case n == 0:
		sealed, plain = p.sealed[a]+p.sealed[b], p.plain[a]+p.plain[b]
	case n == 1:
		if sealed, err = p.run.MAC(seal.HashSHA256, p.sealed[a], p.sealed[b]); err == nil {
			plain, err = p.run.MAC(seal.HashSHA256, p.plain[a], p.plain[b])
		}
	default:
		if sealed, err = p.run.Derive(derivable[n-2], p.sealed[a]); err == nil {
			plain, err = p.run.Derive(derivable[n-2], p.plain[a])
		}
	}
	if err != nil {
		t.Fatalf("step %d: %v", n, err)
	}
	if len(plain) < 4096 {
		p.sealed, p.plain = append(p.sealed, sealed), append(p.plain, plain)
	}
}

func FuzzEvaluationAgreesWithPlaintext(f *testing.F) {
	f.Add("s3cr3t-Zk9vQ2xL7p", "user:s3cr3t-Zk9vQ2xL7p", "hello", []byte{0, 0, 1, 2, 3, 0, 5, 1, 1})
	f.Add("a\"b%c+d e\\f-0123456789", "a%22b", "x", []byte{6, 0, 0, 7, 0, 0, 10, 3, 0, 0, 4, 4})
	f.Add("4711", "4711", "4", []byte{0, 1, 2})
	f.Fuzz(func(t *testing.T, secret, input, literal string, steps []byte) {
		if secret == "" || !utf8.ValidString(secret) || !utf8.ValidString(input) || !utf8.ValidString(literal) || len(steps) > 60 || len(secret) > 200 {
			return // out of the domain
		}
		run := sealtest.Set(t, map[string]any{"S": secret, "T": strong2}).NewRun(seal.Options{})
		sealedInput, err := run.SealString(input)
		if err != nil {
			return // the input holds a live surrogate
		}
		sealedLiteral, err := run.SealString(literal)
		if err != nil {
			return // the literal holds a live surrogate
		}
		p := &program{run: run,
			sealed: []string{token(t, run, "S"), token(t, run, "T"), sealedInput, sealedLiteral},
			plain:  []string{secret, strong2, input, literal},
		}
		for ; len(steps) >= 3; steps = steps[3:] {
			p.step(t, steps[0], steps[1], steps[2])
		}
		for i := range p.sealed {
			for j := range p.sealed {
				got, err := run.Equal(p.sealed[i], p.sealed[j])
				if err != nil {
					var refused *seal.Error
					if !errors.As(err, &refused) {
						t.Fatalf("not a refusal: %v", err)
					}
					continue
				}
				if want := p.plain[i] == p.plain[j]; got != want {
					t.Errorf("Equal(%q, %q) = %v, on plaintext %v", p.plain[i], p.plain[j], got, want)
				}
			}
		}
		assertMasked(t, run, p, secret)
	})
}

// assertMasked makes sure that masking leaves no plaintext and is idempotent.
func assertMasked(t *testing.T, run *seal.Run, p *program, secret string) {
	t.Helper()
	all := make(map[string]any)
	for _, s := range p.sealed {
		all[s] = []any{s}
	}
	masked, _ := run.MaskValue(all)
	text, err := json.Marshal(masked)
	if err != nil {
		t.Fatal(err)
	}
	again, found := run.MaskValue(masked)
	if twice, _ := json.Marshal(again); string(twice) != string(text) || len(found) > 0 {
		t.Errorf("masking twice changes %s to %s", text, twice)
	}
	for s := range strings.SplitSeq(string(text), `"`) {
		if run.Holds(s) {
			t.Errorf("masked output holds a surrogate: %s", s)
		}
	}
	if strings.Contains(string(text), strong2) {
		t.Errorf("masked output holds a plaintext: %s", text)
	}
	if sealed, _ := run.SealString(secret); sealed != secret { // strong
		if in := run.Holds(sealed); in && strings.Contains(string(text), secret) && !strings.Contains(seal.Mask, secret) {
			t.Errorf("masked output holds a plaintext: %s", text)
		}
	}
}

func FuzzSealResponse(f *testing.F) {
	f.Add("s3cr3t-Zk9vQ2xL7p", `{"a":"%73\u0033`)
	f.Add("a b+c%d\"e\\f-0123456789", "x")
	f.Fuzz(func(t *testing.T, secret, around string) {
		if len(secret) < seal.MinStrongLength || !utf8.ValidString(secret) || !utf8.ValidString(around) || len(secret) > 200 {
			return // out of the domain
		}
		run := sealtest.Set(t, map[string]any{"S": secret}).NewRun(seal.Options{})
		run.Left(seal.Target{}, token(t, run, "S"))
		for _, spelled := range []string{secret, percentAll(secret), unicodeEscape(secret)} {
			sealed, err := run.SealResponse(seal.Target{}, around+spelled+around)
			if err != nil {
				t.Fatal(err)
			}
			if !run.Holds(sealed) && !strings.Contains(around, "%") && !strings.Contains(around, `\`) {
				t.Errorf("%q in %q is not sealed: %q", spelled, around, sealed)
			}
			if strings.Contains(sealed, secret) {
				t.Errorf("sealed response holds the plaintext")
			}
		}
	})
}

func FuzzParseHostRule(f *testing.F) {
	for _, s := range []string{"example.com", "*.example.com:8443", "http://[::1]:80", "1.2.3.4", "bücher.de", "r3---sn-x", "xn--a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rule, err := seal.ParseHostRule(s)
		if err != nil {
			return
		}
		again, err := seal.ParseHostRule(rule.String())
		if err != nil || again != rule {
			t.Errorf("%q parses to %q, which parses to %q, %v", s, rule, again, err)
		}
	})
}

func FuzzNormalizeHost(f *testing.F) {
	f.Add("Example.COM.")
	f.Add("[::ffff:127.0.0.1]")
	f.Fuzz(func(t *testing.T, s string) {
		host, err := seal.NormalizeHost(s)
		if err != nil {
			return
		}
		in := host
		if strings.Contains(in, ":") {
			in = "[" + in + "]"
		}
		if again, err := seal.NormalizeHost(in); err != nil || again != host {
			t.Errorf("%q normalises to %q and that to %q, %v", s, host, again, err)
		}
	})
}

func FuzzSealJSONAgreesWithSealValue(f *testing.F) {
	f.Add("s3cr3t-Zk9vQ2xL7p", `{"a":["s3cr3t-Zk9vQ2xL7p",1],"s3cr3t-Zk9vQ2xL7p":"\u0073"}`)
	f.Add(`x","y":"abcdef0123456789q`, `{"a":"x","y":"abcdef0123456789q"}`)
	f.Add("1234567890123456e10", `{"n":1234567890123456e10}`)
	f.Fuzz(func(t *testing.T, secret, text string) {
		var v any
		if secret == "" || !utf8.ValidString(secret) || !utf8.ValidString(text) || json.Unmarshal([]byte(text), &v) != nil || strings.Contains(text, `\u`) {
			return // out of the domain
		}
		run := sealtest.Set(t, map[string]any{"S": secret}).NewRun(seal.Options{})
		sealed, err := run.SealJSON([]byte(text))
		if err != nil {
			return // duplicate keys
		}
		want, err := run.SealValue(v)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(sealed, &got); err != nil {
			t.Fatalf("%s: %v", sealed, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
