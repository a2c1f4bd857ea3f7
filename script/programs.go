package script

import (
	"sync"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/program"
)

// programs keeps compiled programs for runs in process; workers keep their own.
type programs struct {
	mu    sync.Mutex
	byKey map[programKey]*host.Script
}

type programKey struct {
	id     string
	sealed bool
}

func newPrograms() *programs { return &programs{byKey: map[programKey]*host.Script{}} }

func (c *programs) get(id, source string, sealed bool) (*host.Script, []program.Finding) {
	key := programKey{id, sealed}
	c.mu.Lock()
	s := c.byKey[key]
	c.mu.Unlock()
	if s != nil && id != "" {
		return s, nil
	}
	p, findings := program.Compile(source, program.Options{Sealed: sealed})
	if findings != nil {
		return nil, findings
	}
	s = host.NewScript(p)
	if id == "" {
		return s, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byKey) >= MaxCachedPrograms {
		clear(c.byKey)
	}
	c.byKey[key] = s
	return s, nil
}
