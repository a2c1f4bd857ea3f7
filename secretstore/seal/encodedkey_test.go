package seal_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

func hmacOf(key, message string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(message))
	return string(h.Sum(nil))
}

func TestVerifyEncoded(t *testing.T) {
	const key = "\x00\xff key of 24 bytes, raw"
	encoded := base64.StdEncoding.EncodeToString([]byte(key))
	for name, c := range map[string]struct {
		secret, mac string
		want        bool
	}{
		"behind its prefix": {"whsec_" + encoded, hmacOf(key, "m"), true},
		"without a prefix":  {encoded, hmacOf(key, "m"), true},
		"another message":   {encoded, hmacOf(key, "n"), false},
		"the text as key":   {encoded, hmacOf(encoded, "m"), false},
		"cut short":         {encoded, hmacOf(key, "m")[:31], false},
		// Under what is no base64 nothing is right, whatever a decoder makes of it.
		"no base64":    {"no base64: kM4tq8Zr1vXw9Lb3", hmacOf("no base64: kM4tq8Zr1vXw9Lb3", "m"), false},
		"begins as it": {encoded + "!", hmacOf(key, "m"), false},
		"an empty key": {"whsec_", hmacOf("", "m"), false},
	} {
		run := sealtest.Set(t, map[string]any{"S": c.secret}).NewRun(seal.Options{})
		key, err := run.Lookup("S")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := run.VerifyEncoded(key.(string), "m", c.mac); got != c.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Anything but a secret as it stands, and a message from outside, would be a way
// to look into one.
func TestVerifyEncodedRefuses(t *testing.T) {
	run := sealtest.Set(t, map[string]any{"S": "whsec_kM4tq8Zr1vXw9Lb3Nc7d"}).NewRun(seal.Options{})
	key, err := run.Lookup("S")
	if err != nil {
		t.Fatal(err)
	}
	s := key.(string)
	derived, err := run.Derive(seal.Base64, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{{"x" + s, "m", "m"}, {s + s, "m", "m"}, {derived, "m", "m"}, {"plain", "m", "m"}, {s, "m" + s, "m"}, {s, "m", s}} {
		if ok, err := run.VerifyEncoded(c[0], c[1], c[2]); ok || err == nil {
			t.Errorf("%q: %v, %v", c, ok, err)
		}
	}
}

func TestVerifyEncodedCountsGuesses(t *testing.T) {
	run := sealtest.Set(t, map[string]any{"PIN": "MTIzNA=="}).NewRun(seal.Options{Principal: "mallory", Guard: seal.NewGuard()})
	key, err := run.Lookup("PIN")
	if err != nil {
		t.Fatal(err)
	}
	for i := range seal.MaxMissesPerMinute {
		if ok, err := run.VerifyEncoded(key.(string), "m", hmacOf(fmt.Sprint(i), "m")); ok || err != nil {
			t.Fatalf("guess %d: %v, %v", i, ok, err)
		}
	}
	if ok, err := run.VerifyEncoded(key.(string), "m", hmacOf("1234", "m")); ok || err == nil {
		t.Errorf("%v, %v", ok, err)
	}
}
