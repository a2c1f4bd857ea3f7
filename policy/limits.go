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
)
