package rego

import (
	"context"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// evalContext carries an evaluation to its builtins.
type evalContext struct {
	context.Context
	evaluation *evaluation
}

type evaluationKey struct{}

// Value gives the evaluation to [evaluationOf].
func (c *evalContext) Value(key any) any {
	if _, ok := key.(evaluationKey); ok {
		return c.evaluation
	}
	return c.Context.Value(key)
}

func evaluationOf(b topdown.BuiltinContext) *evaluation {
	return b.Context.Value(evaluationKey{}).(*evaluation)
}

// runOf gives the surrogates of the evaluation.
func runOf(b topdown.BuiltinContext) *seal.Run { return evaluationOf(b).run }

// refusal is a refusal of a builtin and where it was called.
type refusal struct {
	reason   *seal.Error
	location *ast.Location
}

func (r *refusal) Error() string { return r.reason.Error() }

// halt ends the evaluation. An error that did not halt would leave the call
// undefined, and `not` would make that true.
func halt(b topdown.BuiltinContext, err error) error {
	sealed, ok := err.(*seal.Error)
	if !ok {
		sealed = seal.Errorf(codeBuiltin, "a builtin failed")
	}
	return topdown.Halt{Err: &refusal{reason: sealed, location: b.Location}}
}
