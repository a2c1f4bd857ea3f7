package host

import (
	"errors"
	"reflect"
	"strings"

	"github.com/dop251/goja"
)

// Bytes are kept as Go strings that hold any bytes. Like texts they may hold
// surrogates, each of which stands for the bytes of its plaintext (for one made of
// text: its UTF-8). Bytes without a surrogate are what the engine has for them:
// an ArrayBuffer, a Uint8Array, a Buffer. Those with one are sealedBytes.

// bytesKind is the class of a value that holds bytes.
type bytesKind int

const (
	kindBuffer bytesKind = iota // Node's Buffer, which is a Uint8Array
	kindUint8Array
	kindArrayBuffer
)

func (k bytesKind) String() string {
	return [...]string{"Buffer", "Uint8Array", "ArrayBuffer"}[k]
}

// errNoBytes is given for a value that is neither text nor bytes.
var errNoBytes = errors.New("must be a string, an ArrayBuffer, a Buffer, a typed array or a DataView")

// bytesOf gives the bytes of v: of a string its UTF-8, of an ArrayBuffer, a typed
// array, a DataView or a Buffer what is in it. They may hold surrogates.
func (h *Host) bytesOf(v goja.Value) (string, error) {
	if goja.IsString(v) {
		return h.usv(v), nil
	}
	s, _, ok := h.binary(v)
	if !ok {
		return "", errNoBytes
	}
	return s, nil
}

// bytesValue gives bytes to a script as a value of the kind: sealed if s holds a
// surrogate.
func (h *Host) bytesValue(s string, kind bytesKind) goja.Value {
	return h.newBytes(s, kind, false)
}

// newBytes is bytesValue. With text every surrogate in s stands for whole
// characters, so that s may be decoded as text.
func (h *Host) newBytes(s string, kind bytesKind, text bool) *goja.Object {
	if h.holds(s) {
		return h.seal(&sealedBytes{h: h, bytes: s, kind: kind, text: text})
	}
	return h.plainBytes([]byte(s), kind)
}

// plainBytes makes a value of b, which it keeps.
func (h *Host) plainBytes(b []byte, kind bytesKind) *goja.Object {
	buffer := h.vm.ToValue(h.vm.NewArrayBuffer(b)).(*goja.Object)
	if kind == kindArrayBuffer {
		return buffer
	}
	return h.view(kind, buffer)
}

// view makes a Uint8Array or a Buffer of an ArrayBuffer and, as the class takes
// them, an offset and a length.
func (h *Host) view(kind bytesKind, args ...goja.Value) *goja.Object {
	o, err := h.binaries().construct(nil, args...)
	if err != nil {
		panic(err)
	}
	if kind == kindBuffer {
		_ = o.SetPrototype(h.prototypeOf(kindBuffer))
	}
	return o
}

// binary gives the bytes of a value that is no string, and whether they are text
// where they are sealed.
func (h *Host) binary(v goja.Value) (s string, text, ok bool) {
	o, isObject := v.(*goja.Object)
	if !isObject {
		return "", false, false
	}
	if sealed, ok := h.sealed[o]; ok {
		return sealed.bytes, sealed.text, true
	}
	b, ok := h.memory(o)
	return string(b), false, ok
}

// memory gives the bytes of an ArrayBuffer, a typed array or a DataView
// themselves: to write to them is to write to the value.
func (h *Host) memory(o *goja.Object) (b []byte, ok bool) {
	if !isArrayBuffer(o) && !isTypedArray(o) && !h.isDataView(o) {
		return nil, false
	}
	if err := h.vm.ExportTo(o, &b); err != nil {
		return nil, false
	}
	return b, true
}

var (
	arrayBufferType = reflect.TypeFor[goja.ArrayBuffer]()
	bytesType       = reflect.TypeFor[[]byte]()
	// numberTypes are those of the elements of typed arrays.
	numberTypes = map[reflect.Kind]bool{reflect.Uint8: true, reflect.Int8: true, reflect.Uint16: true, reflect.Int16: true,
		reflect.Uint32: true, reflect.Int32: true, reflect.Float32: true, reflect.Float64: true, reflect.Int64: true, reflect.Uint64: true}
)

func isArrayBuffer(o *goja.Object) bool { return o.ExportType() == arrayBufferType }

func isTypedArray(o *goja.Object) bool {
	t := o.ExportType()
	return t != nil && t.Kind() == reflect.Slice && numberTypes[t.Elem().Kind()]
}

func (h *Host) isDataView(o *goja.Object) bool {
	want := h.binaries().dataView
	for p := o.Prototype(); p != nil; p = p.Prototype() {
		if p == want {
			return true
		}
	}
	return false
}

// binaries are the engine's own classes of bytes.
type binaries struct {
	construct                         goja.Constructor // of Uint8Array
	uint8Array, arrayBuffer, dataView *goja.Object     // prototypes
	sealed                            [3]*goja.Object  // prototypes of sealed bytes, by kind
}

func (h *Host) binaries() *binaries {
	if h.classes.binaries == nil {
		global := h.vm.GlobalObject()
		class := func(name string) *goja.Object { return h.original(global.Get(name).(*goja.Object)) }
		b := &binaries{}
		b.construct, _ = goja.AssertConstructor(class("Uint8Array"))
		b.uint8Array = class("Uint8Array").Get("prototype").(*goja.Object)
		b.arrayBuffer = class("ArrayBuffer").Get("prototype").(*goja.Object)
		b.dataView = class("DataView").Get("prototype").(*goja.Object)
		h.classes.binaries = b
	}
	return h.classes.binaries
}

// prototypeOf gives the prototype of plain bytes of a kind.
func (h *Host) prototypeOf(kind bytesKind) *goja.Object {
	switch kind {
	case kindBuffer:
		return h.bufferClass().Get("prototype").(*goja.Object)
	case kindUint8Array:
		return h.binaries().uint8Array
	}
	return h.binaries().arrayBuffer
}

// decodeUTF8 gives the text of bytes, with U+FFFD for what is none: one for each
// maximal part of a character, as browsers and Node do (WHATWG Encoding).
func decodeUTF8(s string) string {
	if strings.ToValidUTF8(s, "") == s {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		n, whole := utf8Part(s[i:])
		if whole {
			out.WriteString(s[i : i+n])
		} else {
			out.WriteRune('\uFFFD')
		}
		i += n
	}
	return out.String()
}

// utf8Part gives the length of the first character of s or, where it is not
// whole, of the part of it that is there.
func utf8Part(s string) (n int, whole bool) {
	low, high := byte(0x80), byte(0xbf)
	more := 0
	switch c := s[0]; {
	case c < 0x80:
		return 1, true
	case c >= 0xc2 && c <= 0xdf:
		more = 1
	case c >= 0xe0 && c <= 0xef:
		more = 2
		if c == 0xe0 {
			low = 0xa0
		} else if c == 0xed {
			high = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		more = 3
		if c == 0xf0 {
			low = 0x90
		} else if c == 0xf4 {
			high = 0x8f
		}
	default:
		return 1, false
	}
	for n = 1; n <= more; n++ {
		if n == len(s) || s[n] < low || s[n] > high {
			return n, false
		}
		low, high = 0x80, 0xbf
	}
	return n, true
}
