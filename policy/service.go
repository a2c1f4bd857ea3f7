package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"

	"github.com/reticent/reticent/secretstore"
)

// Entry is a stored policy with what the store knows of it.
type Entry = secretstore.Entry[Document]

// Service keeps the policies and bindings of a store, compiled and bound to
// their secrets, and decides with them. Its evaluations take an immutable
// snapshot and touch no disk.
type Service struct {
	secretstore.Shelf[Document]
	bindings secretstore.Shelf[Binding]
	snapshot atomic.Pointer[map[policyKey]*bound]
}

type policyKey struct {
	scope secretstore.Scope
	name  string
}

// bound is a stored policy, ready to decide, or why it is not.
type bound struct {
	doc      *secretstore.Document
	compiled Compiled
	policy   *Bound
	err      error
}

// NewService makes a Service and compiles every stored policy.
func NewService(store *secretstore.Store) *Service {
	s := &Service{}
	s.Shelf = secretstore.Shelf[Document]{Store: store, Kind: secretstore.KindPolicy, Check: checkDocument}
	s.bindings = secretstore.Shelf[Binding]{Store: store, Kind: secretstore.KindBinding, Name: checkBindingName, Check: checkBinding}
	s.snapshot.Store(&map[policyKey]*bound{})
	store.Subscribe(s.follow)
	return s
}

// checkDocument compiles a policy; the error is an *InvalidError.
func checkDocument(_ context.Context, _ secretstore.Scope, d *Document) ([]string, error) {
	compiled, err := d.Compile()
	if err != nil {
		return nil, err
	}
	return compiled.Secrets(), nil
}

// follow compiles and binds what changed and swaps the snapshot. The store calls
// it one change at a time.
func (s *Service) follow(change secretstore.Change) {
	next := maps.Clone(*s.snapshot.Load())
	for _, doc := range change.Removed {
		if doc.Kind == secretstore.KindPolicy {
			delete(next, policyKey{doc.Scope, doc.Name})
		}
	}
	for _, doc := range change.Changed {
		if doc.Kind != secretstore.KindPolicy {
			continue
		}
		key := policyKey{doc.Scope, doc.Name}
		next[key] = s.bind(doc, next[key])
	}
	s.snapshot.Store(&next)
}

// bind makes a stored policy ready. Where only its secrets changed, the compiled
// policy of the last time is used again.
func (s *Service) bind(doc *secretstore.Document, last *bound) *bound {
	b := &bound{doc: doc}
	if last != nil && last.doc.ETag == doc.ETag && last.compiled != nil {
		b.compiled = last.compiled
	} else {
		var d Document
		if b.err = json.Unmarshal(doc.Body, &d); b.err == nil {
			b.compiled, b.err = d.Compile()
		}
	}
	if b.err == nil {
		options := s.Store.RunOptions(secretstore.Principal{}, doc.Scope)
		b.policy, b.err = b.compiled.Bind(context.Background(), doc.SealingSet(), options.Random)
	}
	if b.err != nil {
		slog.Error("a stored policy cannot be used and denies", "policy", doc.Name, "scope", doc.Scope.Path(), "error", b.err)
	}
	return b
}

// Evaluate decides with a stored policy that a scope sees. The names in it are
// looked up from the scope where it is stored, never the caller's. An error is
// the caller's; whatever goes wrong in the evaluation is a deny.
func (s *Service) Evaluate(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, input json.RawMessage) (Decision, error) {
	doc, err := s.Store.FindDocument(by, secretstore.KindPolicy, scope, name)
	if err != nil {
		return Decision{}, err
	}
	b := (*s.snapshot.Load())[policyKey{doc.Scope, doc.Name}]
	if b == nil {
		// Stored this moment: the store has it and the snapshot will.
		b = s.bind(doc, nil)
	}
	if b.err != nil {
		return denied(CodeFailed, "the stored policy cannot be used; store it again to see why"), nil
	}
	s.Store.Used(by, doc)
	return b.policy.Evaluate(ctx, input, s.Store.RunOptions(by, doc.Scope)), nil
}

// Test decides with a policy that is not stored, as if it were stored in a scope.
func (s *Service) Test(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, policy, input json.RawMessage) (Decision, error) {
	var d Document
	if err := secretstore.Decode(policy, &d); err != nil {
		return Decision{}, err
	}
	compiled, err := d.Compile()
	if err != nil {
		return Decision{}, err
	}
	set, err := s.Store.SealingSet(by, scope, compiled.Secrets())
	if err != nil {
		return Decision{}, err
	}
	options := s.Store.RunOptions(by, scope)
	b, err := compiled.Bind(ctx, set, options.Random)
	if err != nil {
		return Decision{}, fmt.Errorf("bind policy: %w", err)
	}
	return b.Evaluate(ctx, input, options), nil
}
