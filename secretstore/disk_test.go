package secretstore_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// The reader of the raw database file is hostile.
func TestDatabaseFileHasNoPlaintext(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	const token = "ret_tok_Zk81mQ0pLx72vNbT"
	if _, err := s.EnsureAdminToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	values := []string{strong, "hunter2-weak", "p4ssw0rd-in-structure-71Kz"}
	mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value(values[0])})
	mustCreate(t, s, secretstore.Scope{}, "B", secretstore.Spec{Value: value(values[1])})
	mustCreate(t, s, secretstore.Scope{}, "C", secretstore.Spec{Value: structured(t, `{"password":"`+values[2]+`"}`)})
	if _, _, err := s.AddVersion(t.Context(), admin, secretstore.Scope{}, "A", given(strong+"next"), ""); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Authenticate(token); !ok {
		t.Error("the token does not authenticate")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, v := range append(values, token) {
			for _, disguise := range []string{v, reverse(v), hex.EncodeToString([]byte(v)), base64.StdEncoding.EncodeToString([]byte(v))[:len(v)]} {
				if bytes.Contains(raw, []byte(disguise)) {
					t.Errorf("%s holds a plaintext", filepath.Base(path))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// The writer of the raw database file is hostile: rows swapped by hand.
func TestSwappedRowsDoNotOpen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	mustScope(t, s, secretstore.Scope{Project: "p"})
	mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value(strong + "A")})
	mustCreate(t, s, secretstore.Scope{}, "B", secretstore.Spec{Value: value(strong + "B")})
	mustCreate(t, s, secretstore.Scope{Project: "p"}, "A", secretstore.Spec{Value: value(strong + "pA")})
	if _, _, err := s.AddVersion(t.Context(), admin, secretstore.Scope{}, "A", given(strong+"A2"), ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, func(rows *bbolt.Bucket) {
		swap(t, rows, "value::A:00000002", "value::A:00000001")
		swap(t, rows, "value::B:00000001", "value:projects/p:A:00000001")
	})
	again := open(t, dir)
	for scope, name := range map[secretstore.Scope]string{{}: "A", {Project: "p"}: "A"} {
		set, err := again.SealingSet(t.Context(), admin, secretstore.KindScript, scope, secretstore.References{Secrets: []string{name, "B"}})
		if err != nil {
			t.Fatal(err)
		}
		if len(set.Names()) != 0 || set.Missing() == nil {
			t.Errorf("swapped values of %s opened in %s: %v", name, scope, set.Names())
		}
	}
}

func edit(t *testing.T, dir string, change func(*bbolt.Bucket)) {
	t.Helper()
	editWith(t, dir, "value::A:00000001", change)
}

// editWith changes the rows of the bucket that has a key.
func editWith(t *testing.T, dir, key string, change func(*bbolt.Bucket)) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, "data", "state.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
			if b.Get([]byte(key)) != nil {
				change(b)
			}
			return nil
		})
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func swap(t *testing.T, b *bbolt.Bucket, x, y string) {
	t.Helper()
	vx, vy := bytes.Clone(b.Get([]byte(x))), bytes.Clone(b.Get([]byte(y)))
	if vx == nil || vy == nil {
		t.Fatalf("rows %s, %s: not there", x, y)
	}
	if err := errors.Join(b.Put([]byte(x), vy), b.Put([]byte(y), vx)); err != nil {
		t.Fatal(err)
	}
}

func TestWrongKeyIsToldAndNothingIsTouched(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	mustCreate(t, s, secretstore.Scope{}, "A", secretstore.Spec{Value: value(strong)})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "data", "state.db")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := envelope.CreateFile(filepath.Join(dir, "data", "other.json"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = secretstore.Open(t.Context(), secretstore.Config{KV: db, Keys: other})
	if !errors.Is(err, envelope.ErrWrongKey) || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("opening with another key: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the database was changed")
	}
}

func TestForeignDatabaseIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	db, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Update(t.Context(), func(tx kv.WriteTx) error { return tx.Put("x", json.RawMessage("1")) }); err != nil {
		t.Fatal(err)
	}
	keys, err := envelope.CreateFile(filepath.Join(dir, "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := secretstore.Open(t.Context(), secretstore.Config{KV: db, Keys: keys}); err == nil {
		t.Error("a database of somebody else was taken over")
	}
}
