package host

import (
	"fmt"

	"github.com/dop251/goja"
)

// engineJSON are JSON.parse and JSON.stringify of the engine.
type engineJSON struct{ parse, stringify goja.Callable }

// json gives the engine's own functions, whatever a script has put in their place:
// a program that can reach them has them kept before it runs (see installGuards).
// Otherwise they are made when they are needed, which for most runs is never.
func (h *Host) json() *engineJSON {
	if h.engine == nil {
		o := h.vm.GlobalObject().Get("JSON").(*goja.Object)
		h.engine = &engineJSON{}
		h.engine.parse, _ = goja.AssertFunction(o.Get("parse"))
		h.engine.stringify, _ = goja.AssertFunction(o.Get("stringify"))
	}
	return h.engine
}

// output gives the JSON of what the script returned.
func (h *Host) output(v goja.Value) ([]byte, error) {
	text, err := h.marshal(v)
	if err != nil {
		if _, threw := err.(*goja.Exception); !threw {
			return nil, err
		}
		f := h.failure(err)
		f.Code, f.Message = CodeOutput, "what the script returned has no JSON: "+f.Message
		return nil, f
	}
	if len(text) > h.limits.OutputBytes {
		return nil, &Failure{Code: CodeOutputLimit,
			Message: fmt.Sprintf("what the script returned is larger than %d bytes (the limit OutputBytes)", h.limits.OutputBytes)}
	}
	return text, nil
}

// marshal is JSON.stringify, with null or nothing where that gives undefined: of
// undefined, a function or a symbol.
func (h *Host) marshal(v goja.Value) ([]byte, error) {
	if o, ok := v.(*goja.Object); ok {
		return o.MarshalJSON()
	}
	text, err := h.json().stringify(goja.Undefined(), v)
	if err != nil || !goja.IsString(text) {
		return nil, err
	}
	return []byte(text.String()), nil
}
