package host

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/dop251/goja"
)

// bufferClass makes Buffer, Node's class of bytes, which is a Uint8Array with more
// methods (https://nodejs.org/api/buffer.html).
func (h *Host) bufferClass() *goja.Object {
	if h.classes.buffer != nil {
		return h.classes.buffer
	}
	b := h.binaries()
	class := h.class("Buffer", 2, func(c goja.ConstructorCall) *goja.Object {
		if goja.IsNumber(c.Argument(0)) {
			return h.plainBytes(make([]byte, h.size(c.Argument(0))), kindBuffer)
		}
		return h.bufferFrom(c.Arguments)
	})
	h.classes.buffer = class
	_ = class.SetPrototype(b.uint8Array.Get("constructor").(*goja.Object))
	proto := class.Get("prototype").(*goja.Object)
	_ = proto.SetPrototype(b.uint8Array)
	_ = proto.DeleteSymbol(goja.SymToStringTag)
	h.methods(class, bufferFunctions)
	h.methods(proto, bufferMethods)
	h.methods(proto, bufferNumbers)
	define(class, "poolSize", h.vm.ToValue(8192))
	return class
}

// The methods of Buffer and of Buffer.prototype, those with numbers apart.
var bufferFunctions, bufferMethods methodTable

// methodTable are methods by name.
type methodTable map[string]method

type method struct {
	length int
	do     func(*Host, goja.FunctionCall) goja.Value
}

// impliedMethods are called without their being named.
var impliedMethods = map[string]bool{"toString": true, "toJSON": true}

// methods gives an object those methods that the program can name.
func (h *Host) methods(o *goja.Object, table methodTable) {
	s := h.job.Script
	all := s == nil || s.whole || s.Dynamic
	for name, m := range table {
		if all || s.Names[name] || impliedMethods[name] {
			h.method(o, name, m.length, func(c goja.FunctionCall) goja.Value { return m.do(h, c) })
		}
	}
}

// bufferFunctions are those of the class. Like bufferMethods they make Buffers,
// which have them: the language lets a variable not refer to itself.
func init() {
	bufferFunctions = methodTable{
		"from": {3, func(h *Host, c goja.FunctionCall) goja.Value { return h.bufferFrom(c.Arguments) }},
		"alloc": {3, func(h *Host, c goja.FunctionCall) goja.Value {
			b := make([]byte, h.size(c.Argument(0)))
			if len(c.Arguments) > 1 && !goja.IsUndefined(c.Arguments[1]) {
				h.fillBytes(b, c.Arguments[1], c.Argument(2))
			}
			return h.plainBytes(b, kindBuffer)
		}},
		"allocUnsafe": {1, func(h *Host, c goja.FunctionCall) goja.Value {
			return h.plainBytes(make([]byte, h.size(c.Argument(0))), kindBuffer)
		}},
		"allocUnsafeSlow": {1, func(h *Host, c goja.FunctionCall) goja.Value {
			return h.plainBytes(make([]byte, h.size(c.Argument(0))), kindBuffer)
		}},
		"concat": {2, (*Host).bufferConcat},
		"compare": {2, func(h *Host, c goja.FunctionCall) goja.Value {
			return h.compareBytes(h.mustBytes(c.Argument(0)), h.mustBytes(c.Argument(1)))
		}},
		"byteLength": {2, func(h *Host, c goja.FunctionCall) goja.Value {
			b := ""
			if s, ok := c.Argument(0).(goja.String); ok {
				b, _ = h.bytesOfText(s, h.encoding(c.Argument(1)))
			} else {
				b = h.mustBytes(c.Argument(0))
			}
			if h.holds(b) {
				h.refuse("its length", adviceBytes)
			}
			return h.vm.ToValue(len(b))
		}},
		"isBuffer": {1, func(h *Host, c goja.FunctionCall) goja.Value { return h.vm.ToValue(h.isBuffer(c.Argument(0))) }},
		"isEncoding": {1, func(h *Host, c goja.FunctionCall) goja.Value {
			s, ok := c.Argument(0).(goja.String)
			if ok {
				_, ok = encodings[strings.ToLower(h.key(s).String())]
			}
			return h.vm.ToValue(ok)
		}},
	}
}

// bufferFrom is Buffer.from.
func (h *Host) bufferFrom(args []goja.Value) *goja.Object {
	arg := func(i int) goja.Value {
		if i < len(args) {
			return args[i]
		}
		return goja.Undefined()
	}
	v := arg(0)
	if s, ok := v.(goja.String); ok {
		b, text := h.bytesOfText(s, h.encoding(arg(1)))
		return h.newBytes(b, kindBuffer, text)
	}
	o, ok := v.(*goja.Object)
	if !ok {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "Buffer.from takes a string, an array, an ArrayBuffer or a Buffer"))
	}
	if s, ok := h.sealed[o]; ok {
		if len(args) > 1 && s.kind == kindArrayBuffer {
			h.refuse("taking a part of it", adviceBytes)
		}
		return h.seal(&sealedBytes{h: h, bytes: s.bytes, kind: kindBuffer, text: s.text})
	}
	if isArrayBuffer(o) {
		return h.view(kindBuffer, append([]goja.Value{o}, h.admit("Buffer.from", "nn", rest(args))...)...)
	}
	if o.ClassName() == "String" {
		return h.bufferFrom(append([]goja.Value{h.toPrimitive(o, "string")}, rest(args)...))
	}
	if isTypedArray(o) || o.ClassName() == "Array" {
		return h.numbers(o)
	}
	if data, ok := o.Get("data").(*goja.Object); ok && data.ClassName() == "Array" { // what toJSON gave
		return h.numbers(data)
	}
	if o.GetSymbol(goja.SymToPrimitive) != nil {
		return h.bufferFrom(append([]goja.Value{h.toPrimitive(o, "string")}, rest(args)...))
	}
	if n := o.Get("length"); n != nil && !goja.IsUndefined(n) {
		return h.numbers(o)
	}
	if p := h.toPrimitive(o, "default"); goja.IsString(p) && o.Get("valueOf") != nil {
		return h.bufferFrom(append([]goja.Value{p}, rest(args)...))
	}
	panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "Buffer.from takes a string, an array, an ArrayBuffer or a Buffer"))
}

// numbers makes a Buffer of the elements of an array or of a typed array.
func (h *Host) numbers(list *goja.Object) *goja.Object {
	if list.ExportType() == bytesType {
		b, _ := h.memory(list)
		return h.plainBytes(bytes.Clone(b), kindBuffer)
	}
	n := h.size(orUndefined(list.Get("length")))
	b := make([]byte, 0, n)
	for i := range n {
		v := list.Get(fmt.Sprint(i))
		if v == nil {
			v = goja.Undefined()
		}
		b = append(b, byte(toInt(h.number(v).ToFloat())))
	}
	return h.plainBytes(b, kindBuffer)
}

func (h *Host) bufferConcat(c goja.FunctionCall) goja.Value {
	list, ok := c.Argument(0).(*goja.Object)
	if !ok || list.ClassName() != "Array" {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "Buffer.concat takes an array of Buffers or Uint8Arrays"))
	}
	var out []byte
	text, held := true, false
	h.eachElement(list, func(v goja.Value) {
		b, t, ok := h.binary(v)
		if !ok {
			panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "Buffer.concat takes an array of Buffers or Uint8Arrays"))
		}
		if o, _ := v.(*goja.Object); h.sealed[o] != nil {
			held, text = true, text && t
		}
		if len(out)+len(b) > MaxBufferBytes {
			panic(h.tooLarge())
		}
		out = append(out, b...)
	})
	if n := c.Argument(1); !goja.IsUndefined(n) {
		if held {
			h.refuse("cutting it to a length", adviceBytes)
		}
		fit := make([]byte, h.size(n))
		copy(fit, out)
		out = fit
	}
	if held {
		return h.newBytes(string(out), kindBuffer, text)
	}
	return h.plainBytes(out, kindBuffer)
}

func (h *Host) isBuffer(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	if !ok || h.classes.buffer == nil {
		return false
	}
	proto := h.prototypeOf(kindBuffer)
	for p := o.Prototype(); p != nil; p = p.Prototype() {
		if p == proto {
			return true
		}
	}
	return false
}

// mustBytes gives the bytes of a value that must be binary.
func (h *Host) mustBytes(v goja.Value) string {
	b, _, ok := h.binary(v)
	if !ok {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "the argument must be a Buffer or a Uint8Array"))
	}
	return b
}

func (h *Host) compareBytes(a, b string) goja.Value {
	if h.holds(a) || h.holds(b) {
		h.refuse("putting it in order", "compare with equals")
	}
	return h.vm.ToValue(bytes.Compare([]byte(a), []byte(b)))
}

// equalBytes reports whether the plaintexts of bytes are equal.
func (h *Host) equalBytes(a, b string) bool {
	if a == b || !h.holds(a) && !h.holds(b) {
		return a == b
	}
	equal, err := h.bridge.Equal(a, b)
	h.must(err)
	return equal
}

// size reads how many bytes are asked for.
func (h *Host) size(v goja.Value) int {
	n := h.number(v).ToFloat()
	if !(n >= 0) {
		panic(h.coded("RangeError", "ERR_OUT_OF_RANGE", "the size must be a number from 0"))
	}
	if n > MaxBufferBytes {
		panic(h.tooLarge())
	}
	return int(n)
}

func (h *Host) tooLarge() *goja.Object {
	return h.coded("RangeError", "ERR_OUT_OF_RANGE", fmt.Sprintf("a Buffer has at most %d bytes (MaxBufferBytes)", MaxBufferBytes))
}

// coded makes an error of a class of the engine that has a code, as Node's have.
func (h *Host) coded(class, code, message string) *goja.Object {
	o, err := h.vm.New(h.vm.GlobalObject().Get(class), h.vm.ToValue(message))
	if err != nil {
		panic(err)
	}
	define(o, "code", h.vm.ToValue(code))
	return o
}
