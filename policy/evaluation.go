package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/record"
)

// AtEvaluate stands for the point where a policy is asked by its name.
const AtEvaluate = "evaluate"

// Occasion is what a decision is asked for.
type Occasion struct {
	// Scope is the one that asks.
	Scope secretstore.Scope
	// Point is the point that it asks at, or [AtEvaluate], and Target that of the
	// binding that answers: what the caller named is a text of his own.
	Point  string
	Target string
	// Candidate is a policy that is tried on the same input, beside the one that
	// answers and named from the same scope; "" is none.
	Candidate string
}

// Evaluation is a decision that was given, for the decision log. Once it is given
// to [Service.Decided] it does not change any more.
type Evaluation struct {
	// ID is one of [record.NewID].
	ID string
	Occasion
	By        secretstore.Principal
	RequestID string
	// Policies are those that answered, the first of them above all. There is none
	// where nothing is bound or a script answered.
	Policies []*secretstore.Document
	// Script is the script that answered in their place.
	Script string
	// Path is what was asked for below the policies: a path of OPA, or a search.
	Path string
	// Input is the input as it came, a copy. It is nil where it is not to be recorded,
	// or is longer than [MaxRecordedInputBytes], which LongInput tells.
	Input     json.RawMessage
	LongInput bool
	// MaskedInput stands for Input where somebody masked it already.
	MaskedInput any
	Started     time.Time
	Duration    time.Duration
	Decision    Decision
	// Answer is what was answered where that is more than the decision, masked.
	Answer any

	from  secretstore.Scope // from which the candidate is named
	tried json.RawMessage   // the input for it
}

// Begin starts the evaluation that somebody asks for.
func Begin(ctx context.Context, by secretstore.Principal, o Occasion) *Evaluation {
	now := time.Now()
	return &Evaluation{ID: record.NewID(now), Occasion: o, By: by, RequestID: audit.Request(ctx), Started: now}
}

// Decided ends an evaluation with what was decided, and records it.
func (s *Service) Decided(x *Evaluation, d Decision) {
	if s.Record != nil {
		x.Duration, x.Decision = time.Since(x.Started), d
		s.Record(x)
	}
}

// recorded records the decision of one policy, which was named from a scope.
// input gives what it was asked.
func (s *Service) recorded(x *Evaluation, b *bound, from secretstore.Scope, d Decision, input func() json.RawMessage) {
	if s.Record == nil {
		return
	}
	x.Duration, x.Decision = time.Since(x.Started), d
	x.answeredBy(b, from, input())
	s.Record(x)
}

// answeredBy notes that a policy answered on an input.
func (x *Evaluation) answeredBy(b *bound, from secretstore.Scope, input json.RawMessage) {
	x.Policies, x.from = append(x.Policies, b.doc), from
	switch {
	case !b.recordsInput:
	case len(input) > MaxRecordedInputBytes:
		x.LongInput = true
	default:
		x.Input = bytes.Clone(input) // it may be a part of a much larger text
	}
	if x.Candidate != "" && len(input) <= MaxTriedInputBytes {
		x.tried = bytes.Clone(input)
	}
}

func whole(input json.RawMessage) func() json.RawMessage {
	return func() json.RawMessage { return input }
}

func joining(parts []*jsonvalue.Part) func() json.RawMessage {
	return func() json.RawMessage { return jsonvalue.Join(parts) }
}
