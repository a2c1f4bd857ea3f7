package seal_test

import (
	"testing"

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
	run := newRun(t, map[string]any{"S": strong, "K": strong2})
	s, k, ok := token(t, run, "S"), token(t, run, "K"), must(t)
	percent, b64 := ok(run.Derive(seal.Component, s)), ok(run.Derive(seal.Base64, s))
	longer := ok(run.Derive(seal.Base64, s+"a"))
	digest := func(s string) string { return ok(run.Derive(seal.SHA256, s)) }
	mac := func(key, message string) string { return ok(run.HMAC(seal.HashSHA256, key, message)) }
	for name, pair := range map[string][2]string{
		"alphabet by digest":        {digest(s), digest(percent)},
		"length by digest":          {digest(longer), digest(b64 + "YQ==")},
		"alphabet by two digests":   {digest(digest(s)), digest(digest(percent))},
		"alphabet by message":       {mac(k, s), mac(k, percent)},
		"alphabet by key":           {mac(s, "m"), mac(percent, "m")},
		"length by padding of key":  {mac(s, "m"), mac(s+"\x00", "m")},
		"length by padding, hashed": {digest(mac(s, "m")), digest(mac(s+"\x00", "m"))},
		"length by padding, twice":  {mac(k, mac(s, "m")), mac(k, mac(s+"\x00", "m"))},
		"length by another secret":  {mac(s+k, "m"), mac(s+strong2, "m")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run.Equal(pair[0], pair[1])
			wantCode(t, err, seal.CodeInspected)
		})
	}
	if equal(t, run, mac("v0="+s, "a"), mac("v0="+s, "b")) || !equal(t, run, digest(percent), digest(percent)) {
		t.Error("HMACs under one key, and digests, do not compare")
	}
}

// An HMAC that comes out plain is compared where no boundary sees it.
func TestAttackReleasedKeysThatShowTheSecret(t *testing.T) {
	run := newRun(t, map[string]any{"S": sealtest.Secret{Value: strong, Release: true}, "T": sealtest.Secret{Value: strong2, Release: true}})
	s, other, ok := token(t, run, "S"), token(t, run, "T"), must(t)
	for name, key := range map[string]string{
		"padded": s + "\x00", "padded by a secret": s + other,
		"percent": ok(run.Derive(seal.Component, s)), "longer": s + "a",
	} {
		if mac := ok(run.HMAC(seal.HashSHA256, key, "m")); !run.Holds(mac) {
			t.Errorf("%s: the HMAC is plain", name)
		}
	}
	if mac := ok(run.HMAC(seal.HashSHA256, "AWS4"+s, "20260101")); run.Holds(mac) {
		t.Error("the HMAC under a released secret is sealed")
	}
}

// Each step doubles what resolving costs.
func TestAttackDigestsOfDigests(t *testing.T) {
	run := newRun(t, map[string]any{"S": strong})
	for name, next := range map[string]func(string) (string, error){
		"digest": func(s string) (string, error) { return run.Derive(seal.SHA256, s+s) },
		"hmac":   func(s string) (string, error) { return run.HMAC(seal.HashSHA256, s, s) },
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
