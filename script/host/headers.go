package host

import (
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// headers is the state of a Headers: names in lower case.
type headers struct{ list []pair }

// headersClass makes Headers (WHATWG Fetch, section 5.1).
func (h *Host) headersClass() *goja.Object {
	if h.classes.headers != nil {
		return h.classes.headers
	}
	h.headers = map[*goja.Object]*headers{}
	class := h.class("Headers", 0, func(c goja.ConstructorCall) *goja.Object {
		h.headers[c.This] = &headers{list: h.headerList(c.Argument(0))}
		return nil
	})
	h.classes.headers = class
	proto := class.Get("prototype").(*goja.Object)
	method := func(name string, length int, f func(l *headers, c goja.FunctionCall) goja.Value) {
		h.method(proto, name, length, func(c goja.FunctionCall) goja.Value { return f(h.thisHeaders(c.This), c) })
	}
	name := func(c goja.FunctionCall) string { return h.headerName(c.Argument(0)) }
	method("append", 2, func(l *headers, c goja.FunctionCall) goja.Value {
		l.list = append(l.list, pair{name(c), h.usv(c.Argument(1))})
		return goja.Undefined()
	})
	method("set", 2, func(l *headers, c goja.FunctionCall) goja.Value {
		n, v := name(c), h.usv(c.Argument(1))
		l.list = append(slices.DeleteFunc(l.list, func(p pair) bool { return p.name == n }), pair{n, v})
		return goja.Undefined()
	})
	method("delete", 1, func(l *headers, c goja.FunctionCall) goja.Value {
		n := name(c)
		l.list = slices.DeleteFunc(l.list, func(p pair) bool { return p.name == n })
		return goja.Undefined()
	})
	method("get", 1, func(l *headers, c goja.FunctionCall) goja.Value {
		n := name(c)
		for _, p := range l.combined() {
			if p.name == n {
				return h.vm.ToValue(p.value)
			}
		}
		return goja.Null()
	})
	method("has", 1, func(l *headers, c goja.FunctionCall) goja.Value {
		n := name(c)
		return h.vm.ToValue(slices.ContainsFunc(l.list, func(p pair) bool { return p.name == n }))
	})
	method("getSetCookie", 0, func(l *headers, _ goja.FunctionCall) goja.Value {
		out := []any{}
		for _, p := range l.list {
			if p.name == "set-cookie" {
				out = append(out, p.value)
			}
		}
		return h.vm.NewArray(out...)
	})
	method("forEach", 1, func(l *headers, c goja.FunctionCall) goja.Value {
		f, ok := goja.AssertFunction(c.Argument(0))
		if !ok {
			panic(h.vm.NewTypeError("forEach: the callback is not a function"))
		}
		for _, p := range l.combined() {
			h.call(f, c.Argument(1), h.vm.ToValue(p.value), h.vm.ToValue(p.name), c.This)
		}
		return goja.Undefined()
	})
	h.iterators(proto, func(o *goja.Object) func(int) (pair, bool) {
		list := h.thisHeaders(o).combined()
		return func(i int) (pair, bool) {
			if i >= len(list) {
				return pair{}, false
			}
			return list[i], true
		}
	})
	return class
}

// newHeaders makes a Headers of a list, which it keeps.
func (h *Host) newHeaders(list []pair) *goja.Object {
	o := h.vm.CreateObject(h.headersClass().Get("prototype").(*goja.Object))
	h.headers[o] = &headers{list: list}
	return o
}

func (h *Host) thisHeaders(v goja.Value) *headers {
	o, _ := v.(*goja.Object)
	l, ok := h.headers[o]
	if !ok {
		panic(h.vm.NewTypeError("this is no Headers"))
	}
	return l
}

// combined joins the values of a name, in the order of names.
func (l *headers) combined() (out []pair) {
	for _, p := range l.list {
		at := slices.IndexFunc(out, func(q pair) bool { return q.name == p.name })
		if at < 0 || p.name == "set-cookie" {
			out = append(out, p)
			continue
		}
		out[at].value += ", " + p.value
	}
	slices.SortStableFunc(out, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	return out
}

func (h *Host) headerName(v goja.Value) string {
	s := h.usv(v)
	if h.holds(s) {
		h.refuse("making it the name of a header", "make it the value of one")
	}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	}) {
		panic(h.vm.NewTypeError("a header cannot have this name"))
	}
	return strings.ToLower(s)
}

// headerList reads what a Headers is made of: another one, pairs or an object.
func (h *Host) headerList(v goja.Value) (out []pair) {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	if other, ok := h.headers[o]; ok {
		return slices.Clone(other.list)
	}
	for _, p := range h.pairs(o) {
		out = append(out, pair{h.headerName(p[0]), h.usv(p[1])})
	}
	return out
}
