package rego

import (
	"context"
	"encoding/json"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// Evaluate decides over an input, which is JSON. It ends when ctx does, at the
// latest after [MaxEvaluationTime]. It fails closed: whatever goes wrong is a
// deny whose Err says what.
func (p *Policy) Evaluate(ctx context.Context, raw json.RawMessage, o seal.Options) (result Result) {
	defer func() {
		if recover() != nil {
			result = denied(seal.Errorf(codeInternal, "the evaluator failed"))
		}
	}()
	if p.missing != nil {
		return denied(p.missing)
	}
	var run *seal.Run
	if p.run != nil {
		run = p.run.Child(o)
	}
	input, refused := parseInput(raw, run)
	if refused != nil {
		return denied(refused)
	}
	cancel := topdown.NewCancel()
	defer time.AfterFunc(MaxEvaluationTime, cancel.Cancel).Stop()
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, cancel.Cancel)()
	}
	if ctx.Err() != nil {
		cancel.Cancel() // AfterFunc may take its time
	}
	printed := &printer{run: run}
	docs, err := p.query(ctx, input, run, cancel, printed)
	result = Result{Print: printed.lines}
	if err != nil {
		result.Err = evaluationError(err)
		return result
	}
	if refused := result.fill(docs, run); refused != nil {
		result = denied(refused)
		result.Print = printed.lines
	}
	return result
}

// query runs the evaluator and gives the documents that are defined.
func (p *Policy) query(ctx context.Context, input *ast.Term, run *seal.Run, cancel topdown.Cancel, printed *printer) (map[ast.Var]ast.Value, error) {
	q := topdown.NewQuery(p.queries.body).
		WithCompiler(p.compiler).
		WithStore(p.store).
		WithTransaction(p.read).
		WithInput(input).
		WithCancel(cancel).
		WithPrintHook(printed).
		WithMetrics(metrics.NoOp())
	_, funcs := boundedBuiltins()
	if run != nil {
		_, funcs = ownBuiltins()
		q = q.WithStrictBuiltinErrors(true)
		ctx = &evalContext{Context: ctx, run: run}
	}
	q = q.WithBuiltins(funcs)
	docs := make(map[ast.Var]ast.Value, 1)
	err := q.Iter(ctx, func(found topdown.QueryResult) error {
		for v, t := range found {
			if p.queries.single {
				docs[v] = t.Value
			} else if one, ok := t.Value.(*ast.Array); ok && one.Len() > 0 {
				docs[v] = one.Elem(0).Value
			}
		}
		return nil
	})
	return docs, err
}
