package jwks

import "time"

const (
	// MaxBytes is the size of the largest set, in bytes.
	MaxBytes = 256 << 10
	// MaxKeys is how many keys a set may have. A token without a key id is tried
	// on all of them.
	MaxKeys = 100
	// MaxURLs is how many sets a cache keeps.
	MaxURLs = 1000
	// RefreshEvery is how often a set is fetched.
	RefreshEvery = 5 * time.Minute
	// RetryEvery is how long after a failure the next attempt is made.
	RetryEvery = 15 * time.Second
	// MaxStale is how long a set is used after it was last fetched.
	MaxStale = 24 * time.Hour
	// FetchTimeout is how long one fetch may take.
	FetchTimeout = 10 * time.Second
	// MaxTokenBytes is the size of the largest token that is looked at, in bytes.
	MaxTokenBytes = 16 << 10
	// MaxLeeway is how far the clock of the issuer of a token may be off.
	MaxLeeway = 5 * time.Minute
)
