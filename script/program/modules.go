package program

import "github.com/dop251/goja/ast"

// findModules finds what asks for modules, which import becomes too.
func (a *analysis) findModules(tree *ast.Program) {
	if a.declared["require"] != 0 {
		return
	}
	(&walker{enter: func(n ast.Node) {
		c, ok := n.(*ast.CallExpression)
		if !ok {
			return
		}
		if id, ok := c.Callee.(*ast.Identifier); !ok || id.Name != "require" {
			return
		}
		what := "a module"
		if len(c.ArgumentList) == 1 {
			if name, ok := constantString(c.ArgumentList[0]); ok {
				if _, native := NativeModule(name); native {
					return
				}
				what = "the module " + shorten(name)
			}
		}
		a.find(c.Idx0(), Finding{Code: CodeUnsupported, Message: what + " is not available: a script has neither import nor require",
			Advice: "write the function out, or use what the host gives (fetch, btoa, URLSearchParams, crypto, console)"})
	}}).program(tree)
}
