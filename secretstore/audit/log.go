package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv"
)

// Config is what a Log is made of.
type Config struct {
	// KV keeps the entries. It must be open until Close returns.
	KV kv.Store
	// Keys seal the head.
	Keys *envelope.Keyring
	// Retention is how long entries are kept; 0 means DefaultRetention.
	Retention time.Duration
	// Log is told of entries that cannot be written; nil discards.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Log is the audit log. It is safe for concurrent use.
type Log struct {
	kv        kv.Store
	keys      *envelope.Keyring
	retention time.Duration
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex
	pending map[alike]*Entry

	writing sync.Mutex // held while what was noted is written
	stop    context.CancelFunc
	done    chan struct{}
}

// alike is what acts have in common that one entry stands for.
type alike struct {
	principal, action, scope, name string
	outcome                        Outcome
}

// New makes a Log, which writes in the background until Close.
func New(c Config) *Log {
	l := &Log{kv: c.KV, keys: c.Keys, retention: c.Retention, log: c.Log, now: c.Now, pending: make(map[alike]*Entry), done: make(chan struct{})}
	if l.retention == 0 {
		l.retention = DefaultRetention
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if l.now == nil {
		l.now = time.Now
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	go l.run(ctx)
	return l
}

// Close writes what was noted and ends the Log.
func (l *Log) Close() {
	l.stop()
	<-l.done
}

func (l *Log) run(ctx context.Context) {
	defer close(l.done)
	flush, prune := time.NewTicker(FlushInterval), time.NewTicker(PruneInterval)
	defer flush.Stop()
	defer prune.Stop()
	for {
		select {
		case <-flush.C:
		case <-prune.C:
			if err := l.Prune(ctx); err != nil {
				l.log.Error("old audit entries cannot be deleted", "error", err)
			}
		case <-ctx.Done():
			l.flush(context.WithoutCancel(ctx))
			return
		}
		l.flush(ctx)
	}
}

// Append adds an entry to the chain as part of a transaction: what it is about
// happens if the entry is written, and not otherwise. Seq, Prev and Hash are set
// here, Time and Count if they are zero.
func (l *Log) Append(tx kv.WriteTx, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	h, err := l.head(tx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Time.IsZero() {
			e.Time = l.now()
		}
		e.Time = e.Time.UTC().Truncate(time.Millisecond)
		e.Count = max(e.Count, 1)
		if len(e.Secrets) > maxSecrets {
			e.Secrets = e.Secrets[:maxSecrets]
		}
		e.Seq, e.Prev = h.Last+1, h.Hash
		if e.Hash, err = e.Digest(); err != nil {
			return err
		}
		raw, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("audit log: %w", err)
		}
		if err := tx.Put(entryKey(e.Seq), raw); err != nil {
			return fmt.Errorf("audit log: %w", err)
		}
		h.Last, h.Hash = e.Seq, e.Hash
	}
	return l.putHead(tx, h)
}

// Note adds an entry in a moment. It waits for nothing: alike acts become one entry
// that counts them.
func (l *Log) Note(e Entry) {
	now := l.now().UTC().Truncate(time.Millisecond)
	key := alike{e.Principal, e.Action, e.Scope, e.Name, e.Outcome}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending[key] == nil && len(l.pending) >= MaxPending {
		key = alike{"", e.Action, "", "", e.Outcome}
		e = Entry{Action: e.Action, Outcome: e.Outcome}
	}
	if have := l.pending[key]; have != nil {
		have.Count++
		have.Until, have.RequestID = &now, ""
		return
	}
	e.Time, e.Count = now, 1
	l.pending[key] = &e
}

// Flush writes what was noted before.
func (l *Log) Flush(ctx context.Context) error { return l.flush(ctx) }

func (l *Log) flush(ctx context.Context) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	noted := l.pending
	l.pending = make(map[alike]*Entry)
	l.mu.Unlock()
	all := make([]Entry, 0, len(noted))
	for _, e := range noted {
		all = append(all, *e)
	}
	sortByTime(all)
	for len(all) > 0 {
		chunk := all[:min(len(all), batchEntries)]
		if _, err := l.kv.Update(ctx, func(tx kv.WriteTx) error { return l.Append(tx, chunk...) }); err != nil {
			l.log.Error("the audit log cannot be written; what was noted is kept and tried again", "error", err)
			l.keep(all)
			return err
		}
		all = all[len(chunk):]
	}
	return nil
}

// keep notes again what could not be written.
func (l *Log) keep(entries []Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		key := alike{e.Principal, e.Action, e.Scope, e.Name, e.Outcome}
		if len(l.pending) >= MaxPending && l.pending[key] == nil {
			key = alike{"", e.Action, "", "", e.Outcome}
			e = Entry{Action: e.Action, Outcome: e.Outcome, Time: e.Time, Count: e.Count}
		}
		if later := l.pending[key]; later != nil {
			until := later.Time
			if later.Until != nil {
				until = *later.Until
			}
			e.Count += later.Count
			e.Until, e.RequestID = &until, ""
		}
		l.pending[key] = &e
	}
}
