package script

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/secretstore"
)

// examined is a script with its modules.
type examined struct {
	source  Source
	secrets []string // all that it and its modules name
	keys    []string // that it names itself
	uses    []string // names of stored scripts that it asks for
}

// check says whether a script may be stored. The error is a *CheckError, or as of
// Engine.Check.
func (s *Service) check(ctx context.Context, scope secretstore.Scope, name string, d *Document) (secretstore.References, error) {
	p, err := s.examine(ctx, scope, name, d)
	if err != nil {
		return secretstore.References{}, err
	}
	if err := s.checkDependents(ctx, scope, name, d); err != nil {
		return secretstore.References{}, err
	}
	return secretstore.References{Secrets: union(d.RefersTo.Secrets, d.Secrets), Uses: p.uses, Others: operated(p.keys)}, nil
}

// operated names keys.
func operated(keys []string) []secretstore.Named {
	var out []secretstore.Named
	for _, name := range keys {
		out = append(out, secretstore.Named{Kind: secretstore.KindKey, Name: name})
	}
	return out
}

func union(lists ...[]string) []string {
	all := append([]string{}, slices.Concat(lists...)...)
	slices.Sort(all)
	return slices.Compact(all)
}

// examine checks a script and its modules, fills in what it refers to, and gives
// both together. It is looked at as if it were stored in a scope under a name; ""
// is none.
func (s *Service) examine(ctx context.Context, scope secretstore.Scope, name string, d *Document) (examined, error) {
	if err := d.complete(); err != nil {
		return examined{}, err
	}
	root := d.source()
	root.Structured = func(name string) bool { return s.Store.Structured(scope, name) }
	checked, err := s.engine.read(ctx, root)
	if err != nil {
		return examined{}, err
	}
	d.RefersTo = &RefersTo{Secrets: checked.Secrets, Variables: checked.Variables, Keys: checked.Keys, Hosts: checked.Hosts, Modules: []string{}}
	out := examined{secrets: union(checked.Secrets, d.Secrets), keys: checked.Keys}
	for _, want := range checked.Requires {
		d.RefersTo.Modules = append(d.RefersTo.Modules, want.Name)
		if _, builtin := program.CutBuiltin(want.Name); builtin {
			continue
		}
		if name, ok := moduleName(want.Name); ok {
			out.uses = append(out.uses, name)
		}
	}
	d.RefersTo.Modules, out.uses = union(d.RefersTo.Modules), union(out.uses)
	all, self := s.hypothetical(scope, name, d)
	source, lost := all.assemble(root, scope, self, checked.Requires)
	if len(lost) > 0 {
		return examined{}, &CheckError{Findings: missingModules(lost)}
	}
	if len(source.Modules) > 0 {
		if checked, err = s.engine.Check(ctx, source); err != nil {
			return examined{}, err
		}
		out.secrets = union(out.secrets, checked.Secrets)
		for _, m := range source.Modules {
			out.secrets = union(out.secrets, m.secrets)
		}
	}
	out.source = source
	return out, nil
}

// complete fills in what a document leaves out, and checks the rest of it.
func (d *Document) complete() error {
	if d.Language == "" {
		d.Language = JavaScript
	}
	if d.Kind != "" && d.Kind != KindScript && d.Kind != KindModule {
		return &secretstore.Failure{Class: secretstore.ErrInvalid, Message: `/kind: "script" or "module" is expected`}
	}
	for _, name := range d.Secrets {
		if err := secretstore.CheckReference(name); err != nil {
			return err
		}
	}
	return nil
}

// hypothetical gives the snapshot with a document that is not stored yet, which it
// gives too.
func (s *Service) hypothetical(scope secretstore.Scope, name string, d *Document) (shelf, *stored) {
	all := *s.snapshot.Load()
	if name == "" {
		return all, nil
	}
	self := &stored{doc: &secretstore.Document{Scope: scope, Name: name}, body: *d}
	all = maps.Clone(all)
	all[place{scope, name}] = self
	return all, self
}

// missingModules says what is not there.
func missingModules(lost []program.Require) []Finding {
	var out []Finding
	for _, want := range lost {
		out = append(out, Finding{Code: program.CodeModule, Line: want.Line, Column: want.Column,
			Message: "there is no module " + shorten(want.Name, MaxModuleNameBytes),
			Advice:  "store it as a script, of kind module where it is a library, in this scope or above"})
	}
	return out
}

// checkDependents makes sure that the scripts of which d is a part, or will be,
// are still accepted with it.
func (s *Service) checkDependents(ctx context.Context, scope secretstore.Scope, name string, d *Document) error {
	dependents := s.Store.Dependents(secretstore.KindScript, scope, name)
	if len(dependents) == 0 {
		return nil
	}
	all, _ := s.hypothetical(scope, name, d)
	for _, doc := range dependents {
		at := all[place{doc.Scope, doc.Name}]
		if at == nil {
			continue // stored this moment; it was checked with what was there
		}
		root := at.body.source()
		root.Structured = func(name string) bool { return s.Store.Structured(doc.Scope, name) }
		source, _ := all.assemble(root, doc.Scope, at, at.requires())
		_, err := s.engine.Check(ctx, source)
		refused, ok := err.(*CheckError)
		if err != nil && !ok {
			return err
		}
		if ok {
			f := refused.Findings[0]
			if f.Module == "" {
				f.Module = doc.Name
			}
			f.Message = fmt.Sprintf("script %s of %s, of which this is a part, would be refused: %s", doc.Name, doc.Scope, f.Message)
			return &CheckError{Findings: []Finding{f}}
		}
	}
	return nil
}
