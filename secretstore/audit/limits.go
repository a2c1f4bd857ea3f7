package audit

import "time"

const (
	// FlushInterval is how often what was noted is written. A server that is killed
	// loses at most this much of it.
	FlushInterval = time.Second
	// MaxPending is how many different acts are noted between two writes. What comes
	// after that is counted by action and outcome alone.
	MaxPending = 10_000
	// MaxScanned is how many entries one question looks at, of which a filter may
	// leave few.
	MaxScanned = 20_000
	// DefaultRetention is how long entries are kept.
	DefaultRetention = 400 * 24 * time.Hour
	// PruneInterval is how often entries that are too old are deleted.
	PruneInterval = time.Hour

	batchEntries = 500
	maxSecrets   = 100 // names in one entry
)
