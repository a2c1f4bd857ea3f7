package script

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/record"
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

// Recorder keeps the records of runs. A run never waits for it.
type Recorder struct {
	*record.Log[Execution]
	recordInput bool
}

// executionPrefix begins the keys of records.
const executionPrefix = "execution:"

// NewRecorder starts a Recorder.
func NewRecorder(ctx context.Context, cfg RecorderConfig) (*Recorder, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Dropped == nil {
		cfg.Dropped = func(int) {}
	}
	log, err := record.Open(ctx, record.Config[Execution]{
		KV: cfg.KV, Prefix: executionPrefix, What: "executions",
		ID: func(x *Execution) string { return x.ID }, Encode: encodeExecution,
		Keep: cmp.Or(cfg.Keep, DefaultKeepExecutions), Max: cmp.Or(cfg.Max, DefaultMaxExecutions),
		Log: cfg.Log, Dropped: cfg.Dropped,
	})
	if err != nil {
		return nil, err
	}
	return &Recorder{Log: log, recordInput: cfg.RecordInput}, nil
}

// encodeExecution leaves out what is too large: output, input, console, until the
// rest fits.
func encodeExecution(x *Execution) ([]byte, error) {
	short := *x
	return record.Encode(&short, MaxExecutionBytes, &short.Omitted,
		record.Part{Name: "output", Drop: func() { short.Output, short.Masked = nil, x.Masked[:0] }},
		record.Part{Name: "input", Drop: func() { short.Input = nil }},
		record.Part{Name: "console", Drop: func() { short.Console = []ConsoleLine{} }})
}
