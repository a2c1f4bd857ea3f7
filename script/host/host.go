// Package host runs a compiled script in a JavaScript runtime and gives it what
// it may call: console, timers, fetch, encoders, context.secrets.
//
// # How it fits
//
// It runs inside a worker process (package worker), or in process for tests and
// embedding, and reaches the server through a [Bridge] only. It never holds a
// plaintext: every secret that it sees is a surrogate.
//
// # What it protects
//
// That a script decides as it would on plaintext, or is refused. The operators
// were rewritten by package program; this package compares for them ([Host]'s
// helpers) and stands guard before the built-in functions, each of which is
// classified in builtins.go. A mistake here gives a wrong decision to a script;
// it cannot give anybody a plaintext.
package host

import (
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// Host is a runtime for one run. It is used once.
type Host struct {
	vm     *goja.Runtime
	job    Job
	bridge Bridge
	limits Limits

	live    map[string]bool // what is known of texts in the form of a surrogate
	codes   map[*goja.Object]Code
	guarded map[*goja.Object]*goja.Object // function -> its guard
	whole   bool                          // every guard is installed

	engine *engineJSON

	prepared *Script       // what was installed is for this one
	body     goja.Callable // the author's source as a function, not yet called
	helpers  []goja.Value  // of its operators; nil until they are needed
	modules  modules

	console   console
	loop      loop
	params    map[*goja.Object]*params
	headers   map[*goja.Object]*headers
	addresses map[*goja.Object]*address
	inURL     map[string]bool // surrogates that stand in URLs, encoded
	requests  map[*goja.Object]*request
	responses map[*goja.Object]*response
	blobs     map[*goja.Object]*blob
	forms     map[*goja.Object]*formData
	keys      map[*goja.Object]*heldKey
	sealed    map[*goja.Object]*sealedBytes
	keyNames  map[*goja.Object]string // keys of context.keys
	secrets   *secrets
	variables *goja.Object // for getProperty
	classes   classes
	rejected  map[*goja.Promise]bool
	ended     *Failure                // why the run must end, once it must
	stopped   atomic.Pointer[Failure] // its time is over
	started   time.Time
}

// New prepares a runtime that nothing has run in.
func New() *Host {
	h := &Host{vm: goja.New(), live: map[string]bool{}, codes: map[*goja.Object]Code{},
		guarded: map[*goja.Object]*goja.Object{}, rejected: map[*goja.Promise]bool{}}
	h.vm.SetPromiseRejectionTracker(func(p *goja.Promise, op goja.PromiseRejectionOperation) {
		if op == goja.PromiseRejectionReject {
			h.rejected[p] = true
		} else {
			delete(h.rejected, p)
		}
	})
	return h
}

// Prepare makes a runtime for a run of s that may come: what the script can reach
// is in it, and nothing of the script has run. Whoever is idle does that ahead of the next run,
// which for a busy script is one of the same script.
func Prepare(s *Script) *Host {
	h := New()
	h.job.Script = s
	if h.install() != nil {
		return New() // the run fails as this did, and says so
	}
	if h.warm() != nil {
		return New()
	}
	h.prepared = s
	return h
}

// warm has the engine build what it builds when it is first needed, and what
// nearly every run of the script needs.
func (h *Host) warm() error {
	if _, err := h.vm.RunProgram(asyncCode); err != nil {
		return err
	}
	if says(&h.job.Script.Modules[0].Info, species...) {
		h.vm.GlobalObject().Get("Array")
	}
	return nil
}

// asyncCode makes promises and asynchronous functions.
var asyncCode = goja.MustCompile("", `(async function () {})()`, false)

// species are the methods that make an array with what the constructor of theirs
// says (ECMA-262 ArraySpeciesCreate).
var species = []string{"Array", "concat", "filter", "flat", "flatMap", "map", "slice", "splice"}

// Fits reports whether the runtime can run s: it was made for any script or for
// this one.
func (h *Host) Fits(s *Script) bool { return h.prepared == nil || h.prepared == s }

// Run runs the job, whose script must fit. It never panics, and ends within the
// time limit unless the script sits in a built-in function; a worker is killed
// then.
func (h *Host) Run(job Job, bridge Bridge) (out Outcome) {
	h.job, h.bridge, h.limits = job, bridge, job.Limits.WithDefaults()
	h.started = time.Now()
	deadline := h.started.Add(h.limits.Time)
	timer := time.AfterFunc(h.limits.Time, func() { h.Stop(OutOfTime(h.limits.Time)) })
	defer timer.Stop()
	defer func() {
		if x := recover(); x != nil {
			out.Failure = panicFailure(x)
			if f := h.stopped.Load(); f != nil { // the interrupt of an unwrapped call
				out.Failure = f
			}
		}
		if h.ended != nil { // whatever became of the interrupt
			out.Failure = h.ended
		}
		if out.Failure != nil {
			out.Output = nil
		}
		out.Console, out.ConsoleTruncated = h.console.lines, h.console.truncated
	}()
	h.vm.SetMaxCallStackSize(h.limits.CallDepth)
	value, err := h.evaluate(deadline)
	if err == nil {
		out.Output, err = h.output(value)
	}
	if err != nil {
		out.Failure = h.failure(err)
	}
	return out
}

// evaluate gives what the handler's promise resolves to.
func (h *Host) evaluate(deadline time.Time) (goja.Value, error) {
	if err := h.literals(); err != nil {
		return nil, err
	}
	if h.prepared == nil {
		if err := h.install(); err != nil {
			return nil, err
		}
	}
	exports, err := h.load(0)
	if err != nil {
		return nil, err
	}
	handler, ok := h.handler(exports)
	if !ok {
		return nil, &Failure{Code: CodeNoHandler,
			Message: "the script exports no function; write module.exports = async function (context) { … } or export default async function (context) { … }"}
	}
	context, err := h.context()
	if err != nil {
		return nil, err
	}
	result, err := handler(goja.Undefined(), context)
	if err != nil {
		return nil, err
	}
	return h.settle(result, deadline)
}

// handler gives the function that a script exports, as a whole or by export
// default.
func (h *Host) handler(exports goja.Value) (f goja.Callable, ok bool) {
	if f, ok = goja.AssertFunction(exports); ok {
		return f, true
	}
	if o, isObject := exports.(*goja.Object); isObject {
		_ = h.vm.Try(func() { f, ok = goja.AssertFunction(o.Get("default")) }) // a getter that throws exports nothing
	}
	return f, ok
}

// literals refuses a source that holds a live surrogate as text.
func (h *Host) literals() error {
	for _, s := range h.job.Script.Suspects {
		held, err := h.bridge.Holds(s)
		if err != nil {
			return err
		}
		if held {
			return seal.Errorf(seal.CodeLiveSurrogate, "the script's text holds a surrogate of this run")
		}
	}
	return nil
}

// panicFailure tells what a Go panic of the engine means. Its text is not passed
// on.
func panicFailure(x any) *Failure {
	text := fmt.Sprint(x)
	for _, sign := range []string{"len out of range", "cap out of range", "too large", "Repeat", "out of memory", "overflow"} {
		if strings.Contains(text, sign) {
			return &Failure{Code: CodeMemory, Message: "the script asked for more memory than there is"}
		}
	}
	return &Failure{Code: CodeEngine, Message: "the engine failed on this script; please report it with its source"}
}

// Limit sets the limits of the process that scripts run in.
func Limit(memoryBytes int64, stackBytes int) {
	debug.SetMemoryLimit(memoryBytes)
	// A run leaves some 50 kB behind and nothing of it lives on: let there be more
	// before it is collected. The memory limit holds all the same.
	debug.SetGCPercent(collectPercent)
	debug.SetMaxStack(stackBytes)
}

// collectPercent is how much a worker's heap may grow before it is collected
// (debug.SetGCPercent).
const collectPercent = 400

// install puts in what the program can reach: host functions, guards before the
// built-in ones, and the helpers of its operators.
func (h *Host) install() error {
	h.reachable(0)
	var err error
	h.body, err = h.unit(0)
	return err
}

func define(o *goja.Object, name string, v goja.Value) {
	if err := o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		panic(err)
	}
}

// function makes a function of the host.
func (h *Host) function(name string, length int, f func(goja.FunctionCall) goja.Value) *goja.Object {
	return h.named(f, h.vm.ToValue(name), h.vm.ToValue(length))
}

func (h *Host) named(f func(goja.FunctionCall) goja.Value, name, length goja.Value) *goja.Object {
	o := h.vm.ToValue(f).(*goja.Object)
	_ = o.DefineDataProperty("name", name, goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = o.DefineDataProperty("length", length, goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return o
}

func (h *Host) method(o *goja.Object, name string, length int, f func(goja.FunctionCall) goja.Value) {
	define(o, name, h.function(name, length, f))
}
