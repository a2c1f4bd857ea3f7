package bolt_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// What was deleted is in no page of the file, however the tree was rebuilt in
// between, and what was not deleted is still there.
func TestDeletedIsOverwritten(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	kept := map[string]string{}
	var deleted []string
	write := func(fn func(kv.WriteTx) error) {
		t.Helper()
		if _, err := s.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 300 {
		key := fmt.Sprintf("key-%d", random.IntN(60))
		if value, ok := kept[key]; ok {
			write(func(tx kv.WriteTx) error { return tx.Delete(key) })
			delete(kept, key)
			deleted = append(deleted, value)
			continue
		}
		// Some fill pages of their own, many share one.
		value := fmt.Sprintf("<value %d of %s>", i, key) + string(bytes.Repeat([]byte{'.'}, random.IntN(9000)))
		write(func(tx kv.WriteTx) error { return tx.Put(key, []byte(value)) })
		kept[key] = value
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range deleted {
		head, _, _ := bytes.Cut([]byte(value), []byte(">"))
		if bytes.Contains(raw, append(head, '>')) {
			t.Errorf("%s was deleted and stands in the file", head)
		}
	}
	if len(deleted) < 100 {
		t.Errorf("only %d deleted", len(deleted))
	}
	if err := errors.Join(s.Close(), checkPages(path)); err != nil {
		t.Fatal(err)
	}
	again, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	err = again.View(t.Context(), func(tx kv.Tx) error {
		entries, err := tx.List("", "", 0)
		for _, e := range entries {
			if kept[e.Key] != string(e.Value) {
				t.Errorf("%s is another one", e.Key)
			}
		}
		if len(entries) != len(kept) {
			t.Errorf("%d entries, want %d", len(entries), len(kept))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A reader keeps what it sees; what was deleted under it goes with the next
// write after it.
func TestReadersKeepTheirPages(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	put := func(key, value string) {
		t.Helper()
		if _, err := s.Update(t.Context(), func(tx kv.WriteTx) error { return tx.Put(key, []byte(value)) }); err != nil {
			t.Fatal(err)
		}
	}
	put("a", "the deleted value")
	err = s.View(t.Context(), func(tx kv.Tx) error {
		if _, err := s.Update(t.Context(), func(tx kv.WriteTx) error { return tx.Delete("a") }); err != nil {
			return err
		}
		put("b", "another")
		value, err := tx.Get("a")
		if string(value) != "the deleted value" {
			t.Errorf("the reader sees %q, %v", value, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	put("c", "the next write")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("the deleted value")) {
		t.Error("the deleted value stands in the file")
	}
}
