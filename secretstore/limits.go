package secretstore

import "github.com/reticent/reticent/secretstore/seal"

const (
	// MaxValueBytes is the size of the largest value of a secret.
	MaxValueBytes = seal.MaxSecretBytes
	// MaxVersions is how many versions a secret keeps. One more makes the oldest
	// go, value and all, so that whoever refreshes a token by script can go on.
	MaxVersions = 100
	// MaxDescriptionBytes bounds a description.
	MaxDescriptionBytes = 4 << 10
	// MaxTags is how many tags a resource has at most.
	MaxTags = 50
	// MaxHosts is how many entries allowed_hosts has at most.
	MaxHosts = 100
	// MaxPageSize is the most items that a page of a list has.
	MaxPageSize = 500
	// DefaultPageSize is what a list gives when it is not asked for a size.
	DefaultPageSize = 100
)
