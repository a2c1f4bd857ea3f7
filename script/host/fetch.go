package host

import "github.com/dop251/goja"

// newFetch makes fetch. It gives a promise of a Response; what egress refuses
// rejects it with the code that egress gave, and a signal with its reason.
func (h *Host) newFetch() goja.Value {
	return h.function("fetch", 2, func(c goja.FunctionCall) goja.Value {
		if !h.job.Script.Fetches {
			panic(h.vm.NewTypeError("fetch is there for scripts that call it by its name"))
		}
		promise, resolve, reject := h.vm.NewPromise()
		ex := h.vm.Try(func() {
			h.requestClass()
			r := h.newRequest(c.Argument(0), c.Argument(1))
			if aborted(r.signal) {
				h.must(reject(r.signal.Get("reason")))
				return
			}
			h.take(&r.body)
			if r.body.source == nil {
				h.send(r, resolve, reject)
				return
			}
			h.must(resolve(h.gathered(&r.body, func() goja.Value {
				sent, resolve, reject := h.vm.NewPromise()
				if aborted(r.signal) {
					h.must(reject(r.signal.Get("reason")))
				} else {
					h.send(r, resolve, reject)
				}
				return h.vm.ToValue(sent)
			})))
		})
		if ex != nil {
			h.must(reject(ex.Value()))
		}
		return h.vm.ToValue(promise)
	})
}

// send has the server send a request.
func (h *Host) send(r *request, resolve, reject func(any) error) {
	out := Request{Method: r.method, URL: r.url, Body: r.body.bytes, Redirect: r.redirect, Digest: r.digest, Seal: r.seal}
	for _, p := range h.headers[r.headers].list {
		out.Headers = append(out.Headers, Header{Name: p.name, Value: p.value})
	}
	h.loop.requests++
	id := h.loop.requests
	h.must(h.bridge.Fetch(id, out))
	if h.loop.fetches == nil {
		h.loop.fetches = map[int]func(Completion){}
	}
	h.loop.fetches[id] = func(end Completion) {
		if end.Error != nil {
			_ = reject(h.newError(end.Error.Code, end.Error.Message))
			return
		}
		_ = resolve(h.answered(end.Response))
	}
	if r.signal == nil {
		return
	}
	h.onAbort(r.signal, func(reason goja.Value) {
		if h.loop.fetches[id] == nil {
			return
		}
		delete(h.loop.fetches, id)
		h.must(h.bridge.Cancel(id))
		_ = reject(reason)
	})
}
