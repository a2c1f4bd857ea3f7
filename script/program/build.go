package program

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// The nodes that a rewrite puts in. They take the position of what they replace,
// so that an error in them points at the author's text.

func identifier(name string, at file.Idx) *ast.Identifier {
	return &ast.Identifier{Name: unistring.NewFromString(name), Idx: at}
}

func call(helper string, at file.Idx, arguments ...ast.Expression) *ast.CallExpression {
	return &ast.CallExpression{
		Callee:           identifier(helper, at),
		LeftParenthesis:  at,
		ArgumentList:     arguments,
		RightParenthesis: at,
	}
}

func text(s unistring.String, at file.Idx) *ast.StringLiteral {
	return &ast.StringLiteral{Idx: at, Value: s}
}

func function(body []ast.Statement, vars []*ast.VariableDeclaration, parameters ...string) *ast.FunctionLiteral {
	list := &ast.ParameterList{Opening: 1, Closing: 1}
	for _, p := range parameters {
		list.List = append(list.List, &ast.Binding{Target: identifier(p, 1)})
	}
	return &ast.FunctionLiteral{
		Function:        1,
		ParameterList:   list,
		Body:            &ast.BlockStatement{LeftBrace: 1, List: body, RightBrace: 1},
		DeclarationList: vars,
	}
}

func constant(name string, at file.Idx, value ast.Expression) *ast.LexicalDeclaration {
	return &ast.LexicalDeclaration{Idx: at, Token: token.CONST,
		List: []*ast.Binding{{Target: identifier(name, at), Initializer: value}}}
}

// writes reports whether the operand of e is a place rather than a value.
func writes(e *ast.UnaryExpression) bool {
	return e.Operator == token.INCREMENT || e.Operator == token.DECREMENT || e.Operator == token.DELETE
}
