package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// call rewrites a call of a builtin or of a function of the policy.
func (w *rewriter) call(e *ast.Expr, t []*ast.Term, bound ast.VarSet, before, after *[]*ast.Expr) {
	op, ok := t[0].Value.(ast.Ref)
	if !ok {
		return
	}
	b := w.builtins[op.String()]
	end := w.end(op.String(), t)
	result := w.callee(w.at, op.String(), t[1:end])
	for i := 1; i < end; i++ {
		if b != nil && (b.Name == ast.InternalPrint.Name || b.Name == ast.InternalTemplateString.Name) {
			t[i] = w.written(t[i], bound, before)
			continue
		}
		t[i] = w.term(t[i], bound, before)
	}
	if b != nil {
		w.builtinCall(e, b, t, t[1:end])
		if b.Name == ast.WalkBuiltin.Name && w.ordered {
			*before = append(*before, callExpr(e.Location, checkWalk, t[1]))
		}
	}
	if end < len(t) {
		w.output(e, t, end, result, bound, before, after)
	}
}

// builtinCall refuses a call that is sure to look inside a secret, and renames
// what this package does in OPA's place.
func (w *rewriter) builtinCall(e *ast.Expr, b *ast.Builtin, t, operands []*ast.Term) {
	highest := clean
	for i, o := range operands {
		l := w.level(o)
		highest = max(highest, l)
		if l == secret && looksInside(b.Name, i) {
			w.refuse(e.Location, codeInspected, shownName(b)+" would look inside a secret", advice(b.Name))
		}
	}
	switch c := classOf(b.Name); {
	case c == guarded, c == sealed && !comparing[b.Name]:
	case (c == keyed || c == sealed) && highest > clean:
	case bounds[b.Name] != nil:
	default:
		return
	}
	t[0] = ast.NewTerm(ast.Ref{ast.VarTerm(ownName(b.Name)).SetLocation(e.Location)}).SetLocation(e.Location)
}

// comparing are the sealed builtins that only compare: natively right for clean
// operands.
var comparing = map[string]bool{"equal": true, "neq": true, "internal.member_2": true, "internal.member_3": true, "object.get": true}

// looksInside reports whether a builtin can't take a secret as an operand.
func looksInside(name string, operand int) bool {
	switch name {
	case "count", "startswith", "trim_prefix":
		return true
	case "object.get":
		return operand == 1
	}
	c := classOf(name)
	return c == guarded || c == numeric || c == keyed
}

// output rewrites the comparison of a call's result with a term that is bound.
func (w *rewriter) output(e *ast.Expr, t []*ast.Term, at int, result level, bound ast.VarSet, before, after *[]*ast.Expr) {
	t[at] = w.term(t[at], bound, before)
	out := t[at]
	if isUnbound(out, bound) || max(w.level(out), result) == clean {
		return
	}
	if e.Negated {
		// As OPA does, which makes the negation undefined where an operand is.
		for k := 1; k < at; k++ {
			t[k] = w.hoist(t[k], bound, before)
		}
		out = w.hoist(out, bound, before)
	}
	t[at] = w.local(out.Location, result)
	inner := bound.Copy()
	inner.Add(t[at].Value.(ast.Var))
	compare := w.unify(out, t[at], inner, e.Location)
	if !e.Negated {
		*after = append(*after, compare...)
		return
	}
	// The comparison goes inside the negation.
	call := ast.NewExpr(t).SetLocation(e.Location)
	e.Negated = false
	e.Terms = &ast.Not{Body: toBody(append([]*ast.Expr{call}, compare...)), Location: e.Location}
}

// hoist evaluates a term in front of its expression, unless nothing in it could
// be undefined.
func (w *rewriter) hoist(t *ast.Term, bound ast.VarSet, before *[]*ast.Expr) *ast.Term {
	if _, isVar := t.Value.(ast.Var); isVar || ast.IsScalar(t.Value) {
		return t
	}
	f := w.local(t.Location, w.level(t))
	*before = append(*before, eqExpr(f, t, t.Location))
	bound.Add(f.Value.(ast.Var))
	return f
}

// written rewrites the argument of print() and of a template string: sets there
// only carry values that may be undefined.
func (w *rewriter) written(t *ast.Term, bound ast.VarSet, before *[]*ast.Expr) *ast.Term {
	arr, ok := t.Value.(*ast.Array)
	if !ok {
		return w.term(t, bound, before)
	}
	parts := make([]*ast.Term, arr.Len())
	for i := range parts {
		part := arr.Elem(i)
		switch v := part.Value.(type) {
		case *ast.SetComprehension:
			inner := bound.Copy()
			v.Body = toBody(w.exprs(v.Body, inner))
		case ast.Set:
			part = ast.NewTerm(mapSet(v, func(e *ast.Term) *ast.Term { return w.term(e, bound, before) })).SetLocation(part.Location)
		}
		parts[i] = part
	}
	return ast.ArrayTerm(parts...).SetLocation(t.Location)
}

func mapSet(s ast.Set, fn func(*ast.Term) *ast.Term) ast.Set {
	out := ast.NewSetWithCapacity(s.Len())
	s.Foreach(func(e *ast.Term) { out.Add(fn(e)) })
	return out
}

// bound is what is changed in a policy without secrets: calls that could take
// all memory are renamed to those that check first.
func bound(c *ast.Compiler) []Issue {
	issues := analyse(c).carry()
	for _, m := range c.Modules {
		boundCalls(m)
	}
	return issues
}

// boundCalls renames the calls and replacements of bounded builtins below x.
func boundCalls(x any) {
	rename := func(t *ast.Term) *ast.Term {
		if ref, ok := t.Value.(ast.Ref); ok && bounds[ref.String()] != nil {
			return ownTerm(t, ref.String())
		}
		return t
	}
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.With:
			x.Target, x.Value = rename(x.Target), rename(x.Value)
		case *ast.Expr:
			if x.IsCall() {
				x.SetOperator(rename(x.OperatorTerm()))
			}
		}
		return false
	}).Walk(x)
}
