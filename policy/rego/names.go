package rego

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

const secretsKey = "secrets"

// validName is the grammar of secret names. One with slashes is of a secret of an
// external manager.
var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,124}(/[A-Za-z0-9_.+=@-]+)*$`)

var sendRef = ast.MustParseRef(sendName)

var metadataRef = ast.MustParseRef("rego.metadata")

const dynamicAdvice = "write data.secrets.NAME with the name as a constant"

// names finds the secrets that modules refer to, spells all references
// data.secrets.NAME, and refuses references that are not constant. It runs when
// references are resolved, so that imports make no difference.
type names struct {
	issues []Issue
	// whole are issues of references to all documents, which hold the secrets if
	// there are any.
	whole []Issue
	// paths are the constant fronts of all references below data.secrets:
	// ["DB", "password"].
	paths [][]ast.Value
	// metadata is set when a module calls rego.metadata.rule or .chain.
	metadata bool
	// sends is set when a module has http.send.
	sends bool
	// rule is the rule at hand.
	rule *ast.Rule
}

func (n *names) module(m *ast.Module) {
	if path := m.Package.Path; len(path) > 1 && path[1].Value.Compare(ast.String(secretsKey)) == 0 {
		n.refuse(m.Package.Location, codeReserved, "the package data.secrets is where secrets are", "use another package name")
	}
	if len(m.Package.Path) > 1 && m.Package.Path[1].Value.Compare(ast.String(queryPackage)) == 0 && m.Package.Location.File != queryFile {
		n.refuse(m.Package.Location, codeReserved, "the package data."+queryPackage+" is where queries are", "use another package name")
	}
	for _, rule := range m.Rules {
		n.rule = rule
		_ = transformRule(rule, spell) // spell can't fail
		ast.NewGenericVisitor(n.visit).Walk(rule)
	}
}

func (n *names) visit(x any) bool {
	switch x := x.(type) {
	case ast.Var:
		if strings.HasPrefix(string(x), localPrefix) {
			n.refuse(n.rule.Location, codeReserved, "variables that begin with "+localPrefix+" are the compiler's", "rename the variable")
		}
	case *ast.With:
		n.with(x)
		ast.NewGenericVisitor(n.visit).Walk(x.Value)
		return true
	case *ast.Head:
		// Walk leaves out the reference of the head.
		for _, t := range x.Reference[min(1, len(x.Reference)):] {
			ast.NewGenericVisitor(n.visit).Walk(t)
		}
	case *ast.Expr:
		if x.IsCall() {
			n.operator(x.OperatorTerm())
		}
	case ast.Call:
		n.operator(x[0])
	case *ast.Term:
		switch v := x.Value.(type) {
		case ast.Ref:
			n.ref(v, x.Location)
		case ast.Number:
			if numberDigits(string(v)) > MaxNumberDigits {
				n.refuse(x.Location, codeLimit, fmt.Sprintf("a number has more than %d digits (MaxNumberDigits)", MaxNumberDigits), "")
			}
		}
	}
	return false
}

func (n *names) refuse(loc *ast.Location, code, message, advice string) {
	n.issues = append(n.issues, issueAt(loc, code, message, advice))
}

// operator refuses calls of the builtins that only the compiler may call.
func (n *names) operator(t *ast.Term) {
	ref, ok := t.Value.(ast.Ref)
	if !ok {
		return
	}
	n.sends = n.sends || ref.HasPrefix(sendRef)
	n.metadata = n.metadata || ref.HasPrefix(metadataRef)
	if len(ref) != 1 {
		return
	}
	if v, ok := ref[0].Value.(ast.Var); ok && strings.HasPrefix(string(v), ownPrefix) {
		n.refuse(t.Location, codeReserved, "functions that begin with "+ownPrefix+" are the compiler's", "rename the function")
	}
}

// spell gives a reference to a secret as data.secrets.NAME.
func spell(v ast.Value) (ast.Value, error) {
	ref, ok := v.(ast.Ref)
	if !ok {
		return v, nil
	}
	rest, ok := inputSecrets(ref)
	if !ok {
		return v, nil
	}
	loc := ref[0].Location
	return append(ast.Ref{ast.NewTerm(ast.DefaultRootDocument.Value).SetLocation(loc), ast.StringTerm(secretsKey).SetLocation(loc)}, rest...), nil
}

// ref checks one reference.
func (n *names) ref(ref ast.Ref, loc *ast.Location) {
	n.sends = n.sends || ref.HasPrefix(sendRef)
	if !ref[0].Equal(ast.DefaultRootDocument) {
		return
	}
	if len(ref) == 1 {
		n.whole = append(n.whole, issueAt(loc, codeDynamic, "data as a whole holds all secrets", "name the document: data.NAME"))
		return
	}
	if _, ok := ref[1].Value.(ast.String); !ok {
		n.whole = append(n.whole, issueAt(loc, codeDynamic, "data[…] with a variable could be the secrets", "name the document: data.NAME"))
		return
	}
	if isKey(ref, 1, secretsKey) {
		n.secret(ref, loc)
	}
}

func (n *names) secret(ref ast.Ref, loc *ast.Location) {
	if len(ref) == 2 {
		n.refuse(loc, codeDynamic, "which secrets a policy uses must be plain from its text", dynamicAdvice)
		return
	}
	name, ok := ref[2].Value.(ast.String)
	if !ok {
		n.refuse(loc, codeDynamic, "the name of a secret must be a constant", dynamicAdvice)
		return
	}
	if !validName.MatchString(string(name)) {
		n.refuse(loc, codeDynamic, "this can't be the name of a secret", "names match [A-Za-z0-9_-]{1,124}, those of managers MANAGER/NAME or MANAGER/NAME/KEY")
		return
	}
	var path []ast.Value
	for _, t := range ref[2:] {
		if !ast.IsScalar(t.Value) {
			break
		}
		path = append(path, t.Value)
	}
	n.paths = append(n.paths, path)
}

// with refuses to replace secrets, and all of data.
func (n *names) with(w *ast.With) {
	ref, ok := w.Target.Value.(ast.Ref)
	if !ok {
		return
	}
	if !ref[0].Equal(ast.DefaultRootDocument) || len(ref) > 1 && !isKey(ref, 1, secretsKey) {
		return
	}
	x := issueAt(w.Target.Location, codeDynamic, "`with` can't replace secrets", "compare in a function and give it the value as an argument")
	if len(ref) == 1 {
		n.whole = append(n.whole, x)
	} else {
		n.issues = append(n.issues, x)
	}
}

// secretNames are the distinct names of paths, in order.
func (n *names) secretNames() []string {
	var out []string
	for _, p := range n.paths {
		out = append(out, string(p[0].(ast.String)))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// inputSecrets gives what follows input.secrets or input.contexts.secrets.
func inputSecrets(ref ast.Ref) (rest []*ast.Term, ok bool) {
	if !ref[0].Equal(ast.InputRootDocument) {
		return nil, false
	}
	if isKey(ref, 1, secretsKey) {
		return ref[2:], true
	}
	if isKey(ref, 1, "contexts") && isKey(ref, 2, secretsKey) {
		return ref[3:], true
	}
	return nil, false
}

func isKey(ref ast.Ref, i int, key string) bool {
	return i < len(ref) && ref[i].Value.Compare(ast.String(key)) == 0
}
