package script

import (
	"time"

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
	// MaxLibraryBytes is the size of the largest source of a module.
	MaxLibraryBytes = program.MaxLibraryBytes
	// MaxModuleNameBytes is how much of a module's name an error shows.
	MaxModuleNameBytes = 128
	// MaxNesting is how deep a source may nest.
	MaxNesting = program.MaxNesting
	// DefaultMemoryBytes is how much memory a worker may have.
	DefaultMemoryBytes = worker.DefaultMemoryBytes
	// DefaultMaxQueued is how many runs may wait for a worker.
	DefaultMaxQueued = 256
	// DefaultMaxQueuedPerScript is how many runs of one script may wait for others
	// of it.
	DefaultMaxQueuedPerScript = 64
	// MinWarm is the least number of workers that are kept by default; there is one
	// for each processor if there are more.
	MinWarm = 4
	// WorkersPerWarm is how many workers there are at most by default, for each that
	// is kept.
	WorkersPerWarm = 4
	// DefaultWorkerIdle is how long a worker beyond those that are kept waits for a
	// run before it ends.
	DefaultWorkerIdle = worker.DefaultIdleTime
	// MaxCachedPrograms is how many programs are kept compiled in process.
	MaxCachedPrograms = 128
	// MaxCacheEntries and MaxCacheBytes are how much context.cache keeps for one
	// version of a script and one calling scope; what was used longest ago makes
	// room. A secret counts as seal.MaxSecretBytes.
	MaxCacheEntries = 1000
	MaxCacheBytes   = 4 << 20
	// MaxCachesBytes is how much it keeps for all together.
	MaxCachesBytes = 64 << 20
	// MaxCacheKeyBytes is the size of the longest key.
	MaxCacheKeyBytes = 256
	// DefaultCacheTTL and MaxCacheTTL are how long it keeps a value.
	DefaultCacheTTL = 10 * time.Minute
	MaxCacheTTL     = time.Hour
	// DefaultKeepExecutions and DefaultMaxExecutions are how long records of runs are
	// kept, and how many.
	DefaultKeepExecutions = 7 * 24 * time.Hour
	DefaultMaxExecutions  = 10_000
	// MaxExecutionBytes is the size of the largest record; of a larger one parts are
	// left out.
	MaxExecutionBytes = 64 << 10
	// MaxMessageBytes is the size of the longest message of an error.
	MaxMessageBytes = 4 << 10
	// MaxOutputDepth is how deep the result of a script may nest.
	MaxOutputDepth = 200
	// MaxSealedFields is how many fields of a response one fetch may seal.
	MaxSealedFields = 32
	// MaxPointerBytes is the length of the longest JSON pointer to one.
	MaxPointerBytes = 1 << 10
)
