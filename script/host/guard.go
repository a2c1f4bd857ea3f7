package host

import (
	"fmt"
	"strings"
	"sync"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/script/program"
)

// guardNames are the names that a guarded function is reached by.
var guardNames = func() map[string]bool {
	out := map[string]bool{"constructor": true}
	for _, functions := range builtins {
		for name, spec := range functions {
			if spec != safe {
				out[strings.TrimPrefix(name, "@@")] = true
			}
		}
	}
	return out
}()

// reflective names let a program reach functions without naming them.
var reflective = []string{"getOwnPropertyDescriptor", "getOwnPropertyDescriptors", "getOwnPropertyNames", "ownKeys", "Reflect",
	"globalThis", "constructor"}

// iterating names take iterables; a fetch takes its headers as one.
var iterating = []string{"from", "Set", "Map", "WeakSet", "WeakMap", "fromEntries", "all", "allSettled", "any", "race",
	"AggregateError", "iterator", "URLSearchParams", "Headers", "fetch", "Request", "Response"}

// prototypesCode gives the prototypes that only syntax leads to.
var prototypesCode = goja.MustCompile("", `[function(){}, function*(){}, async function(){}, async()=>{}].map(Object.getPrototypeOf)`, false)

// Script is a program, and what its parts can reach, worked out once.
type Script struct {
	*program.Program
	// whole: some part of the program can reach functions without naming them.
	whole bool
	// libraries are the files of its libraries.
	libraries map[string]bool
	// first is what the script itself can reach; what it can with modules is worked
	// out when a run has asked for them, and kept under their places.
	first *reach
	more  sync.Map
}

// reach is what some units of a program can reach together: a function that one
// names may be of an object that another does.
type reach struct {
	names  map[string]bool
	guards []guarded
	// whole: they can reach functions without naming them.
	whole bool
	// code: they can reach the functions that make code of text.
	code bool
	// json: they can reach JSON, and put something in its place.
	json bool
}

// guarded is a function that needs a guard.
type guarded struct{ object, name, spec string }

// NewScript prepares a program to be run.
func NewScript(p *program.Program) *Script {
	s := &Script{Program: p, whole: says(&p.Info, reflective...), libraries: map[string]bool{}}
	for i := range p.Modules {
		if file := p.Modules[i].Library; file != "" {
			s.libraries[file] = true
		}
	}
	s.first = newReach(&p.Modules[0].Info, p.Sealed)
	return s
}

// reach gives what the units at these places can reach.
func (s *Script) reach(places []int) *reach {
	if len(places) == 1 {
		return s.first
	}
	key := fmt.Sprint(places)
	if known, ok := s.more.Load(key); ok {
		return known.(*reach)
	}
	units := make([]*program.Info, len(places))
	for i, at := range places {
		units[i] = &s.Modules[at].Info
	}
	together := program.Together(units...)
	r := newReach(&together, s.Sealed)
	s.more.Store(key, r)
	return r
}

func newReach(p *program.Info, sealed bool) *reach {
	r := &reach{names: p.Names, whole: says(p, reflective...), code: p.Dynamic && !sealed,
		json: p.Dynamic || says(p, "JSON")}
	for object, functions := range builtins {
		if needs, ok := onlyWith[object]; ok && !says(p, needs...) {
			continue
		}
		for name, spec := range functions {
			said := says(p, strings.TrimPrefix(name, "@@"))
			if spec == "o:" { // only called on something that it was not read from
				said = p.Values[name]
			}
			if spec != safe && (implied[object] || said) {
				r.guards = append(r.guards, guarded{object, name, spec})
			}
		}
	}
	if sealed && (p.Iterates || says(p, iterating...)) {
		r.guards = append(r.guards, guarded{"String.prototype", "@@iterator", builtins["String.prototype"]["@@iterator"]})
	}
	return r
}

// says reports whether the source can say any of these without computing it.
func says(p *program.Info, names ...string) bool {
	for _, n := range names {
		if p.Names[n] {
			return true
		}
	}
	return false
}

// onlyWith gives, for an object, the names of which a source must say one to
// reach it.
var onlyWith = map[string][]string{
	"Object": {"Object"}, "Math": {"Math"}, "Number": {"Number"}, "Date": {"Date"}, "Date.prototype": {"Date"}, "Reflect": {"Reflect"},
	"JSON": {"JSON"}, "BigInt": {"BigInt"}, "Symbol": {"Symbol"}, "String": {"String"}, "Array": {"Array"}, "Proxy": {"Proxy"},
	"Map.prototype": {"Map"}, "Set.prototype": {"Set"}, "WeakMap.prototype": {"WeakMap"}, "WeakSet.prototype": {"WeakSet"},
	"ArrayBuffer": binaryNames, "ArrayBuffer.prototype": binaryNames, "DataView.prototype": binaryNames, "Uint8Array": binaryNames,
	"Uint8Array.prototype": binaryNames, "TypedArray": binaryNames, "TypedArray.prototype": binaryNames,
}

// binaryNames are the names that lead to arrays of numbers.
var binaryNames = program.BinaryNames

// implied are the objects whose methods a constructor calls without their being
// named.
var implied = map[string]bool{"Map.prototype": true, "Set.prototype": true, "WeakMap.prototype": true, "WeakSet.prototype": true}

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

// guardRegExp has every regular expression that is made of text checked as the
// literal ones are.
func (h *Host) guardRegExp() {
	global := h.vm.GlobalObject()
	original, ok := global.Get("RegExp").(*goja.Object)
	if !ok {
		return
	}
	if _, done := h.guarded[original]; done {
		return
	}
	f, ok := goja.AssertFunction(original)
	construct, isConstructor := goja.AssertConstructor(original)
	if !ok || !isConstructor {
		return
	}
	check := func(args []goja.Value) []goja.Value {
		if len(args) == 0 {
			return args
		}
		out := append([]goja.Value(nil), args...)
		pattern := out[0]
		if o, ok := pattern.(*goja.Object); ok && o.ClassName() == "RegExp" {
			pattern = o.Get("source")
		} else {
			out[0] = h.admit("RegExp", "s", out[:1])[0]
			pattern = out[0]
		}
		flags := ""
		if len(out) > 1 && !goja.IsUndefined(out[1]) {
			out[1] = h.admit("RegExp", "s", out[1:2])[0]
			flags = out[1].String()
		}
		if !goja.IsUndefined(pattern) && !h.backtracks(pattern.String(), flags) {
			h.checkPattern(pattern.String(), flags)
		}
		return out
	}
	g := h.vm.ToValue(h.vm.NewProxy(original, &goja.ProxyTrapConfig{
		Apply: func(_ *goja.Object, this goja.Value, args []goja.Value) goja.Value {
			return h.call(f, this, check(args)...)
		},
		Construct: func(_ *goja.Object, args []goja.Value, newTarget *goja.Object) *goja.Object {
			if newTarget != nil && h.guarded[newTarget] == newTarget {
				newTarget = original
			}
			o, err := construct(newTarget, check(args)...)
			if err != nil {
				panic(err)
			}
			return o
		},
	})).(*goja.Object)
	h.instances(original)
	h.guarded[original], h.guarded[g] = g, g
	define(global, "RegExp", g)
	proto := original.Get("prototype").(*goja.Object)
	define(proto, "constructor", g)
	_ = proto.Delete("compile")
}

func (h *Host) checkPattern(pattern, flags string) {
	err := program.CheckRegexp(pattern, flags)
	if err == nil {
		return
	}
	message := err.Error()
	if advice := program.RegexpAdvice(err); advice != "" {
		message += "; " + advice
	}
	h.throw(program.CodeRegexp, message)
}
