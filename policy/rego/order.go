package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// Sets and objects are enumerated in the order of their elements and keys, and an
// array comprehension keeps it. Surrogates have another order than plaintexts.

// checkOrder is the builtin that refuses a collection whose order shows that of
// surrogates; checkWalk looks at all that is in one.
const (
	checkOrder = ownPrefix + "check_order"
	checkWalk  = ownPrefix + "check_walk"
)

var orderRefused = seal.Errorf(seal.CodeInspected, "the order of a secret among the keys of an object or the elements of a set would show in an array; collect into a set")

// enumerates makes sure, in the body of an array comprehension, that what a
// reference enumerates has an order which no secret has a part in.
func (w *rewriter) enumerates(collection ast.Ref, loc *ast.Location, before *[]*ast.Expr) {
	if w.ordered && !isSecretRef(collection) {
		*before = append(*before, callExpr(loc, checkOrder, ast.NewTerm(collection).SetLocation(loc)))
	}
}

func builtinCheckOrder(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
	run := runOf(ctx)
	shows := false
	switch v := operands[0].Value.(type) {
	case ast.Set:
		shows = v.Len() > 1 && holds(run, v)
	case ast.Object:
		shows = v.Len() > 1 && v.Until(func(k, _ *ast.Term) bool { return holds(run, k.Value) })
	}
	if shows {
		return halt(ctx, orderRefused)
	}
	return iter(ast.InternedTerm(true))
}

func builtinCheckWalk(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
	if holdsKey(runOf(ctx), operands[0].Value) {
		return halt(ctx, orderRefused)
	}
	return iter(ast.InternedTerm(true))
}
