package script

import (
	"sync"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/script/worker"
)

// programs keeps compiled programs for runs in process; workers keep their own.
type programs struct {
	mu    sync.Mutex
	byKey map[programKey]*compiled
}

// compiled is a program and a runtime made ready for its next run.
type compiled struct {
	script *host.Script
	ready  chan *host.Host
}

// host gives a runtime that nothing has run in.
func (c *compiled) host() *host.Host {
	select {
	case h := <-c.ready:
		return h
	default:
		return host.Prepare(c.script)
	}
}

// prepare makes a runtime ready, unless there is one.
func (c *compiled) prepare() {
	if len(c.ready) > 0 {
		return
	}
	select {
	case c.ready <- host.Prepare(c.script):
	default:
	}
}

type programKey struct {
	id     string
	sealed bool
}

func newPrograms() *programs { return &programs{byKey: map[programKey]*compiled{}} }

func (c *programs) get(t worker.Task) (*compiled, []program.Finding) {
	key := programKey{t.ID, t.Sealed}
	c.mu.Lock()
	known := c.byKey[key]
	c.mu.Unlock()
	if known != nil && t.ID != "" {
		return known, nil
	}
	p, findings := program.Compile(t.Source, program.Options{Language: t.Language, Sealed: t.Sealed})
	if findings != nil {
		return nil, findings
	}
	made := &compiled{script: host.NewScript(p), ready: make(chan *host.Host, 1)}
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
