package host

import (
	"fmt"
	"strings"
	"sync"

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
