package script

import (
	"sync"

	"github.com/reticent/reticent/script/program"
)

// programs keeps compiled programs for runs in process; workers keep their own.
type programs struct {
	mu    sync.Mutex
	byKey map[programKey]*program.Program
}

type programKey struct {
	id     string
	sealed bool
}

func newPrograms() *programs { return &programs{byKey: map[programKey]*program.Program{}} }

func (c *programs) get(id, source string, sealed bool) (*program.Program, []program.Finding) {
	key := programKey{id, sealed}
	c.mu.Lock()
	p := c.byKey[key]
	c.mu.Unlock()
	if p != nil && id != "" {
		return p, nil
	}
	p, findings := program.Compile(source, program.Options{Sealed: sealed})
	if findings != nil || id == "" {
		return p, findings
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byKey) >= MaxCachedPrograms {
		clear(c.byKey)
	}
	c.byKey[key] = p
	return p, nil
}
