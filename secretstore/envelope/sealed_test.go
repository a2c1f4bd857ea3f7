package envelope_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

const canary = "canary-7d20e1f6a94b"

var shopToken = envelope.Associated{Scope: "projects/shop", Name: "TOKEN", Version: 3}

func newKeyring(t *testing.T) *envelope.Keyring {
	t.Helper()
	k, err := envelope.CreateFile(filepath.Join(t.TempDir(), "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func seal(t *testing.T, k *envelope.Keyring, text string, a envelope.Associated) envelope.Sealed {
	t.Helper()
	s, err := k.Seal(plaintext.FromString(text), a)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refused checks that s does not open, and that the error is of the right kind,
// names the secret and holds nothing of the value.
func refused(t *testing.T, what string, k *envelope.Keyring, s envelope.Sealed, a envelope.Associated, want error) {
	t.Helper()
	value, err := k.Open(s, a)
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
		return
	}
	if len(plaintext.Open(value)) > 0 {
		t.Errorf("%s: refused and opened at once", what)
	}
	for _, part := range []string{strconv.Quote(a.Scope), strconv.Quote(a.Name), fmt.Sprint(a.Version)} {
		if part == `""` {
			continue // the platform, or no name
		}
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: error %q does not name %q", what, err, part)
		}
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("%s: the error holds the plaintext", what)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	for _, text := range []string{"", "x", canary, "\x00\xff", strings.Repeat("long ", 200_000)} {
		s := seal(t, k, text, shopToken)
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 1 && (bytes.Contains(b, []byte(text)) || bytes.Contains(s.Ciphertext, []byte(text)) || bytes.Contains(s.DataKey, []byte(text))) {
			t.Error("the sealed value holds the plaintext")
		}
		var stored envelope.Sealed
		if err := json.Unmarshal(b, &stored); err != nil {
			t.Fatal(err)
		}
		value, err := k.Open(stored, shopToken)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(plaintext.Open(value)); got != text {
			t.Errorf("a value of %d bytes came back different, with %d", len(text), len(got))
		}
	}
}

func TestSealedFields(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(envelope.Sealed{KEK: "kek_1", DataKey: []byte("d"), Ciphertext: []byte("c")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"kek":"kek_1","data_key":"ZA==","ciphertext":"Yw=="}`, string(b)); diff != "" {
		t.Errorf("stored form (-want +got):\n%s", diff)
	}
}

func TestEachSealIsNew(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	one, two := seal(t, k, canary, shopToken), seal(t, k, canary, shopToken)
	if bytes.Equal(one.DataKey, two.DataKey) || bytes.Equal(one.Ciphertext, two.Ciphertext) {
		t.Error("sealing the same value twice gave the same bytes")
	}
	// Two nonces under one data key would look new as well.
	one.Ciphertext = two.Ciphertext
	refused(t, "the other one's ciphertext", k, one, shopToken, envelope.ErrTampered)
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	s := seal(t, k, canary, shopToken)
	flips := func(b []byte, check func(what string, b []byte)) {
		for i := range b {
			for bit := range 8 {
				flipped := bytes.Clone(b)
				flipped[i] ^= 1 << bit
				check(fmt.Sprintf("byte %d, bit %d", i, bit), flipped)
			}
		}
	}
	flips([]byte(s.KEK), func(what string, b []byte) {
		refused(t, "kek: "+what, k, envelope.Sealed{KEK: string(b), DataKey: s.DataKey, Ciphertext: s.Ciphertext}, shopToken, envelope.ErrWrongKey)
	})
	flips(s.DataKey, func(what string, b []byte) {
		refused(t, "data key: "+what, k, envelope.Sealed{KEK: s.KEK, DataKey: b, Ciphertext: s.Ciphertext}, shopToken, envelope.ErrTampered)
	})
	flips(s.Ciphertext, func(what string, b []byte) {
		refused(t, "ciphertext: "+what, k, envelope.Sealed{KEK: s.KEK, DataKey: s.DataKey, Ciphertext: b}, shopToken, envelope.ErrTampered)
	})
}

func TestEveryTruncationIsRefused(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	s := seal(t, k, canary, shopToken)
	for n := range s.DataKey {
		refused(t, fmt.Sprintf("data key of %d bytes", n), k, envelope.Sealed{KEK: s.KEK, DataKey: s.DataKey[:n], Ciphertext: s.Ciphertext}, shopToken, envelope.ErrTampered)
	}
	for n := range s.Ciphertext {
		refused(t, fmt.Sprintf("ciphertext of %d bytes", n), k, envelope.Sealed{KEK: s.KEK, DataKey: s.DataKey, Ciphertext: s.Ciphertext[:n]}, shopToken, envelope.ErrTampered)
	}
	refused(t, "nothing", k, envelope.Sealed{}, shopToken, envelope.ErrWrongKey)
	refused(t, "nothing but the id", k, envelope.Sealed{KEK: k.ID()}, shopToken, envelope.ErrTampered)
}

func TestOtherAssociatedIsRefused(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	for _, test := range []struct {
		name          string
		sealed, other envelope.Associated
	}{
		{"scope", shopToken, envelope.Associated{Scope: "projects/shops", Name: "TOKEN", Version: 3}},
		{"no scope", shopToken, envelope.Associated{Name: "TOKEN", Version: 3}},
		{"name", shopToken, envelope.Associated{Scope: "projects/shop", Name: "TOKEM", Version: 3}},
		{"case of the name", shopToken, envelope.Associated{Scope: "projects/shop", Name: "token", Version: 3}},
		{"version", shopToken, envelope.Associated{Scope: "projects/shop", Name: "TOKEN", Version: 2}},
		{"negative version", shopToken, envelope.Associated{Scope: "projects/shop", Name: "TOKEN", Version: -3}},
		{"version far away", shopToken, envelope.Associated{Scope: "projects/shop", Name: "TOKEN", Version: 3 + 1<<32}},
		{
			"border of scope and name",
			envelope.Associated{Scope: "a", Name: "bc", Version: 1},
			envelope.Associated{Scope: "ab", Name: "c", Version: 1},
		},
		{
			"all in the name",
			envelope.Associated{Scope: "ab", Name: "", Version: 1},
			envelope.Associated{Scope: "", Name: "ab", Version: 1},
		},
		{
			"version in the name",
			envelope.Associated{Scope: "a", Name: "b1", Version: 1},
			envelope.Associated{Scope: "a", Name: "b", Version: 11},
		},
		{
			"a length in the name",
			envelope.Associated{Scope: "a", Name: "b", Version: 1},
			envelope.Associated{Scope: "a\x00\x00\x00\x00\x00\x00\x00\x01b", Name: "", Version: 1},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			refused(t, "as the other", k, seal(t, k, canary, test.sealed), test.other, envelope.ErrTampered)
			refused(t, "as the one", k, seal(t, k, canary, test.other), test.sealed, envelope.ErrTampered)
		})
	}
}

func TestSwappedPartsAreRefused(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	other := envelope.Associated{Scope: "projects/shop", Name: "OTHER", Version: 3}
	one, two := seal(t, k, canary, shopToken), seal(t, k, canary, other)
	refused(t, "whole record", k, two, shopToken, envelope.ErrTampered)
	refused(t, "ciphertext", k, envelope.Sealed{KEK: one.KEK, DataKey: one.DataKey, Ciphertext: two.Ciphertext}, shopToken, envelope.ErrTampered)
	refused(t, "data key", k, envelope.Sealed{KEK: one.KEK, DataKey: two.DataKey, Ciphertext: one.Ciphertext}, shopToken, envelope.ErrTampered)
}

func TestOtherKeyring(t *testing.T) {
	t.Parallel()
	k, other := newKeyring(t), newKeyring(t)
	s := seal(t, k, canary, shopToken)
	refused(t, "as it is", other, s, shopToken, envelope.ErrWrongKey)
	s.KEK = other.ID()
	refused(t, "with the id changed", other, s, shopToken, envelope.ErrTampered)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	k, other := newKeyring(t), newKeyring(t)
	check, err := k.NewCheck()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Check(check); err != nil {
		t.Errorf("own check: %v", err)
	}
	if err := other.Check(check); !errors.Is(err, envelope.ErrWrongKey) {
		t.Errorf("another keyring's check: %v, want ErrWrongKey", err)
	}
	check.KEK = other.ID()
	if err := other.Check(check); !errors.Is(err, envelope.ErrTampered) {
		t.Errorf("another keyring's check with the id changed: %v, want ErrTampered", err)
	}
	if err := k.Check(seal(t, k, "reticent key check", envelope.Associated{})); !errors.Is(err, envelope.ErrTampered) {
		t.Errorf("a secret as a check: %v, want ErrTampered", err)
	}
	check.KEK = k.ID()
	refused(t, "a check as a secret", k, check, envelope.Associated{}, envelope.ErrTampered)
}
