package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// equal decides as on plaintext whether two values are equal. Values without a
// surrogate are compared natively.
func equal(r *seal.Run, a, b ast.Value) (bool, error) {
	switch x := a.(type) {
	case ast.String:
		y, ok := b.(ast.String)
		if !ok {
			return false, nil
		}
		if !seal.MayHold(string(x)) && !seal.MayHold(string(y)) {
			return x == y, nil
		}
		return r.Equal(string(x), string(y))
	case *ast.Array, ast.Object, ast.Set:
		if !holds(r, a) && !holds(r, b) {
			return a.Compare(b) == 0, nil
		}
		if total(ast.NewTerm(a)) > MaxValueBytes || total(ast.NewTerm(b)) > MaxValueBytes {
			return false, seal.Errorf(codeLimit, "a comparison of more than %d bytes (MaxValueBytes)", MaxValueBytes)
		}
		return equalCollections(r, a, b)
	}
	return a.Compare(b) == 0, nil
}

func equalCollections(r *seal.Run, a, b ast.Value) (bool, error) {
	switch x := a.(type) {
	case *ast.Array:
		if y, ok := b.(*ast.Array); ok && x.Len() == y.Len() {
			return equalArrays(r, x, y)
		}
	case ast.Object:
		if y, ok := b.(ast.Object); ok && x.Len() == y.Len() {
			return equalObjects(r, x, y)
		}
	case ast.Set:
		if y, ok := b.(ast.Set); ok && x.Len() == y.Len() {
			return equalSets(r, x, y)
		}
	}
	return false, nil
}

// equalArrays compares all elements, so that its time does not show which one
// differs.
func equalArrays(r *seal.Run, x, y *ast.Array) (bool, error) {
	same := true
	for i := range x.Len() {
		eq, err := equal(r, x.Elem(i).Value, y.Elem(i).Value)
		if err != nil {
			return false, err
		}
		same = same && eq
	}
	return same, nil
}

func equalObjects(r *seal.Run, x, y ast.Object) (bool, error) {
	same := true
	err := x.Iter(func(k, v *ast.Term) error {
		found, err := memberWithKey(r, k.Value, v.Value, y)
		same = same && found
		return err
	})
	return same && err == nil, err
}

func equalSets(r *seal.Run, x, y ast.Set) (bool, error) {
	same := true
	err := x.Iter(func(e *ast.Term) error {
		found, err := member(r, e.Value, y)
		same = same && found
		return err
	})
	return same && err == nil, err
}

// member is `x in collection`.
func member(r *seal.Run, x, collection ast.Value) (bool, error) {
	is := func(_, e *ast.Term) (bool, error) { return equal(r, x, e.Value) }
	switch c := collection.(type) {
	case ast.Set:
		if !holds(r, x) && !holds(r, c) {
			return c.Contains(ast.NewTerm(x)), nil
		}
		return anyPair(c, is)
	case *ast.Array, ast.Object:
		return anyPair(c, is)
	}
	return false, nil
}

// memberWithKey is `k, v in collection`.
func memberWithKey(r *seal.Run, key, value, collection ast.Value) (bool, error) {
	return anyPair(collection, func(k, v *ast.Term) (bool, error) {
		if eq, err := equal(r, key, k.Value); err != nil || !eq {
			return false, err
		}
		return equal(r, value, v.Value)
	})
}

// anyPair reports whether fn holds for a key and value of a collection; of a set
// an element is both.
func anyPair(collection ast.Value, fn func(k, v *ast.Term) (bool, error)) (bool, error) {
	found := false
	visit := func(k, v *ast.Term) error {
		if found {
			return nil
		}
		var err error
		found, err = fn(k, v)
		return err
	}
	var err error
	switch c := collection.(type) {
	case *ast.Array:
		for i := 0; i < c.Len() && !found && err == nil; i++ {
			err = visit(ast.InternedTerm(i), c.Elem(i))
		}
	case ast.Object:
		err = c.Iter(visit)
	case ast.Set:
		err = c.Iter(func(e *ast.Term) error { return visit(e, e) })
	}
	return found && err == nil, err
}

// boolean makes a builtin of a function that gives a boolean.
func boolean(fn func(*seal.Run, []*ast.Term) (bool, error)) topdown.BuiltinFunc {
	return func(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		b, err := fn(runOf(ctx), operands)
		if err != nil {
			return halt(ctx, err)
		}
		return iter(ast.InternedTerm(b))
	}
}
