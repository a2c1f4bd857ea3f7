// Package decisionlog keeps a record of each decision that the server gives, and
// sends it on.
//
// # How it fits
//
// Package policy and the API hand what was decided to [Log.Record], which never
// waits. In the background the input is sealed against the secrets of the
// policies that answered, masked and redacted (package record), what policies at
// the point decision_log say is taken out, and the rest is written to disk and
// to a [Stream]: standard output, a file, a collector. A candidate of a dry run is
// asked before that, in a goroutine of its own.
//
// # What it protects
//
// Secrets and callers' credentials, from whoever reads the log: an entry that
// could not be masked is dropped and counted, never written as it is. And
// decisions, from the log and from candidates: neither can delay or change one.
package decisionlog

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/record"
)

// Reason is why an entry was dropped.
type Reason string

// The reasons.
const (
	// DroppedQueue: entries came faster than they could be written.
	DroppedQueue Reason = "queue"
	// DroppedMask: it could not be masked.
	DroppedMask Reason = "mask"
	// DroppedStream: the stream could not take it. It is stored all the same.
	DroppedStream Reason = "stream"
)

// Config configures a Log.
type Config struct {
	// KV keeps the records. It must be open until Close returns.
	KV       kv.Store
	Store    *secretstore.Store
	Policies *policy.Service
	// Keep is how long a record is kept, Max how many are; 0 is the default.
	Keep time.Duration
	Max  int
	// Node is what the server calls itself.
	Node string
	// Stream gets every entry; nil is none.
	Stream Stream
	// Log gets what an operator should know; nil discards.
	Log *slog.Logger
	// Dropped counts entries that were lost, and Tried candidates that were asked, by
	// the policy that answered, the candidate, and "same", "different", "error" or
	// "skipped"; nil counts nothing.
	Dropped func(Reason, int)
	Tried   func(policy, candidate, outcome string)
}

// Stream takes the entries of the log as lines of JSON.
type Stream interface {
	// Send takes an entry, or reports that it was lost. It must not wait.
	Send(line []byte) bool
	// Close sends what waits, for StopTime at most, and gives the number of entries
	// that were lost.
	Close() int
}

// Log records decisions.
type Log struct {
	cfg     Config
	records *record.Log[entry]

	candidates chan *policy.Evaluation
	stop       chan struct{}
	stopped    sync.Once
	tried      sync.WaitGroup
}

// prefix begins the keys of records.
const prefix = "decision:"

// Open starts a Log. It takes decisions when it is the Record of the Service.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Dropped == nil {
		cfg.Dropped = func(Reason, int) {}
	}
	if cfg.Tried == nil {
		cfg.Tried = func(string, string, string) {}
	}
	l := &Log{cfg: cfg, candidates: make(chan *policy.Evaluation, MaxQueuedCandidates), stop: make(chan struct{})}
	var err error
	l.records, err = record.Open(ctx, record.Config[entry]{
		KV: cfg.KV, Prefix: prefix, What: "decisions",
		ID: func(e *entry) string { return e.ID }, Encode: l.encode,
		Keep: cmp.Or(cfg.Keep, DefaultKeep), Max: cmp.Or(cfg.Max, DefaultMax),
		Log: cfg.Log, Dropped: func(n int) { cfg.Dropped(DroppedQueue, n) },
	})
	if err != nil {
		return nil, err
	}
	l.tried.Go(l.try)
	return l, nil
}

// Record takes a decision. It never waits: what comes faster than it can be written
// is dropped and counted. Nothing may be recorded after Close.
func (l *Log) Record(x *policy.Evaluation) {
	if x.Candidate == "" {
		l.records.Add(&entry{Record: Record{ID: x.ID}, evaluation: x})
		return
	}
	select {
	case l.candidates <- x:
	default:
		l.beside(x, policy.Untried(), nil, 0)
	}
}

// Close asks the candidates that wait, writes down what waits and ends the Log.
func (l *Log) Close() {
	l.stopped.Do(func() {
		close(l.stop)
		l.tried.Wait()
		l.records.Close()
		if l.cfg.Stream == nil {
			return
		}
		if lost := l.cfg.Stream.Close(); lost > 0 {
			l.cfg.Dropped(DroppedStream, lost)
			l.cfg.Log.Warn("decisions were not sent on before the server stopped", "entries", lost)
		}
	})
}
