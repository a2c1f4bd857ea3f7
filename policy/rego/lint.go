package rego

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

// Check says everything that is wrong with a policy, or is likely to be: what
// does not compile, else what OPA's strict mode finds, what is not formatted, and
// what decides silently in a way that its author hardly meant. Of the latter each
// has a code of its own; docs/policies.md explains them.
func Check(src Source) []Issue {
	modules, issues := parse(src)
	if len(issues) > 0 {
		return issues
	}
	if src.Decision == "" && !hasRule(modules, "allow") {
		// A library: any rule of it may be asked for.
		src.Decision = anyRule(modules)
	}
	if _, err := Compile(src); err != nil {
		if refused, ok := err.(*CompileError); ok {
			return refused.Issues
		}
		return []Issue{{Code: ast.CompileErr, Message: err.Error()}}
	}
	issues = append(issues, strictly(modules)...)
	for _, name := range slices.Sorted(maps.Keys(src.Modules)) {
		if text, err := Format(name, src.Modules[name], src.V0); err == nil && text != src.Modules[name] {
			issues = append(issues, Issue{File: name, Code: "not-formatted", Message: "the module is not formatted", Advice: "reticent policy check --write formats it"})
		}
	}
	l := &linter{modules: modules, rules: make(map[string]bool), called: make(map[string]bool)}
	l.lint()
	return compileError(append(issues, l.issues...)...).Issues
}

// Format writes a module as OPA formats it.
func Format(name, text string, v0 bool) (string, error) {
	version := Source{V0: v0}.version()
	out, err := format.SourceWithOpts(name, []byte(text), format.Opts{RegoVersion: version, ParserOptions: &ast.ParserOptions{RegoVersion: version, Capabilities: capabilities()}})
	return string(bytes.TrimRight(out, "\n")) + "\n", err
}

// strictly gives what OPA's strict mode finds: what is unused, shadowed or
// deprecated.
func strictly(modules map[string]*ast.Module) []Issue {
	c := ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true).WithEnablePrintStatements(true)
	c.Compile(modules)
	issues := astIssues(c.Errors)
	for i := range issues {
		issues[i].Code = "strict"
	}
	return issues
}

func hasRule(modules map[string]*ast.Module, name string) bool {
	first := slices.Sorted(maps.Keys(modules))[0]
	return slices.ContainsFunc(modules[first].Rules, func(r *ast.Rule) bool { return r.Head.Ref()[0].Value.Compare(ast.Var(name)) == 0 })
}

// anyRule is the path of the package of the first rule there is.
func anyRule(modules map[string]*ast.Module) string {
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		if m := modules[name]; len(m.Rules) > 0 {
			var parts []string
			for _, t := range m.Package.Path[1:] {
				parts = append(parts, string(t.Value.(ast.String)))
			}
			return strings.Join(parts, "/")
		}
	}
	return ""
}

// linter finds what a compiler takes and an author hardly meant.
type linter struct {
	modules map[string]*ast.Module
	// rules are the names of rules, by package and name; called are the functions
	// that something refers to.
	rules, called map[string]bool
	module        *ast.Module
	rule          *ast.Rule
	issues        []Issue
}

func (l *linter) lint() {
	for _, m := range l.modules {
		for _, r := range m.Rules {
			l.rules[m.Package.Path.String()+"."+ruleName(r)] = true
		}
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			l.called[ref.String()] = true
			if last, ok := ref[len(ref)-1].Value.(ast.String); ok {
				l.called[string(last)] = true
			}
			return false
		})
	}
	for _, name := range slices.Sorted(maps.Keys(l.modules)) {
		l.module = l.modules[name]
		for _, r := range l.module.Rules {
			for branch := r; branch != nil; branch = branch.Else {
				l.rule = r
				l.head(branch)
				ast.WalkBodies(branch, func(b ast.Body) bool {
					for _, e := range b {
						l.expr(e)
					}
					return false
				})
			}
		}
	}
}

func (l *linter) find(at *ast.Location, code, message, advice string) {
	l.issues = append(l.issues, issueAt(at, code, message, advice))
}

func ruleName(r *ast.Rule) string {
	v, _ := r.Head.Ref()[0].Value.(ast.Var)
	return string(v)
}
