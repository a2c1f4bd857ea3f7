package script

import (
	"sync"
	"sync/atomic"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/script/worker"
)

// programs keeps compiled programs for runs in process; workers keep their own.
type programs struct {
	units *program.Cache
	mu    sync.Mutex
	byKey map[programKey]*compiled
}

// compiled is a program and runtimes made ready for its next runs.
type compiled struct {
	script    *host.Script
	ready     chan *host.Host
	preparing atomic.Bool
}

// maxReady is how many runtimes are kept ready for a program: enough that one
// wake-up of whoever prepares them serves several runs.
const maxReady = 4

// host gives a runtime that nothing has run in.
func (c *compiled) host() *host.Host {
	select {
	case h := <-c.ready:
		return h
	default:
		return host.Prepare(c.script)
	}
}

// prepare makes runtimes ready in the background, unless that is under way.
func (c *compiled) prepare() {
	if len(c.ready) > maxReady/2 || !c.preparing.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer c.preparing.Store(false)
		for len(c.ready) < cap(c.ready) { // nobody else adds any
			c.ready <- host.Prepare(c.script)
		}
	}()
}

type programKey struct {
	id     string
	sealed bool
}

func newPrograms() *programs {
	return &programs{units: program.NewCache(), byKey: map[programKey]*compiled{}}
}

func (c *programs) get(t worker.Task) (*compiled, []program.Finding) {
	key := programKey{t.ID, t.Sealed}
	c.mu.Lock()
	known := c.byKey[key]
	c.mu.Unlock()
	if known != nil && t.ID != "" {
		return known, nil
	}
	p, findings := program.Compile(t.Units, program.Options{Sealed: t.Sealed, Cache: c.units})
	if findings != nil {
		return nil, findings
	}
	made := &compiled{script: host.NewScript(p), ready: make(chan *host.Host, maxReady)}
	if t.ID == "" {
		return made, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byKey) >= MaxCachedPrograms {
		clear(c.byKey)
	}
	c.byKey[key] = made
	return made, nil
}
