package bolt

import "time"

// Defaults of [Options].
const (
	// DefaultLockTimeout is how long Open waits for another process to let go
	// of the file: long enough for a server that is shutting down.
	DefaultLockTimeout = 3 * time.Second

	// DefaultHistoryCommits and DefaultHistoryBytes bound the commits that are
	// kept for watchers.
	DefaultHistoryCommits = 4096
	DefaultHistoryBytes   = 32 << 20
)

// initialMapBytes is the address space set aside for the file at first. A file
// that outgrows it is mapped anew, for which the writer waits for readers.
const initialMapBytes = 256 << 20

// Options are the settings of a store. A zero field has its default.
type Options struct {
	// LockTimeout is how long Open waits for the lock on the file.
	LockTimeout time.Duration

	// HistoryCommits is how many commits are kept for watchers. A watcher that
	// is further behind gets kv.ErrCompacted.
	HistoryCommits int

	// HistoryBytes bounds the keys and values in the commits that are kept. The
	// last commit is kept whatever its size.
	HistoryBytes int
}

func (o Options) withDefaults() Options {
	if o.LockTimeout == 0 {
		o.LockTimeout = DefaultLockTimeout
	}
	if o.HistoryCommits == 0 {
		o.HistoryCommits = DefaultHistoryCommits
	}
	if o.HistoryBytes == 0 {
		o.HistoryBytes = DefaultHistoryBytes
	}
	return o
}
