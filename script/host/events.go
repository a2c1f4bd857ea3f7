package host

import (
	_ "embed"
	"sync"

	"github.com/dop251/goja"
)

//go:embed web.js
var webSource string

var webProgram = sync.OnceValue(func() *goja.Program { return goja.MustCompile("web.js", webSource, true) })

// webClass gives a class of web.js, which is run once a program names one of them.
func (h *Host) webClass(name string) *goja.Object {
	if h.classes.web == nil {
		v, err := h.vm.RunProgram(webProgram())
		if err != nil {
			panic(err)
		}
		make, _ := goja.AssertFunction(v)
		key := h.vm.ToValue(func(c goja.FunctionCall) goja.Value { return h.key(c.Argument(0)).ToString() })
		classes := h.call(make, goja.Undefined(), key, h.setTimer("setTimeout", false))
		h.classes.web = classes.(*goja.Object)
	}
	return h.classes.web.Get(name).(*goja.Object)
}

// webGlobal makes the global name of a class of web.js.
func webGlobal(name string) func(*Host) goja.Value {
	return func(h *Host) goja.Value { return h.webClass(name) }
}

// domException makes a DOMException.
func (h *Host) domException(name, message string) *goja.Object {
	o, err := h.vm.New(h.webClass("DOMException"), h.vm.ToValue(message), h.vm.ToValue(name))
	if err != nil {
		panic(err)
	}
	return o
}

// onAbort has f called with the reason when a signal is aborted.
func (h *Host) onAbort(signal *goja.Object, f func(reason goja.Value)) {
	add, _ := goja.AssertFunction(signal.Get("addEventListener"))
	once := h.vm.NewObject()
	_ = once.Set("once", true)
	h.call(add, signal, h.vm.ToValue("abort"), h.vm.ToValue(func(goja.FunctionCall) goja.Value {
		f(signal.Get("reason"))
		return goja.Undefined()
	}), once)
}

// abortSignal reads a signal that may be undefined or null.
func (h *Host) abortSignal(v goja.Value) *goja.Object {
	if v == nil || isNullish(v) {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok || !h.vm.InstanceOf(o, h.webClass("AbortSignal")) {
		panic(h.vm.NewTypeError("the signal is no AbortSignal"))
	}
	return o
}

func aborted(signal *goja.Object) bool { return signal != nil && signal.Get("aborted").ToBoolean() }
