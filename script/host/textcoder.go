package host

import (
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/text/encoding/charmap"
)

// textEncoderClass makes TextEncoder (WHATWG Encoding, section 7.4).
func (h *Host) textEncoderClass() goja.Value {
	class := h.class("TextEncoder", 0, func(goja.ConstructorCall) *goja.Object { return nil })
	proto := class.Get("prototype").(*goja.Object)
	h.getter(proto, "encoding", func(goja.FunctionCall) any { return "utf-8" })
	h.method(proto, "encode", 0, func(c goja.FunctionCall) goja.Value {
		s := ""
		if v := c.Argument(0); !goja.IsUndefined(v) {
			s = h.usv(v)
		}
		return h.newBytes(s, kindUint8Array, true)
	})
	h.method(proto, "encodeInto", 2, func(c goja.FunctionCall) goja.Value {
		s := h.usv(c.Argument(0))
		if h.holds(s) {
			h.refuse("writing it into an array", "use encode")
		}
		to, ok := h.writable(c.Argument(1))
		if !ok {
			panic(h.vm.NewTypeError("encodeInto: the destination is no Uint8Array"))
		}
		read, written := 0, 0
		for _, r := range s {
			n := len(string(r))
			if written+n > len(to) {
				break
			}
			written += copy(to[written:], string(r))
			read++
			if r > 0xffff {
				read++
			}
		}
		o := h.vm.NewObject()
		_ = o.Set("read", read)
		_ = o.Set("written", written)
		return o
	})
	return class
}

// charsets are the labels of WHATWG Encoding for what TextDecoder knows.
var charsets = map[string]string{
	"utf-8": "utf-8", "utf8": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf-16le": "utf-16le", "utf-16": "utf-16le", "ucs-2": "utf-16le",
	"latin1": "windows-1252", "iso-8859-1": "windows-1252", "l1": "windows-1252", "ascii": "windows-1252", "us-ascii": "windows-1252",
	"windows-1252": "windows-1252", "cp1252": "windows-1252",
}

// textDecoder is the state of a TextDecoder.
type textDecoder struct {
	charset          string
	fatal, ignoreBOM bool
	pending          string // of a character that is not whole yet
	begun            bool
}

// textDecoderClass makes TextDecoder (WHATWG Encoding, section 7.2).
func (h *Host) textDecoderClass() goja.Value {
	decoders := map[*goja.Object]*textDecoder{}
	class := h.class("TextDecoder", 0, func(c goja.ConstructorCall) *goja.Object {
		d := &textDecoder{charset: "utf-8"}
		if v := c.Argument(0); !goja.IsUndefined(v) {
			var ok bool
			if d.charset, ok = charsets[strings.ToLower(strings.TrimSpace(h.key(v).String()))]; !ok {
				panic(h.coded("RangeError", "ERR_ENCODING_NOT_SUPPORTED", "TextDecoder: the encoding must be utf-8, utf-16le or latin1"))
			}
		}
		d.fatal, d.ignoreBOM = h.flag(c.Argument(1), "fatal"), h.flag(c.Argument(1), "ignoreBOM")
		decoders[c.This] = d
		return nil
	})
	proto := class.Get("prototype").(*goja.Object)
	this := func(c goja.FunctionCall) *textDecoder {
		o, _ := c.This.(*goja.Object)
		d, ok := decoders[o]
		if !ok {
			panic(h.vm.NewTypeError("this is no TextDecoder"))
		}
		return d
	}
	h.getter(proto, "encoding", func(c goja.FunctionCall) any { return this(c).charset })
	h.getter(proto, "fatal", func(c goja.FunctionCall) any { return this(c).fatal })
	h.getter(proto, "ignoreBOM", func(c goja.FunctionCall) any { return this(c).ignoreBOM })
	h.method(proto, "decode", 0, func(c goja.FunctionCall) goja.Value {
		b, text := "", true
		if v := c.Argument(0); !goja.IsUndefined(v) {
			var ok bool
			if b, text, ok = h.binary(v); !ok {
				panic(h.vm.NewTypeError("decode takes an ArrayBuffer, a typed array or a Buffer"))
			}
		}
		return h.decode(this(c), b, text, h.flag(c.Argument(1), "stream"))
	})
	return class
}

// decode gives the text of bytes, and keeps what is no whole character yet while
// a stream goes on.
func (h *Host) decode(d *textDecoder, b string, text, stream bool) goja.Value {
	if h.holds(b) && (!text || d.charset != "utf-8") {
		h.refuse("reading bytes as text", "use Buffer.from(bytes).toString('hex')")
	}
	b = d.pending + b
	d.pending = ""
	var out goja.Value
	switch d.charset {
	case "windows-1252":
		s, _ := charmap.Windows1252.NewDecoder().String(b)
		return h.vm.ToValue(s)
	case "utf-16le":
		if len(b)%2 == 1 && stream {
			b, d.pending = b[:len(b)-1], b[len(b)-1:]
		}
		units := utf16Of(b)
		if len(b)%2 == 1 {
			units = append(units, 0xfffd)
		}
		if !d.begun && !d.ignoreBOM && len(units) > 0 && units[0] == 0xfeff {
			units = units[1:]
		}
		out = h.vm.ToValue(goja.StringFromUTF16(units).String())
	default:
		if stream {
			whole := len(b) - unfinished(b)
			b, d.pending = b[:whole], b[whole:]
		}
		s := decodeUTF8(b)
		if d.fatal && s != b {
			d.begun = false
			panic(h.coded("TypeError", "ERR_ENCODING_INVALID_ENCODED_DATA", "the bytes are not UTF-8"))
		}
		if !d.begun && !d.ignoreBOM {
			s = strings.TrimPrefix(s, "\ufeff")
		}
		out = h.vm.ToValue(s)
	}
	d.begun = stream && (d.begun || b != "")
	return out
}

// unfinished gives how many bytes at the end of b begin a character of UTF-8 that
// is not whole.
func unfinished(b string) int {
	for n := 1; n <= 3 && n <= len(b); n++ {
		if c := b[len(b)-n]; c >= 0xc0 {
			if got, whole := utf8Part(b[len(b)-n:]); !whole && got == n {
				return n
			}
			return 0
		} else if c < 0x80 {
			return 0
		}
	}
	return 0
}

// flag reads a boolean of an object of options.
func (h *Host) flag(options goja.Value, name string) bool {
	o, ok := options.(*goja.Object)
	if !ok {
		return false
	}
	v := o.Get(name)
	return v != nil && v.ToBoolean()
}
