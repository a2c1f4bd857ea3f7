package host

import (
	"net/http"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// request is the state of a Request (WHATWG Fetch, section 5.4).
type request struct {
	method, url string
	headers     *goja.Object
	body        body
	redirect    string
	seal        []SealedField
	digest      string
	signal      *goja.Object // nil: none
}

// requestClass makes Request.
func (h *Host) requestClass() *goja.Object {
	if h.classes.request != nil {
		return h.classes.request
	}
	h.requests = map[*goja.Object]*request{}
	class := h.class("Request", 1, func(c goja.ConstructorCall) *goja.Object {
		h.requests[c.This] = h.newRequest(c.Argument(0), c.Argument(1))
		return nil
	})
	h.classes.request = class
	proto := class.Get("prototype").(*goja.Object)
	this := func(c goja.FunctionCall) *request {
		o, _ := c.This.(*goja.Object)
		r, ok := h.requests[o]
		if !ok {
			panic(h.vm.NewTypeError("this is no Request"))
		}
		return r
	}
	for name, f := range map[string]func(*request) any{
		"method": func(r *request) any { return r.method },
		"url":    func(r *request) any { return r.url },
		"headers": func(r *request) any {
			return r.headers
		},
		"redirect": func(r *request) any { return r.redirect },
		"signal": func(r *request) any {
			if r.signal == nil {
				c, err := h.vm.New(h.webClass("AbortController"))
				if err != nil {
					panic(err)
				}
				r.signal = c.Get("signal").(*goja.Object)
			}
			return r.signal
		},
	} {
		h.getter(proto, name, func(c goja.FunctionCall) any { return f(this(c)) })
	}
	h.bodyMethods(proto, func(c goja.FunctionCall) (*body, *goja.Object) { return &this(c).body, this(c).headers })
	h.method(proto, "clone", 0, func(c goja.FunctionCall) goja.Value {
		r := *this(c)
		r.body = h.copied(r.body)
		r.headers = h.newHeaders(slices.Clone(h.headers[r.headers].list))
		o := h.vm.CreateObject(proto)
		h.requests[o] = &r
		return o
	})
	return class
}

// newRequest reads the arguments of fetch and of Request.
func (h *Host) newRequest(target, init goja.Value) *request {
	h.headersClass()
	r := &request{method: http.MethodGet, redirect: "follow", body: body{null: true}}
	from, _ := target.(*goja.Object)
	list := []pair{}
	if other, ok := h.requests[from]; ok {
		*r = *other
		list = slices.Clone(h.headers[other.headers].list)
		r.body.stream = nil
		h.take(&other.body)
	} else {
		r.url = h.usv(target)
	}
	o, ok := init.(*goja.Object)
	if !ok {
		r.headers = h.newHeaders(list)
		return r
	}
	get := func(name string) (goja.Value, bool) {
		v := o.Get(name)
		return v, v != nil && !goja.IsUndefined(v)
	}
	if v, ok := get("method"); ok {
		r.method = h.methodName(v)
	}
	if v, ok := get("headers"); ok {
		list = h.headerList(v)
	}
	if v, ok := get("redirect"); ok {
		r.redirect = h.key(v).String()
		if r.redirect != "follow" && r.redirect != "error" && r.redirect != "manual" {
			panic(h.vm.NewTypeError("fetch: redirect must be 'follow', 'error' or 'manual'"))
		}
	}
	if v, ok := get("signal"); ok {
		r.signal = h.abortSignal(v)
	}
	if v, ok := get("digest"); ok {
		r.digest = h.key(v).String()
	}
	if v, ok := get("seal"); ok {
		r.seal = h.sealedFields(v)
	}
	if v, ok := get("body"); ok && !goja.IsNull(v) {
		contentType := ""
		r.body, contentType = h.bodyOf(v)
		if contentType != "" && !slices.ContainsFunc(list, func(p pair) bool { return p.name == "content-type" }) {
			list = append(list, pair{"content-type", contentType})
		}
	}
	if !r.body.null && (r.method == http.MethodGet || r.method == http.MethodHead) {
		panic(h.vm.NewTypeError("fetch: a %s request has no body; say method: 'POST'", r.method))
	}
	r.headers = h.newHeaders(list)
	return r
}

// methodName reads a method; the usual ones are spelled in capitals.
func (h *Host) methodName(v goja.Value) string {
	s := h.usv(v)
	if h.holds(s) {
		h.refuse("making it the method of a request", "write the method out")
	}
	switch upper := strings.ToUpper(s); upper {
	case "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT":
		return upper
	}
	return s
}

// sealedFields reads seal: pointers, and objects {pointer, allowed_hosts,
// allowed_in}.
func (h *Host) sealedFields(v goja.Value) []SealedField {
	list, ok := v.(*goja.Object)
	if !ok || list.ClassName() != "Array" {
		panic(h.vm.NewTypeError("fetch: seal must be an array of JSON pointers, such as ['/access_token']"))
	}
	out := []SealedField{}
	h.eachElement(list, func(el goja.Value) {
		o, ok := el.(*goja.Object)
		if !ok {
			out = append(out, SealedField{Pointer: h.key(el).String()})
			return
		}
		f := SealedField{}
		for _, k := range o.Keys() {
			switch k {
			case "pointer":
				f.Pointer = h.key(o.Get(k)).String()
			case "allowed_hosts":
				f.AllowedHosts = h.names(o.Get(k))
			case "allowed_in":
				f.AllowedIn = h.names(o.Get(k))
			default:
				panic(h.vm.NewTypeError("fetch: an element of seal has pointer, allowed_hosts and allowed_in, and nothing else"))
			}
		}
		out = append(out, f)
	})
	return out
}

// names reads an array of strings, none of them sealed.
func (h *Host) names(v goja.Value) []string {
	list, ok := v.(*goja.Object)
	if !ok || list.ClassName() != "Array" {
		panic(h.vm.NewTypeError("fetch: allowed_hosts and allowed_in of seal are arrays of strings"))
	}
	out := []string{}
	h.eachElement(list, func(el goja.Value) { out = append(out, h.key(el).String()) })
	return out
}
