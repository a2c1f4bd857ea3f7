package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// holds reports whether a value has a surrogate of the run in one of its strings
// or keys.
func holds(r *seal.Run, v ast.Value) bool {
	switch v := v.(type) {
	case ast.String:
		return seal.MayHold(string(v)) && r.Holds(string(v))
	case *ast.Array:
		return v.Until(func(e *ast.Term) bool { return holds(r, e.Value) })
	case ast.Object:
		return v.Until(func(k, e *ast.Term) bool { return holds(r, k.Value) || holds(r, e.Value) })
	case ast.Set:
		return v.Until(func(e *ast.Term) bool { return holds(r, e.Value) })
	}
	return false
}

// holdsKey reports whether a surrogate stands in a key or an element of a set:
// where an order shows, that of surrogates is not that of plaintexts.
func holdsKey(r *seal.Run, v ast.Value) bool {
	switch v := v.(type) {
	case *ast.Array:
		return v.Until(func(e *ast.Term) bool { return holdsKey(r, e.Value) })
	case ast.Object:
		return v.Until(func(k, e *ast.Term) bool { return holds(r, k.Value) || holdsKey(r, e.Value) })
	case ast.Set:
		return holds(r, v)
	}
	return false
}
