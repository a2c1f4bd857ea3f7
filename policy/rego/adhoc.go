package rego

import (
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// The module of a query: a rule that collects the bindings of its variables. No
// policy can have a file or a package of these names.
const (
	queryFile    = "(query)"
	queryPackage = ownPrefix + "query"
)

var queryRef = ast.MustParseRef("data." + queryPackage + ".answers")

// compileQuery compiles a query, whose bindings become the value of varAnswer.
func (p *Policy) compileQuery(query string) (c *ast.Compiler, body ast.Body, err error) {
	defer recoverCompile(&err)
	m, err := parseQuery(query)
	if err != nil {
		return nil, nil, err
	}
	if p.run == nil {
		return p.compilePlainQuery(m)
	}
	// It is a rule of the policy, so that one analysis and one rewriting hold for
	// both.
	with := &Program{data: p.program.data, modules: maps.Clone(p.program.modules)}
	with.modules[queryFile] = m
	if err := with.findNames(); err != nil {
		return nil, nil, err
	}
	for _, name := range with.secrets {
		if !slices.Contains(p.program.secrets, name) {
			return nil, nil, secretInQuery()
		}
	}
	modules, err := sealModules(p.run, with.modules)
	if err != nil {
		return nil, nil, err
	}
	made, _, err := with.compile(modules, p.run, false)
	if err != nil {
		return nil, nil, err
	}
	return made.compiler, answerBody(ast.NewTerm(queryRef)), nil
}

// compilePlainQuery compiles a query to a policy without secrets. It is no rule
// of it, so that it may refer to all of data.
func (p *Policy) compilePlainQuery(m *ast.Module) (*ast.Compiler, ast.Body, error) {
	found := &names{}
	found.module(m)
	if found.sends {
		return nil, nil, compileError(Issue{File: queryFile, Code: codeUnsupported, Message: "a query can send requests if its policy does", Advice: "call http.send in the policy"})
	}
	if len(found.paths) > 0 {
		return nil, nil, secretInQuery()
	}
	if len(found.issues) > 0 {
		return nil, nil, compileError(found.issues...)
	}
	body, err := p.compiler.QueryCompiler().WithEnablePrintStatements(true).Compile(answerBody(m.Rules[0].Head.Value))
	if err != nil {
		return nil, nil, compileError(astIssues(err)...)
	}
	boundCalls(body)
	return p.compiler, body, nil
}

func secretInQuery() error {
	return compileError(Issue{File: queryFile, Code: codeDynamic, Message: "a query can use the secrets that its policy uses, and no others", Advice: "name the secret in the policy"})
}

func answerBody(t *ast.Term) ast.Body {
	return ast.NewBody(ast.Equality.Expr(ast.NewTerm(varAnswer), t))
}

// parseQuery makes a module of a query; the error is a [*CompileError].
func parseQuery(query string) (*ast.Module, error) {
	if len(query) > MaxQueryBytes {
		return nil, compileError(Issue{Code: codeLimit, Message: fmt.Sprintf("a query may have %d bytes (MaxQueryBytes)", MaxQueryBytes)})
	}
	m, err := queryModule(query)
	if err != nil {
		return nil, compileError(astIssues(err)...)
	}
	return m, nil
}

// queryModule makes a module of a query.
func queryModule(query string) (*ast.Module, error) {
	body, err := ast.ParseBodyWithOpts(query, ast.ParserOptions{Capabilities: capabilities(), RegoVersion: ast.RegoV1, SkipRules: true})
	if err != nil {
		return nil, err
	}
	bindings := ast.NewObject()
	for _, v := range queryVars(body) {
		bindings.Insert(ast.StringTerm(string(v)), ast.NewTerm(v))
	}
	m, err := ast.ParseModuleWithOpts(queryFile, "package "+queryPackage+"\n\nanswers := [1 | true]\n", ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		return nil, err
	}
	m.Rules[0].Head.Value = ast.ArrayComprehensionTerm(ast.NewTerm(bindings), body)
	return m, nil
}

// queryVars are the variables that a query binds at its top.
func queryVars(body ast.Body) []ast.Var {
	vis := ast.NewVarVisitor().WithParams(ast.VarVisitorParams{SkipRefCallHead: true, SkipClosures: true, SkipWithTarget: true})
	vis.WalkBody(body)
	var out []ast.Var
	for v := range vis.Vars() {
		if !v.IsWildcard() && !ast.RootDocumentNames.Contains(ast.NewTerm(v)) {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}
