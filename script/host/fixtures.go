package host

import (
	"encoding/json"

	"github.com/dop251/goja"
)

// Fixtures are the answers of hosts in a test of a script.
type Fixtures interface {
	// Add adds an answer, as node:test's mock.fetch takes it: JSON. The error says
	// what is wrong with it.
	Add(request string, response json.RawMessage) error
	// Reset forgets all answers, and Calls gives the requests since then, as JSON.
	Reset()
	Calls() json.RawMessage
}

// fixturesModule is what node:test reaches the host by.
func (h *Host) fixturesModule() goja.Value {
	o := h.vm.NewObject()
	given := func() Fixtures {
		if h.job.Fixtures == nil {
			panic(h.vm.NewTypeError("node:test is available in `reticent script test` only"))
		}
		return h.job.Fixtures
	}
	h.method(o, "add", 2, func(c goja.FunctionCall) goja.Value {
		text := h.call(h.json().stringify, goja.Undefined(), c.Argument(1))
		if err := given().Add(h.toPrimitive(c.Argument(0), "string").String(), json.RawMessage(text.String())); err != nil {
			panic(h.vm.NewTypeError("%s", err.Error()))
		}
		return goja.Undefined()
	})
	h.method(o, "reset", 0, func(goja.FunctionCall) goja.Value {
		given().Reset()
		return goja.Undefined()
	})
	h.method(o, "calls", 0, func(goja.FunctionCall) goja.Value {
		return h.call(h.json().parse, goja.Undefined(), h.vm.ToValue(string(given().Calls())))
	})
	// What a thrown value means, with its place in the author's source.
	h.method(o, "failure", 1, func(c goja.FunctionCall) goja.Value {
		f := h.thrown(c.Argument(0), nil)
		return h.fromJSON(map[string]any{"message": f.Message, "code": string(f.Code), "module": f.Module, "line": f.Line, "column": f.Column})
	})
	return o
}
