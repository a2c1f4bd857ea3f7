package policy

import "time"

const (
	// MaxEvaluationTime is how long one evaluation of validators may take. Rego
	// has [rego.MaxEvaluationTime].
	MaxEvaluationTime = time.Second
	// MaxDescription is the length of a policy's description, in bytes.
	MaxDescription = 4 << 10
	// MaxTarget is the length of a binding's target, in bytes.
	MaxTarget = 256
	// MaxEvaluations is how many evaluations one AuthZEN request may ask for.
	MaxEvaluations = 1000
	// DefaultSearchResults is how many results an AuthZEN search gives that does not
	// say, and MaxSearchResults how many one gives at most.
	DefaultSearchResults = 100
	MaxSearchResults     = 1000
	// MaxSearchDecisions is how many entities one request decides on, and
	// MaxSearchTime about how long it takes: the page ends there, with a token.
	MaxSearchDecisions = 1000
	MaxSearchTime      = 5 * time.Second
	// MaxRecordedInputBytes is the longest input that is kept for the decision log, and
	// MaxTriedInputBytes the longest that is kept for a candidate.
	MaxRecordedInputBytes = 16 << 10
	MaxTriedInputBytes    = 64 << 10
)
