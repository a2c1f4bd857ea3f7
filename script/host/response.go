package host

import (
	"net/http"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// response is the state of a Response (WHATWG Fetch, section 5.5).
type response struct {
	kind       string // "basic", "default" or "error"
	status     int
	statusText string
	url        string
	redirected bool
	headers    *goja.Object
	body       body
}

// responseClass makes Response.
func (h *Host) responseClass() *goja.Object {
	if h.classes.response != nil {
		return h.classes.response
	}
	h.headersClass()
	h.responses = map[*goja.Object]*response{}
	class := h.class("Response", 0, func(c goja.ConstructorCall) *goja.Object {
		h.responses[c.This] = h.newResponse(c.Argument(0), c.Argument(1))
		return nil
	})
	h.classes.response = class
	proto := class.Get("prototype").(*goja.Object)
	make := func(r *response) goja.Value {
		o := h.vm.CreateObject(proto)
		h.responses[o] = r
		return o
	}
	h.method(class, "error", 0, func(goja.FunctionCall) goja.Value {
		return make(&response{kind: "error", headers: h.newHeaders(nil), body: body{null: true}})
	})
	h.method(class, "json", 1, func(c goja.FunctionCall) goja.Value {
		text := h.stringify(h.json().stringify, goja.FunctionCall{This: goja.Undefined(), Arguments: []goja.Value{c.Argument(0)}})
		if !goja.IsString(text) {
			panic(h.vm.NewTypeError("Response.json: the value has no JSON"))
		}
		r := h.newResponse(text, c.Argument(1))
		list := h.headers[r.headers]
		for i, p := range list.list {
			if p.name == "content-type" && p.value == textType {
				list.list[i].value = "application/json"
			}
		}
		return make(r)
	})
	h.method(class, "redirect", 1, func(c goja.FunctionCall) goja.Value {
		status := 302
		if v := c.Argument(1); !goja.IsUndefined(v) {
			status = int(h.number(v).ToInteger())
		}
		if !slices.Contains([]int{301, 302, 303, 307, 308}, status) {
			panic(h.coded("RangeError", "ERR_OUT_OF_RANGE", "Response.redirect: the status is none of a redirect"))
		}
		return make(&response{kind: "default", status: status, headers: h.newHeaders([]pair{{"location", h.usv(c.Argument(0))}}), body: body{null: true}})
	})
	this := func(c goja.FunctionCall) *response {
		o, _ := c.This.(*goja.Object)
		r, ok := h.responses[o]
		if !ok {
			panic(h.vm.NewTypeError("this is no Response"))
		}
		return r
	}
	for name, f := range map[string]func(*response) any{
		"ok":         func(r *response) any { return r.status >= 200 && r.status < 300 },
		"status":     func(r *response) any { return r.status },
		"statusText": func(r *response) any { return r.statusText },
		"url":        func(r *response) any { return r.url },
		"redirected": func(r *response) any { return r.redirected },
		"type":       func(r *response) any { return r.kind },
		"headers":    func(r *response) any { return r.headers },
	} {
		h.getter(proto, name, func(c goja.FunctionCall) any { return f(this(c)) })
	}
	h.bodyMethods(proto, func(c goja.FunctionCall) (*body, *goja.Object) { return &this(c).body, this(c).headers })
	h.method(proto, "clone", 0, func(c goja.FunctionCall) goja.Value {
		r := *this(c)
		r.body = h.copied(r.body)
		r.headers = h.newHeaders(slices.Clone(h.headers[r.headers].list))
		return make(&r)
	})
	return class
}

// textType is the type of a body that is a string.
const textType = "text/plain;charset=UTF-8"

// newResponse reads the arguments of Response.
func (h *Host) newResponse(content, init goja.Value) *response {
	r := &response{kind: "default", status: http.StatusOK}
	list := []pair{}
	if o, ok := init.(*goja.Object); ok {
		if v := o.Get("status"); v != nil && !goja.IsUndefined(v) {
			r.status = int(h.number(v).ToInteger())
			if r.status < 200 || r.status > 599 {
				panic(h.coded("RangeError", "ERR_OUT_OF_RANGE", "Response: the status must be from 200 to 599"))
			}
		}
		if v := o.Get("statusText"); v != nil && !goja.IsUndefined(v) {
			r.statusText = h.usv(v)
		}
		if v := o.Get("headers"); v != nil {
			list = h.headerList(v)
		}
	}
	contentType := ""
	r.body, contentType = h.bodyOf(content)
	if !r.body.null && slices.Contains([]int{204, 205, 304}, r.status) {
		panic(h.vm.NewTypeError("Response: a response of this status has no body"))
	}
	if contentType != "" && !slices.ContainsFunc(list, func(p pair) bool { return p.name == "content-type" }) {
		list = append(list, pair{"content-type", contentType})
	}
	r.headers = h.newHeaders(list)
	return r
}

// answered makes the Response of what a host answered.
func (h *Host) answered(from *Response) *goja.Object {
	list := []pair{}
	for _, line := range from.Headers {
		list = append(list, pair{strings.ToLower(line.Name), line.Value})
	}
	o := h.vm.CreateObject(h.responseClass().Get("prototype").(*goja.Object))
	h.responses[o] = &response{
		kind: "basic", status: from.Status, statusText: http.StatusText(from.Status), url: from.URL, redirected: from.Redirected,
		headers: h.newHeaders(list),
		body:    body{bytes: from.Body, null: slices.Contains([]int{204, 205, 304}, from.Status), text: true, raw: true},
	}
	return o
}
