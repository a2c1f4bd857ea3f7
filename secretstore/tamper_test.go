package secretstore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// row gives a row of the database of a store that is closed.
func row(t *testing.T, dir, key string) []byte {
	t.Helper()
	var out []byte
	editWith(t, dir, key, func(rows *bbolt.Bucket) { out = bytes.Clone(rows.Get([]byte(key))) })
	if out == nil {
		t.Fatalf("there is no row %s", key)
	}
	return out
}

// Ciphertexts and keys that were changed by hand, bit by bit and byte by byte, open
// to nothing: the secret is unavailable, its neighbour is not, and the server
// starts.
func TestChangedRowsDoNotOpen(t *testing.T) {
	const key = "value::A:00000001"
	dir := t.TempDir()
	s := open(t, dir)
	mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value(strong)})
	mustCreate(t, s, secretstore.Scope{}, "B", secretstore.Spec{Value: value(strong + "B")})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var sealed envelope.Sealed
	if err := json.Unmarshal(row(t, dir, key), &sealed); err != nil {
		t.Fatal(err)
	}
	flip := func(b []byte, i int) []byte {
		b = bytes.Clone(b)
		b[i] ^= 1 << (i % 8)
		return b
	}
	for what, changed := range map[string]envelope.Sealed{
		"first byte of the ciphertext": {KEK: sealed.KEK, DataKey: sealed.DataKey, Ciphertext: flip(sealed.Ciphertext, 0)},
		"last byte of the ciphertext":  {KEK: sealed.KEK, DataKey: sealed.DataKey, Ciphertext: flip(sealed.Ciphertext, len(sealed.Ciphertext)-1)},
		"ciphertext cut short":         {KEK: sealed.KEK, DataKey: sealed.DataKey, Ciphertext: sealed.Ciphertext[:len(sealed.Ciphertext)-1]},
		"no ciphertext":                {KEK: sealed.KEK, DataKey: sealed.DataKey},
		"data key":                     {KEK: sealed.KEK, DataKey: flip(sealed.DataKey, 9), Ciphertext: sealed.Ciphertext},
		"data key cut short":           {KEK: sealed.KEK, DataKey: sealed.DataKey[:7], Ciphertext: sealed.Ciphertext},
		"another key's id":             {KEK: sealed.KEK + "x", DataKey: sealed.DataKey, Ciphertext: sealed.Ciphertext},
		"nothing":                      {},
	} {
		raw, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		edit(t, dir, func(rows *bbolt.Bucket) {
			if err := rows.Put([]byte(key), raw); err != nil {
				t.Error(err)
			}
		})
		s := open(t, dir)
		if sees(t, s, secretstore.Scope{}, "A", strong) || !sees(t, s, secretstore.Scope{}, "B", strong+"B") {
			t.Errorf("%s: A opens, or B does not", what)
		}
		set, err := s.SealingSet(t.Context(), admin, secretstore.KindScript, secretstore.Scope{}, secretstore.References{Secrets: []string{"A"}})
		if err != nil || set.Missing() == nil {
			t.Errorf("%s: the secret is not unavailable: %v", what, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What opened a destroyed version, or a deleted secret, is nowhere in the file.
// Whoever has it later, with the key file, finds no key to unwrap.
func TestDestroyedKeysAreNotInTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "data", "state.db")
	s := open(t, dir)
	mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value(strong)})
	mustCreate(t, s, secretstore.Scope{}, "GONE", secretstore.Spec{Value: value(strong + "gone")})
	if _, _, err := s.AddVersion(t.Context(), admin, secretstore.Scope{}, "A", given(strong+"2"), ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	destroyed := [][]byte{row(t, dir, "value::A:00000001"), row(t, dir, "value::GONE:00000001")}
	kept := row(t, dir, "value::A:00000002")
	s = open(t, dir)
	for i := range 20 { // pages with copies of the rows are freed
		mustPut(t, s, secretstore.KindVariable, secretstore.Scope{}, "V"+string(rune('a'+i)))
	}
	if err := s.DestroyVersion(t.Context(), admin, secretstore.Scope{}, "A", 1, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteSecret(t.Context(), admin, secretstore.Scope{}, "GONE", "", false); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path) // while the server runs
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(raw, kept) {
		t.Fatal("not even a version that is kept is found")
	}
	for _, gone := range destroyed {
		var sealed struct {
			DataKey    string `json:"data_key"`
			Ciphertext string `json:"ciphertext"`
		}
		if err := json.Unmarshal(gone, &sealed); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte(sealed.DataKey)) || bytes.Contains(raw, []byte(sealed.Ciphertext)) {
			t.Error("the file still has what opens a destroyed value")
		}
	}
}

// A stolen database without the key file: a new key file opens nothing, and the
// server says so.
func TestStolenDatabase(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value(strong)})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	thief := filepath.Join(t.TempDir(), "data")
	if err := os.MkdirAll(thief, 0o700); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(dir, "data", "state.db"), filepath.Join(thief, "state.db"))
	keys, err := envelope.CreateFile(filepath.Join(thief, "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(thief, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := secretstore.Open(t.Context(), secretstore.Config{KV: db, Keys: keys}); !errors.Is(err, envelope.ErrWrongKey) {
		t.Errorf("opened: %v", err)
	}
}

// An older database put back as a whole is not told from a backup that the
// operator restores: it opens, with the values of then. One row of it among the
// rows of now is told where it says which version it is: as the value of another
// one it does not open.
func TestReplayedDatabase(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	path, older := filepath.Join(dir, "data", "state.db"), filepath.Join(t.TempDir(), "older.db")
	mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value(strong + "1")})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	old := row(t, dir, "value::A:00000001")
	copyFile(t, path, older)
	s = open(t, dir)
	if _, _, err := s.AddVersion(t.Context(), admin, secretstore.Scope{}, "A", given(strong+"2"), ""); err != nil {
		t.Fatal(err)
	}
	if err := s.DestroyVersion(t.Context(), admin, secretstore.Scope{}, "A", 1, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	editWith(t, dir, "value::A:00000002", func(rows *bbolt.Bucket) {
		if err := errors.Join(rows.Put([]byte("value::A:00000002"), old), rows.Put([]byte("value::A:00000001"), old)); err != nil {
			t.Error(err)
		}
	})
	s = open(t, dir)
	if sees(t, s, secretstore.Scope{}, "A", strong+"1") {
		t.Error("the old value opens as the new version")
	}
	if versions, err := s.Versions(admin, secretstore.Scope{}, "A"); err != nil || versions[1].Status != secretstore.Destroyed {
		t.Errorf("a destroyed version came back with its row: %+v, %v", versions, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, older, path)
	s = open(t, dir)
	if !sees(t, s, secretstore.Scope{}, "A", strong+"1") {
		t.Error("a restored backup does not open")
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}
