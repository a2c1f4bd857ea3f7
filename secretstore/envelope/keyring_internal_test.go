package envelope

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

var associated = Associated{Scope: "projects/shop", Name: "TOKEN", Version: 1}

func mustGenerate(t testing.TB) *Keyring {
	t.Helper()
	k, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// rotated is k with one more key, the new primary.
func rotated(t *testing.T, k *Keyring) *Keyring {
	t.Helper()
	next, err := k.Next()
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// TestSeveralKeys holds the form of the key file to what rotation needs.
func TestSeveralKeys(t *testing.T) {
	t.Parallel()
	before := mustGenerate(t)
	next := rotated(t, before)
	text, err := next.encode()
	if err != nil {
		t.Fatal(err)
	}
	after, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	old, err := before.Seal(plaintext.FromString("old"), associated)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := after.Open(old, associated); err != nil || string(plaintext.Open(v)) != "old" {
		t.Errorf("what the old key sealed: %v", err)
	}
	sealed, err := after.Seal(plaintext.FromString("new"), associated)
	if err != nil {
		t.Fatal(err)
	}
	if sealed.KEK != next.ID() || after.ID() != next.ID() {
		t.Errorf("sealed under %q, primary %q, want the new key", sealed.KEK, after.ID())
	}
	if _, err := before.Open(sealed, associated); !errors.Is(err, ErrWrongKey) {
		t.Errorf("without the new key: %v, want ErrWrongKey", err)
	}
	sealed.KEK = before.ID()
	if _, err := after.Open(sealed, associated); !errors.Is(err, ErrTampered) {
		t.Errorf("with another key's id: %v, want ErrTampered", err)
	}
}

// TestCiphertextIsBoundItself moves a ciphertext with its data key wrapped anew,
// as a faulty rotation might: the ciphertext alone has to refuse.
func TestCiphertextIsBoundItself(t *testing.T) {
	t.Parallel()
	k := mustGenerate(t)
	other := Associated{Scope: associated.Scope, Name: "OTHER", Version: 1}
	s, err := k.Seal(plaintext.FromString("value"), associated)
	if err != nil {
		t.Fatal(err)
	}
	dataKey, err := k.keys.Load().wrap.Decrypt(s.DataKey, associated.use().dataKeyFields(k.ID()))
	if err != nil {
		t.Fatal(err)
	}
	if s.DataKey, err = k.keys.Load().wrap.Encrypt(dataKey, other.use().dataKeyFields(k.ID())); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Open(s, other); !errors.Is(err, ErrTampered) {
		t.Errorf("got %v, want ErrTampered", err)
	}
}

func TestKeyringIsNeverWritten(t *testing.T) {
	t.Parallel()
	k := mustGenerate(t)
	text, err := k.encode()
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), `"value": "`)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, x := range []any{k, struct{ K *Keyring }{k}, []*Keyring{k}} {
			fmt.Fprintf(&out, verb+"\n", x)
		}
	}
	//lint:ignore SA9005 that nothing is encoded is what is tested
	if err := json.NewEncoder(&out).Encode(k); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Error("x", "k", k)
	slog.New(slog.NewJSONHandler(&out, nil)).Error("x", "k", k)
	if key := after[8:40]; strings.Contains(out.String(), key) {
		t.Error("output holds the key")
	}
	if !strings.Contains(out.String(), k.ID()) {
		t.Error("output does not even hold the id")
	}
}

// FuzzParse looks for key files that break the parser, and for such that parse
// to a keyring which does not work or cannot be written again.
func FuzzParse(f *testing.F) {
	k, err := Generate()
	if err != nil {
		f.Fatal(err)
	}
	good, err := k.encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(good), string(good[:len(good)/2]), "", "{}", "null", `{"ids": {}, "keyset": {}}`,
		strings.Replace(string(good), `"ENABLED"`, `"DESTROYED"`, 1),
		strings.Replace(string(good), `"keyId"`, `"keyId": 1, "keyId"`, 1),
		strings.Replace(string(good), `"key": [`, `"key": [{}, `, 1),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := parse(text)
		if err != nil {
			return
		}
		again, err := k.encode()
		if err != nil {
			t.Fatalf("parsed, and cannot be written: %v", err)
		}
		other, err := parse(again)
		if err != nil {
			t.Fatalf("parsed, written, and does not parse: %v", err)
		}
		sealed, err := k.Seal(plaintext.FromString("value"), associated)
		if err != nil {
			t.Fatalf("parsed, and cannot seal: %v", err)
		}
		if v, err := other.Open(sealed, associated); err != nil || string(plaintext.Open(v)) != "value" {
			t.Fatalf("written and parsed, and does not open: %v", err)
		}
	})
}

func TestFieldsAreUnambiguous(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, fields := range [][]string{
		{}, {""}, {"", ""}, {"a"}, {"a", ""}, {"", "a"}, {"ab"}, {"a", "b"}, {"\x00\x00\x00\x00\x00\x00\x00\x00"},
	} {
		b := string(appendFields(nil, fields...))
		if before, ok := seen[b]; ok {
			t.Errorf("%q and %q give the same bytes", before, fields)
		}
		seen[b] = fields
	}
}
