package bolt

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/reticent/reticent/secretstore/kv"
)

func batch(revision int64, size int) kv.Batch {
	return kv.Batch{Revision: revision, Changes: []kv.Change{{Key: "k", Value: make([]byte, size-1)}}}
}

func TestHistoryBounds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		commits, bytes int
		add            []kv.Batch
		oldest         int64 // revision that can still be had
	}{
		{"nothing to drop", 3, 100, []kv.Batch{batch(1, 10), batch(2, 10), batch(3, 10)}, 1},
		{"too many", 2, 100, []kv.Batch{batch(1, 10), batch(2, 10), batch(3, 10)}, 2},
		{"exactly full", 9, 30, []kv.Batch{batch(1, 10), batch(2, 10), batch(3, 10)}, 1},
		{"too large", 9, 29, []kv.Batch{batch(1, 10), batch(2, 10), batch(3, 10)}, 2},
		{"last one larger than all", 9, 30, []kv.Batch{batch(1, 10), batch(2, 10), batch(3, 99)}, 3},
		{"room again after a large one", 9, 30, []kv.Batch{batch(1, 99), batch(2, 10), batch(3, 10)}, 2},
		{"a revision is missing", 9, 99, []kv.Batch{batch(1, 10), batch(3, 10), batch(4, 10)}, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(0, Options{HistoryCommits: test.commits, HistoryBytes: test.bytes})
			for _, b := range test.add {
				h.add(b)
			}
			if b, ok, _, err := h.poll(test.oldest - 1); !ok || err != nil || b.Revision != test.oldest {
				t.Errorf("oldest: %d, %v, %v; want %d", b.Revision, ok, err, test.oldest)
			}
			if test.oldest == 1 {
				return
			}
			if _, _, _, err := h.poll(test.oldest - 2); !errors.Is(err, kv.ErrCompacted) {
				t.Errorf("before the oldest: %v, want ErrCompacted", err)
			}
		})
	}
}

// TestBatchIsReadyWhenUpdateReturns polls without waiting.
func TestBatchIsReadyWhenUpdateReturns(t *testing.T) {
	t.Parallel()
	s, err := Open(filepath.Join(t.TempDir(), "data", "db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for range 20 {
		revision, err := s.Update(context.Background(), func(tx kv.WriteTx) error { return tx.Put("k", nil) })
		if err != nil {
			t.Fatal(err)
		}
		if b, ok, _, err := s.history.poll(revision - 1); !ok || err != nil || b.Revision != revision {
			t.Fatalf("after revision %d: %v, %v, %v", revision, b, ok, err)
		}
	}
}
