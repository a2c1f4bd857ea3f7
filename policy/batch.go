package policy

import (
	"context"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/audit"
)

// Batch decides on several inputs for one request. Parts that inputs have in
// common are read once, and sealed once for each policy. It is for one goroutine.
type Batch struct {
	service *Service
	open    map[*bound]func(context.Context, []*jsonvalue.Part) Decision
}

// Batch starts a batch.
func (s *Service) Batch() *Batch {
	return &Batch{service: s, open: make(map[*bound]func(context.Context, []*jsonvalue.Part) Decision)}
}

// Evaluate is [Service.EvaluateAt] on the object that has the parts. by has the same
// ID in all of a batch.
func (b *Batch) Evaluate(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, o Occasion, parts []*jsonvalue.Part) (Decision, error) {
	x := Begin(ctx, by, o)
	d, found, err := b.evaluate(ctx, by, scope, name, parts)
	if err == nil {
		b.service.recorded(x, found, scope, d, joining(parts))
	}
	return d, err
}

// evaluate decides without a record.
func (b *Batch) evaluate(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, parts []*jsonvalue.Part) (Decision, *bound, error) {
	s := b.service
	found, err := s.find(ctx, by, scope, name)
	if err != nil {
		return Decision{}, nil, err
	}
	if found.err != nil {
		s.Store.Evaluated(ctx, by, found.doc, audit.Failed)
		return found.unusable(), found, nil
	}
	if found.policyOf != TypeAPI {
		if err := found.policyOf.CheckInput(jsonvalue.Join(parts)); err != nil {
			return Decision{}, nil, err
		}
	}
	decide := b.open[found]
	if decide == nil {
		s.Store.Used(by, found.doc)
		decide = found.policy.engine.batch(s.Store.RunOptions(by, found.doc.Scope))
		b.open[found] = decide
	}
	d := guarded(ctx, func() Decision { return decide(ctx, parts) })
	s.Store.Evaluated(ctx, by, found.doc, d.outcome())
	return d, found, nil
}

// unusable is the deny of a policy that is not bound.
func (b *bound) unusable() Decision {
	refused := b.refused()
	return denied(string(refused.Code), refused.Message)
}
