package worker

import "time"

// Limits of workers and of what passes between them and the server.
const (
	// MaxFrameBytes is the size of the largest message, either way.
	MaxFrameBytes = 16 << 20
	// MaxPrograms is how many compiled programs a worker keeps.
	MaxPrograms = 128
	// DefaultMemoryBytes is how much memory a worker may have.
	DefaultMemoryBytes = 256 << 20
	// MinMemoryBytes is the least that a worker can start with.
	MinMemoryBytes = 64 << 20
	// MaxStackBytes is the largest stack of one goroutine of a worker.
	MaxStackBytes = 64 << 20
	// Grace is how long a worker may go on after its time limit before it is
	// killed.
	Grace = 250 * time.Millisecond
	// StartTime is how long a worker may take to start.
	StartTime = 10 * time.Second
	// DefaultIdleTime is how long a worker beyond the warm ones waits for a run.
	DefaultIdleTime = time.Minute
	// CheckTime is how long checking a source may take.
	CheckTime = 10 * time.Second
)
