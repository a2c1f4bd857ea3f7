package host

import "github.com/dop251/goja"

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
	"setImmediate":    (*Host).newSetImmediate,
	"clearImmediate":  func(h *Host) goja.Value { return h.clearTimer("clearImmediate") },
	"queueMicrotask":  (*Host).queueMicrotask,
	"systemEnv":       (*Host).propertyObject,
	"identityServer":  (*Host).propertyObject,
	"structuredClone": (*Host).newStructuredClone,
	"performance":     (*Host).newPerformance,
	"TextEncoder":     (*Host).textEncoderClass,
	"TextDecoder":     (*Host).textDecoderClass,
	"URL":             func(h *Host) goja.Value { return h.urlClass() },
	"Request":         func(h *Host) goja.Value { return h.requestClass() },
	"Response":        func(h *Host) goja.Value { return h.responseClass() },
	"DOMException":    webGlobal("DOMException"),
	"Event":           webGlobal("Event"),
	"CustomEvent":     webGlobal("CustomEvent"),
	"EventTarget":     webGlobal("EventTarget"),
	"AbortSignal":     webGlobal("AbortSignal"),
	"AbortController": webGlobal("AbortController"),
	"URLSearchParams": func(h *Host) goja.Value { return h.paramsClass() },
	"Headers":         func(h *Host) goja.Value { return h.headersClass() },
	"ReadableStream":  (*Host).streamClass,
	"Blob":            func(h *Host) goja.Value { b, _ := h.blobClasses(); return b },
	"File":            func(h *Host) goja.Value { _, f := h.blobClasses(); return f },
	"FormData":        func(h *Host) goja.Value { return h.formDataClass() },
	"fetch":           (*Host).newFetch,
	"crypto":          (*Host).newCrypto,
	"Buffer":          func(h *Host) goja.Value { return h.bufferClass() },
}
