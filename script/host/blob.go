package host

import (
	"strings"
	"time"

	"github.com/dop251/goja"
)

// blob is the state of a Blob or a File (W3C File API).
type blob struct {
	bytes    string
	text     bool // as of newBytes
	kind     string
	file     bool
	name     string
	modified int64
}

// adviceBlob says how a sealed Blob is used.
const adviceBlob = "use text(), bytes() or send it as a body"

// blobClasses makes Blob and File, which is a Blob with a name.
func (h *Host) blobClasses() (b, f *goja.Object) {
	if h.classes.blob != nil {
		return h.classes.blob, h.classes.file
	}
	h.blobs = map[*goja.Object]*blob{}
	h.classes.blob = h.class("Blob", 0, func(c goja.ConstructorCall) *goja.Object {
		h.blobs[c.This] = h.newBlob(c.Argument(0), c.Argument(1))
		return nil
	})
	h.classes.file = h.class("File", 2, func(c goja.ConstructorCall) *goja.Object {
		if len(c.Arguments) < 2 {
			panic(h.vm.NewTypeError("File: the content and a name are required"))
		}
		made := h.newBlob(c.Argument(0), c.Argument(2))
		made.file, made.name, made.modified = true, h.fileName(c.Argument(1)), time.Now().UnixMilli()
		if o, ok := c.Argument(2).(*goja.Object); ok {
			if v := o.Get("lastModified"); v != nil && !goja.IsUndefined(v) {
				made.modified = h.number(v).ToInteger()
			}
		}
		h.blobs[c.This] = made
		return nil
	})
	proto, fileProto := h.classes.blob.Get("prototype").(*goja.Object), h.classes.file.Get("prototype").(*goja.Object)
	_ = fileProto.SetPrototype(proto)
	_ = h.classes.file.SetPrototype(h.classes.blob)
	h.getter(proto, "size", func(c goja.FunctionCall) any {
		if h.holds(h.thisBlob(c).bytes) {
			h.refuse("its length", adviceBlob)
		}
		return len(h.thisBlob(c).bytes)
	})
	h.getter(proto, "type", func(c goja.FunctionCall) any { return h.thisBlob(c).kind })
	h.getter(fileProto, "name", func(c goja.FunctionCall) any { return h.thisBlob(c).name })
	h.getter(fileProto, "lastModified", func(c goja.FunctionCall) any { return h.thisBlob(c).modified })
	for name, read := range map[string]func(*body) goja.Value{
		"text":        func(b *body) goja.Value { return h.vm.ToValue(h.bodyText(b)) },
		"arrayBuffer": func(b *body) goja.Value { return h.newBytes(string(b.bytes), kindArrayBuffer, b.text) },
		"bytes":       func(b *body) goja.Value { return h.newBytes(string(b.bytes), kindUint8Array, b.text) },
	} {
		h.method(proto, name, 0, func(c goja.FunctionCall) goja.Value {
			return h.promised(func() goja.Value { return read(h.thisBlob(c).body()) })
		})
	}
	h.method(proto, "stream", 0, func(c goja.FunctionCall) goja.Value { return h.newStream(h.thisBlob(c).body()) })
	h.method(proto, "slice", 2, func(c goja.FunctionCall) goja.Value {
		b := h.thisBlob(c)
		if h.holds(b.bytes) {
			h.refuse("taking a part of it", adviceBlob)
		}
		part := &blob{bytes: h.part(b.bytes, c.Argument(0), c.Argument(1))}
		if v := c.Argument(2); !goja.IsUndefined(v) {
			part.kind = h.mediaType(v)
		}
		return h.blobValue(part)
	})
	return h.classes.blob, h.classes.file
}

// part is the slice of text from a place to another, which count from the end
// where they are negative.
func (h *Host) part(s string, from, to goja.Value) string {
	at := func(v goja.Value, otherwise int) int {
		if goja.IsUndefined(v) {
			return otherwise
		}
		i := toInt(h.number(v).ToFloat())
		if i < 0 {
			i += int64(len(s))
		}
		return int(min(max(i, 0), int64(len(s))))
	}
	start := at(from, 0)
	return s[start:max(start, at(to, len(s)))]
}

// newBlob reads the arguments of Blob.
func (h *Host) newBlob(parts, options goja.Value) *blob {
	b := &blob{text: true}
	if !goja.IsUndefined(parts) {
		list, ok := parts.(*goja.Object)
		if !ok || goja.IsString(parts) {
			panic(h.vm.NewTypeError("Blob: the content is an array of strings, bytes and Blobs"))
		}
		h.eachElement(list, func(part goja.Value) {
			o, _ := part.(*goja.Object)
			s, text, ok := h.binary(part)
			switch other := h.blobs[o]; {
			case other != nil:
				s, text = other.bytes, other.text
			case !ok:
				s, text = h.usv(part), true
			}
			if len(b.bytes)+len(s) > MaxBufferBytes {
				panic(h.tooLarge())
			}
			b.bytes += s
			b.text = b.text && (text || !h.holds(s))
		})
	}
	if o, ok := options.(*goja.Object); ok {
		if v := o.Get("type"); v != nil && !goja.IsUndefined(v) {
			b.kind = h.mediaType(v)
		}
	}
	return b
}

// mediaType reads the type of a Blob, which is none where it holds what no type
// does.
func (h *Host) mediaType(v goja.Value) string {
	s := h.key(v).String()
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return strings.ToLower(s)
}

// fileName reads the name of a file or of a field, which may not be sealed: hosts
// show and store names.
func (h *Host) fileName(v goja.Value) string {
	s := h.usv(v)
	if h.holds(s) {
		h.refuse("making it a name", "make it the value")
	}
	return s
}

// body is what reads the bytes of a Blob, any number of times.
func (b *blob) body() *body { return &body{bytes: Bytes(b.bytes), text: b.text} }

// blobValue gives a Blob, or a File, to a script.
func (h *Host) blobValue(b *blob) *goja.Object {
	class, file := h.blobClasses()
	if b.file {
		class = file
	}
	o := h.vm.CreateObject(class.Get("prototype").(*goja.Object))
	h.blobs[o] = b
	return o
}

func (h *Host) thisBlob(c goja.FunctionCall) *blob {
	o, _ := c.This.(*goja.Object)
	b, ok := h.blobs[o]
	if !ok {
		panic(h.vm.NewTypeError("this is no Blob"))
	}
	return b
}
