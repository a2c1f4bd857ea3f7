package validator

import (
	"context"
	"strconv"
	"time"

	"github.com/reticent/reticent/secretstore/seal"
)

// Evaluate decides on an input, as package jsonvalue decodes one. The input need
// not be sealed and is not changed.
func (p *Policy) Evaluate(ctx context.Context, input any, o seal.Options) Result {
	return p.EvaluateEmbedded(ctx, input, o, 0)
}

// EvaluateEmbedded is Evaluate for a policy that depth others embed, one in
// another.
func (p *Policy) EvaluateEmbedded(ctx context.Context, input any, o seal.Options, depth int) Result {
	if p.unavailable != nil {
		return Result{Err: p.unavailable}
	}
	e := &evaluation{ctx: ctx, policy: p, input: input, options: o, depth: depth}
	if p.run != nil {
		e.run = p.run.Child(o)
	}
	if e.interrupted() {
		return Result{Err: e.err}
	}
	outcome := p.program.root.decide(e)
	switch outcome {
	case holds:
		return Result{Decision: true}
	case aborted:
		return Result{Err: e.err}
	}
	return Result{Failures: e.failures, Recovery: e.recoveries, Masked: e.masked, Undecided: outcome == undecided}
}

// evaluation is one decision under way.
type evaluation struct {
	ctx    context.Context
	policy *Policy
	// run is nil when the policy names no secret.
	run     *seal.Run
	options seal.Options
	input   any
	// element is what elementOperand is a part of.
	element any
	// claims are those of verified tokens, by the index of their names.
	claims []any
	depth  int
	// now is the time of the evaluation, once it was asked for.
	now time.Time
	// compared counts towards MaxComparisons.
	compared int
	err      *seal.Error

	failures   []Failure
	recoveries []any
	masked     []seal.Masked
}

// time gives the time of the evaluation, the same to all of its validators.
func (e *evaluation) time() time.Time {
	if e.now.IsZero() {
		e.now = e.policy.env.Now()
	}
	return e.now
}

// interruptEvery is how many values are compared between two looks at the
// context.
const interruptEvery = 64

// work counts a comparison of two values and reports whether the evaluation may
// go on.
func (e *evaluation) work() bool {
	e.compared++
	if e.compared > MaxComparisons {
		e.err = seal.Errorf(CodeWork, "the evaluation compares more than %d values (MaxComparisons); send shorter lists", MaxComparisons)
		return false
	}
	return e.compared%interruptEvery != 0 || !e.interrupted()
}

func (e *evaluation) interrupted() bool {
	if e.ctx.Err() == nil {
		return false
	}
	e.err = seal.Errorf(CodeTimeout, "the evaluation was cancelled or took longer than it may")
	return true
}

// abort ends the evaluation with an error of the comparison boundary.
func (e *evaluation) abort(err error) outcome {
	e.err = refusal(err)
	return aborted
}

// fail notes a failure by its index.
func (e *evaluation) fail(i int) {
	t := &e.policy.failures[i]
	e.mask("/failures/", len(e.failures), t.masked)
	e.failures = append(e.failures, t.Failure)
}

// recover notes a recovery by its index.
func (e *evaluation) recover(i int) {
	t := &e.policy.recoveries[i]
	e.mask("/recovery/", len(e.recoveries), t.masked)
	e.recoveries = append(e.recoveries, t.value)
}

func (e *evaluation) mask(list string, i int, masked []seal.Masked) {
	for _, m := range masked {
		e.masked = append(e.masked, seal.Masked{Path: list + strconv.Itoa(i) + m.Path, Secrets: m.Secrets})
	}
}

// mark remembers what has been noted so far, for rewind to go back to.
type mark struct{ failures, recoveries, masked int }

func (e *evaluation) mark() mark {
	return mark{len(e.failures), len(e.recoveries), len(e.masked)}
}

func (e *evaluation) rewind(to mark) {
	e.failures = e.failures[:to.failures]
	e.recoveries = e.recoveries[:to.recoveries]
	e.masked = e.masked[:to.masked]
}
