package host

import (
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// TestEveryBuiltinIsClassified walks all that a script can reach from the global
// object and from syntax, and requires that each function is in builtins.
func TestEveryBuiltinIsClassified(t *testing.T) {
	list, err := goja.New().RunString(`(() => {
		const seen = new Set(), out = [];
		const roots = [
			[globalThis, ''], [Object.prototype, 'Object.prototype'],
			[Object.getPrototypeOf(function(){}), 'Function.prototype'],
			[Object.getPrototypeOf(function*(){}), 'GeneratorFunction.prototype'],
			[Object.getPrototypeOf(async function(){}), 'AsyncFunction.prototype'],
			[Object.getPrototypeOf(Object.getPrototypeOf((function*(){})())), 'Generator.prototype'],
			[Object.getPrototypeOf(Uint8Array), 'TypedArray'], [Object.getPrototypeOf(Uint8Array.prototype), 'TypedArray.prototype'],
			...[[].values(), new Map().entries(), new Set().values(), ''[Symbol.iterator](), 'a'.matchAll(/a/g)].map(i => [Object.getPrototypeOf(i), 'Iterator.prototype']),
			[Object.getPrototypeOf(Object.getPrototypeOf([].values())), 'Iterator.prototype'],
			[Object.getPrototypeOf((function*(){}).prototype), 'Generator.prototype'],
			[Object.getPrototypeOf(Object.getPrototypeOf((function*(){}).prototype)), 'Iterator.prototype'],
		];
		const children = (o, path) => {
			for (const k of Reflect.ownKeys(o)) {
				const name = typeof k === 'symbol' ? '@@' + k.description.replace('Symbol.', '') : k;
				const v = Object.getOwnPropertyDescriptor(o, k).value;
				if (v === null || typeof v !== 'object' && typeof v !== 'function' || seen.has(v)) continue;
				seen.add(v);
				if (typeof v === 'function') out.push(path + '|' + name);
				children(v, path ? path + '.' + name : name);
			}
			const proto = Object.getPrototypeOf(o);
			if (proto && !seen.has(proto)) { seen.add(proto); children(proto, path + '.[[Prototype]]') }
		};
		for (const [o] of roots) seen.add(o);
		for (const [o, path] of roots) children(o, path);
		return out.join('\n');
	})()`)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.SplitSeq(list.String(), "\n") {
		object, name, _ := strings.Cut(line, "|")
		if _, ok := builtins[object][name]; !ok {
			t.Errorf("%s.%s is not classified", object, name)
		}
		found++
	}
	if found < 400 {
		t.Errorf("only %d functions were found", found)
	}
}

// TestClassesAreWellFormed requires that every class is one that guards know.
func TestClassesAreWellFormed(t *testing.T) {
	for object, functions := range builtins {
		for name, spec := range functions {
			path := strings.TrimPrefix(object+"."+name, ".")
			switch spec {
			case safe, removed:
				continue
			case replaced:
				if (&Host{}).replacement(path) == nil && path != "RegExp" && path != "RegExp.prototype.constructor" {
					t.Errorf("%s has no replacement", path)
				}
				continue
			}
			rules, _ := constructorSpec(spec)
			this, arguments, ok := strings.Cut(rules, ":")
			if !ok || !strings.Contains("-to", this) || strings.Trim(arguments, "-sndkvoepxrc*") != "" {
				t.Errorf("%s: %q", path, spec)
			}
		}
	}
}
