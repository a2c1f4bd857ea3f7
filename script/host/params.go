package host

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// pair is a name, which is never sealed, and a value, which may be.
type pair struct{ name, value string }

// params is the state of a URLSearchParams (WHATWG URL, section 6.2).
type params struct {
	list []pair
	of   *address // the URL that they are the query of
}

// classes are the constructors that the host made.
type classes struct {
	params, headers, url, request, response, buffer, crypto, jwt, blob, file, formData *goja.Object

	web      *goja.Object // those of web.js
	streams  *goja.Object // those of stream.js
	binaries *binaries
}

// paramsClass makes URLSearchParams.
func (h *Host) paramsClass() *goja.Object {
	if h.classes.params != nil {
		return h.classes.params
	}
	h.params = map[*goja.Object]*params{}
	class := h.class("URLSearchParams", 0, func(c goja.ConstructorCall) *goja.Object {
		p := &params{}
		h.fill(p, c.Argument(0))
		h.params[c.This] = p
		return nil
	})
	h.classes.params = class
	proto := class.Get("prototype").(*goja.Object)
	method := func(name string, length int, f func(p *params, c goja.FunctionCall) goja.Value) {
		h.method(proto, name, length, func(c goja.FunctionCall) goja.Value {
			o, _ := c.This.(*goja.Object)
			p, ok := h.params[o]
			if !ok {
				panic(h.vm.NewTypeError("URLSearchParams.prototype.%s: this is no URLSearchParams", name))
			}
			out := f(p, c)
			if mutates(name) {
				h.changed(p)
			}
			return out
		})
	}
	name := func(c goja.FunctionCall) string { return h.paramName(c.Argument(0)) }
	value := func(c goja.FunctionCall, i int) string { return h.usv(c.Argument(i)) }
	matches := func(p pair, name string, c goja.FunctionCall) bool {
		if p.name != name || len(c.Arguments) < 2 || goja.IsUndefined(c.Arguments[1]) {
			return p.name == name
		}
		return h.strictEqual(h.vm.ToValue(p.value), h.vm.ToValue(value(c, 1)))
	}
	method("append", 2, func(p *params, c goja.FunctionCall) goja.Value {
		p.list = append(p.list, pair{name(c), value(c, 1)})
		return goja.Undefined()
	})
	method("delete", 1, func(p *params, c goja.FunctionCall) goja.Value {
		n := name(c)
		p.list = slices.DeleteFunc(p.list, func(q pair) bool { return matches(q, n, c) })
		return goja.Undefined()
	})
	method("get", 1, func(p *params, c goja.FunctionCall) goja.Value {
		n := name(c)
		for _, q := range p.list {
			if q.name == n {
				return h.vm.ToValue(q.value)
			}
		}
		return goja.Null()
	})
	method("getAll", 1, func(p *params, c goja.FunctionCall) goja.Value {
		n, out := name(c), []any{}
		for _, q := range p.list {
			if q.name == n {
				out = append(out, q.value)
			}
		}
		return h.vm.NewArray(out...)
	})
	method("has", 1, func(p *params, c goja.FunctionCall) goja.Value {
		n := name(c)
		return h.vm.ToValue(slices.ContainsFunc(p.list, func(q pair) bool { return matches(q, n, c) }))
	})
	method("set", 2, func(p *params, c goja.FunctionCall) goja.Value {
		n, v := name(c), value(c, 1)
		at := slices.IndexFunc(p.list, func(q pair) bool { return q.name == n })
		if at < 0 {
			p.list = append(p.list, pair{n, v})
			return goja.Undefined()
		}
		p.list[at].value = v
		tail := slices.DeleteFunc(p.list[at+1:], func(q pair) bool { return q.name == n })
		p.list = p.list[:at+1+len(tail)]
		return goja.Undefined()
	})
	method("sort", 0, func(p *params, c goja.FunctionCall) goja.Value {
		slices.SortStableFunc(p.list, func(a, b pair) int {
			return slices.Compare(utf16.Encode([]rune(a.name)), utf16.Encode([]rune(b.name)))
		})
		return goja.Undefined()
	})
	method("toString", 0, func(p *params, c goja.FunctionCall) goja.Value { return h.vm.ToValue(h.encodeParams(p)) })
	method("forEach", 1, func(p *params, c goja.FunctionCall) goja.Value {
		f, ok := goja.AssertFunction(c.Argument(0))
		if !ok {
			panic(h.vm.NewTypeError("forEach: the callback is not a function"))
		}
		for i := 0; i < len(p.list); i++ {
			h.call(f, c.Argument(1), h.vm.ToValue(p.list[i].value), h.vm.ToValue(p.list[i].name), c.This)
		}
		return goja.Undefined()
	})
	h.iterators(proto, func(o *goja.Object) func(i int) (pair, bool) {
		p, ok := h.params[o]
		if !ok {
			panic(h.vm.NewTypeError("this is no URLSearchParams"))
		}
		return func(i int) (pair, bool) {
			if i >= len(p.list) {
				return pair{}, false
			}
			return p.list[i], true
		}
	})
	size := h.vm.ToValue(func(c goja.FunctionCall) goja.Value {
		o, _ := c.This.(*goja.Object)
		p, ok := h.params[o]
		if !ok {
			panic(h.vm.NewTypeError("this is no URLSearchParams"))
		}
		return h.vm.ToValue(len(p.list))
	})
	_ = proto.DefineAccessorProperty("size", size, nil, goja.FLAG_TRUE, goja.FLAG_TRUE)
	return class
}

// class makes a constructor.
func (h *Host) class(name string, length int, construct func(goja.ConstructorCall) *goja.Object) *goja.Object {
	o := h.vm.ToValue(construct).(*goja.Object)
	_ = o.DefineDataProperty("name", h.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = o.DefineDataProperty("length", h.vm.ToValue(length), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	proto := o.Get("prototype").(*goja.Object)
	_ = proto.DefineDataPropertySymbol(goja.SymToStringTag, h.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return o
}

// iterators gives a prototype entries, keys, values and Symbol.iterator over
// pairs.
func (h *Host) iterators(proto *goja.Object, open func(*goja.Object) func(int) (pair, bool)) {
	h.iterate(proto, func(o *goja.Object) func(int) (string, goja.Value, bool) {
		at := open(o)
		return func(i int) (string, goja.Value, bool) {
			p, ok := at(i)
			return p.name, h.vm.ToValue(p.value), ok
		}
	})
}

// iterate gives a prototype entries, keys, values and Symbol.iterator over names
// and values.
func (h *Host) iterate(proto *goja.Object, open func(*goja.Object) func(int) (string, goja.Value, bool)) {
	make := func(name string, pick func(name string, value goja.Value) goja.Value) *goja.Object {
		return h.function(name, 0, func(c goja.FunctionCall) goja.Value {
			o, _ := c.This.(*goja.Object)
			at := open(o)
			i := 0
			it := h.vm.NewObject()
			h.method(it, "next", 0, func(goja.FunctionCall) goja.Value {
				name, value, ok := at(i)
				i++
				r := h.vm.NewObject()
				var v goja.Value = goja.Undefined()
				if ok {
					v = pick(name, value)
				}
				_ = r.DefineDataProperty("value", v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
				_ = r.DefineDataProperty("done", h.vm.ToValue(!ok), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
				return r
			})
			self := h.function("[Symbol.iterator]", 0, func(c goja.FunctionCall) goja.Value { return c.This })
			_ = it.DefineDataPropertySymbol(goja.SymIterator, self, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
			return it
		})
	}
	entries := make("entries", func(name string, value goja.Value) goja.Value { return h.vm.NewArray(name, value) })
	define(proto, "entries", entries)
	define(proto, "keys", make("keys", func(name string, _ goja.Value) goja.Value { return h.vm.ToValue(name) }))
	define(proto, "values", make("values", func(_ string, value goja.Value) goja.Value { return value }))
	_ = proto.DefineDataPropertySymbol(goja.SymIterator, entries, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

// usv is WebIDL's USVString.
func (h *Host) usv(v goja.Value) string {
	v = h.toPrimitive(v, "string")
	if _, held := h.sealedText(v); held {
		h.mustBeWhole(v)
	}
	return strings.ToValidUTF8(v.String(), "\uFFFD")
}

func (h *Host) paramName(v goja.Value) string {
	s := h.usv(v)
	if h.holds(s) {
		h.refuse("making it the name of a parameter", "make it the value of one")
	}
	return s
}

// fill is the constructor's argument: text, pairs, an object or another one.
func (h *Host) fill(p *params, v goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok {
		if goja.IsUndefined(v) {
			return
		}
		p.list = h.parseParams(strings.TrimPrefix(h.usv(v), "?"))
		return
	}
	if other, ok := h.params[o]; ok {
		p.list = slices.Clone(other.list)
		return
	}
	for _, q := range h.pairs(o) {
		p.list = append(p.list, pair{h.paramName(q[0]), h.usv(q[1])})
	}
}

// pairs gives the pairs of an iterable of pairs or of an object.
func (h *Host) pairs(o *goja.Object) (out [][2]goja.Value) {
	iterator := o.GetSymbol(goja.SymIterator)
	if iterator == nil || isNullish(iterator) {
		for _, k := range o.Keys() {
			out = append(out, [2]goja.Value{h.vm.ToValue(k), o.Get(k)})
		}
		return out
	}
	h.vm.ForOf(o, func(item goja.Value) bool {
		var two []goja.Value
		h.vm.ForOf(item, func(v goja.Value) bool { two = append(two, v); return len(two) < 3 })
		if len(two) != 2 {
			panic(h.vm.NewTypeError("each item must be a pair of a name and a value"))
		}
		out = append(out, [2]goja.Value{two[0], two[1]})
		return true
	})
	return out
}

// decodeForm percent-decodes, leaving what is no escape as it is.
func decodeForm(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func (h *Host) encodeParams(p *params) string {
	var b strings.Builder
	for i, q := range p.list {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(h.encodeForm(q.name))
		b.WriteByte('=')
		b.WriteString(h.encodeForm(q.value))
	}
	return b.String()
}

func (h *Host) encodeForm(s string) string {
	if h.holds(s) {
		out, err := h.bridge.Derive(seal.Form, s)
		h.must(err)
		return out
	}
	// QueryEscape differs from the form encoding in these two.
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(s), "~", "%7E"), "%2A", "*")
}
