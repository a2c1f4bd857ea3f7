package host

import "github.com/dop251/goja"

// instances makes instanceof work with the guard of a constructor, which is a
// Proxy: the engine's own test takes no Proxy for a function. It is ECMA-262's
// OrdinaryHasInstance, of whatever class it is called on, since classes that
// extend the constructor inherit it.
func (h *Host) instances(constructor *goja.Object) {
	has := h.function("[Symbol.hasInstance]", 1, func(c goja.FunctionCall) goja.Value {
		class, isClass := c.This.(*goja.Object)
		o, isObject := c.Argument(0).(*goja.Object)
		if !isClass || !isObject {
			return h.vm.ToValue(false)
		}
		prototype, ok := class.Get("prototype").(*goja.Object)
		if !ok {
			panic(h.vm.NewTypeError("instanceof: the prototype of the class is not an object"))
		}
		for p := o.Prototype(); p != nil; p = p.Prototype() {
			if p == prototype {
				return h.vm.ToValue(true)
			}
		}
		return h.vm.ToValue(false)
	})
	_ = constructor.DefineDataPropertySymbol(goja.SymHasInstance, has, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
}
