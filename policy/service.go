package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/reticent/reticent/policy/jwks"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/egress"
)

// Entry is a stored policy with what the store knows of it.
type Entry = secretstore.Entry[Document]

// Service keeps the policies and bindings of a store, compiled and bound to
// their secrets, and decides with them. Its evaluations take an immutable
// snapshot and touch no disk.
type Service struct {
	secretstore.Shelf[Document]
	// Record takes the decisions that were given, for a log, and must not wait; nil
	// records none. It is set before the first of them.
	Record func(*Evaluation)

	bindings  secretstore.Shelf[Binding]
	variables secretstore.Shelf[secretstore.Variable]
	keys      *jwks.Cache
	egress    *egress.Client
	// recordInputs is Config.RecordInputs.
	recordInputs bool
	snapshot     atomic.Pointer[snapshot]
}

// Config is what a Service is made of.
type Config struct {
	Store *secretstore.Store
	// Egress fetches the key sets that policies name by URL and sends what Rego asks
	// for; nil means that no key set is ever there and nothing is sent.
	Egress *egress.Client
	// RecordInputs has the decision log tell the inputs of policies that do not say.
	RecordInputs bool
}

// NewService makes a Service, which works until Close, and compiles every stored
// policy.
func NewService(c Config) *Service {
	s := &Service{variables: secretstore.VariableShelf(c.Store), egress: c.Egress, recordInputs: c.RecordInputs}
	s.Shelf = secretstore.Shelf[Document]{
		Store: c.Store, Kind: secretstore.KindPolicy, Check: checkDocument, Fits: s.fits, Users: s.users,
	}
	s.bindings = secretstore.Shelf[Binding]{Store: c.Store, Kind: secretstore.KindBinding, Name: checkBindingName, Check: checkBinding}
	if c.Egress != nil {
		s.keys = jwks.NewCache(jwks.Config{Fetch: FetchKeySets(c.Egress, c.Store)})
	}
	s.snapshot.Store(&snapshot{})
	c.Store.Subscribe(s.follow)
	return s
}

// Close ends what the Service does in the background.
func (s *Service) Close() {
	if s.keys != nil {
		s.keys.Close()
	}
}

// checkDocument compiles a policy; the error is an *InvalidError.
func checkDocument(_ context.Context, _ secretstore.Scope, _ string, d *Document) (secretstore.References, error) {
	if err := d.adopt(); err != nil {
		return secretstore.References{}, err
	}
	compiled, err := d.Compile()
	if err != nil {
		return secretstore.References{}, err
	}
	return secretstore.References{Secrets: compiled.Secrets()}, nil
}

// Evaluate decides with a stored policy that a scope sees. The names in it are
// looked up from the scope where it is stored, never the caller's. An error is
// the caller's; whatever goes wrong in the evaluation is a deny.
func (s *Service) Evaluate(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, input json.RawMessage) (Decision, error) {
	return s.EvaluateAt(ctx, by, scope, name, Occasion{Scope: scope, Point: AtEvaluate}, input)
}

// EvaluateAt is Evaluate on an occasion. The input must fit the type of its point.
func (s *Service) EvaluateAt(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, o Occasion, input json.RawMessage) (Decision, error) {
	x := Begin(ctx, by, o)
	b, err := s.find(ctx, by, scope, name)
	if err != nil {
		return Decision{}, err
	}
	if b.err != nil {
		s.Store.Evaluated(ctx, by, b.doc, audit.Failed)
		d := b.unusable()
		s.recorded(x, b, scope, d, whole(input))
		return d, nil
	}
	if err := checkInput(b.policyOf, pointOf(o.Point), input); err != nil {
		return Decision{}, err
	}
	s.Store.Used(by, b.doc)
	d := b.policy.Evaluate(ctx, input, s.Store.RunOptions(by, b.doc.Scope))
	s.Store.Evaluated(ctx, by, b.doc, d.outcome())
	s.recorded(x, b, scope, d, whole(input))
	return d, nil
}

// outcome is how the audit log has a decision.
func (d Decision) outcome() audit.Outcome {
	switch {
	case d.Error != nil:
		return audit.Failed
	case d.Decision:
		return audit.Allow
	}
	return audit.Deny
}

// find looks a policy up from a scope, with the secrets of external managers that
// it names.
func (s *Service) find(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string) (*bound, error) {
	doc, err := s.Store.FindDocument(by, secretstore.KindPolicy, scope, name)
	if err != nil {
		return nil, err
	}
	completed, err := s.Store.Complete(ctx, doc)
	if err != nil {
		return &bound{doc: doc, err: err}, nil
	}
	doc = completed
	if b := s.snapshot.Load().policies[place{doc.Scope, doc.Name}]; b != nil {
		return b, nil
	}
	// Stored this moment: the store has it and the snapshot will.
	return s.bind(doc, nil), nil
}

// Test decides with a policy that is not stored, as if it were stored in a scope.
func (s *Service) Test(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, policy, input json.RawMessage) (Decision, error) {
	var d Document
	if err := secretstore.Decode(policy, &d); err != nil {
		return Decision{}, err
	}
	if err := d.adopt(); err != nil {
		return Decision{}, err
	}
	compiled, err := d.Compile()
	if err != nil {
		return Decision{}, err
	}
	set, err := s.Store.SealingSet(ctx, by, secretstore.KindPolicy, scope, secretstore.References{Secrets: compiled.Secrets()})
	if err != nil {
		return Decision{}, err
	}
	if err := checkInput(d.Type.orAny(), "", input); err != nil {
		return Decision{}, err
	}
	options := s.Store.RunOptions(by, scope)
	if err := s.checkEmbedded(scope, d.Type, compiled); err != nil {
		return Decision{}, err
	}
	b, err := compiled.Bind(ctx, s.environment(scope, set))
	if err != nil {
		return Decision{}, fmt.Errorf("bind policy: %w", err)
	}
	decision := b.Evaluate(ctx, input, options)
	s.Store.Tested(ctx, by, secretstore.KindPolicy, scope, compiled.Secrets(), decision.outcome())
	return decision, nil
}

// checkInput checks that an input fits the point at which it came, or else the
// type of the policy. A policy of type api that is asked by its name takes any.
func checkInput(t Type, at Point, input json.RawMessage) error {
	switch {
	case at != "":
		return at.Type().CheckInput(input)
	case t != TypeAPI:
		return t.CheckInput(input)
	}
	return nil
}
