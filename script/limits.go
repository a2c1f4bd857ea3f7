package script

import (
	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/script/worker"
)

// Limits of one run; a field that is 0 has its default. See package host for
// what each bounds and for the defaults.
type Limits = host.Limits

// Limits that are not of one run.
const (
	// MaxSourceBytes is the size of the largest source.
	MaxSourceBytes = program.MaxSourceBytes
	// MaxNesting is how deep a source may nest.
	MaxNesting = program.MaxNesting
	// DefaultMemoryBytes is how much memory a worker may have.
	DefaultMemoryBytes = worker.DefaultMemoryBytes
	// DefaultMaxQueued is how many runs may wait for a worker.
	DefaultMaxQueued = 256
	// MinWorkers is the least number of workers by default; there is one for
	// each processor if there are more.
	MinWorkers = 4
	// MaxCachedPrograms is how many programs are kept compiled in process.
	MaxCachedPrograms = 128
	// MaxMessageBytes is the size of the longest message of an error.
	MaxMessageBytes = 4 << 10
	// MaxOutputDepth is how deep the result of a script may nest.
	MaxOutputDepth = 200
)
