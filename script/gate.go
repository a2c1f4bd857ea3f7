package script

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// errBusy is given when too many runs of one script wait.
var errBusy = errors.New("script: too many runs of it wait")

// gate lets so many runs of one script go on at a time, so that a slow script
// leaves workers to the others.
type gate struct {
	running, waiting int // how many may

	mu   sync.Mutex
	byID map[string]*turnstile
}

type turnstile struct {
	places chan struct{} // one for each run that goes on
	inside int           // runs that go on or wait
}

func newGate(running, waiting int) *gate {
	return &gate{running: running, waiting: waiting, byID: map[string]*turnstile{}}
}

// enter waits until a run of a script may go on; leave must be called then. The
// error is errBusy or that of ctx. A script without an identity is not held up.
func (g *gate) enter(ctx context.Context, id string) (leave func(), err error) {
	if id == "" {
		return func() {}, nil
	}
	g.mu.Lock()
	t := g.byID[id]
	if t == nil {
		t = &turnstile{places: make(chan struct{}, g.running)}
		g.byID[id] = t
	}
	if t.inside >= g.running+g.waiting {
		g.mu.Unlock()
		return nil, fmt.Errorf("%w (the limit MaxQueuedPerScript, %d)", errBusy, g.waiting)
	}
	t.inside++
	g.mu.Unlock()
	out := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if t.inside--; t.inside == 0 {
			delete(g.byID, id)
		}
	}
	select {
	case t.places <- struct{}{}:
		return func() { <-t.places; out() }, nil
	case <-ctx.Done():
		out()
		return nil, ctx.Err()
	}
}
