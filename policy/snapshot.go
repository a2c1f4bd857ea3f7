package policy

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/validator"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// snapshot is what decisions are made of. It is immutable: a change makes
// another.
type snapshot struct {
	policies map[place]*bound
	bindings map[place]Binding
	// views are what scopes see as OPA's documents: a *view by scope, made when it is
	// first asked for.
	views sync.Map
}

// place is where a document is stored, and its name there.
type place struct {
	scope secretstore.Scope
	name  string
}

// find looks a policy up from a scope: the nearest wins.
func (s *snapshot) find(scope secretstore.Scope, name string) *bound {
	for _, at := range scope.Chain() {
		if b := s.policies[place{at, name}]; b != nil {
			return b
		}
	}
	return nil
}

// bound is a stored policy, ready to decide, or why it is not.
type bound struct {
	doc      *secretstore.Document
	policyOf Type
	// recordsInput says that the decision log may have the input.
	recordsInput bool
	compiled     Compiled
	policy       *Bound
	err          error
}

// follow compiles and binds what changed and swaps the snapshot. The store calls
// it one change at a time.
func (s *Service) follow(change secretstore.Change) {
	last := s.snapshot.Load()
	mine := func(doc *secretstore.Document) bool {
		return doc.Kind == secretstore.KindPolicy || doc.Kind == secretstore.KindBinding || doc.Kind == secretstore.KindVariable
	}
	if last.policies != nil && !slices.ContainsFunc(change.Changed, mine) && !slices.ContainsFunc(change.Removed, mine) {
		return
	}
	next := &snapshot{policies: maps.Clone(last.policies), bindings: maps.Clone(last.bindings)}
	if next.policies == nil {
		next.policies, next.bindings = make(map[place]*bound), make(map[place]Binding)
	}
	variables := make(map[string]bool)
	for _, doc := range change.Removed {
		at := place{doc.Scope, doc.Name}
		switch doc.Kind {
		case secretstore.KindPolicy:
			delete(next.policies, at)
		case secretstore.KindBinding:
			delete(next.bindings, at)
		case secretstore.KindVariable:
			variables[doc.Name] = true
		}
	}
	for _, doc := range change.Changed {
		at := place{doc.Scope, doc.Name}
		switch doc.Kind {
		case secretstore.KindPolicy:
			next.policies[at] = s.bind(doc, next.policies[at])
		case secretstore.KindBinding:
			var b Binding
			if err := json.Unmarshal(doc.Body, &b); err != nil {
				slog.Error("a stored binding cannot be read and binds nothing", "binding", doc.Name, "scope", doc.Scope.Path(), "error", err)
				delete(next.bindings, at)
				continue
			}
			next.bindings[at] = b
		case secretstore.KindVariable:
			variables[doc.Name] = true
		}
	}
	if len(variables) > 0 {
		for at, b := range next.policies {
			if b.compiled != nil && slices.ContainsFunc(b.compiled.Variables(), func(name string) bool { return variables[name] }) {
				next.policies[at] = s.bind(b.doc, b)
			}
		}
	}
	s.snapshot.Store(next)
}

// bind makes a stored policy ready. Where only its secrets changed, the compiled
// policy of the last time is used again.
func (s *Service) bind(doc *secretstore.Document, last *bound) *bound {
	b := &bound{doc: doc}
	if last != nil && last.doc.ETag == doc.ETag && last.compiled != nil {
		b.compiled, b.policyOf, b.recordsInput = last.compiled, last.policyOf, last.recordsInput
	} else {
		var d Document
		if b.err = json.Unmarshal(doc.Body, &d); b.err == nil {
			b.policyOf, b.recordsInput = d.Type.orAny(), d.recordsInput(s.recordInputs)
			b.compiled, b.err = d.Compile()
		}
	}
	if refused := doc.Forbidden(); refused != nil {
		b.err = refused
	}
	if b.err == nil {
		b.policy, b.err = b.compiled.Bind(context.Background(), s.environment(doc.Scope, doc.SealingSet()))
	}
	if b.err != nil {
		slog.Error("a stored policy cannot be used and denies", "policy", doc.Name, "scope", doc.Scope.Path(), "error", b.err)
	}
	return b
}

// refused says why the policy, which is not bound, cannot decide.
func (b *bound) refused() *seal.Error {
	if refused, ok := errors.AsType[*seal.Error](b.err); ok {
		return refused
	}
	return seal.Errorf(CodeFailed, "the stored policy %s cannot be used; store it again to see why", b.doc.Name)
}

// environment is what a policy of a scope is bound to.
func (s *Service) environment(scope secretstore.Scope, set *seal.Set) Environment {
	env := Environment{
		Secrets:  set,
		Egress:   s.egress,
		Random:   s.Store.RunOptions(secretstore.Principal{}, scope).Random,
		Variable: func(name string) (any, bool) { return s.variable(scope, name) },
		Embedded: func(ctx context.Context, name string, input any, o seal.Options, depth int) validator.Result {
			return s.embedded(ctx, scope, name, input, o, depth)
		},
	}
	if s.keys != nil {
		env.KeySet = s.keys.Source
	}
	return env
}

// variable gives the value of a variable that a scope sees.
func (s *Service) variable(scope secretstore.Scope, name string) (any, bool) {
	_, v, err := s.variables.Find(secretstore.Principal{Admin: true}, scope, name)
	if err != nil {
		return nil, false
	}
	value, err := jsonvalue.Decode(v.Value)
	return value, err == nil
}
