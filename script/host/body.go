package host

import (
	"strings"

	"github.com/dop251/goja"
)

// body is the body of a Request or of a Response (WHATWG Fetch, section 5.3).
type body struct {
	bytes Bytes
	null  bool // there is none
	text  bool // surrogates in it stand for whole characters
	raw   bool // it came from a host: in JSON, surrogates stand for what is not escaped
	used  bool

	stream *goja.Object
}

// bodyOf reads what a body is made of, and the type that it is of by itself.
func (h *Host) bodyOf(v goja.Value) (b body, contentType string) {
	if v == nil || isNullish(v) {
		return body{null: true}, ""
	}
	o, isObject := v.(*goja.Object)
	if isObject {
		if p, ok := h.params[o]; ok {
			return h.bounded(body{bytes: Bytes(h.encodeParams(p)), text: true}), "application/x-www-form-urlencoded;charset=UTF-8"
		}
		if s, text, ok := h.binary(v); ok {
			return h.bounded(body{bytes: Bytes(s), text: text}), ""
		}
		if o.ClassName() != "String" {
			panic(h.vm.NewTypeError("a body must be a string, bytes or URLSearchParams; use JSON.stringify for an object"))
		}
	}
	return h.bounded(body{bytes: Bytes(h.usv(v)), text: true}), "text/plain;charset=UTF-8"
}

func (h *Host) bounded(b body) body {
	if len(b.bytes) > h.limits.BodyBytes {
		panic(h.vm.NewTypeError("the body is larger than %d bytes (the limit BodyBytes)", h.limits.BodyBytes))
	}
	return b
}

// bodyMethods gives a prototype what reads a body; of finds it.
func (h *Host) bodyMethods(proto *goja.Object, of func(goja.FunctionCall) *body) {
	read := func(name string, f func(b *body) goja.Value) {
		h.method(proto, name, 0, func(c goja.FunctionCall) goja.Value {
			return h.promised(func() goja.Value {
				b := of(c)
				h.take(b)
				return f(b)
			})
		})
	}
	read("text", func(b *body) goja.Value { return h.vm.ToValue(h.bodyText(b)) })
	read("json", func(b *body) goja.Value {
		text := h.vm.ToValue(h.bodyText(b))
		if b.raw {
			// A surrogate stands inside a JSON string, where its plaintext stood escaped;
			// parsing the sealed text gives the same tree.
			return h.call(h.json().parse, goja.Undefined(), text)
		}
		return h.parseSealed(h.json().parse, text)
	})
	read("arrayBuffer", func(b *body) goja.Value { return h.newBytes(string(b.bytes), kindArrayBuffer, b.text) })
	read("bytes", func(b *body) goja.Value { return h.newBytes(string(b.bytes), kindUint8Array, b.text) })
	h.getter(proto, "bodyUsed", func(c goja.FunctionCall) any { return of(c).used })
	h.getter(proto, "body", func(c goja.FunctionCall) any {
		b := of(c)
		if b.null {
			return goja.Null()
		}
		if b.stream == nil {
			b.stream = h.newStream(b)
		}
		return b.stream
	})
}

// take marks a body as used.
func (h *Host) take(b *body) {
	if b.used && !b.null {
		panic(h.vm.NewTypeError("the body has been read already"))
	}
	b.used = !b.null
}

func (h *Host) bodyText(b *body) string {
	s := string(b.bytes)
	if !b.text && h.holds(s) {
		h.refuse("reading bytes as text", "use arrayBuffer()")
	}
	return strings.TrimPrefix(decodeUTF8(s), "\ufeff")
}

// promised gives a promise of what f gives or throws.
func (h *Host) promised(f func() goja.Value) goja.Value {
	promise, resolve, reject := h.vm.NewPromise()
	if ex := h.vm.Try(func() { h.must(resolve(f())) }); ex != nil {
		h.must(reject(ex.Value()))
	}
	return h.vm.ToValue(promise)
}

// getter gives a prototype a property that is computed.
func (h *Host) getter(proto *goja.Object, name string, f func(goja.FunctionCall) any) {
	get := h.vm.ToValue(func(c goja.FunctionCall) goja.Value { return h.vm.ToValue(f(c)) })
	_ = proto.DefineAccessorProperty(name, get, nil, goja.FLAG_TRUE, goja.FLAG_TRUE)
}

// newStream makes the ReadableStream of a body, as much of one as reading takes:
// getReader() and, for loops, Symbol.asyncIterator. The body is there already; it
// comes in chunks of MaxChunkBytes, a sealed one in one chunk.
func (h *Host) newStream(b *body) *goja.Object {
	stream, rest, locked, started := h.vm.NewObject(), string(b.bytes), false, false
	next := func() goja.Value {
		if !started {
			h.take(b)
			started = true
		}
		r := h.vm.NewObject()
		if rest == "" {
			_ = r.Set("value", goja.Undefined())
			_ = r.Set("done", true)
			return r
		}
		chunk := rest
		if len(chunk) > MaxChunkBytes && !h.holds(rest) {
			chunk = chunk[:MaxChunkBytes]
		}
		rest = rest[len(chunk):]
		_ = r.Set("value", h.newBytes(chunk, kindUint8Array, b.text))
		_ = r.Set("done", false)
		return r
	}
	cancel := func(goja.FunctionCall) goja.Value {
		return h.promised(func() goja.Value {
			rest, started, b.used = "", true, true
			return goja.Undefined()
		})
	}
	h.getter(stream, "locked", func(goja.FunctionCall) any { return locked })
	h.method(stream, "cancel", 1, cancel)
	reader := func(goja.FunctionCall) goja.Value {
		if locked {
			panic(h.vm.NewTypeError("the stream is locked to a reader already"))
		}
		locked = true
		o := h.vm.NewObject()
		h.method(o, "read", 0, func(goja.FunctionCall) goja.Value { return h.promised(next) })
		h.method(o, "cancel", 1, cancel)
		h.method(o, "releaseLock", 0, func(goja.FunctionCall) goja.Value { locked = false; return goja.Undefined() })
		return o
	}
	h.method(stream, "getReader", 0, reader)
	symbol, _ := h.vm.GlobalObject().Get("Symbol").(*goja.Object)
	if at, ok := symbol.Get("asyncIterator").(*goja.Symbol); ok {
		_ = stream.DefineDataPropertySymbol(at, h.function("[Symbol.asyncIterator]", 0, func(goja.FunctionCall) goja.Value {
			o := h.vm.NewObject()
			h.method(o, "next", 0, func(goja.FunctionCall) goja.Value { return h.promised(next) })
			return o
		}), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
	return stream
}
