package bolt

import (
	"context"
	"sync"

	"github.com/reticent/reticent/secretstore/kv"
)

// history keeps the latest commits for watchers. Watchers hold nothing here but
// their own position, so that a slow one costs nothing: what it has not asked
// for in time is dropped, and it learns that.
type history struct {
	maxCommits, maxBytes int

	mu      sync.Mutex
	batches []kv.Batch // consecutive, the last one of revision `last`
	bytes   int        // in batches
	last    int64
	closed  bool
	changed chan struct{} // closed and replaced when any of the above changes
}

func newHistory(last int64, o Options) *history {
	return &history{
		maxCommits: o.HistoryCommits,
		maxBytes:   o.HistoryBytes,
		last:       last,
		changed:    make(chan struct{}),
	}
}

// add appends a commit. After a revision that was not added, which is one whose
// commit failed halfway and turned out to be on disk, it starts afresh.
func (h *history) add(b kv.Batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b.Revision != h.last+1 {
		h.batches, h.bytes = nil, 0
	}
	h.batches = append(h.batches, b)
	h.bytes += b.Size()
	h.last = b.Revision
	for len(h.batches) > 1 && (len(h.batches) > h.maxCommits || h.bytes > h.maxBytes) {
		h.bytes -= h.batches[0].Size()
		h.batches[0] = kv.Batch{}
		h.batches = h.batches[1:]
	}
	h.wake()
}

// close ends all waiting.
func (h *history) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.wake()
}

func (h *history) wake() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// next returns the commit after the revision `after`, waiting for it if need be.
func (h *history) next(ctx context.Context, after int64) (kv.Batch, error) {
	for {
		if err := ctx.Err(); err != nil {
			return kv.Batch{}, err
		}
		b, ok, changed, err := h.poll(after)
		if err != nil {
			return kv.Batch{}, err
		}
		if ok {
			return b.Clone(), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// poll is next without waiting: with no commit yet, it gives the channel that is
// closed when it is worth asking again.
func (h *history) poll(after int64) (b kv.Batch, ok bool, changed <-chan struct{}, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest := h.last - int64(len(h.batches)) // watching from before it has a gap
	switch {
	case h.closed:
		return kv.Batch{}, false, nil, kv.ErrClosed
	case after < oldest:
		return kv.Batch{}, false, nil, kv.ErrCompacted
	case after >= h.last:
		return kv.Batch{}, false, h.changed, nil
	}
	return h.batches[after-oldest], true, nil, nil
}
