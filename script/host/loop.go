package host

import (
	"container/heap"
	"time"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// loop is what waits for its time or for an answer.
type loop struct {
	timers  timers
	waiting map[int64]*timer
	last    int64
	fetches map[int]func(Completion)
	// requests counts them: an id is not used twice, as the end of one that was
	// given up may still come.
	requests int
}

type timer struct {
	id     int64
	at     time.Time
	every  time.Duration // > 0 for an interval
	f      goja.Callable
	args   []goja.Value
	ended  bool
	serial int64
}

type timers []*timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	if !t[i].at.Equal(t[j].at) {
		return t[i].at.Before(t[j].at)
	}
	return t[i].serial < t[j].serial
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(*timer)) }
func (t *timers) Pop() any {
	old := *t
	x := old[len(old)-1]
	*t = old[:len(old)-1]
	return x
}

// settle drives timers and requests until the promise is settled.
func (h *Host) settle(result goja.Value, deadline time.Time) (goja.Value, error) {
	promise, ok := result.Export().(*goja.Promise)
	if !ok {
		return result, h.unhandled(nil)
	}
	for promise.State() == goja.PromiseStatePending {
		if err := h.step(deadline); err != nil {
			return nil, err
		}
	}
	if promise.State() == goja.PromiseStateRejected {
		return nil, rejection{promise.Result()}
	}
	return promise.Result(), h.unhandled(promise)
}

// unhandled fails a run that left a rejection unhandled: a check that nobody
// awaited must not pass.
func (h *Host) unhandled(promise *goja.Promise) error {
	for p := range h.rejected {
		if p != promise {
			return rejection{p.Result()}
		}
	}
	return nil
}

// step waits for the next thing and runs it.
func (h *Host) step(deadline time.Time) error {
	if h.ended != nil {
		return h.ended
	}
	if f := h.stopped.Load(); f != nil {
		return f
	}
	for len(h.loop.timers) > 0 && h.loop.timers[0].ended {
		heap.Pop(&h.loop.timers)
	}
	if len(h.loop.timers) == 0 && len(h.loop.fetches) == 0 {
		return &Failure{Code: CodePending, Message: "the script awaits a promise that nothing will settle"}
	}
	until, due := deadline, false
	if len(h.loop.timers) > 0 && h.loop.timers[0].at.Before(until) {
		until, due = h.loop.timers[0].at, true
	}
	if len(h.loop.fetches) == 0 {
		time.Sleep(time.Until(until))
	} else if !due || time.Until(until) > 0 {
		c, ok, err := h.bridge.Wait(until)
		if err != nil {
			return err
		}
		if ok {
			return h.complete(c)
		}
	}
	if !due {
		return OutOfTime(h.limits.Time)
	}
	return h.fire(heap.Pop(&h.loop.timers).(*timer))
}

func (h *Host) complete(c Completion) error {
	end, ok := h.loop.fetches[c.ID]
	if !ok {
		return nil
	}
	delete(h.loop.fetches, c.ID)
	// Callbacks run in a call of the engine, so that promises go on after it.
	f, _ := goja.AssertFunction(h.vm.ToValue(func(goja.FunctionCall) goja.Value {
		end(c)
		return goja.Undefined()
	}))
	_, err := f(goja.Undefined())
	return err
}

func (h *Host) fire(t *timer) error {
	if t.every > 0 {
		t.at = time.Now().Add(t.every)
		heap.Push(&h.loop.timers, t)
	} else {
		delete(h.loop.waiting, t.id)
	}
	_, err := t.f(goja.Undefined(), t.args...)
	return err
}

func (h *Host) setTimer(name string, repeat bool) goja.Value {
	return h.function(name, 2, func(c goja.FunctionCall) goja.Value {
		f, ok := goja.AssertFunction(c.Argument(0))
		if !ok {
			panic(h.vm.NewTypeError("%s: the callback is not a function", name))
		}
		if len(h.loop.waiting) >= h.limits.Timers {
			h.end(&seal.Error{Code: CodeCalls, Message: "too many timers wait (the limit Timers)"})
		}
		ms := h.number(c.Argument(1)).ToFloat()
		if !(ms >= 1) { // NaN too
			ms = 1
		}
		wait := time.Duration(min(ms, 1<<31) * float64(time.Millisecond))
		h.loop.last++
		t := &timer{id: h.loop.last, serial: h.loop.last, at: time.Now().Add(wait), f: f}
		if repeat {
			t.every = wait
		}
		if len(c.Arguments) > 2 {
			t.args = c.Arguments[2:]
		}
		if h.loop.waiting == nil {
			h.loop.waiting = map[int64]*timer{}
		}
		h.loop.waiting[t.id] = t
		heap.Push(&h.loop.timers, t)
		return h.vm.ToValue(t.id)
	})
}

// newSetImmediate makes Node's setImmediate: a timer without a time.
func (h *Host) newSetImmediate() goja.Value {
	set, _ := goja.AssertFunction(h.setTimer("setImmediate", false))
	return h.function("setImmediate", 1, func(c goja.FunctionCall) goja.Value {
		return h.call(set, goja.Undefined(), append([]goja.Value{c.Argument(0), goja.Undefined()}, rest(c.Arguments)...)...)
	})
}

func (h *Host) clearTimer(name string) goja.Value {
	return h.function(name, 1, func(c goja.FunctionCall) goja.Value {
		if id := c.Argument(0); goja.IsNumber(id) {
			if t, ok := h.loop.waiting[id.ToInteger()]; ok {
				t.ended = true
				delete(h.loop.waiting, t.id)
			}
		}
		return goja.Undefined()
	})
}

func (h *Host) queueMicrotask() goja.Value {
	return h.function("queueMicrotask", 1, func(c goja.FunctionCall) goja.Value {
		f, ok := goja.AssertFunction(c.Argument(0))
		if !ok {
			panic(h.vm.NewTypeError("queueMicrotask: the callback is not a function"))
		}
		promise, resolve, _ := h.vm.NewPromise()
		then, _ := goja.AssertFunction(h.vm.ToValue(promise).(*goja.Object).Get("then"))
		h.call(then, h.vm.ToValue(promise), h.vm.ToValue(func(goja.FunctionCall) goja.Value {
			return h.call(f, goja.Undefined())
		}))
		h.must(resolve(goja.Undefined()))
		return goja.Undefined()
	})
}
