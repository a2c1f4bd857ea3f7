package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// transformRule changes the values in a rule with fn. It rebuilds objects and
// sets, which hash their elements, and goes where ast.Transform does not: into
// `some … in …` and the text of template strings.
func transformRule(rule *ast.Rule, fn func(ast.Value) (ast.Value, error)) error {
	var t *ast.GenericTransformer
	term := func(x *ast.Term) error {
		v, err := ast.Transform(t, x.Value)
		if err == nil {
			x.Value = v.(ast.Value)
		}
		return err
	}
	t = ast.NewGenericTransformer(func(x any) (any, error) {
		switch x := x.(type) {
		case *ast.SomeDecl:
			for _, symbol := range x.Symbols {
				if err := term(symbol); err != nil {
					return nil, err
				}
			}
		case *ast.TemplateString:
			for _, part := range x.Parts {
				if text, ok := part.(*ast.Term); ok {
					if err := term(text); err != nil {
						return nil, err
					}
				}
			}
		case ast.Value:
			return fn(x)
		}
		return x, nil
	})
	_, err := ast.Transform(t, rule)
	return err
}
