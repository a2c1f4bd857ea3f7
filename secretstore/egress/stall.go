package egress

import (
	"io"
	"sync/atomic"
	"time"
)

// waiting reads a body that is closed when no piece of it comes for a while.
type waiting struct {
	from    io.Reader
	limit   time.Duration
	timer   *time.Timer
	stalled atomic.Bool
}

func patient(from io.ReadCloser, limit time.Duration) *waiting {
	w := &waiting{from: from, limit: limit}
	w.timer = time.AfterFunc(limit, func() {
		w.stalled.Store(true)
		_ = from.Close()
	})
	return w
}

// Read is io.Reader's.
func (w *waiting) Read(b []byte) (int, error) {
	n, err := w.from.Read(b)
	w.timer.Reset(w.limit)
	return n, err
}
