package rego

import (
	"context"

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
}

// query prepares OPA's evaluator, and the context that its builtins get.
func (e *evaluation) query(ctx context.Context, c *ast.Compiler, body ast.Body, input *ast.Term) (*topdown.Query, context.Context) {
	q := topdown.NewQuery(body).
		WithCompiler(c).
		WithStore(e.policy.store).
		WithTransaction(e.policy.read).
		WithInput(input).
		WithCancel(e.cancel).
		WithPrintHook(&e.printed).
		WithStrictBuiltinErrors(e.strict).
		WithMetrics(metrics.NoOp())
	_, funcs := boundedBuiltins()
	if e.run != nil {
		_, funcs = ownBuiltins()
		ctx = &evalContext{Context: ctx, run: e.run}
	}
	return q.WithBuiltins(funcs), ctx
}
