package program

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// findNumeric finds the names that hold numbers and nothing else wherever they
// are declared, so that loops over them need no host to be asked.
func (a *analysis) findNumeric(tree *ast.Program) {
	initialised := map[string]int{}
	other := map[string]bool{}
	write := func(target ast.Expression, ok bool) {
		if id, is := target.(*ast.Identifier); is && !ok {
			other[id.Name.String()] = true
		}
	}
	declares := func(list []*ast.Binding) {
		for _, b := range list {
			if id, ok := b.Target.(*ast.Identifier); ok && isNumber(b.Initializer) {
				initialised[id.Name.String()]++
			}
		}
	}
	(&walker{enter: func(n ast.Node) {
		switch n := n.(type) {
		case *ast.VariableStatement:
			declares(n.List)
		case *ast.LexicalDeclaration:
			declares(n.List)
		case *ast.ForStatement:
			switch init := n.Initializer.(type) {
			case *ast.ForLoopInitializerVarDeclList:
				declares(init.List)
			case *ast.ForLoopInitializerLexicalDecl:
				declares(init.LexicalDeclaration.List)
			}
		case *ast.AssignExpression:
			switch n.Operator {
			case token.ASSIGN, token.PLUS:
				write(n.Left, isNumber(n.Right))
			case token.LOGICAL_AND, token.LOGICAL_OR, token.COALESCE:
				write(n.Left, false)
			}
		case *ast.ForInStatement:
			if into, ok := n.Into.(*ast.ForIntoExpression); ok {
				write(into.Expression, false)
			}
		case *ast.ForOfStatement:
			if into, ok := n.Into.(*ast.ForIntoExpression); ok {
				write(into.Expression, false)
			}
		case *ast.ObjectPattern, *ast.ArrayPattern:
			(&walker{enter: func(n ast.Node) {
				if e, ok := n.(ast.Expression); ok {
					write(e, false)
				}
			}}).pattern(n.(ast.Expression), false)
		}
	}}).program(tree)
	for name, n := range initialised {
		if n == a.declared[name] && !other[name] {
			a.numeric[name] = true
		}
	}
}

// isNumber reports whether e gives a number whatever its operands are: an
// operand that is sealed throws, and a BigInt is no string either.
func isNumber(e ast.Expression) bool {
	switch e := e.(type) {
	case *ast.NumberLiteral:
		return true
	case *ast.UnaryExpression:
		switch e.Operator {
		case token.MINUS, token.PLUS, token.BITWISE_NOT, token.INCREMENT, token.DECREMENT:
			return true
		}
	case *ast.BinaryExpression:
		return arithmetic(e.Operator)
	}
	return false
}

func arithmetic(op token.Token) bool {
	switch op {
	case token.MINUS, token.MULTIPLY, token.SLASH, token.REMAINDER, token.EXPONENT,
		token.AND, token.OR, token.EXCLUSIVE_OR,
		token.SHIFT_LEFT, token.SHIFT_RIGHT, token.UNSIGNED_SHIFT_RIGHT:
		return true
	}
	return false
}

func ordering(op token.Token) bool {
	switch op {
	case token.LESS, token.GREATER, token.LESS_OR_EQUAL, token.GREATER_OR_EQUAL:
		return true
	}
	return false
}

func equality(op token.Token) bool {
	switch op {
	case token.EQUAL, token.NOT_EQUAL, token.STRICT_EQUAL, token.STRICT_NOT_EQUAL:
		return true
	}
	return false
}
