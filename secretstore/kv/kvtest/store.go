package kvtest

import (
	"context"
	"errors"
	"testing"

	"github.com/reticent/reticent/secretstore/kv"
)

func revisionOf(t *testing.T, s kv.Store) int64 {
	t.Helper()
	revision, err := s.Revision(patient(t))
	if err != nil {
		t.Fatalf("revision: %v", err)
	}
	return revision
}

func testRevisions(t *testing.T, b Backend) {
	s := open(t, b)
	last := revisionOf(t, s)
	for _, script := range []string{
		"put a 1",
		"put a 1", // the same value again
		"put b 1 put c 1 delete a",
		"delete b",
		"put a 1 delete a put a 1",
	} {
		got := write(t, s, script)
		if got <= last {
			t.Errorf("%q has revision %d after %d", script, got, last)
		}
		last = got
		equal(t, "current revision after "+script, revisionOf(t, s), last)
		view(t, s, func(tx kv.Tx) error {
			equal(t, "revision of a view after "+script, tx.Revision(), last)
			return nil
		})
	}
	for _, script := range []string{"", "delete none", "put new 1 delete new"} {
		equal(t, "revision of a commit without changes", write(t, s, script), last)
	}
	equal(t, "current revision", revisionOf(t, s), last)
	_, err := s.Update(patient(t), func(tx kv.WriteTx) error {
		equal(t, "revision in an update", tx.Revision(), last)
		return tx.Put("a", nil)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testContext(t *testing.T, b Backend) {
	s := open(t, b)
	write(t, s, "put a 1")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Update(ctx, func(tx kv.WriteTx) error {
		cancel()
		return tx.Put("a", []byte("2"))
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("update cancelled inside: %v", err)
	}
	_, err = s.Update(ctx, func(kv.WriteTx) error {
		t.Error("update ran its function")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("update with a context that is over: %v", err)
	}
	err = s.View(ctx, func(kv.Tx) error {
		t.Error("view ran its function")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("view with a context that is over: %v", err)
	}
	if _, err := s.Revision(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("revision with a context that is over: %v", err)
	}
	equal(t, "stored", list(t, s, "", "", 0), "a=1")
}

func testClosed(t *testing.T, b Backend) {
	s := b.Open(t)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	_, updateErr := s.Update(patient(t), func(kv.WriteTx) error { return nil })
	viewErr := s.View(patient(t), func(kv.Tx) error { return nil })
	_, revisionErr := s.Revision(patient(t))
	watch := startWatch(t, patient(t), s, 0)
	_, watchErr := watch()
	for _, err := range []error{updateErr, viewErr, revisionErr, watchErr} {
		if !errors.Is(err, kv.ErrClosed) {
			t.Errorf("after Close: %v, want ErrClosed", err)
		}
	}
}

func testReopen(t *testing.T, b Backend) {
	s := b.Open(t)
	revision := write(t, s, "put a 1 put b 2 put empty x")
	revision = max(revision, write(t, s, "delete b"))
	s = b.Reopen(t, s)
	closeLater(t, s)
	equal(t, "after reopening", list(t, s, "", "", 0), "a=1 empty=x")
	equal(t, "revision after reopening", revisionOf(t, s), revision)
	next(t, s, revision, write(t, s, "put c 3"), "c=3")
}
