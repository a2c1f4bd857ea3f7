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
	// source is where the bytes are still to come from; see gathered.
	source *goja.Object
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
		if blob := h.blobs[o]; blob != nil {
			return h.bounded(body{bytes: Bytes(blob.bytes), text: blob.text}), blob.kind
		}
		if form := h.forms[o]; form != nil {
			return h.encodeMultipart(form)
		}
		if h.flows(o) {
			return body{source: o}, ""
		}
		if o.ClassName() != "String" {
			panic(h.vm.NewTypeError("a body must be a string, bytes, URLSearchParams, FormData, a Blob or a stream; use JSON.stringify for an object"))
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

// bodyMethods gives a prototype what reads a body; of finds it, and its Headers.
func (h *Host) bodyMethods(proto *goja.Object, of func(goja.FunctionCall) (*body, *goja.Object)) {
	typed := func(name string, f func(b *body, contentType string) goja.Value) {
		h.method(proto, name, 0, func(c goja.FunctionCall) goja.Value {
			return h.promised(func() goja.Value {
				b, fields := of(c)
				h.take(b)
				return h.gathered(b, func() goja.Value {
					for _, p := range h.headers[fields].list {
						if p.name == "content-type" {
							return f(b, p.value)
						}
					}
					return f(b, "")
				})
			})
		})
	}
	read := func(name string, f func(b *body) goja.Value) {
		typed(name, func(b *body, _ string) goja.Value { return f(b) })
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
	typed("formData", h.readForm)
	typed("blob", func(b *body, contentType string) goja.Value {
		return h.blobValue(&blob{bytes: string(b.bytes), text: b.text, kind: contentType})
	})
	h.getter(proto, "bodyUsed", func(c goja.FunctionCall) any {
		b, _ := of(c)
		return b.used
	})
	h.getter(proto, "body", func(c goja.FunctionCall) any {
		b, _ := of(c)
		if b.null {
			return goja.Null()
		}
		if b.stream == nil {
			b.stream = h.newStream(b)
		}
		return b.stream
	})
}

// copied gives a body for a second Request or Response.
func (h *Host) copied(b body) body {
	if b.used {
		panic(h.vm.NewTypeError("the body has been read already"))
	}
	if b.source != nil {
		panic(h.vm.NewTypeError("clone: a body that is a stream comes once; give it as bytes"))
	}
	b.stream = nil
	return b
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
