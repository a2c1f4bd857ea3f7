package program

import "github.com/dop251/goja/ast"

// moduleHelpers are the functions that esbuild puts before a source to make
// CommonJS of its import and export, with the primitives that they use. Their
// text says names such as getOwnPropertyDescriptor, which the source that is
// behind them cannot say: its own names are never these.
var moduleHelpers = map[string]bool{
	"__create": true, "__defProp": true, "__getOwnPropDesc": true, "__getOwnPropNames": true, "__getProtoOf": true,
	"__hasOwnProp": true, "__copyProps": true, "__export": true, "__toCommonJS": true, "__toESM": true,
}

// modulePrimitives are those that nothing but a module helper may use.
var modulePrimitives = []string{"__create", "__defProp", "__getOwnPropDesc", "__getOwnPropNames", "__getProtoOf", "__hasOwnProp", "__copyProps"}

// gatherNames gathers the names of a program. What the module helpers say is not
// the author's, so that it needs no guard, as long as nothing else in the program
// names their primitives.
func (a *analysis) gatherNames(tree *ast.Program) {
	var own, added []ast.Statement
	for _, s := range tree.Body {
		if a.moduleHelper(s) {
			added = append(added, s)
		} else {
			own = append(own, s)
		}
	}
	gather := &walker{enter: a.names, declare: func(id *ast.Identifier) { a.info.Names[id.Name.String()] = true }}
	gather.statements(own)
	for _, name := range modulePrimitives {
		if a.info.Names[name] {
			gather.statements(added)
			return
		}
	}
}

// moduleHelper reports whether s declares a module helper and was added by
// lowering: no text of the author's stands before it.
func (a *analysis) moduleHelper(s ast.Statement) bool {
	v, ok := s.(*ast.VariableStatement)
	if !ok || len(v.List) != 1 {
		return false
	}
	id, ok := v.List[0].Target.(*ast.Identifier)
	return ok && moduleHelpers[id.Name.String()] && !IsSource(a.file.Position(int(id.Idx)-a.file.Base()).Filename)
}

// defaultExport gives the name that a lowered source has for its default export,
// from
//
//	__export(exports, { default: () => name })
//
// or "".
func defaultExport(tree *ast.Program) string {
	for _, s := range tree.Body {
		e, ok := s.(*ast.ExpressionStatement)
		if !ok {
			continue
		}
		c, ok := e.Expression.(*ast.CallExpression)
		if !ok || len(c.ArgumentList) != 2 {
			continue
		}
		if id, ok := c.Callee.(*ast.Identifier); !ok || id.Name != "__export" {
			continue
		}
		list, ok := c.ArgumentList[1].(*ast.ObjectLiteral)
		if !ok {
			continue
		}
		for _, p := range list.Value {
			if p, ok := p.(*ast.PropertyKeyed); ok {
				if key, _ := constantString(p.Key); key == "default" {
					return arrowTo(p.Value)
				}
			}
		}
	}
	return ""
}

// arrowTo gives NAME of () => NAME.
func arrowTo(e ast.Expression) string {
	if f, ok := e.(*ast.ArrowFunctionLiteral); ok {
		if body, ok := f.Body.(*ast.ExpressionBody); ok {
			return bound(body.Expression)
		}
	}
	return ""
}

// exported sees to the default export.
func (r *rewriter) exported(tree *ast.Program) {
	values := map[string]ast.Expression{}
	bind := func(list []*ast.Binding) {
		for _, b := range list {
			values[bound(b.Target)] = b.Initializer
		}
	}
	for _, s := range tree.Body {
		switch s := s.(type) {
		case *ast.FunctionDeclaration:
			values[s.Function.Name.Name.String()] = s.Function
		case *ast.VariableStatement:
			bind(s.List)
		case *ast.LexicalDeclaration:
			bind(s.List)
		}
	}
	value := values[defaultExport(tree)]
	if id, ok := value.(*ast.Identifier); ok { // export default NAME
		value = values[id.Name.String()]
	}
	r.unpack(value)
}
