package rego

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// localPrefix starts the names of variables that the rewriter makes.
const localPrefix = "__reticent"

// rewriter changes one policy so that it decides over surrogates as it would
// over plaintexts. It runs after OPA has ordered every body so that variables
// are bound before they are used, and before OPA indexes rules.
type rewriter struct {
	*levels
	at     *ruleLevels
	fresh  int
	issues []Issue
}

func rewrite(c *ast.Compiler) []Issue {
	w := &rewriter{levels: analyse(c)}
	for _, r := range w.rules {
		w.at = r
		for branch := r.rule; branch != nil; branch = branch.Else {
			w.rule(branch)
		}
	}
	return w.issues
}

func (w *rewriter) rule(rule *ast.Rule) {
	bound := ast.ReservedVars.Copy()
	exprs := w.args(rule.Head, bound)
	exprs = append(exprs, w.exprs(rule.Body, bound)...)
	exprs = append(exprs, w.head(rule.Head, bound)...)
	rule.Body = toBody(exprs)
}

func toBody(exprs []*ast.Expr) ast.Body {
	body := make(ast.Body, 0, len(exprs))
	for _, e := range exprs {
		body.Append(e)
	}
	return body
}

// args moves the patterns of a function's arguments into its body, where
// comparisons can be rewritten.
func (w *rewriter) args(head *ast.Head, bound ast.VarSet) []*ast.Expr {
	var out []*ast.Expr
	for i, arg := range head.Args {
		v, isVar := arg.Value.(ast.Var)
		if isVar && !bound.Contains(v) {
			bound.Add(v)
			continue
		}
		if max(w.at.args[i], w.level(arg)) == clean {
			for v := range arg.Vars() {
				bound.Add(v)
			}
			continue
		}
		f := w.local(arg.Location, w.at.args[i])
		head.Args[i] = f
		bound.Add(f.Value.(ast.Var))
		unified := w.unify(arg, f, bound, arg.Location)
		for v := range arg.Vars() {
			bound.Add(v)
		}
		out = append(out, unified...)
	}
	return out
}

// head checks the keys of a rule's head. A key that had to be checked is bound at
// the very end of the body: OPA binds the key of the head before the body when
// the caller knows it, and would compare natively inside.
func (w *rewriter) head(head *ast.Head, bound ast.VarSet) []*ast.Expr {
	var out []*ast.Expr
	late := func(key *ast.Term) *ast.Term {
		checked := w.key(key, bound, &out)
		if w.level(key) == clean {
			return checked
		}
		f := w.local(key.Location, clean)
		out = append(out, eqExpr(f, checked, key.Location))
		return f
	}
	for i := 1; i < len(head.Reference); i++ {
		t := head.Reference[i]
		if ast.IsScalar(t.Value) {
			continue
		}
		isKey := head.Key != nil && head.Key.Equal(t)
		head.Reference[i] = late(t)
		if isKey {
			head.Key = head.Reference[i]
		}
	}
	if head.RuleKind() == ast.MultiValue {
		head.Key = late(head.Key)
	} else {
		head.Value = w.term(head.Value, bound, &out)
	}
	return out
}

// exprs rewrites a body and adds what it binds to bound.
func (w *rewriter) exprs(body ast.Body, bound ast.VarSet) []*ast.Expr {
	var out []*ast.Expr
	for _, e := range body {
		outputs := ast.OutputVarsFromExpr(w.compiler, e, bound)
		out = append(out, w.expr(e, bound)...)
		bound.Update(outputs)
	}
	return out
}

func (w *rewriter) expr(e *ast.Expr, bound ast.VarSet) []*ast.Expr {
	var values, before, after []*ast.Expr
	for _, m := range e.With {
		w.with(m)
		m.Value = w.term(m.Value, bound, &values)
	}
	main := []*ast.Expr{e}
	switch t := e.Terms.(type) {
	case *ast.Term:
		e.Terms = w.term(t, bound, &before)
	case *ast.Every:
		t.Domain = w.term(t.Domain, bound, &before)
		inner := bound.Copy()
		inner.Update(t.KeyValueVars())
		t.Body = toBody(w.exprs(t.Body, inner))
	case []*ast.Term:
		if e.IsEquality() {
			main = w.equality(e, t, bound, &before)
		} else {
			w.call(e, t, bound, &before, &after)
		}
	}
	if len(e.With) > 0 {
		for _, list := range [][]*ast.Expr{before, main, after} {
			for _, x := range list {
				x.With = e.With
			}
		}
	}
	out := append(values, before...)
	return append(append(out, main...), after...)
}

// with refuses to replace functions, whose calls have other names by now.
func (w *rewriter) with(m *ast.With) {
	ref, ok := m.Target.Value.(ast.Ref)
	if ok && (ref[0].Equal(ast.InputRootDocument) || ref[0].Equal(ast.DefaultRootDocument) && len(w.byFunction[ref.String()]) == 0) {
		return
	}
	w.refuse(m.Target.Location, codeUnsupported, "`with` can't replace a function in a policy that uses secrets", "replace input or data")
}

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
// a variable, or compares clean values.
func (w *rewriter) isNative(a, b *ast.Term, bound ast.VarSet) bool {
	return isUnbound(a, bound) || isUnbound(b, bound) || max(w.level(a), w.level(b)) == clean
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

// call rewrites a call of a builtin or of a function of the policy.
func (w *rewriter) call(e *ast.Expr, t []*ast.Term, bound ast.VarSet, before, after *[]*ast.Expr) {
	op, ok := t[0].Value.(ast.Ref)
	if !ok {
		return
	}
	b := w.builtins[op.String()]
	end, result := len(t), clean
	if b != nil {
		end = b.Decl.Arity() + 1
		if b.Decl.Result() == nil {
			end = len(t)
		}
		if end < len(t) {
			result = w.levels.builtin(w.at, b, t[1:end])
		}
	} else if rules := w.byFunction[op.String()]; len(rules) > 0 {
		end = len(rules[0].args) + 1
		for _, r := range rules {
			result = max(result, r.value)
		}
	}
	for i := 1; i < end; i++ {
		if b != nil && (b.Name == ast.InternalPrint.Name || b.Name == ast.InternalTemplateString.Name) {
			t[i] = w.written(t[i], bound, before)
			continue
		}
		t[i] = w.term(t[i], bound, before)
	}
	if b != nil {
		w.builtinCall(e, b, t, t[1:end])
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
		w.refuse(e.Location, codeUnsupported, "the result of a negated call is compared in its arguments", "assign the result to a variable first")
		return
	}
	t[at] = w.local(out.Location, result)
	inner := bound.Copy()
	inner.Add(t[at].Value.(ast.Var))
	*after = append(*after, w.unify(out, t[at], inner, e.Location)...)
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

// level is the level of a term of the rule at hand.
func (w *rewriter) level(t *ast.Term) level { return w.levels.term(w.at, t) }

// local makes a variable.
func (w *rewriter) local(loc *ast.Location, l level) *ast.Term {
	v := ast.Var(fmt.Sprintf("%s%d__", localPrefix, w.fresh))
	w.fresh++
	w.at.vars[v] = l
	return ast.NewTerm(v).SetLocation(loc)
}

func (w *rewriter) refuse(loc *ast.Location, code, message, advice string) {
	w.issues = append(w.issues, issueAt(loc, code, message, advice))
}

// eqExpr is `a = b` for OPA's own unification.
func eqExpr(a, b *ast.Term, loc *ast.Location) *ast.Expr {
	e := ast.Equality.Expr(a, b).SetLocation(loc)
	e.Generated = true
	return e
}

// callExpr is a call of one of this package's builtins.
func callExpr(loc *ast.Location, name string, operands ...*ast.Term) *ast.Expr {
	op := ast.NewTerm(ast.Ref{ast.VarTerm(name).SetLocation(loc)}).SetLocation(loc)
	e := ast.NewExpr(append([]*ast.Term{op}, operands...)).SetLocation(loc)
	e.Generated = true
	return e
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

// mayHold reports whether a constant has the form of a surrogate in it.
func mayHold(t *ast.Term) bool {
	s, ok := t.Value.(ast.String)
	return ok && seal.MayHold(string(s))
}

// bound is what is changed in a policy without secrets: calls that could take
// all memory are renamed to those that check first.
func bound(c *ast.Compiler) []Issue {
	var issues []Issue
	for _, m := range c.Modules {
		ast.NewGenericVisitor(func(x any) bool {
			switch x := x.(type) {
			case *ast.With:
				if ref, ok := x.Target.Value.(ast.Ref); ok && bounds[ref.String()] != nil {
					issues = append(issues, issueAt(x.Location, codeUnsupported, "`with` can't replace this function", "replace input or data"))
				}
			case *ast.Expr:
				if x.IsCall() && bounds[x.Operator().String()] != nil {
					x.SetOperator(ast.NewTerm(ast.Ref{ast.VarTerm(ownName(x.Operator().String()))}).SetLocation(x.Location))
				}
			}
			return false
		}).Walk(m)
	}
	return issues
}
