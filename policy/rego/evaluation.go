package rego

import (
	"cmp"
	"context"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// evaluation is one evaluation of a policy.
type evaluation struct {
	policy *Policy
	// run has the surrogates; nil for a policy without secrets.
	run     *seal.Run
	strict  bool
	cancel  topdown.Cancel
	printed printer
	// metrics take times and, with instrument, OPA's counters; nil takes none.
	metrics    metrics.Metrics
	instrument bool
	// watch sees every step as well; nil but in tests of a policy.
	watch topdown.QueryTracer

	// What is sent is there for policies that call http.send: the context of the
	// caller, the clock that ends the evaluation and when it started, what has
	// been sent and how long that took.
	ctx     context.Context
	clock   *time.Timer
	started time.Time
	sent    map[string]outcome
	waited  time.Duration
}

// start starts the clock. The evaluation ends when ctx does, at the latest after
// [MaxEvaluationTime]; stop must be called.
func (e *evaluation) start(ctx context.Context) (stop func()) {
	e.ctx, e.started = ctx, time.Now()
	e.clock = time.AfterFunc(MaxEvaluationTime, e.cancel.Cancel)
	if ctx.Done() == nil {
		return func() { e.clock.Stop() }
	}
	if ctx.Err() != nil {
		e.cancel.Cancel() // AfterFunc may take its time
	}
	release := context.AfterFunc(ctx, e.cancel.Cancel)
	return func() {
		release()
		e.clock.Stop()
	}
}

// query prepares OPA's evaluator, and the context that its builtins get.
func (e *evaluation) query(ctx context.Context, c *ast.Compiler, body ast.Body, input *ast.Term) (*topdown.Query, context.Context) {
	e.printed.tracer = tracerOf(ctx, e.run)
	q := topdown.NewQuery(body).
		WithCompiler(c).
		WithStore(e.policy.store).
		WithTransaction(e.policy.read).
		WithInput(input).
		WithCancel(e.cancel).
		WithPrintHook(&e.printed).
		WithStrictBuiltinErrors(e.strict).
		WithMetrics(cmp.Or(e.metrics, metrics.NoOp()))
	if e.instrument {
		q = q.WithInstrumentation(topdown.NewInstrumentation(e.metrics))
	}
	if t := e.printed.tracer; t != nil {
		q = q.WithQueryTracer(t)
	}
	if e.watch != nil {
		q = q.WithQueryTracer(e.watch)
	}
	_, funcs := boundedBuiltins()
	if e.run != nil {
		_, funcs = ownBuiltins()
		ctx = &evalContext{Context: ctx, evaluation: e}
	}
	return q.WithBuiltins(funcs), ctx
}

// timer gives a timer of the metrics.
func (e *evaluation) timer(name string) metrics.Timer {
	return cmp.Or(e.metrics, metrics.NoOp()).Timer(name)
}
