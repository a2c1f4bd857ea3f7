package policy

import (
	"context"
	"encoding/json"
	"log/slog"
	"runtime"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore/seal"
)

// Bound is a policy with its secrets, ready to decide. It is immutable and safe
// for concurrent use.
type Bound struct{ engine engine }

// engine decides. It may panic.
type engine interface {
	decide(ctx context.Context, input json.RawMessage, o seal.Options) Decision
	// batch gives a function that decides on the objects that have some parts. It
	// reads a part, and seals it, once; it is for one goroutine.
	batch(o seal.Options) func(ctx context.Context, parts []*jsonvalue.Part) Decision
}

// Evaluate decides on an input, which is JSON; an empty one is an input with
// nothing in it. It ends soon after ctx does, and within the engine's own limit.
// It fails closed: whatever goes wrong is a deny whose Error says what.
func (b *Bound) Evaluate(ctx context.Context, input json.RawMessage, o seal.Options) Decision {
	return guarded(ctx, func() Decision { return b.engine.decide(ctx, input, o) })
}

// guarded makes a deny of a panic.
func guarded(ctx context.Context, decide func() Decision) (d Decision) {
	defer func() {
		if fault := recover(); fault != nil {
			// The value of a panic may quote what was evaluated.
			slog.ErrorContext(ctx, "the evaluation of a policy panicked", "at", panicSite())
			d = denied(CodeFailed, "the evaluation failed; the server's log says where")
		}
	}()
	return decide()
}

// maxPanicFrames is how many callers of a panic are logged.
const maxPanicFrames = 16

// panicSite gives the functions that led to a panic, without their arguments.
func panicSite() []string {
	callers := make([]uintptr, maxPanicFrames)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	var out []string
	for {
		frame, more := frames.Next()
		out = append(out, frame.Function)
		if !more {
			return out
		}
	}
}
