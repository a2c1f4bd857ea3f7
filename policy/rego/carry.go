package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// Policies written for Cloudentity read secrets from the input. References that
// say so are spelled data.secrets.NAME; a secret that is reached in another way,
// through a variable, a function or a collection that the input as a whole was
// put into, would be undefined, and `not` would make that true. So the compiler
// follows where the input goes, and refuses to look for secrets there.

// carried says what a value may be or hold of the input, as bits.
type carried uint8

const (
	// wholeInput is the input itself.
	wholeInput carried = 1 << iota
	// contextsOf is input.contexts, or what stands under a key of the input that
	// is no constant.
	contextsOf
	// within is a collection that has one of these in it, at any depth.
	within
)

// carriers is the analysis of a policy: a fixed point as [levels] is, over the
// same rules.
type carriers struct {
	*levels
	vars   map[*ruleLevels]map[ast.Var]carried
	args   map[*ruleLevels][]carried
	values map[*ruleLevels]carried
	// issues is set once the fixed point is reached.
	issues *[]Issue
}

// carry finds the places where a policy looks for secrets in what carries the
// input.
func (l *levels) carry() []Issue {
	c := &carriers{levels: l, vars: make(map[*ruleLevels]map[ast.Var]carried), args: make(map[*ruleLevels][]carried), values: make(map[*ruleLevels]carried)}
	for _, r := range l.rules {
		c.vars[r], c.args[r] = make(map[ast.Var]carried), make([]carried, len(r.args))
	}
	for l.changed = true; l.changed; {
		l.changed = false
		c.all()
	}
	var issues []Issue
	c.issues = &issues
	c.all()
	return issues
}

func (c *carriers) all() {
	for _, r := range c.rules {
		for branch := r.rule; branch != nil; branch = branch.Else {
			for i, arg := range branch.Head.Args {
				c.bind(r, arg, c.args[r][i])
			}
			c.walk(r, branch.Body)
			c.walk(r, branch.Head)
			if v := branch.Head.Value; v != nil {
				c.raise(c.values[r], c.term(r, v), func(to carried) { c.values[r] = to })
			}
			if k := branch.Head.Key; k != nil && c.term(r, k) != 0 {
				c.raise(c.values[r], within, func(to carried) { c.values[r] = to })
			}
		}
	}
}

func (c *carriers) raise(at, to carried, set func(carried)) {
	if at|to != at {
		set(at | to)
		c.changed = true
	}
}

func (c *carriers) walk(r *ruleLevels, x any) {
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			c.expr(r, x)
		case *ast.Term:
			if ref, ok := x.Value.(ast.Ref); ok {
				c.ref(r, ref, x.Location)
			}
		}
		return false
	}).Walk(x)
}

func (c *carriers) expr(r *ruleLevels, e *ast.Expr) {
	switch t := e.Terms.(type) {
	case *ast.Every:
		c.bind(r, t.Value, part(c.term(r, t.Domain), nil))
	case []*ast.Term:
		if e.IsEquality() && len(t) == 3 {
			c.unify(r, t[1], t[2])
			return
		}
		c.call(r, t, e.Location)
	}
}

func (c *carriers) unify(r *ruleLevels, a, b *ast.Term) {
	x, ok1 := a.Value.(*ast.Array)
	y, ok2 := b.Value.(*ast.Array)
	if ok1 && ok2 {
		for i := range min(x.Len(), y.Len()) {
			c.unify(r, x.Elem(i), y.Elem(i))
		}
		return
	}
	c.bind(r, a, c.term(r, b))
	c.bind(r, b, c.term(r, a))
}

func (c *carriers) call(r *ruleLevels, t []*ast.Term, loc *ast.Location) {
	op, ok := t[0].Value.(ast.Ref)
	if !ok {
		return
	}
	name := op.String()
	end := c.end(name, t)
	callees := []string{name}
	if m := c.mocks[name]; m != nil {
		callees = append(callees, m.functions...)
	}
	var result carried
	for _, callee := range callees {
		if b := c.builtins[callee]; b != nil {
			result |= c.builtin(r, b, t[1:end], loc)
		}
		for _, f := range c.byFunction[callee] {
			for i := range min(len(f.args), end-1) {
				c.raise(c.args[f][i], c.term(r, t[i+1]), func(to carried) { c.args[f][i] = to })
			}
			result |= c.values[f]
		}
	}
	if end < len(t) {
		c.bind(r, t[end], result)
	}
}

// builtin gives what a builtin's result carries of its operands.
func (c *carriers) builtin(r *ruleLevels, b *ast.Builtin, operands []*ast.Term, loc *ast.Location) carried {
	var all carried
	for _, o := range operands {
		all |= c.term(r, o)
	}
	if all == 0 || isPrimitive(b) {
		return 0
	}
	if b.Name == "object.get" && len(operands) > 1 {
		path := []*ast.Term{operands[1]}
		if arr, ok := operands[1].Value.(*ast.Array); ok {
			path = path[:0]
			arr.Foreach(func(e *ast.Term) { path = append(path, e) })
		}
		return c.follow(c.term(r, operands[0]), path, loc) | c.term(r, operands[len(operands)-1])
	}
	return all | within
}

func (c *carriers) bind(r *ruleLevels, t *ast.Term, to carried) {
	if to == 0 {
		return
	}
	switch v := t.Value.(type) {
	case ast.Var:
		c.raise(c.vars[r][v], to, func(to carried) { c.vars[r][v] = to })
	case *ast.Array:
		v.Foreach(func(e *ast.Term) { c.bind(r, e, part(to, nil)) })
	case ast.Object:
		v.Foreach(func(k, e *ast.Term) { c.bind(r, e, part(to, k)) })
	}
}

func (c *carriers) term(r *ruleLevels, t *ast.Term) carried {
	var inside carried
	switch v := t.Value.(type) {
	case ast.Var:
		return c.vars[r][v]
	case ast.Ref:
		return c.ref(r, v, nil)
	case *ast.Array:
		v.Foreach(func(e *ast.Term) { inside |= c.term(r, e) })
	case ast.Object:
		v.Foreach(func(_, e *ast.Term) { inside |= c.term(r, e) })
	case ast.Set:
		v.Foreach(func(e *ast.Term) { inside |= c.term(r, e) })
	case *ast.ArrayComprehension:
		inside = c.term(r, v.Term)
	case *ast.SetComprehension:
		inside = c.term(r, v.Term)
	case *ast.ObjectComprehension:
		inside = c.term(r, v.Value)
	}
	if inside != 0 {
		return within
	}
	return 0
}

// ref gives what a reference carries. With a place it reports a look for secrets.
func (c *carriers) ref(r *ruleLevels, ref ast.Ref, loc *ast.Location) carried {
	switch {
	case ref[0].Equal(ast.InputRootDocument):
		return c.follow(wholeInput, ref[1:], loc)
	case ref[0].Equal(ast.DefaultRootDocument):
		var out carried
		for _, x := range c.rulesOf(ref) {
			switch v := c.values[x]; {
			case v == 0:
			case len(ref) < len(x.ref):
				out |= within
			default:
				out |= c.follow(v, ref[len(x.ref):], loc)
			}
		}
		return out
	}
	return c.follow(c.term(r, ref[0]), ref[1:], loc)
}

// follow gives what is at a path below a value.
func (c *carriers) follow(at carried, path []*ast.Term, loc *ast.Location) carried {
	for _, key := range path {
		if at&(wholeInput|contextsOf) != 0 && key.Value.Compare(ast.String(secretsKey)) == 0 {
			if c.issues != nil && loc != nil {
				*c.issues = append(*c.issues, issueAt(loc, codeDynamic, "secrets are not in the input itself", dynamicAdvice))
			}
			return 0
		}
		at = part(at, key)
	}
	return at
}

// part gives what is under a key of a value; a nil key is any.
func part(at carried, key *ast.Term) carried {
	var out carried
	if at&within != 0 {
		out = wholeInput | contextsOf | within
	}
	if at&wholeInput != 0 && (key == nil || !ast.IsScalar(key.Value) || key.Value.Compare(ast.String("contexts")) == 0) {
		out |= contextsOf
	}
	return out
}
