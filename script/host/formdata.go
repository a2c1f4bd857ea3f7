package host

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// field is an entry of a FormData: a text, or a file.
type field struct {
	name, value string
	file        *goja.Object // nil: a text
}

// formData is the state of a FormData (WHATWG XMLHttpRequest, section 5).
type formData struct{ list []field }

// formDataClass makes FormData.
func (h *Host) formDataClass() *goja.Object {
	if h.classes.formData != nil {
		return h.classes.formData
	}
	h.blobClasses()
	h.forms = map[*goja.Object]*formData{}
	class := h.class("FormData", 0, func(c goja.ConstructorCall) *goja.Object {
		if !goja.IsUndefined(c.Argument(0)) {
			panic(h.vm.NewTypeError("FormData: there are no HTML forms"))
		}
		h.forms[c.This] = &formData{}
		return nil
	})
	h.classes.formData = class
	proto := class.Get("prototype").(*goja.Object)
	method := func(name string, length int, f func(d *formData, c goja.FunctionCall) goja.Value) {
		h.method(proto, name, length, func(c goja.FunctionCall) goja.Value { return f(h.thisForm(c.This), c) })
	}
	method("append", 2, func(d *formData, c goja.FunctionCall) goja.Value {
		d.list = append(d.list, h.newField(c))
		return goja.Undefined()
	})
	method("set", 2, func(d *formData, c goja.FunctionCall) goja.Value {
		f := h.newField(c)
		named := func(g field) bool { return g.name == f.name }
		at := slices.IndexFunc(d.list, named)
		if at < 0 {
			d.list = append(d.list, f)
			return goja.Undefined()
		}
		d.list[at] = f
		d.list = append(d.list[:at+1], slices.DeleteFunc(d.list[at+1:], named)...)
		return goja.Undefined()
	})
	method("delete", 1, func(d *formData, c goja.FunctionCall) goja.Value {
		name := h.fileName(c.Argument(0))
		d.list = slices.DeleteFunc(d.list, func(f field) bool { return f.name == name })
		return goja.Undefined()
	})
	method("get", 1, func(d *formData, c goja.FunctionCall) goja.Value {
		name := h.fileName(c.Argument(0))
		for _, f := range d.list {
			if f.name == name {
				return h.fieldValue(f)
			}
		}
		return goja.Null()
	})
	method("getAll", 1, func(d *formData, c goja.FunctionCall) goja.Value {
		name, out := h.fileName(c.Argument(0)), []any{}
		for _, f := range d.list {
			if f.name == name {
				out = append(out, h.fieldValue(f))
			}
		}
		return h.vm.NewArray(out...)
	})
	method("has", 1, func(d *formData, c goja.FunctionCall) goja.Value {
		name := h.fileName(c.Argument(0))
		return h.vm.ToValue(slices.ContainsFunc(d.list, func(f field) bool { return f.name == name }))
	})
	method("forEach", 1, func(d *formData, c goja.FunctionCall) goja.Value {
		f, ok := goja.AssertFunction(c.Argument(0))
		if !ok {
			panic(h.vm.NewTypeError("forEach: the callback is not a function"))
		}
		for i := 0; i < len(d.list); i++ {
			h.call(f, c.Argument(1), h.fieldValue(d.list[i]), h.vm.ToValue(d.list[i].name), c.This)
		}
		return goja.Undefined()
	})
	h.iterate(proto, func(o *goja.Object) func(int) (string, goja.Value, bool) {
		d := h.thisForm(o)
		return func(i int) (string, goja.Value, bool) {
			if i >= len(d.list) {
				return "", nil, false
			}
			return d.list[i].name, h.fieldValue(d.list[i]), true
		}
	})
	return class
}

func (h *Host) thisForm(v goja.Value) *formData {
	o, _ := v.(*goja.Object)
	d, ok := h.forms[o]
	if !ok {
		panic(h.vm.NewTypeError("this is no FormData"))
	}
	return d
}

func (h *Host) fieldValue(f field) goja.Value {
	if f.file != nil {
		return f.file
	}
	return h.vm.ToValue(f.value)
}

// newField reads the arguments of append and set: a name, a text or a Blob, and
// the name of the file.
func (h *Host) newField(c goja.FunctionCall) field {
	if len(c.Arguments) < 2 {
		panic(h.vm.NewTypeError("a field has a name and a value"))
	}
	f := field{name: h.fileName(c.Argument(0))}
	o, _ := c.Argument(1).(*goja.Object)
	b := h.blobs[o]
	if b == nil {
		f.value = h.usv(c.Argument(1))
		return f
	}
	named := *b
	if v := c.Argument(2); !goja.IsUndefined(v) {
		named.name, named.file = h.fileName(v), true
	} else if !b.file {
		named.name, named.file = "blob", true
	} else {
		f.file = o
		return f
	}
	f.file = h.blobValue(&named)
	return f
}

// escapes are what names become in a header of a part (WHATWG HTML,
// multipart/form-data encoding algorithm).
var escapes = strings.NewReplacer("\r\n", "%0D%0A", "\r", "%0D", "\n", "%0A", `"`, "%22")

// lines has line ends as they are in a part.
var lines = strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n")

// encodeMultipart gives a form as multipart/form-data (RFC 7578) with a boundary that
// nothing in it can foresee. A secret goes in as it is.
func (h *Host) encodeMultipart(d *formData) (b body, contentType string) {
	boundary := "----reticent-" + strings.ToLower(rand.Text())
	var out strings.Builder
	b.text = true
	for _, f := range d.list {
		out.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + escapes.Replace(lines.Replace(f.name)) + `"`)
		content, text := lines.Replace(f.value), true
		if f.file != nil {
			file := h.blobs[f.file]
			kind := file.kind
			if kind == "" {
				kind = "application/octet-stream"
			}
			out.WriteString(`; filename="` + escapes.Replace(file.name) + "\"\r\nContent-Type: " + kind)
			content, text = file.bytes, file.text
		}
		out.WriteString("\r\n\r\n" + content + "\r\n")
		b.text = b.text && text
	}
	out.WriteString("--" + boundary + "--\r\n")
	b.bytes = Bytes(out.String())
	return h.bounded(b), "multipart/form-data; boundary=" + boundary
}

// readForm reads a body as a form, by its Content-Type. Surrogates have no
// character that means anything in one.
func (h *Host) readForm(b *body, contentType string) goja.Value {
	d := &formData{}
	class := h.formDataClass()
	media, params, _ := mime.ParseMediaType(contentType)
	switch media {
	case "application/x-www-form-urlencoded":
		for _, p := range h.parseParams(h.bodyText(b)) {
			d.list = append(d.list, field{name: p.name, value: p.value})
		}
	case "multipart/form-data":
		if err := h.readParts(d, b, params["boundary"]); err != nil {
			panic(h.vm.NewTypeError("formData: the body is no multipart/form-data"))
		}
	default:
		panic(h.vm.NewTypeError("formData: the body is no form by its Content-Type"))
	}
	o := h.vm.CreateObject(class.Get("prototype").(*goja.Object))
	h.forms[o] = d
	return o
}

// errForm is given for parts that have no names, or sealed ones.
var errForm = errors.New("no form")

func (h *Host) readParts(d *formData, b *body, boundary string) error {
	if boundary == "" || !strings.Contains(string(b.bytes), "--"+boundary+"--") {
		return errForm
	}
	r := multipart.NewReader(bytes.NewReader([]byte(b.bytes)), boundary)
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		name, file := part.FormName(), part.FileName()
		if name == "" || h.holds(name) || h.holds(file) {
			return errForm
		}
		if file == "" {
			d.list = append(d.list, field{name: name, value: h.bodyText(&body{bytes: Bytes(content), text: b.text})})
			continue
		}
		d.list = append(d.list, field{name: name, file: h.blobValue(&blob{bytes: string(content), text: b.text,
			kind: part.Header.Get("Content-Type"), file: true, name: file})})
	}
}
