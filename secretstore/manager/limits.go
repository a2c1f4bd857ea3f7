package manager

import "time"

const (
	// DefaultTTL is how long a fetched secret is kept that has no expiry of its own.
	DefaultTTL = 5 * time.Minute
	// MaxTTL is the longest ttl_seconds and stale_seconds.
	MaxTTL = 24 * time.Hour
	// DefaultTimeout is how long a fetch may take, tries and logins included, and so
	// how long an evaluation waits for a manager at most.
	DefaultTimeout = 3 * time.Second
	// MaxTimeout is the longest timeout_ms.
	MaxTimeout = 30 * time.Second
	// NegativeTTL is how long a manager is not asked again for what it does not have
	// or does not give.
	NegativeTTL = 30 * time.Second
	// RetryAfter is how long it is not asked again after a failure.
	RetryAfter = time.Second
	// RefreshAt is the part of a secret's time after which its next use has it fetched
	// anew in the background.
	RefreshAt = 0.8
	// Tries is how often a fetch that failed for the manager's or the network's reasons
	// is tried in all, RetryPause how long it waits in between.
	Tries      = 2
	RetryPause = 50 * time.Millisecond
	// MaxEntries is how many secrets are kept of one manager; what was used longest ago
	// goes first.
	MaxEntries = 1000
	// MaxManagedBytes is the size of the largest secret of a manager, all its keys
	// together.
	MaxManagedBytes = 64 << 10
	// MaxResponseBytes is the size of the largest response of a manager.
	MaxResponseBytes = 1 << 20
	// BreakAfter is after how many failures in a row a manager is left alone, and
	// BreakTime for how long; then one fetch tries.
	BreakAfter = 5
	BreakTime  = 10 * time.Second
	// SweepInterval is how often what must not be used any more is forgotten.
	SweepInterval = time.Minute
	// WatchInterval is how often mounted directories are looked at for changes.
	WatchInterval = 500 * time.Millisecond
	// MaxGroups is how many groups a manager is assigned to at most.
	MaxGroups = 100
)
