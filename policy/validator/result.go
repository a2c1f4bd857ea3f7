package validator

import "github.com/reticent/reticent/secretstore/seal"

// Failure says which validator failed, and what it wanted. All of it is known
// before a request arrives.
type Failure struct {
	// Validator is the validator's name.
	Validator string
	// Field is the field of the request, as the document writes it; empty where
	// the validator reads none.
	Field string
	// Message is for a person. It holds no value.
	Message string
	// Details are what an embedded policy gives beside these.
	Details any
}

// Result is what an evaluation gives. Its parts are shared with other results
// and must not be changed.
type Result struct {
	// Decision is true when every validator holds.
	Decision bool
	// Failures are what made the decision false.
	Failures []Failure
	// Recovery is what the failed validators' `recovery` says, in order.
	Recovery []any
	// Masked says where in failures and recovery a secret of the policy stood.
	Masked []seal.Masked
	// Undecided is set when the deny rests on something that was missing or could
	// not be compared: the negation of such a decision does not hold either.
	Undecided bool
	// Err is set when the policy could not be evaluated; the decision is false
	// then, and there is no failure that a caller could recover from.
	Err *seal.Error
}

// Codes of Result.Err that are not of package seal.
const (
	// CodeTimeout: the context ended before the evaluation.
	CodeTimeout seal.Code = "evaluation_timeout"
	// CodeWork: the evaluation went over a limit, which the message names.
	CodeWork seal.Code = "evaluation_limit"
	// CodeVariable: there is no variable that the policy names.
	CodeVariable seal.Code = "variable_unavailable"
	// CodePolicy: there is no policy that the policy embeds.
	CodePolicy seal.Code = "policy_unavailable"
)
