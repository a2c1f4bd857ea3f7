package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// equality rewrites `a = b`, which `==` is by now as well.
func (w *rewriter) equality(e *ast.Expr, t []*ast.Term, bound ast.VarSet, before *[]*ast.Expr) []*ast.Expr {
	if len(t) != 3 {
		w.refuse(e.Location, codeUnsupported, "= can't give a value here", "use ==")
		return []*ast.Expr{e}
	}
	t[1], t[2] = w.term(t[1], bound, before), w.term(t[2], bound, before)
	if w.isNative(t[1], t[2], bound) {
		return []*ast.Expr{e}
	}
	if e.Negated {
		t[1], t[2] = w.hoistInside(t[1], before), w.hoistInside(t[2], before)
		for _, x := range *before {
			bound.Update(ast.OutputVarsFromExpr(w.compiler, x, bound))
		}
	}
	out := w.unify(t[1], t[2], bound, e.Location)
	if e.Negated {
		// The call goes inside the negation, where an undefined operand makes it true.
		e.Negated = false
		e.Terms = &ast.Not{Body: toBody(out), Location: e.Location}
		return []*ast.Expr{e}
	}
	return out
}

// hoistInside moves what has to be evaluated inside a term to the front. OPA does
// so outside of a negation, and only the operand as a whole stays in it.
func (w *rewriter) hoistInside(t *ast.Term, before *[]*ast.Expr) *ast.Term {
	hoist := func(e *ast.Term) *ast.Term {
		e = w.hoistInside(e, before)
		switch e.Value.(type) {
		case ast.Ref, *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
			f := w.local(e.Location, w.level(e))
			*before = append(*before, eqExpr(f, e, e.Location))
			return f
		}
		return e
	}
	switch v := t.Value.(type) {
	case ast.Ref:
		out := ast.Ref{v[0]}
		for _, e := range v[1:] {
			out = append(out, hoist(e))
		}
		return ast.NewTerm(out).SetLocation(t.Location)
	case *ast.Array:
		elems := make([]*ast.Term, v.Len())
		for i := range elems {
			elems[i] = hoist(v.Elem(i))
		}
		return ast.ArrayTerm(elems...).SetLocation(t.Location)
	case ast.Object:
		out := ast.NewObjectWithCapacity(v.Len())
		v.Foreach(func(k, e *ast.Term) { out.Insert(hoist(k), hoist(e)) })
		return ast.NewTerm(out).SetLocation(t.Location)
	case ast.Set:
		return ast.NewTerm(mapSet(v, hoist)).SetLocation(t.Location)
	}
	return t
}

// isNative reports whether OPA's own unification of two terms is right: it binds
// a variable, or compares clean values, of which an exact secret is one.
func (w *rewriter) isNative(a, b *ast.Term, bound ast.VarSet) bool {
	if isUnbound(a, bound) || isUnbound(b, bound) || max(w.level(a), w.level(b)) == clean {
		return true
	}
	if isWholeSecret(a) && w.level(b) == clean || isWholeSecret(b) && w.level(a) == clean {
		w.gains = w.gains || !w.exact
		return w.exact
	}
	return false
}

// isWholeSecret reports whether a term is data.secrets.NAME.
func isWholeSecret(t *ast.Term) bool {
	ref, ok := t.Value.(ast.Ref)
	if !ok || len(ref) != 3 || !isSecretRef(ref) {
		return false
	}
	_, named := ref[2].Value.(ast.String)
	return named
}

// unify gives the expressions that stand for `a = b`.
func (w *rewriter) unify(a, b *ast.Term, bound ast.VarSet, loc *ast.Location) []*ast.Expr {
	if w.isNative(a, b, bound) {
		return []*ast.Expr{eqExpr(a, b, loc)}
	}
	openA, openB := hasUnbound(a, bound), hasUnbound(b, bound)
	if !openA && !openB {
		return []*ast.Expr{callExpr(loc, ownName("equal"), a, b)}
	}
	x, ok1 := a.Value.(*ast.Array)
	y, ok2 := b.Value.(*ast.Array)
	if ok1 && ok2 {
		return w.unifyArrays(a, b, x, y, bound.Copy(), loc)
	}
	if openA && openB {
		w.refuse(loc, codeUnsupported, "both sides of this = bind variables", "assign one side to a variable first")
		return []*ast.Expr{eqExpr(a, b, loc)}
	}
	if openB {
		a, b = b, a
	}
	var compare []*ast.Expr
	pattern := w.split(a, bound.Copy(), loc, &compare)
	return append([]*ast.Expr{eqExpr(pattern, b, loc)}, compare...)
}

// unifyArrays goes element by element. Arrays of different lengths never unify.
func (w *rewriter) unifyArrays(a, b *ast.Term, x, y *ast.Array, bound ast.VarSet, loc *ast.Location) []*ast.Expr {
	if x.Len() != y.Len() {
		return []*ast.Expr{eqExpr(a, b, loc)}
	}
	var out []*ast.Expr
	for i := range x.Len() {
		e := eqExpr(x.Elem(i), y.Elem(i), loc)
		outputs := ast.OutputVarsFromExpr(w.compiler, e, bound)
		out = append(out, w.unify(x.Elem(i), y.Elem(i), bound, loc)...)
		bound.Update(outputs)
	}
	return out
}

// split gives a pattern in which only unbound variables are left, once each;
// what stood in the place of the others is compared afterwards.
func (w *rewriter) split(t *ast.Term, bound ast.VarSet, loc *ast.Location, compare *[]*ast.Expr) *ast.Term {
	if isUnbound(t, bound) {
		bound.Add(t.Value.(ast.Var))
		return t
	}
	switch v := t.Value.(type) {
	case ast.Number, ast.Boolean, ast.Null:
		return t
	case *ast.Array:
		elems := make([]*ast.Term, v.Len())
		for i := range elems {
			elems[i] = w.split(v.Elem(i), bound, loc, compare)
		}
		return ast.ArrayTerm(elems...).SetLocation(loc)
	case ast.Object:
		out := ast.NewObject()
		v.Foreach(func(k, e *ast.Term) { out.Insert(k, w.split(e, bound, loc, compare)) })
		return ast.NewTerm(out).SetLocation(loc)
	}
	f := w.local(loc, mixed)
	*compare = append(*compare, callExpr(loc, ownName("equal"), f, t))
	return f
}

// isUnbound reports whether a term is a variable that nothing has bound yet.
func isUnbound(t *ast.Term, bound ast.VarSet) bool {
	v, ok := t.Value.(ast.Var)
	return ok && !bound.Contains(v)
}

// hasUnbound reports whether unifying a term binds variables, other than those
// that a reference enumerates into.
func hasUnbound(t *ast.Term, bound ast.VarSet) bool {
	switch v := t.Value.(type) {
	case ast.Var:
		return !bound.Contains(v)
	case *ast.Array:
		return v.Until(func(e *ast.Term) bool { return hasUnbound(e, bound) })
	case ast.Object:
		return v.Until(func(_, e *ast.Term) bool { return hasUnbound(e, bound) })
	}
	return false
}
