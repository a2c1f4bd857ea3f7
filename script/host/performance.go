package host

import (
	"time"

	"github.com/dop251/goja"
)

// newPerformance makes performance. Its clock has milliseconds, as Date has: finer
// ones help nobody but who measures comparisons.
func (h *Host) newPerformance() goja.Value {
	o := h.vm.NewObject()
	h.method(o, "now", 0, func(goja.FunctionCall) goja.Value {
		return h.vm.ToValue(time.Since(h.started).Milliseconds())
	})
	h.method(o, "toJSON", 0, func(goja.FunctionCall) goja.Value { return h.vm.NewObject() })
	h.getter(o, "timeOrigin", func(goja.FunctionCall) any { return h.started.UnixMilli() })
	return o
}
