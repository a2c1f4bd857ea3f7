package validator

const (
	// MaxSourceBytes is the size of the largest document, in bytes.
	MaxSourceBytes = 256 << 10
	// MaxValidators is how many validators a document may have, composed ones
	// included.
	MaxValidators = 1000
	// MaxFields is how many comparisons a document may have.
	MaxFields = 5000
	// MaxSecrets is how many secrets a document may name.
	MaxSecrets = 256
	// MaxVariables is how many variables a document may name.
	MaxVariables = 256
	// MaxEmbedded is how many policies a document may embed.
	MaxEmbedded = 32
	// MaxEmbedding is how deep policies may be embedded in one another.
	MaxEmbedding = 8
	// MaxNetworks is how many networks one validator may list.
	MaxNetworks = 1000
	// MaxForwarded is how many addresses of X-Forwarded-For are looked at.
	MaxForwarded = 32
	// MaxElements is how many grants of one dynamic scope are looked at.
	MaxElements = 1000
	// MaxProblems is how many problems of one document are reported.
	MaxProblems = 50
	// MaxPatternBytes is the size of the largest regular expression of
	// `matches`, in bytes.
	MaxPatternBytes = 1000
	// MaxSubjectBytes is the size of the longest string that `matches` looks at,
	// in bytes. One match cannot be interrupted.
	MaxSubjectBytes = 64 << 10
	// MaxComparisons is how many values one evaluation may compare with one
	// another. Lists from a request against lists from a request multiply.
	MaxComparisons = 100_000
)
