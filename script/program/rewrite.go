package program

import (
	"slices"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// The helpers that a rewritten program is given, in this order. Package host
// says what each does.
const (
	HelperEqual       = "%equal"       // a == b
	HelperStrictEqual = "%strictEqual" // a === b
	HelperBase        = "%base"        // what is looked into
	HelperKey         = "%key"         // a computed property name
	HelperNumber      = "%number"      // an operand of arithmetic or of an ordering
	HelperPlace       = "%place"       // an object whose .value is a[b]
)

// Helpers are the parameters of a rewritten program.
var Helpers = []string{HelperEqual, HelperStrictEqual, HelperBase, HelperKey, HelperNumber, HelperPlace}

// BinaryNames are the classes whose elements are numbers, and the names that give
// objects of them.
var BinaryNames = []string{"ArrayBuffer", "DataView", "Uint8Array", "Uint8ClampedArray", "Int8Array", "Uint16Array",
	"Int16Array", "Uint32Array", "Int32Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array",
	"Buffer", "buffer", "node:buffer", "TextEncoder", "arrayBuffer", "bytes", "getReader", "crypto", "node:crypto"}

const (
	switchValue  = "%switch"
	contextValue = "%context"
)

// rewriter turns what would decide on a surrogate instead of on its plaintext
// into calls of the helpers.
type rewriter struct {
	*analysis
	// typedArrays: an assignment to an element may convert to a number.
	typedArrays bool
	// used are the helpers that the program calls.
	used map[string]bool
	// safe are the patterns that never meet a string, or meet a checked one.
	safe map[*ast.ObjectPattern]bool
	// owners are the expressions whose members are read or written.
	owners map[ast.Expression]bool
}

// rewrite gives the helpers that the tree then calls. names are those of the
// whole program: a typed array may come from another unit.
func rewrite(tree *ast.Program, a *analysis, names map[string]bool) map[string]bool {
	r := &rewriter{analysis: a, typedArrays: saysBinary(names), used: map[string]bool{}, safe: map[*ast.ObjectPattern]bool{}, owners: map[ast.Expression]bool{}}
	r.exported(tree)
	(&walker{enter: r.enter, replace: r.replace, replaceStatement: r.replaceStatement}).program(tree)
	return r.used
}

func saysBinary(names map[string]bool) bool {
	return slices.ContainsFunc(BinaryNames, func(name string) bool { return names[name] })
}

func (r *rewriter) call(helper string, at file.Idx, arguments ...ast.Expression) *ast.CallExpression {
	r.used[helper] = true
	return call(helper, at, arguments...)
}

// enter sees to patterns before their parts are walked, and notes whose members
// are used.
func (r *rewriter) enter(n ast.Node) {
	switch n := n.(type) {
	case *ast.DotExpression:
		r.owners[n.Left] = true
	case *ast.BracketExpression:
		r.owners[n.Left] = true
	case *ast.PrivateDotExpression:
		r.owners[n.Left] = true
	case *ast.VariableStatement:
		r.declarations(n.List)
	case *ast.LexicalDeclaration:
		r.declarations(n.List)
	case *ast.ForStatement:
		switch init := n.Initializer.(type) {
		case *ast.ForLoopInitializerVarDeclList:
			r.declarations(init.List)
		case *ast.ForLoopInitializerLexicalDecl:
			r.declarations(init.LexicalDeclaration.List)
		}
	case *ast.AssignExpression:
		if p, ok := n.Left.(*ast.ObjectPattern); ok && n.Operator == token.ASSIGN {
			r.checked(p, &n.Right)
		}
		r.handler(n)
	case *ast.ObjectPattern:
		if looksInto(n) && !r.safe[n] {
			r.find(n.LeftBrace, Finding{Code: CodeInspects,
				Message: "this pattern would take a secret apart where it met one, and a script that uses secrets may not",
				Advice:  "take the value whole and destructure it with const, or name its properties: const { a, ...rest } = value"})
		}
		for _, p := range n.Properties {
			if p, ok := p.(*ast.PropertyKeyed); ok && p.Computed {
				p.Key = r.key(p.Key)
			}
		}
	}
}

func (r *rewriter) replaceStatement(s ast.Statement) ast.Statement {
	switch s := s.(type) {
	case *ast.SwitchStatement:
		return r.switchStatement(s)
	case *ast.ForInStatement:
		s.Source = r.base(s.Source)
	case *ast.ClassDeclaration:
		r.class(s.Class)
	}
	return s
}

// switchStatement makes
//
//	switch (d) { case a: … }
//
// into
//
//	{ const %switch = d; switch (true) { case %strictEqual(%switch, a): … } }
func (r *rewriter) switchStatement(s *ast.SwitchStatement) ast.Statement {
	native := true
	for _, c := range s.Body {
		native = native && (c.Test == nil || neverString(c.Test))
	}
	if native {
		return s
	}
	at := s.Switch
	hold := constant(switchValue, at, s.Discriminant)
	for _, c := range s.Body {
		if c.Test != nil {
			c.Test = r.call(HelperStrictEqual, c.Test.Idx0(), identifier(switchValue, at), c.Test)
		}
	}
	s.Discriminant = &ast.BooleanLiteral{Idx: at, Literal: "true", Value: true}
	return &ast.BlockStatement{LeftBrace: at, List: []ast.Statement{hold, s}, RightBrace: at}
}

func (r *rewriter) replace(e ast.Expression) ast.Expression {
	switch e := e.(type) {
	case *ast.BinaryExpression:
		return r.binary(e)
	case *ast.ThisExpression:
		// A function that is not strict has a String object for this where it was
		// called on a string. Its members are checked where they are used; the
		// object itself may go nowhere.
		if !r.owners[e] {
			return r.base(e)
		}
	case *ast.BracketExpression:
		r.member(e)
	case *ast.DotExpression:
		if e.Identifier.Name == "length" {
			e.Left = r.base(e.Left)
		}
	case *ast.UnaryExpression:
		return r.unary(e)
	case *ast.AssignExpression:
		return r.assign(e)
	case *ast.ObjectLiteral:
		for _, p := range e.Value {
			switch p := p.(type) {
			case *ast.PropertyKeyed:
				if p.Computed {
					p.Key = r.key(p.Key)
				}
			case *ast.SpreadElement:
				p.Expression = r.base(p.Expression)
			}
		}
	case *ast.ClassLiteral:
		r.class(e)
	}
	return e
}

func (r *rewriter) class(c *ast.ClassLiteral) {
	for _, el := range c.Body {
		switch el := el.(type) {
		case *ast.FieldDefinition:
			if el.Computed {
				el.Key = r.key(el.Key)
			}
		case *ast.MethodDefinition:
			if el.Computed {
				el.Key = r.key(el.Key)
			}
		}
	}
}

func (r *rewriter) binary(e *ast.BinaryExpression) ast.Expression {
	switch op := e.Operator; {
	case equality(op):
		if r.decidable(op, e.Left, e.Right) {
			return e
		}
		helper := HelperEqual
		if op == token.STRICT_EQUAL || op == token.STRICT_NOT_EQUAL {
			helper = HelperStrictEqual
		}
		equal := r.call(helper, e.Left.Idx0(), e.Left, e.Right)
		if op == token.NOT_EQUAL || op == token.STRICT_NOT_EQUAL {
			return &ast.UnaryExpression{Operator: token.NOT, Idx: e.Left.Idx0(), Operand: equal}
		}
		return equal
	case arithmetic(op), ordering(op):
		e.Left, e.Right = r.number(e.Left), r.number(e.Right)
	case op == token.IN:
		if _, private := e.Left.(*ast.PrivateIdentifier); !private {
			e.Left = r.key(e.Left)
		}
	}
	return e
}

// decidable reports whether the engine's own comparison is right because one
// side is a literal that no string equals.
func (r *rewriter) decidable(op token.Token, left, right ast.Expression) bool {
	if r.nullish(left) || r.nullish(right) {
		return true
	}
	if op == token.EQUAL || op == token.NOT_EQUAL {
		return isType(left) && isLiteral(right) || isLiteral(left) && isType(right)
	}
	return neverString(left) || neverString(right) ||
		isType(left) && isLiteral(right) || isLiteral(left) && isType(right)
}

func (r *rewriter) nullish(e ast.Expression) bool {
	switch e := e.(type) {
	case *ast.NullLiteral:
		return true
	case *ast.Identifier:
		return e.Name == "undefined" && r.declared["undefined"] == 0
	}
	return false
}

func neverString(e ast.Expression) bool {
	switch e := e.(type) {
	case *ast.NumberLiteral, *ast.BooleanLiteral, *ast.NullLiteral:
		return true
	case *ast.UnaryExpression:
		return e.Operator == token.NOT || isNumber(e)
	case *ast.BinaryExpression:
		return isNumber(e)
	}
	return false
}

func isType(e ast.Expression) bool {
	u, ok := e.(*ast.UnaryExpression)
	return ok && u.Operator == token.TYPEOF
}

func isLiteral(e ast.Expression) bool {
	_, ok := e.(*ast.StringLiteral)
	return ok || isType(e)
}

func (r *rewriter) unary(e *ast.UnaryExpression) ast.Expression {
	switch e.Operator {
	case token.PLUS, token.MINUS, token.BITWISE_NOT:
		e.Operand = r.number(e.Operand)
	case token.DELETE:
		r.deleted(e.Operand)
	case token.INCREMENT, token.DECREMENT:
		return r.update(e.Operand, func(place ast.Expression) ast.Expression {
			e.Operand = place
			return e
		})
	}
	return e
}

func (r *rewriter) deleted(e ast.Expression) {
	switch e := e.(type) {
	case *ast.BracketExpression:
		e.Member = r.key(e.Member)
	case *ast.OptionalChain:
		r.deleted(e.Expression)
	}
}

func (r *rewriter) assign(e *ast.AssignExpression) ast.Expression {
	bracket, isBracket := e.Left.(*ast.BracketExpression)
	switch {
	case arithmetic(e.Operator):
		e.Right = r.number(e.Right)
		return r.update(e.Left, func(place ast.Expression) ast.Expression {
			e.Left = place
			return e
		})
	case isBracket && r.typedArrays && !isSuper(bracket.Left):
		e.Left = r.place(bracket.Left, bracket.Member)
	case isBracket && e.Operator == token.ASSIGN:
		bracket.Member = r.key(bracket.Member)
	case isBracket:
		r.member(bracket)
	default:
		if dot, ok := e.Left.(*ast.DotExpression); ok && e.Operator != token.ASSIGN && dot.Identifier.Name == "length" {
			dot.Left = r.base(dot.Left)
		}
	}
	return e
}

// update rewrites an operator that reads a place, calculates and writes it.
func (r *rewriter) update(target ast.Expression, with func(ast.Expression) ast.Expression) ast.Expression {
	at := target.Idx0()
	switch t := target.(type) {
	case *ast.Identifier:
		if r.numeric[t.Name.String()] {
			return with(t)
		}
		return &ast.SequenceExpression{Sequence: []ast.Expression{r.call(HelperNumber, at, t), with(t)}}
	case *ast.DotExpression:
		if !isSuper(t.Left) {
			return with(r.place(t.Left, text(t.Identifier.Name, t.Identifier.Idx)))
		}
	case *ast.BracketExpression:
		if !isSuper(t.Left) {
			return with(r.place(t.Left, t.Member))
		}
	case *ast.PrivateDotExpression:
		if simple(t.Left) {
			return &ast.SequenceExpression{Sequence: []ast.Expression{r.call(HelperNumber, at, t), with(t)}}
		}
	}
	return with(target)
}

// place gives what reads and writes object[key], checking both.
func (r *rewriter) place(object, key ast.Expression) ast.Expression {
	return &ast.DotExpression{Left: r.call(HelperPlace, object.Idx0(), object, key),
		Identifier: ast.Identifier{Name: unistring.NewFromString("value"), Idx: object.Idx0()}}
}

func simple(e ast.Expression) bool {
	switch e.(type) {
	case *ast.Identifier, *ast.ThisExpression:
		return true
	}
	return false
}

func isSuper(e ast.Expression) bool {
	_, ok := e.(*ast.SuperExpression)
	return ok
}

// member checks what object[key] looks into, and the key.
func (r *rewriter) member(e *ast.BracketExpression) {
	if isSuper(e.Left) {
		e.Member = r.key(e.Member)
		return
	}
	if readsInside(e.Member) {
		e.Left = r.base(e.Left)
	}
	e.Member = r.key(e.Member)
}

// base wraps an expression that is looked into.
func (r *rewriter) base(e ast.Expression) ast.Expression {
	switch e := e.(type) {
	case *ast.Optional: // stays what the chain looks at
		e.Expression = r.base(e.Expression)
		return e
	case *ast.SuperExpression, *ast.ArrayLiteral, *ast.ObjectLiteral, *ast.StringLiteral:
		return e
	}
	return r.call(HelperBase, e.Idx0(), e)
}

// key wraps a computed property name.
func (r *rewriter) key(e ast.Expression) ast.Expression {
	switch e := e.(type) {
	case *ast.StringLiteral, *ast.NumberLiteral:
		return e
	case *ast.Identifier:
		if r.numeric[e.Name.String()] {
			return e
		}
	}
	return r.call(HelperKey, e.Idx0(), e)
}

// number wraps an operand that is converted to a number or put in order.
func (r *rewriter) number(e ast.Expression) ast.Expression {
	if isNumber(e) {
		return e
	}
	switch e := e.(type) {
	case *ast.StringLiteral:
		return e
	case *ast.Identifier:
		if r.numeric[e.Name.String()] {
			return e
		}
	}
	return r.call(HelperNumber, e.Idx0(), e)
}
