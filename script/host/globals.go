package host

import (
	"crypto/rand"
	"fmt"

	"github.com/dop251/goja"
)

// hostGlobals are what the host adds to the global object, by name. Each is made
// for a program that names it.
var hostGlobals = map[string]func(*Host) goja.Value{
	"console":         (*Host).newConsole,
	"btoa":            (*Host).btoa,
	"atob":            (*Host).atob,
	"setTimeout":      func(h *Host) goja.Value { return h.setTimer("setTimeout", false) },
	"setInterval":     func(h *Host) goja.Value { return h.setTimer("setInterval", true) },
	"clearTimeout":    func(h *Host) goja.Value { return h.clearTimer("clearTimeout") },
	"clearInterval":   func(h *Host) goja.Value { return h.clearTimer("clearInterval") },
	"queueMicrotask":  (*Host).queueMicrotask,
	"URLSearchParams": func(h *Host) goja.Value { return h.paramsClass() },
	"Headers":         func(h *Host) goja.Value { return h.headersClass() },
	"fetch":           (*Host).newFetch,
	"crypto":          (*Host).newCrypto,
	"Buffer":          func(h *Host) goja.Value { return h.bufferClass() },
}

// newCrypto makes crypto, of which randomUUID is there.
func (h *Host) newCrypto() goja.Value {
	o := h.vm.NewObject()
	h.method(o, "randomUUID", 0, func(goja.FunctionCall) goja.Value {
		var b [16]byte
		_, _ = rand.Read(b[:])
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562, version 4
		return h.vm.ToValue(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
	})
	return o
}
