package record

import "time"

const (
	// MaxQueued is how many records may wait to be written; more are dropped and
	// counted.
	MaxQueued = 4096
	// BatchDelay is how long a record waits for others to be written with.
	BatchDelay = 200 * time.Millisecond
	// SweepInterval is how often old records are looked for.
	SweepInterval = 10 * time.Minute
	// maxBatch and maxBatchBytes are how much one transaction writes, within those
	// of package kv.
	maxBatch      = 500
	maxBatchBytes = 512 << 10
	// scanChunk is how many records are read at a time.
	scanChunk = 200
)
