package policy

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/reticent/reticent/secretstore"
)

// BindingEntry is a stored binding; its Name is the point.
type BindingEntry = secretstore.Entry[Binding]

// A binding is stored under its point and target. No point has a colon.
func bindingName(at Point, target string) string { return string(at) + ":" + target }

func checkBindingName(name string) error {
	point, target, _ := strings.Cut(name, ":")
	b := Binding{Script: "any", Target: target}
	if Point(point) == PointDecisionLog {
		b = Binding{Policy: "any", Target: target}
	}
	return b.Validate(Point(point))
}

func checkBinding(_ context.Context, _ secretstore.Scope, _ string, b *Binding) (secretstore.References, error) {
	var out secretstore.References
	for _, n := range []secretstore.Named{{Kind: secretstore.KindPolicy, Name: b.Policy}, {Kind: secretstore.KindPolicy, Name: b.DryRun}, {Kind: secretstore.KindScript, Name: b.Script}} {
		if n.Name != "" {
			out.Others = append(out.Others, n)
		}
	}
	return out, nil
}

// shown gives an entry its point as the name.
func shown(e BindingEntry) BindingEntry {
	e.Name, _, _ = strings.Cut(e.Name, ":")
	return e
}

func targetOr(target string) string {
	if target == "" {
		return AnyTarget
	}
	return target
}

// PutBinding stores what answers at a point. The target is the body's, or any.
// The policy must exist, in the scope or above, and fit the point.
func (s *Service) PutBinding(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, at Point, raw json.RawMessage, ifMatch string, o secretstore.WriteOptions) (BindingEntry, bool, error) {
	var b Binding
	if err := secretstore.Decode(raw, &b); err != nil {
		return BindingEntry{}, false, err
	}
	b.Target = targetOr(b.Target)
	if err := s.checkBound(by, scope, at, b); err != nil {
		return BindingEntry{}, false, err
	}
	whole, err := json.Marshal(b)
	if err != nil {
		return BindingEntry{}, false, err
	}
	e, created, err := s.bindings.With(o).Put(ctx, by, scope, bindingName(at, b.Target), whole, ifMatch)
	return shown(e), created, err
}

func (s *Service) checkBound(by secretstore.Principal, scope secretstore.Scope, at Point, b Binding) error {
	if err := b.Validate(at); err != nil {
		return err
	}
	if b.Script != "" {
		_, err := s.Store.FindDocument(by, secretstore.KindScript, scope, b.Script)
		return err
	}
	if err := s.checkAnswers(by, scope, at, b, b.Policy); err != nil || b.DryRun == "" {
		return err
	}
	return s.checkAnswers(by, scope, at, b, b.DryRun)
}

// checkAnswers checks that who binds a policy may execute it and that it fits the
// point.
func (s *Service) checkAnswers(by secretstore.Principal, scope secretstore.Scope, at Point, b Binding, name string) error {
	_, d, err := s.Find(by, scope, name)
	switch {
	case err != nil:
		return err
	case at == PointDecisionLog:
		return d.checkMasks()
	}
	return b.Accepts(at, d.Type)
}

// PatchBinding applies a JSON merge patch (RFC 7396). The target stays.
func (s *Service) PatchBinding(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, at Point, target string, patch json.RawMessage, ifMatch string, o secretstore.WriteOptions) (BindingEntry, error) {
	current, err := s.GetBinding(by, scope, at, target)
	if err != nil {
		return BindingEntry{}, err
	}
	merged, err := secretstore.MergePatch(current.Value, patch)
	if err != nil {
		return BindingEntry{}, err
	}
	var b Binding
	if err := secretstore.Decode(merged, &b); err != nil {
		return BindingEntry{}, err
	}
	if b.Target != current.Value.Target {
		return BindingEntry{}, invalid(CodeInvalidBinding, "/target", "put another binding", "the target of a binding cannot be patched")
	}
	if ifMatch == "" || ifMatch == "*" {
		ifMatch = current.ETag
	}
	e, _, err := s.PutBinding(ctx, by, scope, at, merged, ifMatch, o)
	return e, err
}

// GetBinding gives the binding of a point for a target, "" for any, of the scope
// itself.
func (s *Service) GetBinding(by secretstore.Principal, scope secretstore.Scope, at Point, target string) (BindingEntry, error) {
	e, err := s.bindings.Get(by, scope, bindingName(at, targetOr(target)))
	return shown(e), err
}

// ListBindings lists the bindings of the scope itself.
func (s *Service) ListBindings(by secretstore.Principal, scope secretstore.Scope, page secretstore.PageRequest) (secretstore.Page[BindingEntry], error) {
	p, err := s.bindings.List(by, scope, page)
	for i := range p.Items {
		p.Items[i] = shown(p.Items[i])
	}
	return p, err
}

// DeleteBinding deletes the binding of a point for a target, "" for any.
func (s *Service) DeleteBinding(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, at Point, target, ifMatch string) error {
	return s.bindings.Delete(ctx, by, scope, bindingName(at, targetOr(target)), ifMatch, true)
}

// Bound tells what answers at a point for a target, as a scope sees it, and the
// scope from which the binding names it. The nearest scope wins; in it the
// target's own binding before the one for any.
func (s *Service) Bound(scope secretstore.Scope, at Point, target string) (Binding, secretstore.Scope, bool) {
	bindings := s.snapshot.Load().bindings
	for _, at2 := range scope.Chain() {
		for _, t := range []string{target, AnyTarget} {
			if b, ok := bindings[place{at2, bindingName(at, t)}]; ok {
				return b, at2, true
			}
		}
	}
	return Binding{}, secretstore.Scope{}, false
}
