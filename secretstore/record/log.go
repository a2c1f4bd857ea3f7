// Package record keeps records of what happened: runs of scripts, decisions.
//
// It takes them from memory to disk in the background, in batches: what is
// recorded never waits for it, and what comes faster than it can be written is
// dropped and counted. They are kept for a set time and up to a set number, and
// read a page at a time, the newest first. Who records masks: [Redact] hides
// what is named like a credential, and package seal what is a secret. It keeps
// nothing for who may not read it: that is for its callers, who know whose the
// records are.
package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/reticent/reticent/secretstore/kv"
)

// Config configures a Log.
type Config[T any] struct {
	// KV keeps the records. It must be open until Close returns.
	KV kv.Store
	// Prefix begins their keys, and What is what the server's log calls them.
	Prefix, What string
	// ID gives the id of a record, one of [NewID].
	ID func(*T) string
	// Encode writes one, in the background. Nothing and no error is a record that
	// is not to be kept.
	Encode func(*T) ([]byte, error)
	// Keep is how long a record is kept, and Max how many are, about.
	Keep time.Duration
	Max  int
	// Log gets what an operator should know.
	Log *slog.Logger
	// Dropped counts records that were lost.
	Dropped func(n int)
}

// Log keeps records.
type Log[T any] struct {
	cfg   Config[T]
	queue chan *T
	done  chan struct{}
	once  sync.Once
	stop  chan struct{}
	flush chan chan struct{} // who waits until all is written

	count int // of the records that there are, about; of the writer only
}

// Open starts a Log.
func Open[T any](ctx context.Context, cfg Config[T]) (*Log[T], error) {
	l := &Log[T]{cfg: cfg, queue: make(chan *T, MaxQueued), done: make(chan struct{}), stop: make(chan struct{}), flush: make(chan chan struct{})}
	err := l.scan(ctx, "", func([]kv.Entry) (bool, error) { return true, nil }, &l.count)
	if err != nil {
		return nil, fmt.Errorf("read the records of %s: %w", cfg.What, err)
	}
	go l.write()
	return l, nil
}

// Close writes down what waits and ends the Log. Nothing may be added after it.
func (l *Log[T]) Close() {
	l.once.Do(func() { close(l.stop) })
	<-l.done
}

// Add takes a record, or drops it where too many wait. It must not change any
// more.
func (l *Log[T]) Add(x *T) {
	select {
	case l.queue <- x:
	default:
		l.cfg.Dropped(1)
	}
}

// write is the background.
func (l *Log[T]) write() {
	defer close(l.done)
	tick := time.NewTicker(SweepInterval)
	defer tick.Stop()
	l.sweep()
	for {
		select {
		case x := <-l.queue:
			l.batch(x, BatchDelay)
		case <-tick.C:
			l.sweep()
		case written := <-l.flush:
			l.drain()
			close(written)
		case <-l.stop:
			l.drain()
			return
		}
		if l.count > l.cfg.Max+l.cfg.Max/8 {
			l.sweep()
		}
	}
}

// drain writes all that waits.
func (l *Log[T]) drain() {
	for {
		select {
		case x := <-l.queue:
			l.batch(x, 0)
		default:
			return
		}
	}
}

// Sync waits until all that was added before is written, so that who reads finds
// what he did himself.
func (l *Log[T]) Sync(ctx context.Context) error {
	written := make(chan struct{})
	select {
	case l.flush <- written:
	case <-l.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-written:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// batch writes x, and what comes within a delay, in one transaction.
func (l *Log[T]) batch(x *T, delay time.Duration) {
	rows := map[string][]byte{}
	size := 0
	add := func(x *T) {
		b, err := l.cfg.Encode(x)
		if err != nil {
			l.lost(1, err)
			return
		}
		if b != nil {
			rows[l.cfg.Prefix+l.cfg.ID(x)] = b
			size += len(b)
		}
	}
	add(x)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	var waiting []chan struct{}
more:
	for len(rows) < maxBatch && size < maxBatchBytes {
		select {
		case x := <-l.queue:
			add(x)
		case written := <-l.flush:
			waiting = append(waiting, written)
			break more
		case <-timer.C:
			break more
		case <-l.stop:
			break more
		}
	}
	defer func() {
		if len(waiting) > 0 {
			l.drain()
		}
		for _, written := range waiting {
			close(written)
		}
	}()
	if len(rows) == 0 {
		return
	}
	_, err := l.cfg.KV.Update(context.Background(), func(tx kv.WriteTx) error {
		for key, row := range rows {
			if err := tx.Put(key, row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.lost(len(rows), err)
		return
	}
	l.count += len(rows)
}

func (l *Log[T]) lost(n int, err error) {
	l.cfg.Dropped(n)
	l.cfg.Log.Warn("records of "+l.cfg.What+" were not written", "records", n, "error", err)
}

// sweep deletes what is too old and what is too much.
func (l *Log[T]) sweep() {
	ctx := context.Background()
	oldest := l.cfg.Prefix + NewID(time.Now().Add(-l.cfg.Keep))[:timeLength] + "g" // behind every id of that time
	kept := 0
	var doomed []string
	total := 0
	err := l.scan(ctx, "", func(entries []kv.Entry) (bool, error) {
		for _, e := range entries {
			if kept++; kept > l.cfg.Max || e.Key > oldest {
				doomed = append(doomed, e.Key)
			}
		}
		return true, nil
	}, &total)
	for err == nil && len(doomed) > 0 {
		chunk := doomed[:min(len(doomed), maxBatch)]
		doomed = doomed[len(chunk):]
		_, err = l.cfg.KV.Update(ctx, func(tx kv.WriteTx) error {
			for _, key := range chunk {
				if err := tx.Delete(key); err != nil {
					return err
				}
			}
			return nil
		})
		total -= len(chunk)
	}
	if err != nil {
		l.cfg.Log.Warn("old records of "+l.cfg.What+" were not deleted", "error", err)
		return
	}
	l.count = total
}

// scan gives fn all records after a key, the newest first, a chunk at a time,
// until it has enough. It adds how many it saw to count.
func (l *Log[T]) scan(ctx context.Context, after string, fn func([]kv.Entry) (more bool, err error), count *int) error {
	for {
		var entries []kv.Entry
		err := l.cfg.KV.View(ctx, func(tx kv.Tx) (err error) {
			entries, err = tx.List(l.cfg.Prefix, after, scanChunk)
			return err
		})
		if err != nil || len(entries) == 0 {
			return err
		}
		*count += len(entries)
		if more, err := fn(entries); err != nil || !more {
			return err
		}
		after = entries[len(entries)-1].Key
	}
}

// Scan gives fn the records behind the one with an id, or all for "", the newest
// first, until it has enough. What was added before is among them.
func (l *Log[T]) Scan(ctx context.Context, after string, fn func(*T) (more bool)) error {
	if err := l.Sync(ctx); err != nil {
		return err
	}
	if after != "" {
		after = l.cfg.Prefix + after
	}
	seen := 0
	return l.scan(ctx, after, func(entries []kv.Entry) (bool, error) {
		for _, e := range entries {
			x, err := l.decode(e.Value)
			if err != nil {
				return false, err
			}
			if !fn(x) {
				return false, nil
			}
		}
		return true, nil
	}, &seen)
}

// Get gives the record with an id, and nil where there is none.
func (l *Log[T]) Get(ctx context.Context, id string) (*T, error) {
	if err := l.Sync(ctx); err != nil {
		return nil, err
	}
	if len(id) != idLength {
		return nil, nil
	}
	var raw []byte
	err := l.cfg.KV.View(ctx, func(tx kv.Tx) (err error) {
		raw, err = tx.Get(l.cfg.Prefix + id)
		return err
	})
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return l.decode(raw)
}

func (l *Log[T]) decode(raw []byte) (*T, error) {
	x := new(T)
	if err := json.Unmarshal(raw, x); err != nil {
		return nil, fmt.Errorf("a record of %s cannot be read", l.cfg.What) // the error may quote it
	}
	return x, nil
}
