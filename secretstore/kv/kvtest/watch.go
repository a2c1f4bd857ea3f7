package kvtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/reticent/reticent/secretstore/kv"
)

// startWatch returns a function that gives the next batch.
func startWatch(t *testing.T, ctx context.Context, s kv.Store, after int64) func() (kv.Batch, error) {
	t.Helper()
	pull, stop := iter.Pull2(s.Watch(ctx, after))
	t.Cleanup(stop)
	return func() (kv.Batch, error) {
		b, err, ok := pull()
		if !ok {
			return kv.Batch{}, errors.New("watch: ended without an error")
		}
		return b, err
	}
}

// expect takes the next batch and compares it.
func expect(t *testing.T, watch func() (kv.Batch, error), revision int64, changes string) {
	t.Helper()
	b, err := watch()
	if err != nil {
		t.Fatalf("watch: %v, want %q", err, changes)
	}
	equal(t, "revision of a batch", b.Revision, revision)
	equal(t, "changes of a batch", render(b.Changes), changes)
}

// next checks that the first batch after a revision is this one.
func next(t *testing.T, s kv.Store, after, revision int64, changes string) {
	t.Helper()
	expect(t, startWatch(t, patient(t), s, after), revision, changes)
}

func testWatchPast(t *testing.T, b Backend) {
	s := open(t, b)
	before := revisionOf(t, s)
	scripts := []string{"put a 1", "put b 1", "put a 2", "delete b", "put c 1"}
	changes := []string{"a=1", "b=1", "a=2", "-b", "c=1"}
	revisions := []int64{before}
	for _, script := range scripts {
		revisions = append(revisions, write(t, s, script))
	}
	for start, after := range revisions {
		watch := startWatch(t, patient(t), s, after)
		for i := start; i < len(scripts); i++ {
			expect(t, watch, revisions[i+1], changes[i])
		}
	}
}

func testWatchWholeBatches(t *testing.T, b Backend) {
	s := open(t, b)
	before := write(t, s, "put old 1 put older 1")
	watch := startWatch(t, patient(t), s, before)
	expect(t, watch, write(t, s, "put z 1 put a 1 delete older put m 1"), "a=1 m=1 -older z=1")
	expect(t, watch, write(t, s, "put a 2 put a 3"), "a=3")
	expect(t, watch, write(t, s, "delete a put a 4 put n 1 delete n"), "a=4")
	expect(t, watch, write(t, s, "put a 5 delete a delete none"), "-a")
	write(t, s, "delete none")
	expect(t, watch, write(t, s, "put last 1"), "last=1")
}

func testWatchWaits(t *testing.T, b Backend) {
	s := open(t, b)
	const watchers, commits = 4, 20
	before := revisionOf(t, s)
	ctx := patient(t)
	wait := start(watchers, func(i int) {
		n, last := 0, before
		for batch, err := range s.Watch(ctx, before) {
			if err != nil || batch.Revision <= last {
				t.Errorf("watcher %d: revision %d after %d, error %v", i, batch.Revision, last, err)
				return
			}
			last = batch.Revision
			equal(t, "batch", render(batch.Changes), fmt.Sprintf("a=%d b=%d", n, n))
			if n++; n == commits {
				return
			}
		}
	})
	for n := range commits {
		write(t, s, fmt.Sprintf("put a %d put b %d", n, n))
	}
	wait()
}

func testWatchFuture(t *testing.T, b Backend) {
	s := open(t, b)
	after := write(t, s, "put a 1") + 1
	watch := startWatch(t, patient(t), s, after)
	if early := write(t, s, "put early 1"); early > after {
		expect(t, watch, early, "early=1")
	}
	expect(t, watch, write(t, s, "put late 1"), "late=1")
}

// testWatchFromSnapshot has readers that list and then watch, while somebody
// writes: what they have in the end is what is stored.
func testWatchFromSnapshot(t *testing.T, b Backend) {
	s := open(t, b)
	const readers, commits = 3, 40
	ctx := patient(t)
	started := make(chan struct{}, readers)
	wait := start(readers, func(int) {
		state, from := stateOf(t, s)
		started <- struct{}{}
		for batch, err := range s.Watch(ctx, from) {
			if err != nil {
				t.Errorf("watch: %v", err)
				return
			}
			replay(state, batch)
			if state["done"] != "" {
				break
			}
		}
		want, _ := stateOf(t, s)
		equal(t, "state", state, want)
	})
	for n := range commits {
		write(t, s, fmt.Sprintf("put k%d %d delete k%d", n%7, n, (n+3)%7))
	}
	for range readers {
		<-started
	}
	write(t, s, "put done 1")
	wait()
}

func replay(state map[string]string, batch kv.Batch) {
	for _, c := range batch.Changes {
		if c.Deleted {
			delete(state, c.Key)
		} else {
			state[c.Key] = string(c.Value)
		}
	}
}

// stateOf returns what is stored, and as of which revision.
func stateOf(t *testing.T, s kv.Store) (state map[string]string, revision int64) {
	t.Helper()
	state = map[string]string{}
	err := s.View(t.Context(), func(tx kv.Tx) error {
		entries, err := tx.List("", "", 0)
		for _, e := range entries {
			state[e.Key] = string(e.Value)
		}
		revision = tx.Revision()
		return err
	})
	if err != nil {
		t.Errorf("view: %v", err)
	}
	return state, revision
}
