package program

import (
	"github.com/dop251/goja/ast"
)

// This file is of the patterns that take a value apart, which reads it without
// an operator: { length } and { 0: first } look into a string.

func (r *rewriter) declarations(list []*ast.Binding) {
	for _, b := range list {
		if p, ok := b.Target.(*ast.ObjectPattern); ok {
			r.checked(p, &b.Initializer)
		}
	}
}

// checked has the value that p takes apart checked first.
func (r *rewriter) checked(p *ast.ObjectPattern, value *ast.Expression) {
	if *value != nil && looksInto(p) {
		r.safe[p] = true
		*value = r.base(*value)
	}
}

// handler sees to what module.exports is made.
func (r *rewriter) handler(n *ast.AssignExpression) {
	if dot, ok := n.Left.(*ast.DotExpression); ok && dot.Identifier.Name == "exports" {
		r.unpack(n.Right)
	}
}

// unpack makes of a function that takes its only parameter apart
//
//	({ a, ...b }) => c
//
// one that does so in its body, where the value is checked first:
//
//	(%context) => { var { a, ...b } = %context; return c }
//
// A handler gets the context, which may be taken apart; whoever else calls it may
// have a secret.
func (r *rewriter) unpack(function ast.Expression) {
	switch f := function.(type) {
	case *ast.FunctionLiteral:
		if unpacks := unpackParameter(f.ParameterList); unpacks != nil {
			f.Body.List = append([]ast.Statement{unpacks}, f.Body.List...)
			f.DeclarationList = append(f.DeclarationList, &ast.VariableDeclaration{Var: unpacks.Var, List: unpacks.List})
		}
	case *ast.ArrowFunctionLiteral:
		unpacks := unpackParameter(f.ParameterList)
		if unpacks == nil {
			return
		}
		body := []ast.Statement{unpacks}
		switch b := f.Body.(type) {
		case *ast.BlockStatement:
			body = append(body, b.List...)
		case *ast.ExpressionBody:
			body = append(body, &ast.ReturnStatement{Return: b.Expression.Idx0(), Argument: b.Expression})
		}
		f.Body = &ast.BlockStatement{LeftBrace: unpacks.Var, List: body, RightBrace: unpacks.Var}
		f.DeclarationList = append(f.DeclarationList, &ast.VariableDeclaration{Var: unpacks.Var, List: unpacks.List})
	}
}

// unpackParameter takes a pattern that looks into its value out of a list of
// parameters, if it is the only one, and gives what takes the value apart.
func unpackParameter(list *ast.ParameterList) *ast.VariableStatement {
	if len(list.List) != 1 || list.Rest != nil {
		return nil
	}
	p, ok := list.List[0].Target.(*ast.ObjectPattern)
	if !ok || !looksInto(p) {
		return nil
	}
	at := p.LeftBrace
	list.List[0].Target = identifier(contextValue, at)
	return &ast.VariableStatement{Var: at, List: []*ast.Binding{{Target: p, Initializer: identifier(contextValue, at)}}}
}

// looksInto reports whether p would read characters or the length of a string.
func looksInto(p *ast.ObjectPattern) bool {
	if p.Rest != nil {
		return true
	}
	for _, prop := range p.Properties {
		switch prop := prop.(type) {
		case *ast.PropertyShort:
			if prop.Name.Name == "length" {
				return true
			}
		case *ast.PropertyKeyed:
			if prop.Computed || readsInside(prop.Key) {
				return true
			}
		}
	}
	return false
}

// readsInside reports whether a property called key is the length or a character
// of a string.
func readsInside(key ast.Expression) bool {
	name, ok := constantString(key)
	return !ok || name == "length" || name != "" && name[0] >= '0' && name[0] <= '9'
}
