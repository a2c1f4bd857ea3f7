package rego

import (
	"context"
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// Evaluate decides over an input, which is JSON. It ends when ctx does, at the
// latest after [MaxEvaluationTime]. It fails closed: whatever goes wrong is a
// deny whose Err says what.
func (p *Policy) Evaluate(ctx context.Context, raw json.RawMessage, o seal.Options) Result {
	return p.evaluate(ctx, o, func(run *seal.Run) (*ast.Term, *seal.Error) { return parseInput(raw, run) })
}

// evaluate is Evaluate over the input that read gives for the run.
func (p *Policy) evaluate(ctx context.Context, o seal.Options, read func(*seal.Run) (*ast.Term, *seal.Error)) (result Result) {
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
	input, refused := read(run)
	if refused != nil {
		return denied(refused)
	}
	// An error of a builtin fails the decision where secrets are in play: undefined
	// would make `not` true.
	e := &evaluation{policy: p, run: run, strict: run != nil, cancel: topdown.NewCancel(), printed: printer{run: run}}
	defer e.start(ctx)()
	docs, err := e.documents(ctx, input)
	result = Result{Print: e.printed.lines, Explanation: e.printed.tracer.lines()}
	if err != nil {
		result.Err = evaluationError(err)
		return result
	}
	if refused := result.fill(docs, run); refused != nil {
		result.Decision, result.Err = false, denied(refused).Err
		result.Context, result.Output, result.Recovery, result.Failures, result.Masked = nil, nil, nil, nil, nil
	}
	return result
}

// documents runs the evaluator and gives the documents that are defined.
func (e *evaluation) documents(ctx context.Context, input *ast.Term) (map[ast.Var]ast.Value, error) {
	q, ctx := e.query(ctx, e.policy.compiler, e.policy.queries.body, input)
	docs := make(map[ast.Var]ast.Value, 1)
	err := q.Iter(ctx, func(found topdown.QueryResult) error {
		for v, t := range found {
			if e.policy.queries.single {
				docs[v] = t.Value
			} else if one, ok := t.Value.(*ast.Array); ok && one.Len() > 0 {
				docs[v] = one.Elem(0).Value
			}
		}
		return nil
	})
	return docs, err
}
