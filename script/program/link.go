package program

import (
	"maps"
	"slices"
	"sync"

	"github.com/dop251/goja"
)

// build makes one program.
type build struct {
	Options
	units    []Unit
	readings []*reading
	modules  []Module
	findings []Finding
}

// program reads every unit before it compiles any: whether one names a secret
// decides how all are rewritten.
func (b *build) program() *Program {
	if !b.within() || !b.read() {
		return nil
	}
	p := &Program{Info: Together(), Sealed: b.Sealed, Helpers: map[string]bool{}}
	for i, r := range b.readings {
		p.merge(&r.info)
		p.Sealed = p.Sealed || r.secrets || r.info.Fetches
		b.modules[i].Info = r.info
	}
	p.Requires = b.readings[0].info.Requires
	how := style{sealed: p.Sealed, binary: p.Sealed && saysBinary(p.Names)}
	for i := range b.units {
		c := b.compile(i, how, p.Names)
		b.modules[i].Code = c.code
		maps.Copy(p.Helpers, c.helpers)
	}
	if slices.ContainsFunc(b.findings, func(f Finding) bool { return !f.StringOnly }) {
		return nil
	}
	p.Modules = b.modules
	return p
}

func (b *build) within() bool {
	size := 0
	for _, u := range b.units {
		size += len(u.Source)
	}
	switch {
	case len(b.units) > MaxModules:
		b.findings = []Finding{{Code: CodeLimit, Line: 1, Column: 1, Message: "the script has more than 63 modules, theirs included (MaxModules)"}}
	case size > MaxProgramBytes:
		b.findings = []Finding{{Code: CodeLimit, Line: 1, Column: 1, Message: "the script and its modules are larger than 4194304 bytes (MaxProgramBytes)"}}
	}
	return b.findings == nil
}

// read reads the units and links them; those of Node's that they ask for are
// added.
func (b *build) read() bool {
	node := map[string]int{}
	for i := 0; i < len(b.units); i++ {
		u := &b.units[i]
		r, findings := b.reading(u)
		b.found(u, findings)
		if r == nil {
			return false
		}
		b.readings = append(b.readings, r)
		m := Module{Name: u.Name, Uses: maps.Clone(u.Uses), Native: map[string]string{}}
		if m.Uses == nil {
			m.Uses = map[string]int{}
		}
		if u.Library {
			m.Library = u.fileName()
		}
		for _, want := range r.info.Requires {
			short, ok := CutBuiltin(want.Name)
			if !ok && !u.builtin() {
				continue
			}
			if NativeModules[short] {
				m.Native[want.Name] = short
				continue
			}
			if _, added := node[short]; !added {
				node[short] = len(b.units)
				b.units = append(b.units[:len(b.units):len(b.units)], nodeUnit(short))
			}
			m.Uses[want.Name] = node[short]
		}
		b.modules = append(b.modules, m)
	}
	return true
}

func (b *build) found(u *Unit, findings []Finding) {
	for _, f := range findings {
		f.Module = u.Name
		b.findings = append(b.findings, f)
	}
}

// reading reads a unit, unless that was done before.
func (b *build) reading(u *Unit) (*reading, []Finding) {
	if info := b.Cache.info(u.ID); info != nil && !b.Check {
		return info, nil
	}
	return u.read(b.Check)
}

// compile compiles a unit, unless that was done before.
func (b *build) compile(i int, how style, names map[string]bool) compiled {
	u, r := &b.units[i], b.readings[i]
	if !b.Check {
		if c, ok := b.Cache.code(u.ID, how); ok {
			return c
		}
	}
	if r.tree == nil { // the cache has it in another style
		var findings []Finding
		if r, findings = u.read(false); r == nil {
			b.found(u, findings)
			return compiled{}
		}
	}
	var out compiled
	if how.sealed {
		out.helpers = rewrite(r.tree, r.analysis, names)
	}
	b.found(u, r.analysis.findings)
	if slices.ContainsFunc(r.analysis.findings, func(f Finding) bool { return !f.StringOnly }) {
		return compiled{}
	}
	wrap(r.tree, how.sealed)
	code, err := compile(r.tree)
	if err != nil {
		b.found(u, compileFindings(err))
		return compiled{}
	}
	out.code = code
	if !b.Check {
		b.Cache.keep(u.ID, how, r, out)
	}
	return out
}

// style is how a unit is rewritten.
type style struct{ sealed, binary bool }

// compiled is what becomes of a unit.
type compiled struct {
	code    *goja.Program
	helpers map[string]bool
}

// Cache keeps compiled units by their IDs, for programs that share modules. It is
// safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	units map[string]*cached
}

type cached struct {
	reading *reading
	codes   map[style]compiled
}

// NewCache makes an empty Cache.
func NewCache() *Cache { return &Cache{units: map[string]*cached{}} }

func (c *Cache) info(id string) *reading {
	if c == nil || id == "" {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if u := c.units[id]; u != nil {
		return u.reading
	}
	return nil
}

func (c *Cache) code(id string, how style) (compiled, bool) {
	if c == nil || id == "" {
		return compiled{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.units[id]
	if u == nil {
		return compiled{}, false
	}
	out, ok := u.codes[how]
	return out, ok
}

func (c *Cache) keep(id string, how style, r *reading, code compiled) {
	if c == nil || id == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.units[id]
	if u == nil {
		if len(c.units) >= MaxCachedUnits {
			clear(c.units)
		}
		// Without the tree, which is large.
		u = &cached{reading: &reading{secrets: r.secrets, info: r.info}, codes: map[style]compiled{}}
		c.units[id] = u
	}
	u.codes[how] = code
}
