package host

import "github.com/dop251/goja"

// lateSymbols are the well-known symbols of ECMA-262 that the engine does not
// have. Lowered code looks for them on Symbol: for await for asyncIterator, using
// for the others but metadata, which decorators have.
var lateSymbols = []string{"asyncIterator", "asyncDispose", "dispose", "metadata"}

// installSymbols puts in those that are among names.
func (h *Host) installSymbols(names map[string]bool) {
	var symbol *goja.Object
	for _, name := range lateSymbols {
		if !names[name] {
			continue
		}
		if symbol == nil {
			symbol = h.vm.GlobalObject().Get("Symbol").(*goja.Object)
		}
		if symbol.Get(name) == nil {
			_ = symbol.DefineDataProperty(name, goja.NewSymbol("Symbol."+name), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
		}
	}
}
