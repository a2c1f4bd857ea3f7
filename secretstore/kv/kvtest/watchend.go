package kvtest

import (
	"context"
	"errors"
	"testing"

	"github.com/reticent/reticent/secretstore/kv"
)

func testWatchCompacted(t *testing.T, b Backend) {
	s := open(t, b)
	before := revisionOf(t, s)
	first := write(t, s, "put a 1")
	write(t, s, "put a 2")
	b.Compact(t, s)
	for _, after := range []int64{before, first} {
		watch := startWatch(t, patient(t), s, after)
		if batch, err := watch(); !errors.Is(err, kv.ErrCompacted) {
			t.Errorf("watch after %d: %v, %v; want ErrCompacted", after, batch, err)
		}
	}
	now := revisionOf(t, s)
	next(t, s, now, write(t, s, "put a 3"), "a=3")
}

// testWatchFallsBehind has a watcher that stops asking. It may have been given
// batches ahead; when they are used up it is told, and misses nothing silently.
func testWatchFallsBehind(t *testing.T, b Backend) {
	s := open(t, b)
	watch := startWatch(t, patient(t), s, revisionOf(t, s))
	expect(t, watch, write(t, s, "put a 1"), "a=1")
	second := write(t, s, "put a 2")
	b.Compact(t, s)
	seen := false
	for {
		batch, err := watch()
		if errors.Is(err, kv.ErrCompacted) {
			return
		}
		if err != nil {
			t.Fatalf("watch: %v", err)
		}
		if seen = seen || batch.Revision == second; !seen {
			t.Fatalf("watch skipped revision %d and gave %d", second, batch.Revision)
		}
		if batch.Revision == revisionOf(t, s) {
			return
		}
	}
}

func testWatchBatchesAreCopies(t *testing.T, b Backend) {
	s := open(t, b)
	before := revisionOf(t, s)
	revision := write(t, s, "put a 1 put b 1")
	batch, err := startWatch(t, patient(t), s, before)()
	if err != nil {
		t.Fatal(err)
	}
	batch.Changes[0].Value[0] = 'X'
	batch.Changes[1] = kv.Change{Key: "x"}
	next(t, s, before, revision, "a=1 b=1")
	equal(t, "stored", list(t, s, "", "", 0), "a=1 b=1")
}

func testWatchContext(t *testing.T, b Backend) {
	s := open(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	revision := revisionOf(t, s)
	watch := startWatch(t, ctx, s, revision)
	expect(t, watch, write(t, s, "put a 1"), "a=1")
	go cancel() // before or while the watcher waits
	if batch, err := watch(); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", batch, err)
	}
	if batch, err := startWatch(t, ctx, s, revision)(); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before it began: %v, %v", batch, err)
	}
}

func testWatchClosed(t *testing.T, b Backend) {
	s := b.Open(t)
	watch := startWatch(t, patient(t), s, revisionOf(t, s))
	expect(t, watch, write(t, s, "put a 1"), "a=1")
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	if batch, err := watch(); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("closed: %v, %v; want ErrClosed", batch, err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}
