package decisionlog

import "time"

const (
	// DefaultKeep and DefaultMax are how long decisions are kept, and how many.
	DefaultKeep = 7 * 24 * time.Hour
	DefaultMax  = 50_000
	// MaxRecordBytes is the size of the largest record; of a larger one parts are left
	// out.
	MaxRecordBytes = 32 << 10
	// MaxQueuedCandidates is how many decisions may wait for their candidates; those
	// that come then are recorded without.
	MaxQueuedCandidates = 256
	// MaskTime is how long the policies that mask one entry may take together.
	MaskTime = 2 * time.Second
	// MaxMaskRules is how many rules may apply to one entry.
	MaxMaskRules = 1000
	// MaxStreamed is how many entries may wait for a stream; more are dropped and
	// counted.
	MaxStreamed = 10_000
	// UploadDelay is how long an entry waits for others to be sent with, and
	// MaxUploadBytes about how large one upload is before it is compressed.
	UploadDelay    = time.Second
	MaxUploadBytes = 512 << 10
	// FirstRetry is how long after a failure the next upload is tried; it doubles up
	// to LastRetry.
	FirstRetry = 500 * time.Millisecond
	LastRetry  = 30 * time.Second
	// StopTime is how long a clean stop waits for a stream.
	StopTime = 5 * time.Second
)
