package passphrase_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/envelope/passphrase"
)

func of(text string) *passphrase.Root {
	return passphrase.New(func() ([]byte, error) { return []byte(text), nil })
}

const phrase = "correct horse battery staple"

func TestRoot(t *testing.T) {
	key, associated := bytes.Repeat([]byte{3}, 32), []byte("associated")
	wrapped, err := of(phrase).Wrap(t.Context(), key, associated)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(wrapped, []byte("horse")) || !bytes.Contains(wrapped, []byte(`"algorithm":"argon2id","time":3,"kib":65536,"threads":4`)) {
		t.Errorf("wrapped %s", wrapped)
	}
	if got, err := of(phrase).Unwrap(t.Context(), wrapped, associated); err != nil || !bytes.Equal(got, key) {
		t.Errorf("unwrap: %v", err)
	}
	if _, err := of(phrase+".").Unwrap(t.Context(), wrapped, associated); !errors.Is(err, passphrase.ErrWrong) {
		t.Errorf("another passphrase: %v", err)
	}
	if _, err := of(phrase).Unwrap(t.Context(), wrapped, []byte("other")); !errors.Is(err, passphrase.ErrWrong) {
		t.Errorf("other associated data: %v", err)
	}
}

// Who can write the database cannot have the server derive a cheap key, nor work or
// remember without an end.
func TestAttackParameters(t *testing.T) {
	good, err := of(phrase).Wrap(t.Context(), make([]byte, 32), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"time":    func(m map[string]any) { m["time"] = 1 },
		"memory":  func(m map[string]any) { m["kib"] = 8 },
		"salt":    func(m map[string]any) { m["salt"] = []byte("0123456789abcdef") },
		"no salt": func(m map[string]any) { m["salt"] = nil },
		"forever": func(m map[string]any) { m["time"] = 1 << 31 },
		"huge":    func(m map[string]any) { m["kib"] = 1 << 31 },
		"none":    func(m map[string]any) { m["threads"] = 0 },
		"never":   func(m map[string]any) { m["time"] = 0 },
		"plain":   func(m map[string]any) { m["algorithm"] = "none" },
	} {
		var m map[string]any
		if err := json.Unmarshal(good, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		bad, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := of(phrase).Unwrap(t.Context(), bad, nil); err == nil {
			t.Errorf("%s: it opens", name)
		}
	}
}

func TestLength(t *testing.T) {
	for text, ok := range map[string]bool{"": false, strings.Repeat("x", passphrase.MinBytes-1): false, strings.Repeat("x", passphrase.MinBytes): true, strings.Repeat("x", passphrase.MaxBytes+1): false} {
		if _, err := of(text).Wrap(t.Context(), make([]byte, 32), nil); (err == nil) != ok {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
}
