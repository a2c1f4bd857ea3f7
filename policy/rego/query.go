package rego

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// queries is what an evaluation asks: the rule that decides, and the documents
// of its package that are answered along with it.
type queries struct {
	body ast.Body
	// single is set when there is nothing but the decision to ask for. Otherwise
	// every variable is an array of at most one value, since an undefined
	// document must not make the others undefined.
	single bool
}

// The variables of a query, and the rules that they ask for but for the first.
const (
	varDecision = ast.Var("decision")
	varOutput   = ast.Var("output")
	varRecovery = ast.Var("recovery")
	varFailures = ast.Var("failures")
)

func newQueries(c *ast.Compiler, decision ast.Ref) (queries, error) {
	if len(c.GetRulesExact(decision)) == 0 && len(c.GetRulesWithPrefix(decision)) == 0 {
		return queries{}, compileError(Issue{Code: codeDecision, Message: "there is no rule " + decision.String(), Advice: "name the rule that decides in decision, as acp/authz/allow"})
	}
	docs := map[ast.Var]ast.Ref{}
	for _, v := range []ast.Var{varOutput, varRecovery, varFailures} {
		ref := decision[:len(decision)-1].Append(ast.StringTerm(string(v)))
		rules := c.GetRulesWithPrefix(ref)
		if len(rules) > 0 && len(rules[0].Head.Args) == 0 && !ref.Equal(decision) {
			docs[v] = ref
		}
	}
	q := queries{single: len(docs) == 0}
	text := string(varDecision) + " = " + decision.String()
	if !q.single {
		docs[varDecision] = decision
		var parts []string
		for v, ref := range docs {
			parts = append(parts, string(v)+" = [x | x = "+ref.String()+"]")
		}
		text = strings.Join(parts, "; ")
	}
	body, err := ast.ParseBodyWithOpts(text, ast.ParserOptions{RegoVersion: ast.RegoV1, SkipRules: true})
	if err == nil {
		q.body, err = c.QueryCompiler().Compile(body)
	}
	if err != nil {
		return queries{}, compileError(astIssues(err)...)
	}
	return q, nil
}
