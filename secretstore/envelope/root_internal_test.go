package envelope

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// held is a root that answers when it is let.
type held struct{ let chan struct{} }

func (held) Name() string { return "kms:held" }

func (r held) Wrap(_ context.Context, key, _ []byte) ([]byte, error) {
	<-r.let
	return append([]byte("wrapped "), key...), nil
}

func (r held) Unwrap(_ context.Context, wrapped, _ []byte) ([]byte, error) {
	<-r.let
	return bytes.Clone(bytes.TrimPrefix(wrapped, []byte("wrapped "))), nil
}

func database(t *testing.T) kv.Store {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "data", "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// A root that heeds no context is given up all the same.
func TestASilentRootIsGivenUp(t *testing.T) {
	t.Parallel()
	root := held{make(chan struct{})}
	defer close(root.let)
	h := NewRowHolder(database(t), root)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.ask(ctx, "wrap", make([]byte, 32), root.Wrap); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A keyring's row that was changed in any byte does not load.
func TestChangedKeyringRows(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	close(open)
	db := database(t)
	h := NewRowHolder(db, held{open})
	k := mustGenerate(t)
	if err := h.Create(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	var good []byte
	if err := db.View(t.Context(), func(tx kv.Tx) (err error) { good, err = tx.Get(h.key()); return err }); err != nil {
		t.Fatal(err)
	}
	loads := func(raw []byte) bool {
		t.Helper()
		if _, err := db.Update(t.Context(), func(tx kv.WriteTx) error { return tx.Put(h.key(), raw) }); err != nil {
			t.Fatal(err)
		}
		got, err := h.Load(t.Context())
		return err == nil && got.ID() == k.ID()
	}
	if !loads(good) {
		t.Fatal("it does not load")
	}
	for field := range 2 {
		for i := 0; ; i++ {
			var r row
			if err := json.Unmarshal(good, &r); err != nil {
				t.Fatal(err)
			}
			b := [][]byte{r.WrappedKey, r.Keyring}[field]
			if i == len(b) {
				break
			}
			b[i] ^= 1
			bad, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if loads(bad) {
				t.Errorf("field %d, byte %d: it loads", field, i)
			}
		}
	}
	if !loads(good) {
		t.Error("it does not load any more")
	}
}

// A rewrapped value is the same value, bound as it was, and opens without the old key.
func TestRewrap(t *testing.T) {
	t.Parallel()
	k := mustGenerate(t)
	s, err := k.Seal(plaintext.FromString("value"), associated)
	if err != nil {
		t.Fatal(err)
	}
	if _, changed, err := k.Rewrap(s, associated); changed || err != nil {
		t.Errorf("by the key that wraps it: %v, %v", changed, err)
	}
	next := rotated(t, k)
	other := associated
	other.Version++
	if _, _, err := next.Rewrap(s, other); !errors.Is(err, ErrTampered) {
		t.Errorf("as another's: %v", err)
	}
	again, changed, err := next.Rewrap(s, associated)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	alone, err := next.Primary()
	if err != nil {
		t.Fatal(err)
	}
	if v, err := alone.Open(again, associated); err != nil || string(plaintext.Open(v)) != "value" {
		t.Errorf("without the old key: %v", err)
	}
	if _, err := alone.Open(s, associated); !errors.Is(err, ErrWrongKey) || alone.Len() != 1 || next.Len() != 2 {
		t.Errorf("what the old key wrapped: %v", err)
	}
	if _, _, err := alone.Rewrap(s, associated); !errors.Is(err, ErrWrongKey) {
		t.Errorf("rewrapped without the key: %v", err)
	}
}
