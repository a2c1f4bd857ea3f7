package host

import (
	_ "embed"
	"sync"

	"github.com/dop251/goja"
)

//go:embed stream.js
var streamSource string

var streamProgram = sync.OnceValue(func() *goja.Program { return goja.MustCompile("stream.js", streamSource, true) })

// streams gives what stream.js makes, which is run once a program needs it.
func (h *Host) streams() *goja.Object {
	if h.classes.streams == nil {
		h.installSymbols(map[string]bool{"asyncIterator": true})
		v, err := h.vm.RunProgram(streamProgram())
		if err != nil {
			panic(err)
		}
		make, _ := goja.AssertFunction(v)
		h.classes.streams = h.call(make, goja.Undefined()).(*goja.Object)
	}
	return h.classes.streams
}

func (h *Host) streamClass() goja.Value { return h.streams().Get("ReadableStream") }

// flows reports whether o is a stream or another thing that is gone over with for
// await. There is none before the program asked for the symbol or for a stream.
func (h *Host) flows(o *goja.Object) bool {
	symbol, _ := h.vm.GlobalObject().Get("Symbol").(*goja.Object)
	at, ok := symbol.Get("asyncIterator").(*goja.Symbol)
	if !ok {
		return false
	}
	_, ok = goja.AssertFunction(o.GetSymbol(at))
	return ok
}

// newStream makes the ReadableStream of a body. What is there already comes in
// chunks of MaxChunkBytes, a sealed one in one chunk.
func (h *Host) newStream(b *body) *goja.Object {
	if b.source != nil {
		if h.vm.InstanceOf(b.source, h.streamClass().(*goja.Object)) {
			return b.source
		}
		from, _ := goja.AssertFunction(h.streamClass().(*goja.Object).Get("from"))
		return h.call(from, h.streamClass(), b.source).(*goja.Object)
	}
	rest, started := string(b.bytes), false
	source := h.vm.NewObject()
	h.method(source, "pull", 1, func(c goja.FunctionCall) goja.Value {
		controller := c.Argument(0).(*goja.Object)
		tell := func(name string, args ...goja.Value) {
			f, _ := goja.AssertFunction(controller.Get(name))
			h.call(f, controller, args...)
		}
		if !started {
			h.take(b)
			started = true
		}
		if rest == "" {
			tell("close")
			return goja.Undefined()
		}
		chunk := rest
		if len(chunk) > MaxChunkBytes && !h.holds(rest) {
			chunk = chunk[:MaxChunkBytes]
		}
		rest = rest[len(chunk):]
		tell("enqueue", h.newBytes(chunk, kindUint8Array, b.text))
		return goja.Undefined()
	})
	h.method(source, "cancel", 1, func(goja.FunctionCall) goja.Value {
		rest, started, b.used = "", true, true
		return goja.Undefined()
	})
	strategy := h.vm.NewObject()
	_ = strategy.Set("highWaterMark", 0)
	stream, err := h.vm.New(h.streamClass(), source, strategy)
	if err != nil {
		panic(err)
	}
	return stream
}

// gathered gives a promise of what f gives once all of a body is there. Chunks are
// bytes or text, and counted as they come.
func (h *Host) gathered(b *body, f func() goja.Value) goja.Value {
	if b.source == nil {
		return h.promised(f)
	}
	drain, _ := goja.AssertFunction(h.streams().Get("drain"))
	source := b.source
	b.source, b.text = nil, true
	var read []byte
	done := h.call(drain, goja.Undefined(), source, h.vm.ToValue(func(c goja.FunctionCall) goja.Value {
		chunk, text, ok := h.binary(c.Argument(0))
		if !ok {
			if !goja.IsString(c.Argument(0)) {
				panic(h.vm.NewTypeError("a chunk of a body must be bytes or a string"))
			}
			chunk, text = h.usv(c.Argument(0)), true
		}
		b.text = b.text && text
		read = append(read, chunk...)
		h.bounded(body{bytes: Bytes(read)})
		return goja.Undefined()
	})).(*goja.Object)
	then, _ := goja.AssertFunction(done.Get("then"))
	return h.call(then, done, h.vm.ToValue(func(goja.FunctionCall) goja.Value {
		b.bytes = Bytes(read)
		return f()
	}))
}
