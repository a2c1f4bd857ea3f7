package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// level says what is known of the strings in a value when a policy is compiled;
// see the package's comment.
type level uint8

const (
	clean level = iota
	mixed
	secret
)

// levels is the analysis of a policy: the level of each variable and rule. It
// does not follow the flow of control: a variable has one level in its rule, a
// function one for all its calls. It is a fixed point, found by raising levels
// until nothing changes.
type levels struct {
	compiler *ast.Compiler
	builtins map[string]*ast.Builtin
	rules    []*ruleLevels
	// byFunction has the rules of a function by its reference.
	byFunction map[string][]*ruleLevels
	// byRef has the rules that a reference may give the value of.
	byRef map[string][]*ruleLevels
	// mocks are the functions that `with` replaces.
	mocks map[string]*mocks
	// replaced are the levels that `with` gives to input and data.
	replacedInput, replacedData level
	changed                     bool
}

// ruleLevels are the levels of a rule and its else branches.
type ruleLevels struct {
	rule  *ast.Rule
	ref   ast.Ref
	vars  map[ast.Var]level
	args  []level
	value level
}

func analyse(c *ast.Compiler) *levels {
	l := &levels{
		compiler:   c,
		builtins:   make(map[string]*ast.Builtin),
		byFunction: make(map[string][]*ruleLevels),
		byRef:      make(map[string][]*ruleLevels),
		mocks:      make(map[string]*mocks),
	}
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		l.builtins[b.Name] = b
	}
	for _, m := range c.Modules {
		for _, rule := range m.Rules {
			r := &ruleLevels{rule: rule, ref: rule.Ref(), vars: make(map[ast.Var]level), args: make([]level, len(rule.Head.Args))}
			l.rules = append(l.rules, r)
			if len(rule.Head.Args) > 0 {
				l.byFunction[r.ref.String()] = append(l.byFunction[r.ref.String()], r)
			}
		}
	}
	for l.changed = true; l.changed; {
		l.changed = false
		for _, r := range l.rules {
			for branch := r.rule; branch != nil; branch = branch.Else {
				l.branch(r, branch)
			}
		}
	}
	return l
}

func (l *levels) raise(at *level, to level) {
	if to > *at {
		*at = to
		l.changed = true
	}
}

func (l *levels) branch(r *ruleLevels, rule *ast.Rule) {
	for i, arg := range rule.Head.Args {
		l.bind(r, arg, r.args[i])
	}
	l.walk(r, rule.Body)
	l.walk(r, rule.Head)
	// A set's elements are checked, so that a set is clean.
	if v := rule.Head.Value; v != nil {
		l.raise(&r.value, l.term(r, v))
	}
}

// walk follows every expression below x, closures too.
func (l *levels) walk(r *ruleLevels, x any) {
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			l.expr(r, x)
		case ast.Ref:
			l.operands(r, x)
		}
		return false
	}).Walk(x)
}

func (l *levels) expr(r *ruleLevels, e *ast.Expr) {
	for _, w := range e.With {
		if target := l.function(w.Target); target != "" {
			l.mock(r, target, w.Value)
			continue
		}
		to := min(l.term(r, w.Value), mixed)
		if ref, ok := w.Target.Value.(ast.Ref); ok && ref[0].Equal(ast.InputRootDocument) {
			l.raise(&l.replacedInput, to)
		} else {
			l.raise(&l.replacedData, to)
		}
	}
	switch t := e.Terms.(type) {
	case *ast.Every:
		domain := l.term(r, t.Domain)
		l.bind(r, t.Value, domain)
		if t.Key != nil {
			l.bind(r, t.Key, min(domain, mixed))
		}
	case []*ast.Term:
		if e.IsEquality() {
			if len(t) == 3 {
				l.unify(r, t[1], t[2])
			}
			return
		}
		l.call(r, t)
	}
}

// unify raises the variables of both sides to the level of the other one.
func (l *levels) unify(r *ruleLevels, a, b *ast.Term) {
	x, ok1 := a.Value.(*ast.Array)
	y, ok2 := b.Value.(*ast.Array)
	if ok1 && ok2 {
		for i := range min(x.Len(), y.Len()) {
			l.unify(r, x.Elem(i), y.Elem(i))
		}
		return
	}
	l.bind(r, a, l.term(r, b))
	l.bind(r, b, l.term(r, a))
}

// bind raises the variables of a pattern.
func (l *levels) bind(r *ruleLevels, t *ast.Term, to level) {
	switch v := t.Value.(type) {
	case ast.Var:
		if to > r.vars[v] {
			r.vars[v] = to
			l.changed = true
		}
	case *ast.Array:
		v.Foreach(func(e *ast.Term) { l.bind(r, e, to) })
	case ast.Object:
		v.Foreach(func(_, e *ast.Term) { l.bind(r, e, to) })
	}
}

// operands raises the variables that a reference enumerates keys into.
func (l *levels) operands(r *ruleLevels, ref ast.Ref) {
	if isSecretRef(ref) {
		return // the keys of a structured secret are no secrets
	}
	for i := 1; i < len(ref); i++ {
		if _, ok := ref[i].Value.(ast.String); ok {
			continue
		}
		l.bind(r, ref[i], min(l.ref(r, ref[:i]), mixed))
	}
}

func (l *levels) call(r *ruleLevels, t []*ast.Term) {
	op, ok := t[0].Value.(ast.Ref)
	if !ok {
		return
	}
	end := l.end(op.String(), t)
	result := l.callee(r, op.String(), t[1:end])
	if end < len(t) {
		l.bind(r, t[end], result)
	}
}

// end is where the operands of a call end, and its result may follow.
func (l *levels) end(name string, t []*ast.Term) int {
	end := len(t)
	if b := l.builtins[name]; b != nil && b.Decl.Result() != nil {
		end = b.Decl.Arity() + 1
	} else if rules := l.byFunction[name]; len(rules) > 0 {
		end = len(rules[0].args) + 1
	}
	return min(end, len(t))
}

// builtin is the level of a builtin's result.
func (l *levels) builtin(r *ruleLevels, b *ast.Builtin, operands []*ast.Term) level {
	if isPrimitive(b) {
		return clean
	}
	var highest level
	for _, o := range operands {
		highest = max(highest, l.term(r, o))
	}
	switch classOf(b.Name) {
	case native, numeric, keyed:
		return min(highest, mixed)
	}
	// What a string function computes is in no sealed form, whatever it got.
	return max(highest, mixed)
}

// term is the level of a term.
func (l *levels) term(r *ruleLevels, t *ast.Term) level {
	inside := clean
	switch v := t.Value.(type) {
	case ast.Var:
		return r.vars[v]
	case ast.Ref:
		return l.ref(r, v)
	case *ast.Array:
		v.Foreach(func(e *ast.Term) { inside = max(inside, l.term(r, e)) })
	case ast.Object:
		v.Foreach(func(_, e *ast.Term) { inside = max(inside, l.term(r, e)) })
	case *ast.ArrayComprehension:
		inside = l.term(r, v.Term)
	case *ast.ObjectComprehension:
		inside = l.term(r, v.Value)
	}
	return min(inside, mixed)
}

func (l *levels) ref(r *ruleLevels, ref ast.Ref) level {
	switch {
	case ref[0].Equal(ast.InputRootDocument):
		return l.replacedInput
	case isSecretRef(ref):
		if len(ref) > 3 {
			return mixed // numbers and plain fields of a structure are no secrets
		}
		return secret
	case ref[0].Equal(ast.DefaultRootDocument):
		out := l.replacedData
		for _, x := range l.rulesOf(ref) {
			if len(ref) < len(x.ref) {
				out = max(out, min(x.value, mixed))
			} else {
				out = max(out, x.value)
			}
		}
		return out
	}
	if v, ok := ref[0].Value.(ast.Var); ok {
		return r.vars[v]
	}
	return l.term(r, ref[0])
}

// rulesOf are the rules whose document a reference may reach.
func (l *levels) rulesOf(ref ast.Ref) []*ruleLevels {
	key := ref.String()
	if found, ok := l.byRef[key]; ok {
		return found
	}
	var found []*ruleLevels
	for _, x := range l.rules {
		if mayOverlap(ref, x.ref) {
			found = append(found, x)
		}
	}
	l.byRef[key] = found
	return found
}

func mayOverlap(a, b ast.Ref) bool {
	for i := range min(len(a), len(b)) {
		if ast.IsScalar(a[i].Value) && ast.IsScalar(b[i].Value) && a[i].Value.Compare(b[i].Value) != 0 {
			return false
		}
	}
	return true
}

// isSecretRef reports whether a reference goes below data.secrets.
func isSecretRef(ref ast.Ref) bool {
	return ref[0].Equal(ast.DefaultRootDocument) && isKey(ref, 1, secretsKey)
}
