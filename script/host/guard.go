package host

import (
	"strings"

	"github.com/dop251/goja"
)

// installGuards puts in the guards that units can meet. A program without
// secrets meets none but those before regular expressions and text that becomes
// code.
func (h *Host) installGuards(s *reach) {
	if s.json || s.whole {
		h.json()
	}
	if s.whole {
		h.installAll()
		return
	}
	for _, g := range s.guards {
		h.guard(g.object, g.name, g.spec)
	}
	if s.code {
		h.removeConstructors()
		h.guardRegExp()
		for _, name := range []string{"match", "matchAll", "search"} {
			h.guard("String.prototype", name, builtins["String.prototype"][name])
		}
		for _, name := range []string{"eval", "Function", "GoError"} {
			h.guard("", name, removed)
		}
	}
}

// reached is told every name that the program computed.
func (h *Host) reached(name string) {
	if guardNames[name] {
		h.installAll()
	}
}

// installAll puts in every guard.
func (h *Host) installAll() {
	if h.whole {
		return
	}
	h.whole = true
	for object, functions := range builtins {
		for name, spec := range functions {
			h.guard(object, name, spec)
		}
	}
	h.removeConstructors()
}

// prototypesCode gives the prototypes that only syntax leads to.
var prototypesCode = goja.MustCompile("", `[function(){}, function*(){}, async function(){}, async()=>{}].map(Object.getPrototypeOf)`, false)

// removeConstructors takes away the functions that make code of text.
func (h *Host) removeConstructors() {
	list, err := h.vm.RunProgram(prototypesCode)
	if err != nil {
		panic(err)
	}
	for _, i := range []string{"0", "1", "2", "3"} {
		proto := list.(*goja.Object).Get(i).(*goja.Object)
		_ = proto.DefineDataProperty("constructor", goja.Undefined(), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
	}
}

// refuseCode puts in the place of Function or eval, which make code of text, a
// function that throws: libraries mention them without calling them. Function
// stays what functions are instances of.
func (h *Host) refuseCode(name string) {
	global := h.vm.GlobalObject()
	original, ok := global.Get(name).(*goja.Object)
	if !ok || h.guarded[original] == original {
		return
	}
	g := h.function(name, 1, func(goja.FunctionCall) goja.Value {
		panic(h.vm.NewTypeError("%s is not available: code that is text cannot be checked", name))
	})
	if prototype := original.Get("prototype"); prototype != nil {
		define(g, "prototype", prototype)
	}
	h.guarded[original], h.guarded[g] = g, g
	define(global, name, g)
}

// find gives the object that a key of builtins names.
func (h *Host) find(path string) *goja.Object {
	global := h.vm.GlobalObject()
	switch path {
	case "":
		return global
	// Asking for a constructor makes the engine build it.
	case "Array.prototype":
		return h.vm.NewArray().Prototype()
	case "String.prototype":
		return h.vm.ToValue("").ToObject(h.vm).Prototype()
	case "Function.prototype":
		return global.Get("Object").(*goja.Object).Prototype()
	case "GeneratorFunction.prototype", "AsyncFunction.prototype", "Generator.prototype", "Iterator.prototype":
		return nil // nothing of theirs needs a guard but constructor, which removeConstructors sees to
	case "TypedArray":
		return h.find("Uint8Array").Prototype()
	case "TypedArray.prototype":
		return h.find("Uint8Array.prototype").Prototype()
	}
	o := global
	for part := range strings.SplitSeq(path, ".") {
		var ok bool
		if o, ok = o.Get(part).(*goja.Object); !ok {
			return nil
		}
	}
	return o
}

var symbols = map[string]*goja.Symbol{"@@iterator": goja.SymIterator, "@@match": goja.SymMatch, "@@matchAll": goja.SymMatchAll,
	"@@search": goja.SymSearch, "@@split": goja.SymSplit, "@@replace": goja.SymReplace}

// guard puts a guard before one function.
func (h *Host) guard(object, name, spec string) {
	if spec == safe {
		return
	}
	path := strings.TrimPrefix(object+"."+name, ".")
	if path == "RegExp" || path == "RegExp.prototype.constructor" {
		h.guardRegExp()
		return
	}
	if name == "constructor" {
		h.removeConstructors()
		return
	}
	// Without secrets only text that becomes a regular expression matters.
	if !h.job.Script.Sealed && spec != removed && !strings.Contains(spec, "x") {
		return
	}
	o := h.find(object)
	if o == nil {
		return
	}
	if spec == removed {
		if (path == "Function" || path == "eval") && len(h.job.Script.libraries) > 0 {
			h.refuseCode(path)
			return
		}
		_ = o.Delete(name)
		return
	}
	symbol := symbols[name]
	var current goja.Value
	if symbol != nil {
		current = o.GetSymbol(symbol)
	} else {
		current = o.Get(name)
	}
	original, ok := current.(*goja.Object)
	if !ok {
		return
	}
	g := h.guardOf(path, spec, original)
	if g == original {
		return
	}
	if symbol != nil {
		_ = o.DefineDataPropertySymbol(symbol, g, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
		return
	}
	_ = o.DefineDataProperty(name, g, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	if _, ctor := constructorSpec(spec); ctor {
		if proto, ok := original.Get("prototype").(*goja.Object); ok {
			_ = proto.DefineDataProperty("constructor", g, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
		}
	}
}

// guardOf makes the guard of a function, the same for the same function.
func (h *Host) guardOf(path, spec string, original *goja.Object) *goja.Object {
	if g, ok := h.guarded[original]; ok {
		return g
	}
	f, ok := goja.AssertFunction(original)
	if !ok {
		return original
	}
	var g *goja.Object
	name, length := orUndefined(original.Get("name")), orUndefined(original.Get("length"))
	if rules, ctor := constructorSpec(spec); ctor {
		g = h.guardConstructor(path, rules, original, f)
	} else if do := h.replacement(path); do != nil {
		g = h.named(func(c goja.FunctionCall) goja.Value { return do(f, c) }, name, length)
	} else {
		this, arguments, _ := strings.Cut(spec, ":")
		g = h.named(func(c goja.FunctionCall) goja.Value {
			receiver := h.admitThis(path, this, c.This)
			return h.call(f, receiver, h.admit(path, arguments, c.Arguments)...)
		}, name, length)
	}
	h.guarded[original] = g
	h.guarded[g] = g
	return g
}

// original gives what a guard stands before.
func (h *Host) original(guard *goja.Object) *goja.Object {
	for o, g := range h.guarded {
		if g == guard && o != guard {
			return o
		}
	}
	return guard
}

// guardConstructor makes a constructor that checks what it is given. String as a
// function gives its argument back and checks nothing.
func (h *Host) guardConstructor(path, spec string, original *goja.Object, f goja.Callable) *goja.Object {
	_, arguments, _ := strings.Cut(spec, ":")
	construct, _ := goja.AssertConstructor(original)
	config := &goja.ProxyTrapConfig{
		Apply: func(_ *goja.Object, this goja.Value, args []goja.Value) goja.Value {
			if path != "String" {
				args = h.admit(path, arguments, args)
			}
			return h.call(f, this, args...)
		},
	}
	if construct != nil {
		config.Construct = func(_ *goja.Object, args []goja.Value, newTarget *goja.Object) *goja.Object {
			if o := h.constructSealed(path, args); o != nil {
				return o
			}
			if newTarget != nil && h.guarded[newTarget] == newTarget {
				newTarget = original
			}
			o, err := construct(newTarget, h.admit(path, arguments, args)...)
			if err != nil {
				panic(err)
			}
			return o
		}
	}
	h.instances(original)
	return h.vm.ToValue(h.vm.NewProxy(original, config)).(*goja.Object)
}
