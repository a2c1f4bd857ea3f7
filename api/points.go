package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/seal"
)

// pointBody asks for a decision at a point.
type pointBody struct {
	// Target is what the point is asked about; empty is a target that only a
	// binding for all answers for.
	Target string          `json:"target"`
	Input  json.RawMessage `json:"input"`
}

// evaluatePoint decides with what is bound to a point for a target, as the scope
// sees it.
func (s *server) evaluatePoint(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	name, err := parameter(r, "point")
	if err != nil {
		return err
	}
	at := policy.Point(name)
	if !at.Decides() {
		return refuse(http.StatusNotFound, "not_found", "there is no such point of decision; docs/policies.md lists them, and docs/scripting.md those that scripts run at")
	}
	var body pointBody
	if err := decode(w, r, MaxInputBytes, &body); err != nil {
		return err
	}
	x := policy.Begin(r.Context(), t.by, policy.Occasion{Scope: t.scope, Point: string(at)})
	d, err := s.decideAt(r, x, at, body)
	if errors.Is(err, secretstore.ErrNotFound) {
		// What a binding names was deleted since: a deny, not a missing resource of
		// the caller's.
		d, err = deniedBy("bound_missing", err.Error()), nil
		s.policies.Decided(x, d)
	}
	if err != nil {
		return err
	}
	if err := decisionFault(d); err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", d)
}

func (s *server) decideAt(r *http.Request, x *policy.Evaluation, at policy.Point, body pointBody) (policy.Decision, error) {
	by, err := s.asking(r.Context(), x.By, x.Scope, at, body.Target)
	if err != nil {
		return policy.Decision{}, err
	}
	bound, scope, ok := s.policies.Bound(x.Scope, at, body.Target)
	x.Script, x.Target = bound.Script, bound.Target
	if !ok {
		d := deniedBy("no_binding", "nothing is bound to this target at the point "+string(at))
		s.policies.Decided(x, d)
		return d, nil
	}
	if bound.Script == "" {
		o := x.Occasion
		o.Candidate = bound.DryRun
		d, err := s.policies.EvaluateAt(r.Context(), by, scope, bound.Policy, o, body.Input)
		if err == nil {
			s.metrics.evaluation("policy", outcome(d))
		}
		return d, err
	}
	if err := at.Type().CheckInput(body.Input); err != nil {
		return policy.Decision{}, err
	}
	result, err := s.scripts.RunWith(r.Context(), by, scope, bound.Script, script.Given{Input: body.Input, Point: string(at)})
	if err != nil {
		return policy.Decision{}, err
	}
	s.scriptDecided(x, result)
	if err := runFault(result.Error); err != nil {
		return policy.Decision{}, err
	}
	d := scriptDecision(result)
	s.metrics.evaluation("script", outcome(d))
	return d, nil
}

// asking decides whether somebody may ask at a point for a target, and gives him
// as who is evaluated for: what is bound there, in this scope or above it, answers
// him, whatever else he may do with it.
func (s *server) asking(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, at policy.Point, target string) (secretstore.Principal, error) {
	err := s.store.Permit(ctx, by, secretstore.KindBinding, scope, string(at)+":"+target, access.Execute)
	by.Admin = err == nil
	return by, err
}

// scriptDecided records the decision of a script. Its input is recorded as its
// execution has it: where that was asked for.
func (s *server) scriptDecided(x *policy.Evaluation, result script.Result) {
	x.MaskedInput = result.Input
	s.policies.Decided(x, scriptDecision(result))
}

// scriptDecision is what a script that answers at a point of decision returned.
func scriptDecision(result script.Result) policy.Decision {
	answer := scriptAnswer(result)
	if problem, failed := answer.Context["error"].(policy.Problem); failed && !answer.Decision {
		return deniedBy(problem.Code, problem.Message)
	}
	d := emptyDecision(answer.Decision)
	if answer.Context != nil {
		delete(answer.Context, "masked")
		d.Context = answer.Context
	}
	d.Masked = append(d.Masked, result.Masked...)
	return d
}

func emptyDecision(allow bool) policy.Decision {
	return policy.Decision{Decision: allow, Failures: []policy.Failure{}, Recovery: []any{}, Output: map[string]any{}, Masked: []seal.Masked{}}
}

// deniedBy is a deny that says why nothing was evaluated.
func deniedBy(code, message string) policy.Decision {
	d := emptyDecision(false)
	d.Error = &policy.Problem{Code: code, Message: message}
	return d
}
