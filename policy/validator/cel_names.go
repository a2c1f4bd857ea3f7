package validator

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// celSecrets are the names below which other languages have secrets.
var celSecrets = []string{celInput, "contexts", "context", "data"}

// celNames finds what an expression reads by name: no secrets, and variables by
// constant names only, which a policy is bound to.
func (c *compiler) celNames(parsed *cel.Ast, pointer string, variables map[string]int) bool {
	ok := true
	refuse := func(code, advice, message string) {
		c.report(pointer, code, advice, "%s", message)
		ok = false
	}
	named := 0 // uses of `variables` that name one
	uses := 0
	visit := func(x ast.Expr) {
		if isIdent(x, "secrets") {
			refuse(CodeInspects, `compare it in a validator: {"secret": NAME}`, "CEL looks inside the values that it reads, and sees no secrets")
		}
		if isIdent(x, celVariables) {
			uses++
		}
		of, name, selects := member(x)
		switch {
		case !selects:
		case name == "secrets" && slices.Contains(celSecrets, lastName(of)):
			refuse(CodeInspects, `compare it in a validator: {"secret": NAME}`, "CEL looks inside the values that it reads, and sees no secrets")
		case isIdent(of, celVariables):
			named++
			if i, added := c.variable(name, pointer); added {
				variables[name] = i
			} else {
				ok = false
			}
		}
	}
	ast.PreOrderVisit(parsed.NativeRep().Expr(), ast.NewExprVisitor(visit))
	if uses != named {
		refuse(CodeOperand, "write variables.NAME", "a variable is read by a constant name")
	}
	return ok
}

func isIdent(x ast.Expr, name string) bool { return x.Kind() == ast.IdentKind && x.AsIdent() == name }

// member takes x.NAME and x["NAME"] apart.
func member(x ast.Expr) (of ast.Expr, name string, ok bool) {
	switch x.Kind() {
	case ast.SelectKind:
		s := x.AsSelect()
		return s.Operand(), s.FieldName(), true
	case ast.CallKind:
		call := x.AsCall()
		if call.FunctionName() != operators.Index || len(call.Args()) != 2 || call.Args()[1].Kind() != ast.LiteralKind {
			return nil, "", false
		}
		text, isText := call.Args()[1].AsLiteral().(types.String)
		return call.Args()[0], string(text), isText
	}
	return nil, "", false
}

// lastName is the name that an expression ends in.
func lastName(x ast.Expr) string {
	if x.Kind() == ast.IdentKind {
		return x.AsIdent()
	}
	_, name, _ := member(x)
	return name
}
