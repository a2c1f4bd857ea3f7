package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/reticent/reticent/secretstore/kv"
	"go.etcd.io/bbolt"
)

// tx is a kv.Tx on a bbolt transaction.
type tx struct {
	data     *bbolt.Bucket
	revision int64
	done     bool
}

func newTx(t *bbolt.Tx) (*tx, error) {
	revision, err := readRevision(t)
	if err != nil {
		return nil, err
	}
	return &tx{data: t.Bucket(dataBucket), revision: revision}, nil
}

func (t *tx) Get(key string) ([]byte, error) {
	if t.done {
		return nil, kv.ErrTxDone
	}
	value := t.data.Get([]byte(key))
	if value == nil {
		return nil, fmt.Errorf("key %q: %w", key, kv.ErrNotFound)
	}
	return bytes.Clone(value), nil
}

func (t *tx) List(prefix, after string, limit int) ([]kv.Entry, error) {
	if t.done {
		return nil, kv.ErrTxDone
	}
	var entries []kv.Entry
	c := t.data.Cursor()
	k, v := c.Seek([]byte(max(prefix, after)))
	for ; k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
		if string(k) == after {
			continue
		}
		entries = append(entries, kv.Entry{Key: string(k), Value: bytes.Clone(v)})
		if len(entries) == limit {
			break
		}
	}
	return entries, nil
}

func (t *tx) Revision() int64 { return t.revision }

// writeTx is a kv.WriteTx on a bbolt transaction.
type writeTx struct {
	tx
	budget  kv.Budget
	touched map[string]touch
}

// touch is what happened to a key.
type touch struct {
	existed bool   // before the transaction
	value   []byte // nil if it does not exist any more
}

func (t *writeTx) Put(key string, value []byte) error {
	if t.done {
		return kv.ErrTxDone
	}
	if err := t.budget.Put(key, value); err != nil {
		return fmt.Errorf("put %q: %w", clip(key), err)
	}
	existed := t.existed(key)
	value = append([]byte{}, value...) // never nil: bbolt takes nil for absent
	if err := t.data.Put([]byte(key), value); err != nil {
		return fmt.Errorf("put %q: %w", key, err)
	}
	t.touched[key] = touch{existed: existed, value: value}
	return nil
}

func (t *writeTx) Delete(key string) error {
	if t.done {
		return kv.ErrTxDone
	}
	if err := t.budget.Delete(key); err != nil {
		return fmt.Errorf("delete %q: %w", clip(key), err)
	}
	existed := t.existed(key)
	if err := t.data.Delete([]byte(key)); err != nil {
		return fmt.Errorf("delete %q: %w", key, err)
	}
	t.touched[key] = touch{existed: existed}
	return nil
}

// existed reports whether key was there before the transaction.
func (t *writeTx) existed(key string) bool {
	if before, ok := t.touched[key]; ok {
		return before.existed
	}
	return t.data.Get([]byte(key)) != nil
}

// changes returns what there is to commit, in the order of the keys.
func (t *writeTx) changes() []kv.Change {
	var changes []kv.Change
	for _, key := range slices.Sorted(maps.Keys(t.touched)) {
		now := t.touched[key]
		if now.value == nil && !now.existed {
			continue
		}
		changes = append(changes, kv.Change{Key: key, Value: now.value, Deleted: now.value == nil})
	}
	return changes
}

// clip shortens a key that is too long, for an error.
func clip(key string) string {
	const enough = 64
	if len(key) <= enough {
		return key
	}
	return key[:enough] + "…"
}

func readRevision(t *bbolt.Tx) (int64, error) {
	b := t.Bucket(metaBucket).Get(revisionKey)
	if len(b) != 8 {
		return 0, fmt.Errorf("database: revision has %d bytes, not 8", len(b))
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

func writeRevision(t *bbolt.Tx, revision int64) error {
	b := binary.BigEndian.AppendUint64(nil, uint64(revision))
	if err := t.Bucket(metaBucket).Put(revisionKey, b); err != nil {
		return fmt.Errorf("database: write revision: %w", err)
	}
	return nil
}
