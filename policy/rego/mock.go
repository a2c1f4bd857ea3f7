package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// mocks are what `with` may put in the place of one function somewhere in a
// policy. A call of the function counts as a call of all of them: `with` is in
// force in whatever is evaluated below it.
type mocks struct {
	// value is the level of values in the function's place.
	value level
	// functions are functions of the policy and builtins in its place.
	functions []string
}

// function gives the name of a builtin or of a function of the policy that a term
// refers to without calling it, or "".
func (l *levels) function(t *ast.Term) string {
	ref, ok := t.Value.(ast.Ref)
	if !ok {
		return ""
	}
	name := ref.String()
	if l.builtins[name] != nil || len(l.byFunction[name]) > 0 {
		return name
	}
	return ""
}

// mock notes a replacement of a function.
func (l *levels) mock(r *ruleLevels, target string, value *ast.Term) {
	m := l.mocks[target]
	if m == nil {
		m = &mocks{}
		l.mocks[target] = m
		l.changed = true
	}
	name := l.function(value)
	if name == "" {
		l.raise(&m.value, min(l.term(r, value), mixed))
		return
	}
	for _, known := range m.functions {
		if known == name {
			return
		}
	}
	m.functions = append(m.functions, name)
	l.changed = true
}

// callee gives the level of a call's result, and raises the arguments of what may
// be called to those of the operands.
func (l *levels) callee(r *ruleLevels, name string, operands []*ast.Term) level {
	out := l.direct(r, name, operands)
	if m := l.mocks[name]; m != nil {
		out = max(out, m.value)
		for _, f := range m.functions {
			out = max(out, l.direct(r, f, operands))
		}
	}
	return out
}

func (l *levels) direct(r *ruleLevels, name string, operands []*ast.Term) level {
	if b := l.builtins[name]; b != nil {
		return l.builtin(r, b, operands)
	}
	value := clean
	for _, f := range l.byFunction[name] {
		for i := range f.args {
			if i < len(operands) {
				l.raise(&f.args[i], l.term(r, operands[i]))
			}
		}
		value = max(value, f.value)
	}
	return value
}

// with rewrites a replacement of a function: some of its calls have another name
// by now, and a builtin in its place must be one that knows surrogates.
func (w *rewriter) with(m *ast.With) (also *ast.With) {
	target := w.function(m.Target)
	if target == "" {
		return nil
	}
	if name := w.function(m.Value); w.builtins[name] != nil {
		m.Value = ownTerm(m.Value, name)
	}
	if own := ownTerm(m.Target, target); own != m.Target {
		also = m.Copy()
		also.Target = own
	}
	return also
}

// ownTerm refers to this package's builtin in the place of OPA's, if there is one.
func ownTerm(t *ast.Term, name string) *ast.Term {
	decls, _ := ownBuiltins()
	if decls[ownName(name)] == nil {
		return t
	}
	return ast.NewTerm(ast.Ref{ast.VarTerm(ownName(name)).SetLocation(t.Location)}).SetLocation(t.Location)
}
