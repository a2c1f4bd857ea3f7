package program

import "github.com/dop251/goja/ast"

// walker goes through a syntax tree. Each hook may be nil.
type walker struct {
	// enter is called for every expression and statement, parents first.
	enter func(ast.Node)
	// declare is called for every identifier that a declaration binds.
	declare func(*ast.Identifier)
	// replace is called for every expression whose value is used, children
	// first, and gives what is to stand in its place.
	replace func(ast.Expression) ast.Expression
	// replaceStatement does the same for statements.
	replaceStatement func(ast.Statement) ast.Statement
}

func (w *walker) program(p *ast.Program) {
	w.statements(p.Body)
}

func (w *walker) statements(list []ast.Statement) {
	for i := range list {
		w.statement(&list[i])
	}
}

func (w *walker) statement(at *ast.Statement) {
	if *at == nil {
		return
	}
	w.seen(*at)
	switch s := (*at).(type) {
	case *ast.BlockStatement:
		w.statements(s.List)
	case *ast.DoWhileStatement:
		w.statement(&s.Body)
		w.value(&s.Test)
	case *ast.ExpressionStatement:
		w.value(&s.Expression)
	case *ast.ForInStatement:
		w.forInto(s.Into)
		w.value(&s.Source)
		w.statement(&s.Body)
	case *ast.ForOfStatement:
		w.forInto(s.Into)
		w.value(&s.Source)
		w.statement(&s.Body)
	case *ast.ForStatement:
		w.forInitializer(s.Initializer)
		w.value(&s.Test)
		w.value(&s.Update)
		w.statement(&s.Body)
	case *ast.IfStatement:
		w.value(&s.Test)
		w.statement(&s.Consequent)
		w.statement(&s.Alternate)
	case *ast.LabelledStatement:
		w.statement(&s.Statement)
	case *ast.ReturnStatement:
		w.value(&s.Argument)
	case *ast.SwitchStatement:
		w.value(&s.Discriminant)
		for _, c := range s.Body {
			w.value(&c.Test)
			w.statements(c.Consequent)
		}
	case *ast.ThrowStatement:
		w.value(&s.Argument)
	case *ast.TryStatement:
		w.statements(s.Body.List)
		if s.Catch != nil {
			if s.Catch.Parameter != nil {
				w.binding(s.Catch.Parameter)
			}
			w.statements(s.Catch.Body.List)
		}
		if s.Finally != nil {
			w.statements(s.Finally.List)
		}
	case *ast.VariableStatement:
		w.bindings(s.List)
	case *ast.LexicalDeclaration:
		w.bindings(s.List)
	case *ast.WhileStatement:
		w.value(&s.Test)
		w.statement(&s.Body)
	case *ast.WithStatement:
		w.value(&s.Object)
		w.statement(&s.Body)
	case *ast.FunctionDeclaration:
		w.function(s.Function)
	case *ast.ClassDeclaration:
		w.class(s.Class)
	}
	if w.replaceStatement != nil {
		*at = w.replaceStatement(*at)
	}
}

func (w *walker) seen(n ast.Node) {
	if w.enter != nil {
		w.enter(n)
	}
}

// value walks an expression whose value is used.
func (w *walker) value(at *ast.Expression) {
	if *at == nil {
		return
	}
	w.seen(*at)
	w.children(*at)
	if w.replace != nil {
		*at = w.replace(*at)
	}
}

func (w *walker) values(list []ast.Expression) {
	for i := range list {
		w.value(&list[i])
	}
}

// target walks an expression that is assigned to, deleted or updated: what it
// consists of is used, it itself is not.
func (w *walker) target(at *ast.Expression) {
	if *at == nil {
		return
	}
	switch e := (*at).(type) {
	case *ast.ObjectPattern, *ast.ArrayPattern, *ast.Binding:
		w.pattern(*at, false)
	case *ast.AssignExpression: // a default in a pattern
		w.target(&e.Left)
		w.value(&e.Right)
	default:
		w.seen(*at)
		w.children(*at)
	}
}

func (w *walker) children(e ast.Expression) {
	switch e := e.(type) {
	case *ast.ArrayLiteral:
		w.values(e.Value)
	case *ast.AssignExpression:
		w.target(&e.Left)
		w.value(&e.Right)
	case *ast.AwaitExpression:
		w.value(&e.Argument)
	case *ast.YieldExpression:
		w.value(&e.Argument)
	case *ast.BinaryExpression:
		w.value(&e.Left)
		w.value(&e.Right)
	case *ast.BracketExpression:
		w.value(&e.Left)
		w.value(&e.Member)
	case *ast.CallExpression:
		w.value(&e.Callee)
		w.values(e.ArgumentList)
	case *ast.ConditionalExpression:
		w.value(&e.Test)
		w.value(&e.Consequent)
		w.value(&e.Alternate)
	case *ast.DotExpression:
		w.value(&e.Left)
	case *ast.PrivateDotExpression:
		w.value(&e.Left)
	case *ast.OptionalChain:
		w.value(&e.Expression)
	case *ast.Optional:
		w.value(&e.Expression)
	case *ast.FunctionLiteral:
		w.function(e)
	case *ast.ArrowFunctionLiteral:
		w.parameters(e.ParameterList)
		switch body := e.Body.(type) {
		case *ast.BlockStatement:
			w.statements(body.List)
		case *ast.ExpressionBody:
			w.value(&body.Expression)
		}
	case *ast.ClassLiteral:
		w.class(e)
	case *ast.NewExpression:
		w.value(&e.Callee)
		w.values(e.ArgumentList)
	case *ast.ObjectLiteral:
		w.properties(e.Value)
	case *ast.ObjectPattern, *ast.ArrayPattern, *ast.Binding:
		w.pattern(e, false)
	case *ast.SequenceExpression:
		w.values(e.Sequence)
	case *ast.SpreadElement:
		w.value(&e.Expression)
	case *ast.TemplateLiteral:
		w.value(&e.Tag)
		for _, el := range e.Elements {
			w.element(el)
		}
		w.values(e.Expressions)
	case *ast.UnaryExpression:
		if writes(e) {
			w.target(&e.Operand)
		} else {
			w.value(&e.Operand)
		}
	}
}

func (w *walker) element(e *ast.TemplateElement) {
	w.seen(e)
}

func (w *walker) properties(list []ast.Property) {
	for _, p := range list {
		switch p := p.(type) {
		case *ast.PropertyKeyed:
			w.seen(p)
			w.value(&p.Key)
			w.value(&p.Value)
		case *ast.PropertyShort:
			w.seen(p)
			w.value(&p.Initializer)
		case *ast.SpreadElement:
			w.seen(p)
			w.value(&p.Expression)
		}
	}
}

func (w *walker) function(f *ast.FunctionLiteral) {
	if f.Name != nil && w.declare != nil {
		w.declare(f.Name)
	}
	w.parameters(f.ParameterList)
	w.statements(f.Body.List)
}

func (w *walker) parameters(list *ast.ParameterList) {
	if list == nil {
		return
	}
	w.bindings(list.List)
	if list.Rest != nil {
		w.pattern(list.Rest, true)
	}
}

func (w *walker) class(c *ast.ClassLiteral) {
	if c.Name != nil && w.declare != nil {
		w.declare(c.Name)
	}
	w.value(&c.SuperClass)
	for _, el := range c.Body {
		switch el := el.(type) {
		case *ast.FieldDefinition:
			w.seen(el)
			w.value(&el.Key)
			w.value(&el.Initializer)
		case *ast.MethodDefinition:
			w.seen(el)
			w.value(&el.Key)
			w.function(el.Body)
		case *ast.ClassStaticBlock:
			w.statements(el.Block.List)
		}
	}
}

func (w *walker) bindings(list []*ast.Binding) {
	for _, b := range list {
		w.binding(b)
	}
}

// binding walks a declaration of names.
func (w *walker) binding(e ast.Expression) {
	w.pattern(e, true)
}

// pattern walks what a declaration (declares) or an assignment destructures into.
func (w *walker) pattern(e ast.Expression, declares bool) {
	switch e := e.(type) {
	case nil:
	case *ast.Identifier:
		if declares {
			if w.declare != nil {
				w.declare(e)
			}
			return
		}
		w.seen(e)
	case *ast.Binding:
		w.seen(e)
		w.pattern(e.Target, declares)
		w.value(&e.Initializer)
	case *ast.AssignExpression:
		w.pattern(e.Left, declares)
		w.value(&e.Right)
	case *ast.SpreadElement:
		w.pattern(e.Expression, declares)
	case *ast.ArrayPattern:
		w.seen(e)
		for _, el := range e.Elements {
			if el != nil {
				w.pattern(el, declares)
			}
		}
		if e.Rest != nil {
			w.pattern(e.Rest, declares)
		}
	case *ast.ObjectPattern:
		w.seen(e)
		for _, p := range e.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				w.seen(p)
				if declares && w.declare != nil {
					w.declare(&p.Name)
				}
				w.value(&p.Initializer)
			case *ast.PropertyKeyed:
				w.seen(p)
				w.value(&p.Key)
				w.pattern(p.Value, declares)
			}
		}
		if e.Rest != nil {
			w.pattern(e.Rest, declares)
		}
	default: // a member that an assignment destructures into
		w.seen(e)
		w.children(e)
	}
}

func (w *walker) forInto(into ast.ForInto) {
	switch into := into.(type) {
	case *ast.ForIntoVar:
		w.binding(into.Binding)
	case *ast.ForDeclaration:
		w.binding(into.Target)
	case *ast.ForIntoExpression:
		w.target(&into.Expression)
	}
}

func (w *walker) forInitializer(init ast.ForLoopInitializer) {
	switch init := init.(type) {
	case *ast.ForLoopInitializerExpression:
		w.value(&init.Expression)
	case *ast.ForLoopInitializerVarDeclList:
		w.bindings(init.List)
	case *ast.ForLoopInitializerLexicalDecl:
		w.bindings(init.LexicalDeclaration.List)
	}
}
