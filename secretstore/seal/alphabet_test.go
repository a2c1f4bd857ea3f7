package seal_test

import (
	"fmt"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
)

// Base64 and base64url of a digest are equal if no + and no / is in it: a bit of the
// digest for each salt, and an offline dictionary of a weak secret after a few.
func TestAttackAlphabetOfDigests(t *testing.T) {
	run := newRun(t, map[string]any{"PIN": weak})
	ok := must(t)
	for n := range 20 {
		salted := fmt.Sprint(token(t, run, "PIN"), n)
		for what, raw := range map[string]string{
			"digest": ok(run.Underive(seal.Hex, ok(run.Derive(seal.MD5, salted)))),
			"HMAC":   ok(run.MAC(seal.HashSHA256, "a key that anybody knows", salted)),
		} {
			std, url := ok(run.Derive(seal.Base64, raw)), ok(run.Derive(seal.Base64URL, raw))
			_, err := run.Equal(std, url)
			wantCode(t, err, seal.CodeInspected)
			_, err = run.Equal("x"+std, "x"+url)
			wantCode(t, err, seal.CodeInspected)
			parked, err := run.Park(std)
			if err != nil {
				t.Fatal(err)
			}
			kept, there, err := run.Unpark(parked)
			if err != nil || !there {
				t.Fatal(there, err)
			}
			if _, err = run.Equal(kept.(string), url); err == nil {
				t.Errorf("%s: a parked encoding compares with another", what)
			}
			if same, err := run.Equal(std, ok(run.Derive(seal.Base64, raw))); err != nil || !same {
				t.Errorf("%s: the same encoding twice: %v, %v", what, same, err)
			}
		}
	}
}

// A MAC that comes out plain is compared as one that does not.
func TestVerifyMAC(t *testing.T) {
	run := newRun(t, map[string]any{"K": strong})
	key := token(t, run, "K")
	mac := must(t)(run.MAC(seal.HashSHA256, key, "m"))
	for given, want := range map[string]bool{mac: true, "another": false, "": false} {
		if got, err := run.VerifyMAC(seal.HashSHA256, key, "m", given); err != nil || got != want {
			t.Errorf("%q: %v, %v", given, got, err)
		}
	}
}
