package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/reticent/reticent/policy"
)

// evaluateBody asks for a decision of a stored policy.
type evaluateBody struct {
	Input json.RawMessage `json:"input"`
}

// policyBody asks for a decision of the policy that it holds.
type policyBody struct {
	Policy json.RawMessage `json:"policy"`
	Input  json.RawMessage `json:"input"`
}

func (s *server) evaluatePolicy(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	var body evaluateBody
	if err := decode(w, r, MaxInputBytes, &body); err != nil {
		return err
	}
	ctx, err := explained(r)
	if err != nil {
		return err
	}
	decision, err := s.policies.Evaluate(ctx, t.by, t.scope, t.name, body.Input)
	if err != nil {
		return err
	}
	return s.answerDecision(w, decision)
}

// explained is the context of a request whose decision may be explained.
func explained(r *http.Request) (context.Context, error) {
	q, err := query(r, "explain")
	if err != nil {
		return nil, err
	}
	ctx, err := policy.WithExplain(r.Context(), q.Get("explain"))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "invalid_request", `explain must be "notes", "fails", "full" or "debug"`)
	}
	return ctx, nil
}

func (s *server) testPolicy(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	var body policyBody
	if err := decode(w, r, MaxInputBytes, &body); err != nil {
		return err
	}
	if len(body.Policy) == 0 {
		return refuse(http.StatusBadRequest, "invalid_request", "policy is missing: it is the policy to test")
	}
	ctx, err := explained(r)
	if err != nil {
		return err
	}
	decision, err := s.policies.Test(ctx, t.by, t.scope, body.Policy, body.Input)
	if err != nil {
		return err
	}
	return s.answerDecision(w, decision)
}

func (s *server) answerDecision(w http.ResponseWriter, d policy.Decision) error {
	s.metrics.evaluation("policy", outcome(d))
	if err := decisionFault(d); err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", d)
}

// outcome is a decision's label in the metrics.
func outcome(d policy.Decision) string {
	switch {
	case d.Error != nil:
		return "error"
	case d.Decision:
		return "allow"
	}
	return "deny"
}

// decisionFault gives the error of an evaluation whose input is wrong.
func decisionFault(d policy.Decision) error {
	if d.Error != nil && d.Error.BadInput() {
		return refuse(http.StatusBadRequest, d.Error.Code, "%s", d.Error.Message)
	}
	return nil
}
