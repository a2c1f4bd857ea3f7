package secretstore

import (
	"time"

	"github.com/reticent/reticent/secretstore/seal"
)

const (
	// MaxValueBytes is the size of the largest value of a secret.
	MaxValueBytes = seal.MaxSecretBytes
	// MaxComputedBytes is how large a value may count as that a script computes from
	// secrets: each of them counts as MaxValueBytes or more, whatever it has.
	MaxComputedBytes = 10 * MaxValueBytes
	// MaxVersions is how many versions a secret keeps. One more makes the oldest
	// go, value and all, so that whoever refreshes a token by script can go on.
	MaxVersions = 100
	// MaxFileSecrets is how many secrets a secrets.json has at most.
	MaxFileSecrets = 1000
	// MaxDescriptionBytes bounds a description.
	MaxDescriptionBytes = 4 << 10
	// MaxTags is how many tags a resource has at most.
	MaxTags = 50
	// MaxHosts is how many entries allowed_hosts has at most.
	MaxHosts = 100
	// MinHMACKeyBytes is the size of the smallest key of the encoding base64hmac:
	// that of a digest of SHA-256 (RFC 7518 section 3.2).
	MinHMACKeyBytes = 32
	// MinRSABits is the size of the smallest RSA key of the encoding pem
	// (RFC 7518 section 3.3).
	MinRSABits = 2048
	// MinPasswordLength and DefaultPasswordLength are those of a password that the
	// server makes. A shorter one would be weak.
	MinPasswordLength     = seal.MinStrongLength
	DefaultPasswordLength = 32
	// DefaultKeyBytes is the size of a key for HMAC that the server makes.
	DefaultKeyBytes = 64
	// MaxGeneratedBytes bounds what the server makes.
	MaxGeneratedBytes = 1024
	// MaxReferences is how many of the documents that refer to a secret its metadata
	// name.
	MaxReferences = 100
	// ExpiryWarning is how long before a secret expires its metadata warn of it.
	ExpiryWarning = 14 * 24 * time.Hour
	// UseInterval is how often the last use of secrets is written down, and so how
	// much of that a crash can lose.
	UseInterval = time.Minute
	// RewrapBatch is how many rows a rotation of the key-encryption key reads in one
	// transaction, and RewrapBytes how much it writes, but for the last of them.
	RewrapBatch = 200
	RewrapBytes = 128 << 10
	// RotationRetry is how long a rotation waits when the disk or the key management
	// service fails.
	RotationRetry = 10 * time.Second
	// MaxPageSize is the most items that a page of a list has.
	MaxPageSize = 500
	// DefaultPageSize is what a list gives when it is not asked for a size.
	DefaultPageSize = 100

	// MinRotationPeriod is the shortest every or before_expiry of a plan.
	MinRotationPeriod = time.Hour
	// DefaultRotationKeep is how many of the versions before the newest a plan leaves
	// enabled that does not say.
	DefaultRotationKeep = 1
	// RotationInterval is how often it is looked for secrets whose plans are due.
	RotationInterval = 15 * time.Second
	// MaxRotationTime is how long one rotation may take, and RotationLease for how long
	// a node has the turn: longer, so that none works on after it.
	MaxRotationTime = time.Minute
	RotationLease   = 2 * time.Minute
	// MinRotationBackoff is how long a plan waits after its first failure. It doubles
	// with each one, up to MaxRotationBackoff.
	MinRotationBackoff = time.Minute
	MaxRotationBackoff = time.Hour
	// MaxRotationErrorBytes bounds what is told of a failure.
	MaxRotationErrorBytes = 512

	// MaxDocumentVersions is how many versions of a script or a policy are kept.
	MaxDocumentVersions = 100
	// MaxNoteBytes is the length of an author's note on a version.
	MaxNoteBytes = 1 << 10
)
