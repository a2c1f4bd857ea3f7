package rego

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

// denies are the names of rules that stand against a request: where such a rule
// is undefined the request passes.
var denies = regexp.MustCompile(`(?i)^(deny|denied|block|forbid|reject|refuse|violation|fail|revoked)`)

// allows are the names of rules that a request needs.
var allows = regexp.MustCompile(`(?i)^(allow|permit|grant|accept|authoriz)`)

// head checks the front of a rule.
func (l *linter) head(r *ast.Rule) {
	name := ruleName(r)
	if r.Default && allows.MatchString(name) && r.Head.Value != nil && r.Head.Value.Value.Compare(ast.Boolean(true)) == 0 {
		l.find(r.Location, "default-allow", name+" is true unless a rule says otherwise: what no rule foresaw is allowed", "write default "+name+" := false")
	}
	if len(r.Head.Args) > 0 && !l.called[name] && !strings.HasPrefix(name, "test_") {
		l.find(r.Location, "function-unused", "nothing calls the function "+name, "call it or take it out")
	}
	for _, arg := range r.Head.Args {
		ast.WalkVars(arg, func(v ast.Var) bool {
			l.shadows(v, arg.Location)
			return false
		})
	}
}

// shadows finds local names that hide a rule or a builtin.
func (l *linter) shadows(v ast.Var, at *ast.Location) {
	if v.IsWildcard() || v.IsGenerated() {
		return
	}
	if l.rules[l.module.Package.Path.String()+"."+string(v)] {
		l.find(at, "rule-shadowed", string(v)+" is a rule as well: here it is another thing", "rename the variable")
	}
	if ast.BuiltinMap[string(v)] != nil {
		l.find(at, "builtin-shadowed", string(v)+" is a builtin as well", "rename the variable")
	}
}

// expr checks one expression.
func (l *linter) expr(e *ast.Expr) {
	switch t := e.Terms.(type) {
	case *ast.SomeDecl:
		for _, s := range t.Symbols {
			declared := []*ast.Term{s}
			if call, ok := s.Value.(ast.Call); ok {
				declared = call[1 : len(call)-1] // `some k, v in collection`
			}
			for _, d := range declared {
				ast.WalkVars(d, func(v ast.Var) bool {
					l.shadows(v, d.Location)
					return false
				})
			}
		}
	case *ast.Term:
		l.constant(e, t)
		if call, ok := t.Value.(ast.Call); ok {
			l.call(e, call)
		}
	case []*ast.Term:
		l.call(e, t)
	}
}

// constant finds conditions that do not depend on anything.
func (l *linter) constant(e *ast.Expr, t *ast.Term) {
	if !ast.IsConstant(t.Value) || e.Generated {
		return
	}
	if b, ok := t.Value.(ast.Boolean); ok && bool(b) && !e.Negated && len(l.rule.Body) == 1 {
		return // `if true`
	}
	l.find(e.Location, "condition-constant", "this condition is the same for every request", "take it out, or compare it with something")
}

func (l *linter) call(e *ast.Expr, t []*ast.Term) {
	name := t[0].Value.String()
	operands := t[1:]
	switch name {
	case "assign":
		ast.WalkVars(operands[0], func(v ast.Var) bool {
			l.shadows(v, operands[0].Location)
			return false
		})
	case "eq":
		if e.Location != nil && strings.Contains(string(e.Location.Text), "=") && !strings.Contains(string(e.Location.Text), "==") {
			l.find(e.Location, "unification", "= assigns or compares, as it turns out", "write := to assign and == to compare")
		}
		l.comparison(e, "==", operands)
	case "equal":
		l.comparison(e, "==", operands)
	case "neq":
		l.comparison(e, "!=", operands)
	case "regex.match":
		l.pattern(operands[0])
	}
	l.ignored(e, name, t)
}

func (l *linter) comparison(e *ast.Expr, operator string, operands []*ast.Term) {
	if len(operands) != 2 {
		return
	}
	a, b := operands[0], operands[1]
	if ast.IsConstant(a.Value) && ast.IsConstant(b.Value) || a.Equal(b) {
		l.find(e.Location, "condition-constant", "both sides are the same for every request", "compare with something that differs")
		return
	}
	absent := fromInput(a)
	if absent == "" {
		absent = fromInput(b)
	}
	rule := ruleName(l.rule)
	switch {
	case absent == "":
	case operator == "!=" && !e.Negated && denies.MatchString(rule):
		l.find(e.Location, "deny-undefined", "a request without "+absent+" is not denied: != with a missing side is neither true nor false",
			fmt.Sprintf("write not %s == %s", a, b))
	case operator == "==" && e.Negated && allows.MatchString(rule):
		l.find(e.Location, "allow-by-absence", "a request without "+absent+" passes this condition: not of what is missing is true",
			fmt.Sprintf("write %s != %s, which needs both", a, b))
	}
	for _, x := range operands {
		if s, ok := x.Value.(ast.String); ok && likeCredential(string(s)) {
			l.find(x.Location, "credential-in-text", "this looks like a credential, and everybody who reads the policy sees it", "store it as a secret and compare with data.secrets.NAME")
		}
	}
}

// fromInput gives the reference below input that a term is, or "".
func fromInput(t *ast.Term) string {
	if ref, ok := t.Value.(ast.Ref); ok && len(ref) > 1 && ref[0].Equal(ast.InputRootDocument) {
		return ref.String()
	}
	return ""
}

// likeCredential reports whether a text is long, one word, and of letters and
// digits in disorder.
func likeCredential(s string) bool {
	if len(s) < 20 || strings.ContainsAny(s, " /.:@") {
		return false
	}
	letters, digits, changes := 0, 0, 0
	last := 0
	for _, c := range s {
		kind := 2
		switch {
		case c >= '0' && c <= '9':
			digits++
			kind = 1
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters++
			kind = 0
		}
		if kind != last {
			changes++
		}
		last = kind
	}
	return letters > 3 && digits > 3 && changes > 5
}

// pattern finds regular expressions that match anywhere.
func (l *linter) pattern(t *ast.Term) {
	s, ok := t.Value.(ast.String)
	if ok && (!strings.HasPrefix(string(s), "^") || !strings.HasSuffix(string(s), "$")) && !strings.HasPrefix(string(s), ".*") && !strings.HasSuffix(string(s), ".*") {
		l.find(t.Location, "pattern-unanchored", "the pattern matches inside of longer texts as well", `begin it with ^ and end it with $, or say .* where anything may stand`)
	}
}

// ignored finds calls whose result would be true whatever it is.
func (l *linter) ignored(e *ast.Expr, name string, t []*ast.Term) {
	b := ast.BuiltinMap[name]
	if b == nil || b.Decl.Result() == nil || len(t) != b.Decl.Arity()+1 || types.Compare(b.Decl.Result(), types.B) == 0 {
		return
	}
	switch b.Decl.Result().(type) {
	case types.Number, types.String, *types.Array, *types.Object, *types.Set:
		l.find(e.Location, "result-ignored", name+" gives no boolean: as a condition it holds whatever it gives, 0 and empty too", "compare the result")
	}
}
