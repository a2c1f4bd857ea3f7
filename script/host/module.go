package host

import (
	"errors"
	"slices"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/script/program"
)

// inspectModule is what util and assert of package program's node folder print
// values with, as console.log does.
func (h *Host) inspectModule() goja.Value {
	o := h.vm.NewObject()
	h.method(o, "inspect", 1, func(c goja.FunctionCall) goja.Value { return h.vm.ToValue(h.inspect(c.Argument(0))) })
	h.method(o, "format", 0, func(c goja.FunctionCall) goja.Value { return h.vm.ToValue(h.format(c.Arguments)) })
	return o
}

// modules are the instances of a run: each run has its own, made when they are
// asked for.
type modules struct {
	places  []int // of the units that were reached, in order of their places
	globals map[string]bool
	loaded  map[int]*goja.Object
	native  map[string]goja.Value
}

// load gives what a module exports. In a cycle that is what it exports so far, as
// in Node.
func (h *Host) load(i int) (goja.Value, error) {
	if module := h.modules.loaded[i]; module != nil {
		return module.Get("exports"), nil
	}
	body := h.body
	if i > 0 {
		h.reachable(i)
		var err error
		if body, err = h.unit(i); err != nil {
			return nil, err
		}
	}
	m := &h.job.Script.Modules[i]
	module, exports := h.vm.NewObject(), h.vm.NewObject()
	define(module, "id", h.vm.ToValue(m.Name))
	if err := module.Set("exports", exports); err != nil {
		return nil, err
	}
	if h.modules.loaded == nil {
		h.modules.loaded = map[int]*goja.Object{}
	}
	h.modules.loaded[i] = module
	require := h.function("require", 1, func(c goja.FunctionCall) goja.Value { return h.require(m, c.Argument(0)) })
	if _, err := body(exports, exports, require, module); err != nil {
		delete(h.modules.loaded, i)
		return nil, err
	}
	return module.Get("exports"), nil
}

// reachable puts in what the unit at a place can reach, alone and together with
// those before it, ahead of its code.
func (h *Host) reachable(i int) {
	m := &h.modules
	at, known := slices.BinarySearch(m.places, i)
	if known {
		return
	}
	m.places = slices.Insert(m.places, at, i)
	r := h.job.Script.reach(m.places)
	if m.globals == nil {
		m.globals = map[string]bool{}
	}
	for name, make := range hostGlobals {
		if (r.names["globalThis"] || r.names[name]) && !m.globals[name] {
			m.globals[name] = true
			define(h.vm.GlobalObject(), name, make(h))
		}
	}
	h.installSymbols(r.names)
	h.installGuards(r)
}

// unit gives the function that a unit is, in a sealed program with its helpers.
func (h *Host) unit(i int) (goja.Callable, error) {
	code, err := h.vm.RunProgram(h.job.Script.Modules[i].Code)
	if err != nil {
		return nil, err
	}
	body, _ := goja.AssertFunction(code)
	if h.job.Script.Sealed {
		if h.helpers == nil {
			h.helpers = h.makeHelpers()
		}
		if code, err = body(goja.Undefined(), h.helpers...); err != nil {
			return nil, err
		}
		body, _ = goja.AssertFunction(code)
	}
	return body, nil
}

// require is what a unit calls to get a module.
func (h *Host) require(from *program.Module, name goja.Value) goja.Value {
	asked := h.key(name).String()
	if native, ok := from.Native[asked]; ok {
		v := h.modules.native[native]
		if v == nil {
			if h.modules.native == nil {
				h.modules.native = map[string]goja.Value{}
			}
			v = nativeModules[native](h)
			h.modules.native[native] = v
		}
		return v
	}
	if i, ok := from.Uses[asked]; ok {
		v, err := h.load(i)
		if err != nil {
			panic(raised(err))
		}
		return v
	}
	o := h.newError(CodeModule, "there is no module of the name that require was given; store it as a script, or name one that the documentation lists")
	define(o, "code", h.vm.ToValue("MODULE_NOT_FOUND"))
	panic(o)
}

// raised gives what to panic with so that an error goes on up through a native
// function.
func raised(err error) any {
	var thrown *goja.Exception
	if errors.As(err, &thrown) {
		return thrown.Value()
	}
	return err
}
