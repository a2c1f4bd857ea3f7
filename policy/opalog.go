package policy

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/record"
	"github.com/reticent/reticent/secretstore/seal"
)

// OPAEvent is a decision in the log of another OPA: the members that are kept.
type OPAEvent struct {
	DecisionID string          `json:"decision_id"`
	Path       string          `json:"path"`
	Input      json.RawMessage `json:"input"`
	Result     json.RawMessage `json:"result"`
	Error      json.RawMessage `json:"error"`
	Timestamp  time.Time       `json:"timestamp"`
	Metrics    struct {
		Handler int64 `json:"timer_server_handler_ns"`
	} `json:"metrics"`
}

// TakeOPALog records decisions that another OPA gave, in the scope that it reports
// to. Its inputs and results may hold anything: they are sealed against the secrets
// of every policy that the scope sees, and masked.
func (s *Service) TakeOPALog(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, events []OPAEvent) error {
	if s.Record == nil {
		return nil
	}
	var runs []*seal.Run
	for at, b := range s.snapshot.Load().policies {
		if slices.Contains(scope.Chain(), at.scope) && b.err == nil && len(b.compiled.Secrets()) > 0 {
			runs = append(runs, b.doc.SealingSet().NewRun(seal.Options{Principal: by.ID}))
		}
	}
	for _, e := range events {
		x := Begin(ctx, by, Occasion{Scope: scope, Point: AtOPALog})
		if !e.Timestamp.IsZero() {
			x.Started = e.Timestamp
		}
		x.Duration = time.Duration(e.Metrics.Handler)
		if id, err := uuid.Parse(e.DecisionID); err == nil {
			x.RequestID = id.String() // by which the other OPA knows the decision
		}
		path, err := masked(runs, e.Path)
		if err != nil {
			return err
		}
		x.Path = path.(string)
		if x.MaskedInput, err = maskBy(runs, e.Input); err != nil {
			return err
		}
		if x.Answer, err = maskBy(runs, e.Result); err != nil {
			return err
		}
		x.Decision = newDecision(x.Answer == true)
		if len(e.Error) > 0 {
			x.Decision.Error = &Problem{Code: CodeFailed, Message: "the evaluation failed in the OPA that sent the log"}
		}
		s.Record(x)
	}
	return nil
}

// maskBy masks a value for whoever reads the log; nil for none.
func maskBy(runs []*seal.Run, text json.RawMessage) (any, error) {
	if len(text) == 0 {
		return nil, nil
	}
	v, err := jsonvalue.Decode(text)
	if err != nil {
		return nil, badRequest("an event cannot be read: " + err.Error())
	}
	return masked(runs, record.Redact(v))
}

// masked masks the secrets of runs in a value.
func masked(runs []*seal.Run, v any) (any, error) {
	for _, run := range runs {
		sealed, err := run.SealValue(v)
		if err != nil {
			return nil, err
		}
		v, _ = record.Secrets(run, sealed)
	}
	return v, nil
}
