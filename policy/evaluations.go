package policy

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Semantic says when the evaluations of a batch end (AuthZEN section 7.1.2.1).
type Semantic string

// The semantics.
const (
	// ExecuteAll answers every request of the batch.
	ExecuteAll Semantic = "execute_all"
	// DenyOnFirstDeny answers up to the first that is denied or fails.
	DenyOnFirstDeny Semantic = "deny_on_first_deny"
	// PermitOnFirstPermit answers up to the first that is permitted.
	PermitOnFirstPermit Semantic = "permit_on_first_permit"
)

// Ends reports whether a decision is the last of its batch.
func (s Semantic) Ends(decision bool) bool {
	return s == DenyOnFirstDeny && !decision || s == PermitOnFirstPermit && decision
}

// AuthZENBatch is the request of access evaluations.
type AuthZENBatch struct {
	Semantic Semantic
	// Evaluations are the requests, in order.
	Evaluations []AuthZENEvaluation
	// Single is set in place of Evaluations where the request has none, and so is
	// one for a single evaluation.
	Single *AuthZENRequest
}

// AuthZENEvaluation is a request of a batch, or why it is none.
type AuthZENEvaluation struct {
	Request *AuthZENRequest
	Err     error
}

// ParseAuthZENBatch reads access evaluations (section 7.1). The error is a
// [*Problem] with [CodeInput]; what is wrong with a single request of a batch is
// in the batch.
func ParseAuthZENBatch(text []byte) (*AuthZENBatch, error) {
	body, err := parseAuthZENBody[struct {
		authZENBody
		Evaluations []jsontext.Value `json:"evaluations"`
		Options     jsontext.Value   `json:"options"`
	}](text)
	if err != nil {
		return nil, err
	}
	defaults := body.read()
	if len(body.Evaluations) == 0 {
		single, err := defaults.request()
		return &AuthZENBatch{Single: single}, err
	}
	if len(body.Evaluations) > MaxEvaluations {
		return nil, badRequest(fmt.Sprintf("the request has more than %d evaluations (MaxEvaluations)", MaxEvaluations))
	}
	out := &AuthZENBatch{Evaluations: make([]AuthZENEvaluation, len(body.Evaluations))}
	if out.Semantic, err = readSemantic(body.Options); err != nil {
		return nil, err
	}
	for i, item := range body.Evaluations {
		x := &out.Evaluations[i]
		own, err := parseAuthZENBody[authZENBody](item)
		if err != nil || item.Kind() != '{' {
			x.Err = badRequest("an evaluation must be an object")
			continue
		}
		x.Request, x.Err = own.read().over(defaults).request()
	}
	return out, nil
}

func readSemantic(options jsontext.Value) (Semantic, error) {
	if absent(options) {
		return ExecuteAll, nil
	}
	given, err := parseAuthZENBody[struct {
		Semantic *Semantic `json:"evaluations_semantic"`
	}](options)
	if err != nil {
		return "", badRequest("options must be an object, and options.evaluations_semantic a string")
	}
	if given.Semantic == nil {
		return ExecuteAll, nil
	}
	switch *given.Semantic {
	case ExecuteAll, DenyOnFirstDeny, PermitOnFirstPermit:
		return *given.Semantic, nil
	}
	return "", badRequest("options.evaluations_semantic must be execute_all, deny_on_first_deny or permit_on_first_permit")
}
