package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// term rewrites what is inside a term: closures, keys, and the operands of
// references. Expressions that must stand in front of it go to before.
func (w *rewriter) term(t *ast.Term, bound ast.VarSet, before *[]*ast.Expr) *ast.Term {
	switch v := t.Value.(type) {
	case ast.Ref:
		return w.reference(t, v, bound, before)
	case *ast.Array:
		elems := make([]*ast.Term, v.Len())
		for i := range elems {
			elems[i] = w.term(v.Elem(i), bound, before)
		}
		return ast.ArrayTerm(elems...).SetLocation(t.Location)
	case ast.Object:
		out := ast.NewObjectWithCapacity(v.Len())
		v.Foreach(func(k, e *ast.Term) { out.Insert(w.key(k, bound, before), w.term(e, bound, before)) })
		return ast.NewTerm(out).SetLocation(t.Location)
	case ast.Set:
		return ast.NewTerm(mapSet(v, func(e *ast.Term) *ast.Term { return w.key(e, bound, before) })).SetLocation(t.Location)
	case *ast.ArrayComprehension:
		v.Body = w.closure(v.Body, true, bound, func(inner ast.VarSet, after *[]*ast.Expr) {
			v.Term = w.term(v.Term, inner, after)
		})
	case *ast.SetComprehension:
		v.Body = w.closure(v.Body, false, bound, func(inner ast.VarSet, after *[]*ast.Expr) {
			v.Term = w.key(v.Term, inner, after)
		})
	case *ast.ObjectComprehension:
		v.Body = w.closure(v.Body, false, bound, func(inner ast.VarSet, after *[]*ast.Expr) {
			v.Key = w.key(v.Key, inner, after)
			v.Value = w.term(v.Value, inner, after)
		})
	}
	return t
}

// closure rewrites the body of a comprehension, which gives an array if it is
// ordered, and its terms at the body's end.
func (w *rewriter) closure(body ast.Body, ordered bool, bound ast.VarSet, terms func(ast.VarSet, *[]*ast.Expr)) ast.Body {
	defer func(outer bool) { w.ordered = outer }(w.ordered)
	w.ordered = ordered
	inner := bound.Copy()
	exprs := w.exprs(body, inner)
	terms(inner, &exprs)
	return toBody(exprs)
}

// key rewrites a term that becomes a key of an object or an element of a set.
func (w *rewriter) key(t *ast.Term, bound ast.VarSet, before *[]*ast.Expr) *ast.Term {
	l := w.level(t)
	t = w.term(t, bound, before)
	switch l {
	case clean:
		return t
	case secret:
		w.refuse(t.Location, codeInspected, "a secret as a key of an object or an element of a set", "a look-up compares where it is not seen: keep the secret as a value and compare with ==")
	}
	return w.checked(t, before)
}

// checked makes sure, when the policy runs, that there is no secret in a term. A
// variable that was checked stays mixed: it may stand for a collection.
func (w *rewriter) checked(t *ast.Term, before *[]*ast.Expr) *ast.Term {
	if _, ok := t.Value.(ast.Var); !ok && !ast.IsScalar(t.Value) {
		f := w.local(t.Location, mixed)
		*before = append(*before, eqExpr(f, t, t.Location))
		t = f
	}
	*before = append(*before, callExpr(t.Location, checkKey, t))
	return t
}

// reference rewrites the operands of a reference. A look-up compares natively. It
// is right if the collection and the operand are clean, and also if there is no
// secret in the operand, whatever the collection holds.
func (w *rewriter) reference(t *ast.Term, ref ast.Ref, bound ast.VarSet, before *[]*ast.Expr) *ast.Term {
	out := make(ast.Ref, len(ref))
	copy(out, ref)
	out[0] = w.term(ref[0], bound, before)
	for i := 1; i < len(ref); i++ {
		if ast.IsScalar(ref[i].Value) && !mayHold(ref[i]) {
			continue
		}
		if hasUnbound(ref[i], bound) {
			w.enumerates(out[:i:i], t.Location, before)
		}
		out[i] = w.operand(ref[i], w.levels.ref(w.at, ref[:i]), bound, before)
	}
	return ast.NewTerm(out).SetLocation(t.Location)
}

func (w *rewriter) operand(t *ast.Term, collection level, bound ast.VarSet, before *[]*ast.Expr) *ast.Term {
	if isUnbound(t, bound) {
		return t // it enumerates
	}
	if ast.IsScalar(t.Value) {
		if collection > clean {
			return w.checked(t, before)
		}
		return t
	}
	l := w.level(t)
	if l == secret {
		w.refuse(t.Location, codeInspected, "a secret as a key of a look-up", "compare with == in a loop: some k, v in collection; k == data.secrets.NAME")
	}
	if !hasUnbound(t, bound) {
		t = w.term(t, bound, before)
		if max(collection, l) == clean {
			return t
		}
		return w.checked(t, before)
	}
	// A pattern: its parts that are bound are looked up.
	if v, ok := t.Value.(*ast.Array); ok {
		elems := make([]*ast.Term, v.Len())
		for i := range elems {
			elems[i] = w.operand(v.Elem(i), collection, bound, before)
		}
		return ast.ArrayTerm(elems...).SetLocation(t.Location)
	}
	if max(collection, l) > clean {
		w.refuse(t.Location, codeUnsupported, "a look-up by an object with variables", "enumerate into a variable first")
	}
	return t
}

// mayHold reports whether a constant has the form of a surrogate in it.
func mayHold(t *ast.Term) bool {
	s, ok := t.Value.(ast.String)
	return ok && seal.MayHold(string(s))
}
