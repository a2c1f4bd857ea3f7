package policy

import (
	"context"
	"encoding/json"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore"
)

// What the decision log must not have, policies of Rego say as OPA has it: in
// package system.log, the rule mask gives what to take out of an entry, and drop
// says that there should be none. They are bound to [PointDecisionLog], and all of
// them apply: the platform's, the project's and the service's.

// maskPackage is the package of those rules.
var maskPackage = []string{"system", "log"}

const (
	maskRule = "mask"
	dropRule = "drop"
)

// checkMasks checks that a policy masks: one that has the rules elsewhere would do
// nothing and nobody would notice.
func (d Document) checkMasks() error {
	if d.Language == Rego {
		compiled, err := d.Compile()
		if err != nil {
			return err
		}
		if p, ok := compiled.(regoProgram); ok && masks(p.Program) {
			return nil
		}
	}
	return invalid(CodeInvalidBinding, "/policy", "write package system.log with a rule mask or drop", "this policy masks nothing in the decision log")
}

func masks(p *rego.Program) bool {
	return p.Defines(append(maskPackage, maskRule)) || p.Defines(append(maskPackage, dropRule))
}

// Masks are what is to become of an entry of the decision log.
type Masks struct {
	// Drop says that there is to be no entry.
	Drop bool
	// Rules are what OPA's mask rule gives: JSON pointers, and objects with op, path
	// and value.
	Rules []any
}

// Masks asks what is bound to [PointDecisionLog], in a scope and above it, what is
// to become of an entry, which form gives as JSON in OPA's form. The error says
// that nobody knows, and holds no value.
func (s *Service) Masks(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, policy string, form func() (json.RawMessage, error)) (Masks, error) {
	var out Masks
	var entry json.RawMessage
	bindings := s.snapshot.Load().bindings
	for _, at := range scope.Chain() {
		for _, target := range []string{policy, AnyTarget} {
			b, ok := bindings[place{at, bindingName(PointDecisionLog, target)}]
			if !ok {
				continue
			}
			if entry == nil {
				var err error
				if entry, err = form(); err != nil {
					return out, err
				}
			}
			if err := s.mask(ctx, by, at, b.Policy, entry, &out); err != nil || out.Drop {
				return out, err
			}
		}
	}
	return out, nil
}

// mask adds what one policy has to say.
func (s *Service) mask(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, entry json.RawMessage, out *Masks) error {
	by = secretstore.Principal{ID: "decision log for " + by.ID, Admin: true}
	b, err := s.find(ctx, by, scope, name)
	if err != nil {
		return &Problem{Code: CodeFailed, Message: "the policy that masks the decision log is gone"}
	}
	if b.err != nil {
		return b.unusable().Error
	}
	p, ok := b.policy.engine.(regoPolicy)
	if !ok || !masks(b.compiled.(regoProgram).Program) {
		return &Problem{Code: CodeFailed, Message: "the policy that masks the decision log has no rule that does"}
	}
	s.Store.Used(by, b.doc)
	ask := rego.Ask{Options: s.Store.RunOptions(by, b.doc.Scope), Strict: true}
	drop := p.Document(ctx, append(maskPackage, dropRule), entry, ask)
	if drop.Err != nil {
		return regoFault(drop.Err)
	}
	if out.Drop, ok = drop.Value.(bool); out.Drop {
		return nil
	}
	mask := p.Document(ctx, append(maskPackage, maskRule), entry, ask)
	switch rules, isArray := mask.Value.([]any); {
	case mask.Err != nil:
		return regoFault(mask.Err)
	case drop.Defined && !ok, mask.Defined && !isArray:
		return &Problem{Code: CodeFailed, Message: "mask must be a set and drop a boolean"}
	default:
		out.Rules = append(out.Rules, rules...)
	}
	return nil
}

// regoFault gives the code of an error: its place is in a policy that a reader of
// the server's log may not see.
func regoFault(e *rego.Error) error { return &Problem{Code: string(e.Code), Message: e.Message} }
