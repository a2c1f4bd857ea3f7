package host

import (
	"bytes"
	"math"
	"strings"

	"github.com/dop251/goja"
)

func init() {
	bufferMethods = methodTable{
		"toString":       {3, (*Host).bufferToString},
		"toLocaleString": {3, (*Host).bufferToString},
		"toJSON": {0, func(h *Host, c goja.FunctionCall) goja.Value {
			b := h.thisBuffer(c)
			data := make([]any, len(b))
			for i := range b {
				data[i] = int64(b[i])
			}
			o := h.vm.NewObject()
			_ = o.Set("type", "Buffer")
			_ = o.Set("data", h.vm.NewArray(data...))
			return o
		}},
		"equals": {1, func(h *Host, c goja.FunctionCall) goja.Value {
			return h.vm.ToValue(h.equalBytes(h.mustBytes(c.This), h.mustBytes(c.Argument(0))))
		}},
		"compare":  {5, (*Host).bufferCompare},
		"slice":    {2, (*Host).bufferSlice},
		"subarray": {2, (*Host).bufferSlice},
		"copy": {4, func(h *Host, c goja.FunctionCall) goja.Value {
			from := h.thisBuffer(c)
			target := c.Argument(0)
			to, ok := h.writable(target)
			if !ok {
				panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "the target must be a Buffer or a Uint8Array"))
			}
			at := h.within(c.Argument(1), 0, len(to))
			start := h.within(c.Argument(2), 0, len(from))
			end := h.within(c.Argument(3), len(from), len(from))
			return h.vm.ToValue(copy(to[at:], from[start:max(start, end)]))
		}},
		"fill": {4, func(h *Host, c goja.FunctionCall) goja.Value {
			b, args := h.thisBuffer(c), c.Arguments
			if len(args) > 1 && goja.IsString(args[1]) { // fill(value, encoding)
				args = []goja.Value{args[0], goja.Undefined(), goja.Undefined(), args[1]}
			}
			c.Arguments = args
			start := h.within(c.Argument(1), 0, len(b))
			end := h.within(c.Argument(2), len(b), len(b))
			h.fillBytes(b[start:max(start, end)], c.Argument(0), c.Argument(3))
			return c.This
		}},
		"write": {4, (*Host).bufferWrite},
		"indexOf": {3, func(h *Host, c goja.FunctionCall) goja.Value {
			return h.vm.ToValue(h.bufferIndex(c, false))
		}},
		"lastIndexOf": {3, func(h *Host, c goja.FunctionCall) goja.Value {
			return h.vm.ToValue(h.bufferIndex(c, true))
		}},
		"includes": {3, func(h *Host, c goja.FunctionCall) goja.Value {
			return h.vm.ToValue(h.bufferIndex(c, false) >= 0)
		}},
		"swap16": {0, func(h *Host, c goja.FunctionCall) goja.Value { return h.swap(c, 2) }},
		"swap32": {0, func(h *Host, c goja.FunctionCall) goja.Value { return h.swap(c, 4) }},
		"swap64": {0, func(h *Host, c goja.FunctionCall) goja.Value { return h.swap(c, 8) }},
	}
}

// thisBuffer gives the bytes that a method was called on, to be looked at and
// written to.
func (h *Host) thisBuffer(c goja.FunctionCall) []byte {
	b, ok := h.writable(c.This)
	if !ok {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "this is no Buffer"))
	}
	return b
}

// writable gives the memory of plain bytes and refuses sealed ones.
func (h *Host) writable(v goja.Value) ([]byte, bool) {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil, false
	}
	if h.sealed[o] != nil {
		h.refuse("its length, or a byte of it,", adviceBytes)
	}
	return h.memory(o)
}

func (h *Host) bufferToString(c goja.FunctionCall) goja.Value {
	e := h.encoding(c.Argument(0))
	b, text, ok := h.binary(c.This)
	if !ok {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "this is no Buffer"))
	}
	if o, _ := c.This.(*goja.Object); h.sealed[o] != nil {
		if len(c.Arguments) > 1 {
			h.refuse("taking a part of it", adviceBytes)
		}
		return h.textOf(b, e, text)
	}
	start := h.within(c.Argument(1), 0, len(b))
	end := h.within(c.Argument(2), len(b), len(b))
	return h.textOf(b[start:max(start, end)], e, false)
}

// bufferSlice is slice and subarray, which share the memory.
func (h *Host) bufferSlice(c goja.FunctionCall) goja.Value {
	o, _ := c.This.(*goja.Object)
	whole := (goja.IsUndefined(c.Argument(0)) || c.Argument(0).StrictEquals(h.vm.ToValue(0))) && goja.IsUndefined(c.Argument(1))
	if s, ok := h.sealed[o]; ok && whole {
		return h.seal(&sealedBytes{h: h, bytes: s.bytes, kind: s.kind, text: s.text})
	}
	n := len(h.thisBuffer(c))
	relative := func(v goja.Value, otherwise int) int {
		if goja.IsUndefined(v) {
			return otherwise
		}
		i := toInt(h.number(v).ToFloat())
		if i < 0 {
			i += int64(n)
		}
		return int(min(max(i, 0), int64(n)))
	}
	start := relative(c.Argument(0), 0)
	end := relative(c.Argument(1), n)
	at := o.Get("byteOffset").ToInteger() + int64(start)
	return h.view(kindBuffer, o.Get("buffer"), h.vm.ToValue(at), h.vm.ToValue(max(end-start, 0)))
}

func (h *Host) bufferCompare(c goja.FunctionCall) goja.Value {
	a, b := h.mustBytes(c.This), h.mustBytes(c.Argument(0))
	if len(c.Arguments) < 2 {
		return h.compareBytes(a, b)
	}
	x, y := h.thisBuffer(c), []byte(b)
	if h.holds(b) {
		h.refuse("putting it in order", "compare with equals")
	}
	from, to := h.within(c.Argument(3), 0, len(x)), h.within(c.Argument(4), len(x), len(x))
	start, end := h.within(c.Argument(1), 0, len(y)), h.within(c.Argument(2), len(y), len(y))
	return h.vm.ToValue(bytes.Compare(x[from:max(from, to)], y[start:max(start, end)]))
}

// bufferWrite is write(text, offset, length, encoding), each but the first of
// which may be left out.
func (h *Host) bufferWrite(c goja.FunctionCall) goja.Value {
	b := h.thisBuffer(c)
	s, ok := c.Argument(0).(goja.String)
	if !ok {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "write takes a string"))
	}
	var e goja.Value
	args := rest(c.Arguments)
	for i, v := range args {
		if goja.IsString(v) {
			e, args = v, args[:i]
			break
		}
	}
	arg := func(i, otherwise int) int {
		if i >= len(args) {
			return otherwise
		}
		return h.within(args[i], otherwise, len(b))
	}
	at := arg(0, 0)
	n := min(arg(1, len(b)), len(b)-at)
	kind := h.encoding(e)
	from, _ := h.bytesOfText(s, kind)
	if h.holds(from) {
		h.refuse("writing it into a Buffer", "make one of it: Buffer.from(secret), Buffer.concat([…])")
	}
	if len(from) > n {
		from = from[:n]
		if kind == encodingUTF8 { // not a part of a character
			from = strings.ToValidUTF8(from, "")
		}
	}
	return h.vm.ToValue(copy(b[at:], from))
}

// fillBytes fills b with a number or, over and over, with text or bytes.
func (h *Host) fillBytes(b []byte, v, e goja.Value) {
	var with string
	if s, ok := v.(goja.String); ok {
		with, _ = h.bytesOfText(s, h.encoding(e))
	} else if w, _, ok := h.binary(v); ok {
		with = w
	} else {
		with = string([]byte{byte(toInt(h.number(v).ToFloat()))})
	}
	if h.holds(with) {
		h.refuse("filling a Buffer with it", "make one of it: Buffer.from(secret), Buffer.concat([…])")
	}
	if with == "" {
		with = "\x00"
	}
	for i := 0; i < len(b); {
		i += copy(b[i:], with)
	}
}

func (h *Host) bufferIndex(c goja.FunctionCall, last bool) int {
	b := string(h.thisBuffer(c))
	v, from, e := c.Argument(0), c.Argument(1), c.Argument(2)
	if goja.IsString(from) { // indexOf(value, encoding)
		from, e = goja.Undefined(), from
	}
	var want string
	if s, ok := v.(goja.String); ok {
		want, _ = h.bytesOfText(s, h.encoding(e))
	} else if w, _, ok := h.binary(v); ok {
		want = w
	} else {
		want = string([]byte{byte(toInt(h.number(v).ToFloat()))})
	}
	if h.holds(want) {
		h.refuse("searching for it", "compare with equals")
	}
	if last {
		end := len(b)
		if f := h.number(from).ToFloat(); !goja.IsUndefined(from) && f == f {
			i := toInt(f)
			if i < 0 {
				i += int64(len(b))
			}
			if i < 0 {
				return -1
			}
			end = int(min(i+int64(len(want)), int64(len(b))))
		}
		return strings.LastIndex(b[:end], want)
	}
	at := toInt(h.number(from).ToFloat())
	if at < 0 {
		at = max(at+int64(len(b)), 0)
	}
	if at > int64(len(b)) {
		return -1
	}
	i := strings.Index(b[at:], want)
	if i < 0 {
		return -1
	}
	return int(at) + i
}

func (h *Host) swap(c goja.FunctionCall, size int) goja.Value {
	b := h.thisBuffer(c)
	if len(b)%size != 0 {
		panic(h.coded("RangeError", "ERR_INVALID_BUFFER_SIZE", "Buffer size must be a multiple of the size that is swapped"))
	}
	for ; len(b) > 0; b = b[size:] {
		for i := range size / 2 {
			b[i], b[size-1-i] = b[size-1-i], b[i]
		}
	}
	return c.This
}

// within reads a place in n bytes.
func (h *Host) within(v goja.Value, otherwise, n int) int {
	if goja.IsUndefined(v) {
		return otherwise
	}
	return int(min(max(toInt(h.number(v).ToFloat()), 0), int64(n)))
}

// toInt truncates; what is no number is 0.
func toInt(f float64) int64 {
	switch {
	case math.IsNaN(f):
		return 0
	case f >= 1<<53:
		return 1 << 53
	case f <= -(1 << 53):
		return -(1 << 53)
	}
	return int64(f)
}
