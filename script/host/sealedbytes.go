package host

import (
	"strings"

	"github.com/dop251/goja"
)

// adviceBytes is what may be done with sealed bytes.
const adviceBytes = "compare them (equals), concatenate them (Buffer.concat), encode them (toString('hex')) or send them"

// sealedBytes stand for a Buffer, a Uint8Array or an ArrayBuffer with a secret in
// it. They can be passed on; their length and their bytes cannot be looked at.
type sealedBytes struct {
	h     *Host
	bytes string
	kind  bytesKind
	text  bool // every surrogate stands for whole characters
}

// seal makes the object of sealed bytes.
func (h *Host) seal(s *sealedBytes) *goja.Object {
	o := h.vm.NewDynamicObject(s)
	_ = o.SetPrototype(h.sealedPrototype(s.kind))
	if h.sealed == nil {
		h.sealed = map[*goja.Object]*sealedBytes{}
	}
	h.sealed[o] = s
	return o
}

// sealedPrototype stands between sealed bytes and the prototype of their class:
// what looks inside is refused, rather than answered for an object that has no
// bytes.
func (h *Host) sealedPrototype(kind bytesKind) *goja.Object {
	b := h.binaries()
	if b.sealed[kind] != nil {
		return b.sealed[kind]
	}
	class := h.prototypeOf(kind)
	proto := h.vm.CreateObject(class)
	b.sealed[kind] = proto
	names := []string{}
	tables := []string{"TypedArray.prototype", "Uint8Array.prototype"}
	if kind == kindArrayBuffer {
		tables = []string{"ArrayBuffer.prototype"}
	}
	for _, table := range tables {
		for name := range builtins[table] {
			if _, own := bufferMethods[name]; name == "constructor" || own && kind == kindBuffer {
				continue
			}
			names = append(names, name)
		}
	}
	if kind == kindUint8Array {
		names = append(names, "toString")
	}
	for _, name := range names {
		h.method(proto, name, 0, func(c goja.FunctionCall) goja.Value {
			h.refuse(kind.String()+".prototype."+name, adviceBytes)
			return nil
		})
	}
	h.method(proto, "toJSON", 0, func(goja.FunctionCall) goja.Value {
		h.refuse("JSON of its bytes", adviceBytes)
		return nil
	})
	refuse := h.function("[Symbol.iterator]", 0, func(goja.FunctionCall) goja.Value {
		h.refuse("going over its bytes", adviceBytes)
		return nil
	})
	tag := kindArrayBuffer
	if kind != kindArrayBuffer {
		tag = kindUint8Array
		_ = proto.DefineDataPropertySymbol(goja.SymIterator, refuse, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
		for name, f := range map[string]func(string) string{"toHex": h.hexOf, "toBase64": h.base64Of} {
			h.method(proto, name, 0, func(c goja.FunctionCall) goja.Value {
				s, _, ok := h.binary(c.This)
				if !ok || len(c.Arguments) > 0 {
					h.refuse(name+" with options", adviceBytes)
				}
				return h.vm.ToValue(f(s))
			})
		}
	}
	_ = proto.DefineDataPropertySymbol(goja.SymToStringTag, h.vm.ToValue(tag.String()), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return proto
}

// sizes are the properties that tell how many bytes there are, or lead to them.
var sizes = map[string]bool{"length": true, "byteLength": true, "byteOffset": true, "buffer": true, "offset": true, "parent": true,
	"maxByteLength": true, "resizable": true, "detached": true}

// Get refuses what tells of the bytes and leaves the rest to the prototype.
func (s *sealedBytes) Get(key string) goja.Value {
	if sizes[key] || isIndex(key) {
		s.h.refuse("its length, or a byte of it,", adviceBytes)
	}
	return nil
}

// Set refuses.
func (s *sealedBytes) Set(string, goja.Value) bool {
	s.h.refuse("writing to it", adviceBytes)
	return false
}

// Has refuses what tells how many bytes there are.
func (s *sealedBytes) Has(key string) bool {
	if isIndex(key) {
		s.h.refuse("its length, or a byte of it,", adviceBytes)
	}
	return false
}

// Delete refuses.
func (s *sealedBytes) Delete(key string) bool { return !s.Has(key) }

// Keys refuses: each byte is one.
func (s *sealedBytes) Keys() []string {
	s.h.refuse("going over its bytes", adviceBytes)
	return nil
}

func isIndex(key string) bool { return key != "" && strings.Trim(key, "0123456789") == "" }

// constructSealed is new Uint8Array of sealed bytes, and refuses the other views of
// them.
func (h *Host) constructSealed(class string, args []goja.Value) *goja.Object {
	if len(args) == 0 || len(h.sealed) == 0 {
		return nil
	}
	o, _ := args[0].(*goja.Object)
	s, ok := h.sealed[o]
	if !ok {
		return nil
	}
	if class != kindUint8Array.String() || len(args) > 1 {
		h.refuse("a view of it", adviceBytes)
	}
	return h.seal(&sealedBytes{h: h, bytes: s.bytes, kind: kindUint8Array, text: s.text})
}

// isView is ArrayBuffer.isView.
func (h *Host) isView(original goja.Callable, c goja.FunctionCall) goja.Value {
	o, _ := c.Argument(0).(*goja.Object)
	if s, ok := h.sealed[o]; ok {
		return h.vm.ToValue(s.kind != kindArrayBuffer)
	}
	return h.call(original, c.This, c.Arguments...)
}
