package rego

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
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
	// exact: the secrets of the sealing set are exact ([seal.Set.Exact]). gains:
	// were they, a comparison would be native that is not.
	exact, gains bool
	// ordered is set in the body of an array comprehension.
	ordered bool
}

func (w *rewriter) rewrite() {
	for _, r := range w.rules {
		w.at = r
		for branch := r.rule; branch != nil; branch = branch.Else {
			w.rule(branch)
		}
	}
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
		if also := w.with(m); also != nil {
			e.With = append(e.With, also)
		}
		if w.function(m.Target) == "" || w.function(m.Value) == "" {
			m.Value = w.term(m.Value, bound, &values)
		}
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
	case *ast.Not:
		t.Body = toBody(w.exprs(t.Body, bound.Copy()))
	case *ast.LogicalAnd:
		t.Lhs, t.Rhs = toBody(w.exprs(t.Lhs, bound.Copy())), toBody(w.exprs(t.Rhs, bound.Copy()))
	case *ast.LogicalOr:
		t.Lhs, t.Rhs = toBody(w.exprs(t.Lhs, bound.Copy())), toBody(w.exprs(t.Rhs, bound.Copy()))
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
