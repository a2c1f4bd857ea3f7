package script

import (
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/secretstore"
)

// moduleName gives the name of the stored script that require means:
//
//	lodash                 lodash
//	./greet, ./greet.js    greet
//	dayjs/plugin/utc       dayjs__plugin__utc
//	@scope/package         scope__package
//	lodash.get             lodash_get
//
// ok is false where no stored script can be meant.
func moduleName(asked string) (name string, ok bool) {
	name, relative := strings.CutPrefix(asked, "./")
	if relative {
		switch path.Ext(name) {
		case ".js", ".ts":
			name = strings.TrimSuffix(name, path.Ext(name))
		}
	} else {
		name = strings.TrimPrefix(name, "@")
		name = strings.NewReplacer("/", "__", ".", "_").Replace(name)
	}
	return name, secretstore.CheckName(name) == nil
}

// place is where a script is stored.
type place struct {
	scope secretstore.Scope
	name  string
}

// stored is a script of a snapshot.
type stored struct {
	doc  *secretstore.Document
	body Document

	once sync.Once
	made assembled
}

// assembled is a script that is ready to be run.
type assembled struct {
	id     string
	source Source
	keys   []namedKey
}

// program gives a script with its modules, as a snapshot has them. It is put
// together once: what is stored here is replaced when one of its modules changes.
func (s *stored) program(all shelf) assembled {
	s.once.Do(func() {
		source, _ := all.assemble(s.body.source(), s.doc.Scope, s, s.requires())
		s.made = assembled{id: s.programID(source.Modules), source: source, keys: namedKeys(s.doc.Author, s.keys(), source.Modules)}
	})
	return s.made
}

// shelf is an immutable snapshot of all stored scripts.
type shelf map[place]*stored

// find looks a script up from a scope: the nearest wins.
func (s shelf) find(scope secretstore.Scope, name string) *stored {
	for _, at := range scope.Chain() {
		if found := s[place{at, name}]; found != nil {
			return found
		}
	}
	return nil
}

// assemble gives a script with its modules, theirs included, and what root asks
// for and is not there. requires are what root, stored in a scope, asks for; self
// is root where it is stored, or nil. A module without one of its own modules
// throws when it asks for it.
func (s shelf) assemble(root Source, scope secretstore.Scope, self *stored, requires []program.Require) (Source, []program.Require) {
	type unit struct {
		at       *stored
		scope    secretstore.Scope
		requires []program.Require
		uses     map[string]int
	}
	units := []*unit{{self, scope, requires, map[string]int{}}}
	known := map[*stored]int{}
	if self != nil {
		known[self] = -1
	}
	var lost []program.Require
	for n := 0; n < len(units) && n <= program.MaxModules; n++ {
		u := units[n]
		for _, want := range u.requires {
			if _, builtin := program.CutBuiltin(want.Name); builtin {
				continue
			}
			var found *stored
			if name, ok := moduleName(want.Name); ok {
				found = s.find(u.scope, name)
			}
			if found == nil {
				if n == 0 && !want.Optional {
					lost = append(lost, want)
				}
				continue
			}
			i, added := known[found]
			if !added {
				i = len(units) - 1
				known[found] = i
				units = append(units, &unit{found, found.doc.Scope, found.requires(), map[string]int{}})
			}
			u.uses[want.Name] = i
		}
	}
	root.Uses = units[0].uses
	root.Modules = make([]Module, len(units)-1)
	for n, u := range units[1:] {
		source := u.at.body.source()
		source.Uses = u.uses
		root.Modules[n] = Module{Name: u.at.doc.Name, ID: u.at.id(), Source: source, secrets: u.at.body.Secrets, keys: u.at.keys(), author: u.at.doc.Author}
	}
	return root, lost
}

// requires are what a stored script asks for.
func (s *stored) requires() []program.Require {
	if s.body.RefersTo == nil {
		return nil
	}
	out := make([]program.Require, len(s.body.RefersTo.Modules))
	for i, name := range s.body.RefersTo.Modules {
		out[i] = program.Require{Name: name}
	}
	return out
}

// keys are those that the text of a stored script names.
func (s *stored) keys() []string {
	if s.body.RefersTo == nil {
		return nil
	}
	return s.body.RefersTo.Keys
}

func (s *stored) id() string {
	return fmt.Sprintf("%s:%s:%s", s.doc.Scope.Path(), s.doc.Name, s.doc.ETag)
}

// programID identifies a script with its modules.
func (s *stored) programID(modules []Module) string {
	var b strings.Builder
	b.WriteString(s.id())
	for _, m := range modules {
		b.WriteByte('\n')
		b.WriteString(m.ID)
	}
	return b.String()
}
