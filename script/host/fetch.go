package host

import (
	"net/http"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// answer is the state of a Response.
type answer struct {
	response *Response
	headers  *goja.Object
	used     bool
}

// newFetch makes fetch. It gives a promise of a Response; what egress refuses
// rejects it with the code that egress gave.
func (h *Host) newFetch() goja.Value {
	return h.function("fetch", 2, func(c goja.FunctionCall) goja.Value {
		if !h.job.Script.Fetches {
			panic(h.vm.NewTypeError("fetch is there for scripts that call it by its name"))
		}
		promise, resolve, reject := h.vm.NewPromise()
		var request Request
		if ex := h.vm.Try(func() { request = h.request(c.Argument(0), c.Argument(1)) }); ex != nil {
			h.must(reject(ex.Value()))
			return h.vm.ToValue(promise)
		}
		id := len(h.loop.fetches) + 1
		for h.loop.fetches[id] != nil {
			id++
		}
		if h.loop.fetches == nil {
			h.loop.fetches = map[int]func(Completion){}
		}
		h.must(h.bridge.Fetch(id, request))
		h.loop.fetches[id] = func(end Completion) {
			if end.Error != nil {
				_ = reject(h.newError(end.Error.Code, end.Error.Message))
				return
			}
			_ = resolve(h.newAnswer(end.Response))
		}
		return h.vm.ToValue(promise)
	})
}

// request reads the arguments of fetch.
func (h *Host) request(target, init goja.Value) Request {
	r := Request{Method: http.MethodGet, URL: h.usv(target)}
	o, ok := init.(*goja.Object)
	if !ok {
		return r
	}
	if v := o.Get("method"); v != nil && !goja.IsUndefined(v) {
		r.Method = strings.ToUpper(h.methodName(v))
	}
	h.headersClass()
	if v := o.Get("headers"); v != nil {
		for _, p := range h.headerList(v) {
			r.Headers = append(r.Headers, Header{Name: p.name, Value: p.value})
		}
	}
	v := o.Get("body")
	if v == nil || isNullish(v) {
		return r
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		panic(h.vm.NewTypeError("fetch: a %s request has no body; say method: 'POST'", r.Method))
	}
	contentType := "text/plain;charset=UTF-8"
	if object, ok := v.(*goja.Object); ok {
		if p, ok := h.params[object]; ok {
			r.Body = Bytes(h.encodeParams(p))
			contentType = "application/x-www-form-urlencoded;charset=UTF-8"
		} else if object.ClassName() != "String" {
			panic(h.vm.NewTypeError("fetch: the body must be a string or URLSearchParams; use JSON.stringify for an object"))
		}
	}
	if r.Body == "" {
		r.Body = Bytes(h.usv(v))
	}
	if len(r.Body) > h.limits.BodyBytes {
		panic(h.vm.NewTypeError("fetch: the body is larger than %d bytes (the limit BodyBytes)", h.limits.BodyBytes))
	}
	if !slices.ContainsFunc(r.Headers, func(l Header) bool { return l.Name == "content-type" }) {
		r.Headers = append(r.Headers, Header{Name: "content-type", Value: contentType})
	}
	return r
}

func (h *Host) methodName(v goja.Value) string {
	s := h.usv(v)
	if h.holds(s) {
		h.refuse("making it the method of a request", "write the method out")
	}
	return s
}

// newAnswer makes a Response.
func (h *Host) newAnswer(r *Response) *goja.Object {
	if h.classes.answer == nil {
		h.classes.answer = h.answerPrototype()
	}
	o := h.vm.CreateObject(h.classes.answer)
	list := &headers{}
	for _, line := range r.Headers {
		list.list = append(list.list, pair{strings.ToLower(line.Name), line.Value})
	}
	headersObject := h.vm.CreateObject(h.headersClass().Get("prototype").(*goja.Object))
	h.headers[headersObject] = list
	h.answers[o] = &answer{response: r, headers: headersObject}
	return o
}

func (h *Host) answerPrototype() *goja.Object {
	h.answers = map[*goja.Object]*answer{}
	proto := h.vm.NewObject()
	this := func(c goja.FunctionCall) *answer {
		o, _ := c.This.(*goja.Object)
		a, ok := h.answers[o]
		if !ok {
			panic(h.vm.NewTypeError("this is no Response"))
		}
		return a
	}
	getter := func(name string, f func(a *answer) any) {
		get := h.vm.ToValue(func(c goja.FunctionCall) goja.Value { return h.vm.ToValue(f(this(c))) })
		_ = proto.DefineAccessorProperty(name, get, nil, goja.FLAG_TRUE, goja.FLAG_TRUE)
	}
	getter("ok", func(a *answer) any { return a.response.Status >= 200 && a.response.Status < 300 })
	getter("status", func(a *answer) any { return a.response.Status })
	getter("statusText", func(a *answer) any { return http.StatusText(a.response.Status) })
	getter("url", func(a *answer) any { return a.response.URL })
	getter("headers", func(a *answer) any { return a.headers })
	getter("bodyUsed", func(a *answer) any { return a.used })
	body := func(name string, f func(string) goja.Value) {
		h.method(proto, name, 0, func(c goja.FunctionCall) goja.Value {
			a := this(c)
			promise, resolve, reject := h.vm.NewPromise()
			ex := h.vm.Try(func() {
				if a.used {
					panic(h.vm.NewTypeError("the body has been read already"))
				}
				a.used = true
				h.must(resolve(f(decodeUTF8(string(a.response.Body)))))
			})
			if ex != nil {
				h.must(reject(ex.Value()))
			}
			return h.vm.ToValue(promise)
		})
	}
	body("text", func(s string) goja.Value { return h.vm.ToValue(s) })
	// A surrogate in the body stands inside a JSON string, where its plaintext
	// stood escaped; parsing the sealed text gives the same tree.
	body("json", func(s string) goja.Value { return h.call(h.jsonParse, goja.Undefined(), h.vm.ToValue(s)) })
	_ = proto.DefineDataPropertySymbol(goja.SymToStringTag, h.vm.ToValue("Response"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return proto
}
