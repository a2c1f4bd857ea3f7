package policy

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/seal"
)

// Question says how a question of OPA's API is answered.
type Question struct {
	By    secretstore.Principal
	Scope secretstore.Scope
	// Strict makes errors of builtins errors, which they are anyway in a policy that
	// uses secrets.
	Strict bool
	// Metrics asks for times, Instrument for OPA's counters too.
	Metrics, Instrument bool
}

// AtOPA stands for the point where OPA's API is asked, and AtOPALog for the
// decisions that another OPA has sent the log of.
const (
	AtOPA    = "opa"
	AtOPALog = "opa_log"
)

// Answer is what OPA's API answers with, masked.
type Answer struct {
	// ID is that of the decision in the decision log.
	ID string
	// Defined reports whether there is a document, or a way in which a query holds.
	Defined bool
	Value   any
	// Explanation are the steps of the evaluation, if the context asked for them
	// ([WithExplain]).
	Explanation []string
	Metrics     map[string]any
	// Masked says what was masked, by JSON pointer into Value.
	Masked []seal.Masked
	// Problem is why there was no evaluation. Nothing is defined then.
	Problem *Problem
}

// asked finds a policy's Rego for somebody who asks a question, and says how.
func (s *Service) asked(ctx context.Context, q Question, b *bound) (*rego.Policy, rego.Ask, error) {
	found, err := s.find(ctx, q.By, q.Scope, b.doc.Name)
	if err != nil {
		return nil, rego.Ask{}, err
	}
	if found.err != nil {
		refused := found.refused()
		return nil, rego.Ask{}, &Problem{Code: string(refused.Code), Message: refused.Message}
	}
	policy, ok := found.policy.engine.(regoPolicy)
	if !ok { // stored anew this moment, as something else
		return nil, rego.Ask{}, &Problem{Code: CodeFailed, Message: "the policy " + b.doc.Name + " is no Rego any more; ask again"}
	}
	s.Store.Used(q.By, found.doc)
	return policy.Policy, rego.Ask{Options: s.Store.RunOptions(q.By, found.doc.Scope),
		Strict: q.Strict || policy.Sealed(), Metrics: q.Metrics, Instrument: q.Instrument}, nil
}

// answered notes an answer of a policy and gives it.
func (s *Service) answered(ctx context.Context, q Question, b *bound, a rego.Answer) Answer {
	out := Answer{Defined: a.Defined, Value: a.Value, Explanation: a.Explanation, Metrics: a.Metrics, Masked: a.Masked}
	outcome := audit.OK
	switch {
	case a.Err != nil:
		outcome, out.Problem = audit.Failed, regoProblem(a.Err)
	case a.Value == true:
		outcome = audit.Allow
	case !a.Defined || a.Value == false:
		outcome = audit.Deny
	}
	s.Store.Evaluated(ctx, q.By, b.doc, outcome)
	return out
}

func regoProblem(e *rego.Error) *Problem {
	return &Problem{Code: string(e.Code), Message: e.Message, File: e.File, Line: e.Line, Column: e.Column}
}

// queryProblem gives the error of a query that is refused.
func queryProblem(err error) error {
	if refused, ok := errors.AsType[*rego.CompileError](err); ok {
		i := refused.Issues[0]
		message := i.Code + ": " + i.Message
		if i.Advice != "" {
			message += "; " + i.Advice
		}
		return &Problem{Code: CodeQuery, Message: message, Line: i.Line, Column: i.Column}
	}
	if e, ok := errors.AsType[*rego.Error](err); ok {
		return regoProblem(e)
	}
	return err
}

// begin starts the evaluation of a question for the decision log.
func (q Question) begin(ctx context.Context, path []string) *Evaluation {
	x := Begin(ctx, q.By, Occasion{Scope: q.Scope, Point: AtOPA})
	x.Path = strings.Join(path, "/")
	return x
}

// told records an answer and gives it its id.
func (s *Service) told(x *Evaluation, a Answer) Answer {
	a.ID = x.ID
	if a.Defined {
		x.Answer = a.Value
	}
	s.Decided(x, Decision{Decision: a.Value == true, Error: a.Problem})
	return a
}

// Document gives the document at a path, of the Rego policies that the scope sees.
// One of several policies is put together from what each has. An error is the
// caller's.
func (s *Service) Document(ctx context.Context, q Question, path []string, input json.RawMessage) (Answer, error) {
	x := q.begin(ctx, path)
	a, pieces, err := s.document(ctx, q, path, input)
	if err != nil {
		return a, err
	}
	for _, p := range pieces {
		x.answeredBy(p.of, q.Scope, input)
	}
	if len(pieces) == 0 {
		x.Path = "" // of no policy: a text of the caller's
	}
	if slices.ContainsFunc(pieces, func(p piece) bool { return !p.of.recordsInput }) {
		x.Input = nil
	}
	return s.told(x, a), nil
}

func (s *Service) document(ctx context.Context, q Question, path []string, input json.RawMessage) (Answer, []piece, error) {
	pieces, err := s.snapshot.Load().documents(q.Scope).pieces(path)
	if err != nil {
		return Answer{}, nil, err
	}
	var whole Answer
	for _, p := range pieces {
		a, err := s.piece(ctx, q, p, input)
		if err != nil || a.Problem != nil || len(pieces) == 1 {
			return a, pieces, err
		}
		if !whole.join(a, p.path[len(path):]) {
			return Answer{Problem: &Problem{Code: CodeConflict, Message: "the policy " + p.of.doc.Name + " has a document where another has a rule; give one of them another package"}}, pieces, nil
		}
	}
	return whole, pieces, nil
}

func (s *Service) piece(ctx context.Context, q Question, p piece, input json.RawMessage) (Answer, error) {
	policy, ask, err := s.asked(ctx, q, p.of)
	if err != nil {
		return failedAnswer(err)
	}
	if err := checkInput(p.of.policyOf, "", input); err != nil {
		return Answer{}, err
	}
	return s.answered(ctx, q, p.of, policy.Document(ctx, p.path, input, ask)), nil
}

// failedAnswer gives a policy that cannot be evaluated as an answer.
func failedAnswer(err error) (Answer, error) {
	if p, ok := errors.AsType[*Problem](err); ok {
		return Answer{Problem: p}, nil
	}
	return Answer{}, err
}

// join puts a document into the whole, at a path below it.
func (a *Answer) join(part Answer, at []string) bool {
	a.Explanation = append(a.Explanation, part.Explanation...)
	if part.Metrics != nil {
		if a.Metrics == nil {
			a.Metrics = make(map[string]any)
		}
		maps.Copy(a.Metrics, part.Metrics)
	}
	if !part.Defined {
		return true
	}
	pointer := ""
	value := part.Value
	for _, name := range slices.Backward(at) {
		value = map[string]any{name: value}
		pointer = jsonvalue.Member("", name) + pointer
	}
	for _, m := range part.Masked {
		a.Masked = append(a.Masked, seal.Masked{Path: pointer + m.Path, Secrets: m.Secrets})
	}
	if !a.Defined {
		a.Defined, a.Value = true, value
		return true
	}
	into, ok := a.Value.(map[string]any)
	from, isObject := value.(map[string]any)
	return ok && isObject && merge(into, from)
}

// merge adds the members of an object to another, deep; false if both have
// something else than an object of a name.
func merge(into, from map[string]any) bool {
	for name, v := range from {
		old, taken := into[name]
		if !taken {
			into[name] = v
			continue
		}
		a, ok := old.(map[string]any)
		b, isObject := v.(map[string]any)
		if !ok || !isObject || !merge(a, b) {
			return false
		}
	}
	return true
}

// DocumentBatch gives one document for several inputs.
type DocumentBatch struct {
	service *Service
	q       Question
	path    []string
	common  json.RawMessage
	of      *bound
	open    *rego.Documents
	one     func(context.Context, json.RawMessage) (Answer, error)
}

// DocumentBatch starts a batch for the document at a path. common is what the
// inputs have in common: where both are objects, its members are those of each
// input that has none of the name. It is read and sealed once. The batch is for
// one goroutine.
func (s *Service) DocumentBatch(ctx context.Context, q Question, path []string, common json.RawMessage) (*DocumentBatch, error) {
	pieces, err := s.snapshot.Load().documents(q.Scope).pieces(path)
	if err != nil {
		return nil, err
	}
	d := &DocumentBatch{service: s, q: q, path: path, common: common}
	if len(pieces) != 1 || pieces[0].of.policyOf != TypeAPI {
		// Each policy reads the input for itself, or its shape is checked.
		d.one = func(ctx context.Context, input json.RawMessage) (Answer, error) {
			return s.Document(ctx, q, path, overText(input, common))
		}
		return d, nil
	}
	d.of = pieces[0].of
	policy, ask, err := s.asked(ctx, q, d.of)
	if err != nil {
		a, err := failedAnswer(err)
		d.one = func(context.Context, json.RawMessage) (Answer, error) { return a, err }
		return d, err
	}
	if d.open, err = policy.Documents(path, common, ask); err != nil {
		return nil, queryProblem(err)
	}
	return d, nil
}

// Document gives the document for an input.
func (d *DocumentBatch) Document(ctx context.Context, input json.RawMessage) (Answer, error) {
	if d.one != nil {
		return d.one(ctx, input)
	}
	s := d.service
	x := d.q.begin(ctx, d.path)
	a := s.answered(ctx, d.q, d.of, d.open.Document(ctx, input))
	if s.Record != nil {
		x.answeredBy(d.of, d.q.Scope, overText(input, d.common))
	}
	return s.told(x, a), nil
}

// overText gives an input over what is common to several, as of
// [rego.Documents.Document]. What is no object of valid JSON it gives as it is, for
// the engine to refuse.
func overText(own, common json.RawMessage) json.RawMessage {
	switch {
	case len(common) == 0:
		return own
	case len(own) == 0:
		return common
	}
	var mine, shared map[string]jsontext.Value
	if jsonv2.Unmarshal(own, &mine) != nil || jsonv2.Unmarshal(common, &shared) != nil || mine == nil || shared == nil {
		return own
	}
	for name, v := range shared {
		if _, has := mine[name]; !has {
			mine[name] = v
		}
	}
	whole, err := jsonv2.Marshal(mine)
	if err != nil {
		return own
	}
	return whole
}

// nothing is a policy without documents, for queries that are about none.
var nothing = sync.OnceValues(func() (*rego.Policy, error) {
	program, err := rego.Compile(rego.Source{Modules: map[string]string{"nothing.rego": "package reticent_nothing\n\nallow := false\n"}})
	if err != nil {
		return nil, err
	}
	return program.Bind(context.Background(), seal.NewSet(nil, nil), nil, nil)
})

// queried gives who answers for the policy that a query is about, which is nil for
// a query that is about none.
func (s *Service) queried(ctx context.Context, q Question, b *bound) (*rego.Policy, rego.Ask, error) {
	if b == nil {
		p, err := nothing()
		return p, rego.Ask{Strict: q.Strict, Metrics: q.Metrics, Instrument: q.Instrument}, err
	}
	return s.asked(ctx, q, b)
}

// Query answers an ad-hoc query about the documents of one policy: an array with
// an object of variables for each way in which it holds. Whoever asks a policy
// with secrets, or one that sends requests, writes what is done with them, and
// needs the permissions to change the policy and to use the secrets.
func (s *Service) Query(ctx context.Context, q Question, query string, input json.RawMessage) (Answer, error) {
	x := q.begin(ctx, nil)
	b, err := s.snapshot.Load().documents(q.Scope).queried(query)
	if err != nil {
		return Answer{}, err
	}
	policy, ask, err := s.queried(ctx, q, b)
	if err != nil {
		return failedAnswer(err)
	}
	if b != nil && policy.Sealed() {
		if err := s.Store.Permit(ctx, q.By, secretstore.KindPolicy, b.doc.Scope, b.doc.Name, access.Update); err != nil {
			return Answer{}, err
		}
		if _, err := s.Store.SealingSet(ctx, q.By, secretstore.KindPolicy, b.doc.Scope, secretstore.References{Secrets: b.compiled.Secrets()}); err != nil {
			return Answer{}, err
		}
	}
	if b != nil {
		if err := checkInput(b.policyOf, "", input); err != nil {
			return Answer{}, err
		}
	}
	answer, err := policy.Query(ctx, query, input, ask)
	if err != nil {
		return Answer{}, queryProblem(err)
	}
	if b == nil {
		out := Answer{Defined: answer.Defined, Value: answer.Value, Explanation: answer.Explanation, Metrics: answer.Metrics}
		if answer.Err != nil {
			out.Problem = regoProblem(answer.Err)
		}
		return s.told(x, out), nil
	}
	x.answeredBy(b, q.Scope, input)
	return s.told(x, s.answered(ctx, q, b, answer)), nil
}

// Partial evaluates a query about the documents of one policy as far as its input
// is known. Where that would depend on a secret it is refused.
func (s *Service) Partial(ctx context.Context, q Question, query string, input json.RawMessage, unknowns []string) (*rego.Residual, error) {
	b, err := s.snapshot.Load().documents(q.Scope).queried(query)
	if err != nil {
		return nil, err
	}
	policy, ask, err := s.queried(ctx, q, b)
	if err != nil {
		return nil, err
	}
	residual, err := policy.Partial(ctx, query, input, unknowns, ask)
	if b != nil {
		outcome := audit.OK
		if err != nil {
			outcome = audit.Failed
		}
		s.Store.Evaluated(ctx, q.By, b.doc, outcome)
	}
	if err != nil {
		return nil, queryProblem(err)
	}
	return residual, nil
}
