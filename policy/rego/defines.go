package rego

import "github.com/open-policy-agent/opa/v1/ast"

// Defines reports whether the policy has rules for the document at a path below
// data.
func (p *Program) Defines(path []string) bool {
	ref := ast.Ref{ast.DefaultRootDocument}
	for _, part := range path {
		ref = append(ref, ast.StringTerm(part))
	}
	return len(p.guarded.compiler.GetRulesExact(ref)) > 0
}
