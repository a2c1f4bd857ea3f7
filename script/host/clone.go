package host

import (
	"bytes"

	"github.com/dop251/goja"
)

// newStructuredClone makes structuredClone (WHATWG HTML, section 2.7.10). What it
// copies keeps its secrets sealed.
func (h *Host) newStructuredClone() goja.Value {
	return h.function("structuredClone", 1, func(c goja.FunctionCall) goja.Value {
		return (&cloner{h: h, made: map[*goja.Object]*goja.Object{}}).value(c.Argument(0), 0)
	})
}

// cloner copies one value.
type cloner struct {
	h    *Host
	made map[*goja.Object]*goja.Object
}

func (c *cloner) fail(what string) {
	panic(c.h.domException("DataCloneError", what+" could not be cloned"))
}

func (c *cloner) value(v goja.Value, depth int) goja.Value {
	if _, symbol := v.(*goja.Symbol); symbol {
		c.fail("a symbol")
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return v
	}
	if made, ok := c.made[o]; ok {
		return made
	}
	if depth > MaxCloneDepth {
		c.fail("what nests deeper than MaxCloneDepth")
	}
	return c.object(o, depth+1)
}

func (c *cloner) object(o *goja.Object, depth int) goja.Value {
	h := c.h
	keep := func(made *goja.Object) *goja.Object {
		c.made[o] = made
		return made
	}
	if s, ok := h.sealed[o]; ok {
		kind := s.kind
		if kind == kindBuffer {
			kind = kindUint8Array
		}
		return keep(h.seal(&sealedBytes{h: h, bytes: s.bytes, kind: kind, text: s.text}))
	}
	switch {
	case isArrayBuffer(o):
		b, _ := h.memory(o)
		return keep(h.plainBytes(bytes.Clone(b), kindArrayBuffer))
	case isTypedArray(o), h.isDataView(o):
		return keep(c.view(o, depth))
	}
	if _, callable := goja.AssertFunction(o); callable {
		c.fail("a function")
	}
	make := func(class string, args ...goja.Value) *goja.Object {
		made, err := h.vm.New(h.original(h.vm.GlobalObject().Get(class).(*goja.Object)), args...)
		if err != nil {
			panic(err)
		}
		return keep(made)
	}
	switch class := o.ClassName(); class {
	case "Date":
		return make(class, h.vm.ToValue(o.ToNumber()))
	case "RegExp":
		return make(class, o.Get("source"), o.Get("flags"))
	case "Boolean", "Number", "String":
		return make(class, h.toPrimitive(o, "default"))
	case "Error":
		made := make("Error", orUndefined(o.Get("message")))
		define(made, "name", orUndefined(o.Get("name")))
		return made
	case "Array":
		made := keep(h.vm.NewArray())
		_ = made.Set("length", o.Get("length"))
		return c.properties(o, made, depth)
	}
	switch tag := text(o.GetSymbol(goja.SymToStringTag), ""); tag {
	case "Promise", "WeakMap", "WeakSet", "WeakRef", "Generator":
		c.fail("a " + tag)
	case "Map", "Set":
		if each, ok := goja.AssertFunction(h.original(h.find(tag + ".prototype").Get("forEach").(*goja.Object))); ok {
			made := make(tag)
			add, _ := goja.AssertFunction(made.Get(map[string]string{"Map": "set", "Set": "add"}[tag]))
			h.call(each, o, h.vm.ToValue(func(call goja.FunctionCall) goja.Value {
				args := []goja.Value{c.value(call.Argument(1), depth), c.value(call.Argument(0), depth)}
				if tag == "Set" {
					args = args[1:]
				}
				return h.call(add, made, args...)
			}))
			return made
		}
	}
	if h.requests[o] != nil || h.responses[o] != nil || h.headers[o] != nil || h.params[o] != nil {
		c.fail("an object of the host")
	}
	return c.properties(o, keep(h.vm.NewObject()), depth)
}

// view copies a typed array or a DataView and the memory that it shows.
func (c *cloner) view(o *goja.Object, depth int) *goja.Object {
	h := c.h
	class := text(o.GetSymbol(goja.SymToStringTag), "Uint8Array")
	length := o.Get("length")
	if h.isDataView(o) {
		class, length = "DataView", o.Get("byteLength")
	}
	construct := h.vm.GlobalObject().Get(class)
	buffer := c.value(o.Get("buffer"), depth)
	made, err := h.vm.New(h.original(construct.(*goja.Object)), buffer, o.Get("byteOffset"), length)
	if err != nil {
		panic(err)
	}
	return made
}

func (c *cloner) properties(from, to *goja.Object, depth int) *goja.Object {
	for _, k := range from.Keys() {
		_ = to.DefineDataProperty(k, c.value(orUndefined(from.Get(k)), depth), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
	}
	return to
}
