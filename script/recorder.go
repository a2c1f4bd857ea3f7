package script

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/reticent/reticent/secretstore/kv"
)

// RecorderConfig configures a Recorder.
type RecorderConfig struct {
	// KV keeps the records. It must be open until Close returns.
	KV kv.Store
	// Keep is how long a record is kept, Max how many are; 0 is the default.
	Keep time.Duration
	Max  int
	// RecordInput records the input of every script, not only of those that ask for
	// it.
	RecordInput bool
	// Log gets what an operator should know; nil discards.
	Log *slog.Logger
	// Dropped counts records that were lost because they came faster than they
	// could be written; nil does not.
	Dropped func(n int)
}

// Recorder keeps the records of runs. It takes them from memory to disk in the
// background, in batches: a run never waits for it.
type Recorder struct {
	cfg   RecorderConfig
	queue chan *Execution
	done  chan struct{}
	once  sync.Once
	stop  chan struct{}
	flush chan chan struct{} // who waits until all is written

	count int // of the records that there are, about; of the writer only
}

// executionPrefix begins the keys of records.
const executionPrefix = "execution:"

// NewRecorder starts a Recorder.
func NewRecorder(ctx context.Context, cfg RecorderConfig) (*Recorder, error) {
	if cfg.Keep == 0 {
		cfg.Keep = DefaultKeepExecutions
	}
	if cfg.Max == 0 {
		cfg.Max = DefaultMaxExecutions
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Dropped == nil {
		cfg.Dropped = func(int) {}
	}
	r := &Recorder{cfg: cfg, queue: make(chan *Execution, MaxQueuedExecutions), done: make(chan struct{}), stop: make(chan struct{}), flush: make(chan chan struct{})}
	err := r.scan(ctx, "", func([]kv.Entry) (bool, error) {
		return true, nil
	}, &r.count)
	if err != nil {
		return nil, fmt.Errorf("script: read the executions: %w", err)
	}
	go r.write()
	return r, nil
}

// Close writes down what waits and ends the Recorder. Nothing may be added after it.
func (r *Recorder) Close() {
	r.once.Do(func() { close(r.stop) })
	<-r.done
}

// Add takes a record, or drops it where too many wait. x must not change any more.
func (r *Recorder) Add(x *Execution) {
	x.ID = newExecutionID(x.Started)
	select {
	case r.queue <- x:
	default:
		r.cfg.Dropped(1)
	}
}

// newExecutionID makes an id that orders newer before older.
func newExecutionID(at time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, math.MaxUint64-uint64(at.UnixMilli()))
	var random [8]byte
	_, _ = rand.Read(random[:])
	return "x" + hex.EncodeToString(append(b, random[:]...))
}

// write is the background.
func (r *Recorder) write() {
	defer close(r.done)
	tick := time.NewTicker(SweepInterval)
	defer tick.Stop()
	r.sweep()
	for {
		select {
		case x := <-r.queue:
			r.batch(x, BatchDelay)
		case <-tick.C:
			r.sweep()
		case written := <-r.flush:
			r.drain()
			close(written)
		case <-r.stop:
			r.drain()
			return
		}
		if r.count > r.cfg.Max+r.cfg.Max/8 {
			r.sweep()
		}
	}
}

// drain writes all that waits.
func (r *Recorder) drain() {
	for {
		select {
		case x := <-r.queue:
			r.batch(x, 0)
		default:
			return
		}
	}
}

// sync waits until all that was added before is written, so that who reads finds
// his own runs.
func (r *Recorder) sync(ctx context.Context) error {
	written := make(chan struct{})
	select {
	case r.flush <- written:
	case <-r.done:
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
func (r *Recorder) batch(x *Execution, delay time.Duration) {
	rows := map[string][]byte{}
	size := 0
	add := func(x *Execution) {
		b, err := encodeExecution(x)
		if err != nil {
			r.lost(1, err)
			return
		}
		rows[executionPrefix+x.ID] = b
		size += len(b)
	}
	add(x)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	var waiting []chan struct{}
more:
	for len(rows) < maxBatch && size < maxBatchBytes {
		select {
		case x := <-r.queue:
			add(x)
		case written := <-r.flush:
			waiting = append(waiting, written)
			break more
		case <-timer.C:
			break more
		case <-r.stop:
			break more
		}
	}
	defer func() {
		if len(waiting) > 0 {
			r.drain()
		}
		for _, written := range waiting {
			close(written)
		}
	}()
	_, err := r.cfg.KV.Update(context.Background(), func(tx kv.WriteTx) error {
		for key, row := range rows {
			if err := tx.Put(key, row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.lost(len(rows), err)
		return
	}
	r.count += len(rows)
}

func (r *Recorder) lost(n int, err error) {
	r.cfg.Dropped(n)
	r.cfg.Log.Warn("records of executions were not written", "records", n, "error", err)
}

// encodeExecution leaves out what is too large: output, input, console, until the
// rest fits.
func encodeExecution(x *Execution) ([]byte, error) {
	b, err := json.Marshal(x)
	if err != nil || len(b) <= MaxExecutionBytes {
		return b, err
	}
	short := *x
	for _, part := range []struct {
		name string
		drop func()
	}{
		{"output", func() { short.Output, short.Masked = nil, x.Masked[:0] }},
		{"input", func() { short.Input = nil }},
		{"console", func() { short.Console = []ConsoleLine{} }},
	} {
		part.drop()
		short.Omitted = append(short.Omitted, part.name)
		if b, err = json.Marshal(&short); err != nil || len(b) <= MaxExecutionBytes {
			return b, err
		}
	}
	return nil, errors.New("the record is too large")
}

// sweep deletes what is too old and what is too much.
func (r *Recorder) sweep() {
	ctx := context.Background()
	oldest := executionPrefix + newExecutionID(time.Now().Add(-r.cfg.Keep))[:17] + "g" // behind every id of that time
	kept := 0
	var doomed []string
	total := 0
	err := r.scan(ctx, "", func(entries []kv.Entry) (bool, error) {
		for _, e := range entries {
			if kept++; kept > r.cfg.Max || e.Key > oldest {
				doomed = append(doomed, e.Key)
			}
		}
		return true, nil
	}, &total)
	for err == nil && len(doomed) > 0 {
		chunk := doomed[:min(len(doomed), maxBatch)]
		doomed = doomed[len(chunk):]
		_, err = r.cfg.KV.Update(ctx, func(tx kv.WriteTx) error {
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
		r.cfg.Log.Warn("old executions were not deleted", "error", err)
		return
	}
	r.count = total
}

// scan gives fn all records after a key, the newest first, a chunk at a time,
// until it has enough. It adds how many it saw to count.
func (r *Recorder) scan(ctx context.Context, after string, fn func([]kv.Entry) (more bool, err error), count *int) error {
	for {
		var entries []kv.Entry
		err := r.cfg.KV.View(ctx, func(tx kv.Tx) (err error) {
			entries, err = tx.List(executionPrefix, after, scanChunk)
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
