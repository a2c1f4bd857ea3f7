package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// holds reports whether a value has a surrogate of the run in one of its strings
// or keys. What is too large to look through counts as holding one: a value whose
// parts are shared can be endless to walk.
func holds(r *seal.Run, v ast.Value) bool {
	s := search{run: r, left: MaxOperandNodes}
	return s.find(v, true)
}

// holdsKey reports whether a surrogate stands in a key or an element of a set:
// where an order shows, that of surrogates is not that of plaintexts.
func holdsKey(r *seal.Run, v ast.Value) bool {
	s := search{run: r, left: MaxOperandNodes}
	return s.find(v, false)
}

type search struct {
	run  *seal.Run
	left int
}

// find looks for a surrogate in all strings, or in keys and elements of sets.
func (s *search) find(v ast.Value, all bool) bool {
	if s.left--; s.left < 0 {
		return true
	}
	switch v := v.(type) {
	case ast.String:
		return all && seal.MayHold(string(v)) && s.run.Holds(string(v))
	case *ast.Array:
		return v.Until(func(e *ast.Term) bool { return s.find(e.Value, all) })
	case ast.Object:
		return v.Until(func(k, e *ast.Term) bool { return s.find(k.Value, true) || s.find(e.Value, all) })
	case ast.Set:
		return v.Until(func(e *ast.Term) bool { return s.find(e.Value, true) })
	}
	return false
}
