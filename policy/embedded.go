package policy

import (
	"context"
	"encoding/json"

	"github.com/reticent/reticent/policy/validator"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/seal"
)

// A policy of validators may embed others of its type. Names are looked up from
// the scope where the policy that embeds is stored, when it is evaluated: it
// follows what it embeds. A policy that would embed itself, by way of others or
// not, is refused when it is stored, whichever of them comes last; for two that
// are stored at the same moment there is MaxEmbedding.

// embedded decides with a policy that another embeds.
func (s *Service) embedded(ctx context.Context, scope secretstore.Scope, name string, input any, o seal.Options, depth int) validator.Result {
	b := s.snapshot.Load().find(scope, name)
	if b == nil {
		return validator.Result{Err: seal.Errorf(validator.CodePolicy, "there is no policy %s in this scope any more, which another embeds", name)}
	}
	if completed, err := s.Store.Complete(ctx, b.doc); err != nil {
		b = &bound{doc: b.doc, err: err}
	} else if completed != b.doc {
		if again := s.snapshot.Load().find(scope, name); again != nil {
			b = again
		}
	}
	if b.err != nil {
		return validator.Result{Err: b.refused()}
	}
	by := secretstore.Principal{ID: o.Principal}
	s.Store.Used(by, b.doc)
	s.Store.Evaluated(ctx, by, b.doc, audit.OK) // what it decided is part of what embeds it
	options := s.Store.RunOptions(by, b.doc.Scope)
	if own, ok := b.policy.engine.(validatorPolicy); ok {
		return own.EvaluateEmbedded(ctx, input, options, depth)
	}
	text, err := json.Marshal(input)
	if err != nil {
		return validator.Result{Err: seal.Errorf(CodeFailed, "the input cannot be given to the policy %s", name)}
	}
	d := b.policy.Evaluate(ctx, text, options)
	if d.Error != nil {
		return validator.Result{Err: seal.Errorf(seal.Code(d.Error.Code), "the policy %s: %s", name, d.Error.Message)}
	}
	// Why Rego denied nobody knows: it may be that something was missing.
	out := validator.Result{Decision: d.Decision, Recovery: d.Recovery, Masked: d.Masked, Undecided: !d.Decision}
	for _, f := range d.Failures {
		out.Failures = append(out.Failures, validator.Failure(f))
	}
	return out
}

// fits checks that what a policy embeds is there and of its type, and that no
// policy comes to embed itself or one of another type by its being stored.
func (s *Service) fits(scope secretstore.Scope, name string, d *Document) error {
	g := graph{snapshot: s.snapshot.Load(), at: place{scope, name}}
	if d.Language != Rego {
		compiled, err := d.Compile()
		if err != nil {
			return err
		}
		for _, e := range compiled.Embedded() {
			if next, ok := g.find(scope, e.Policy); ok && g.reaches(next, make(map[place]bool)) {
				return invalid(CodeInvalidDocument, "/validators"+e.Pointer, "", "the policy %s would embed itself, by way of %s", name, e.Policy)
			}
		}
		if err := s.checkEmbedded(scope, d.Type, compiled); err != nil {
			return err
		}
	}
	for _, user := range s.embedders(g.at) {
		if b := g.snapshot.policies[user]; b.policyOf != d.Type.orAny() {
			return invalid(CodeInvalidDocument, "/type", "change that one first",
				"the policy %s in %s, which is of type %s, embeds this one", user.name, user.scope, b.policyOf)
		}
	}
	return nil
}

// checkEmbedded checks that what a policy of a scope embeds is there, and of its
// type.
func (s *Service) checkEmbedded(scope secretstore.Scope, t Type, compiled Compiled) error {
	for _, e := range compiled.Embedded() {
		pointer := "/validators" + e.Pointer
		b := s.snapshot.Load().find(scope, e.Policy)
		if b == nil {
			return invalid(CodeInvalidDocument, pointer, "store that one first", "there is no policy %s in %s or above", e.Policy, scope)
		}
		if b.policyOf != t.orAny() {
			return invalid(CodeInvalidDocument, pointer, "embed a policy of the same type", "the policy %s is of type %s, and this one of type %s", e.Policy, b.policyOf, t.orAny())
		}
	}
	return nil
}

// graph is what embeds what once a policy has been stored.
type graph struct {
	snapshot *snapshot
	at       place
}

// find looks a policy up from a scope.
func (g graph) find(scope secretstore.Scope, name string) (place, bool) {
	for _, s := range scope.Chain() {
		p := place{s, name}
		if p == g.at || g.snapshot.policies[p] != nil {
			return p, true
		}
	}
	return place{}, false
}

// reaches reports whether a policy embeds the one that is to be stored.
func (g graph) reaches(from place, seen map[place]bool) bool {
	if from == g.at {
		return true
	}
	b := g.snapshot.policies[from]
	if seen[from] || b == nil || b.compiled == nil {
		return false
	}
	seen[from] = true
	for _, e := range b.compiled.Embedded() {
		if next, ok := g.find(from.scope, e.Policy); ok && g.reaches(next, seen) {
			return true
		}
	}
	return false
}

// embedders are the policies that embed, or would embed, the one at a place.
func (s *Service) embedders(at place) []place {
	g := graph{snapshot: s.snapshot.Load(), at: at}
	var out []place
	for from, b := range g.snapshot.policies {
		if from == at || b.compiled == nil {
			continue
		}
		for _, e := range b.compiled.Embedded() {
			if found, _ := g.find(from.scope, e.Policy); e.Policy == at.name && found == at {
				out = append(out, from)
			}
		}
	}
	return out
}

// users are the policies that embed a policy.
func (s *Service) users(scope secretstore.Scope, name string) []secretstore.Reference {
	at := place{scope, name}
	var out []secretstore.Reference
	for _, p := range s.embedders(at) {
		out = append(out, secretstore.Reference{Kind: secretstore.KindPolicy, Scope: p.scope.Path(), Name: p.name})
	}
	return out
}
