package bolt_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
	"github.com/reticent/reticent/secretstore/kv/kvtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	var paths sync.Map // from store to file
	open := func(t *testing.T, path string) kv.Store {
		t.Helper()
		// The history holds what the suite writes and no value of the greatest
		// length on top of it.
		s, err := bolt.Open(path, bolt.Options{HistoryBytes: kv.MaxValueBytes})
		if err != nil {
			t.Fatal(err)
		}
		paths.Store(s, path)
		return s
	}
	kvtest.Run(t, kvtest.Backend{
		Open: func(t *testing.T) kv.Store {
			t.Helper()
			return open(t, newPath(t))
		},
		Reopen: func(t *testing.T, s kv.Store) kv.Store {
			t.Helper()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			path, _ := paths.Load(s)
			return open(t, path.(string))
		},
		Compact: func(t *testing.T, s kv.Store) {
			t.Helper()
			_, err := s.Update(t.Context(), func(tx kv.WriteTx) error {
				return tx.Put("compact/", make([]byte, kv.MaxValueBytes))
			})
			if err != nil {
				t.Fatal(err)
			}
		},
	})
}

// newPath returns the path of a database file in a directory that Open makes.
func newPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "data", "reticent.db")
}

func mustOpen(t *testing.T, path string, options bolt.Options) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func put(t *testing.T, s kv.Store, key, value string) int64 {
	t.Helper()
	revision, err := s.Update(t.Context(), func(tx kv.WriteTx) error { return tx.Put(key, []byte(value)) })
	if err != nil {
		t.Fatal(err)
	}
	return revision
}
