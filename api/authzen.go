package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
)

// asker asks questions of AuthZEN for one request: by what is bound at the point
// authzen, as a scope sees it, for the type of the resource.
type asker struct {
	s     *server
	by    secretstore.Principal
	scope secretstore.Scope
	batch *policy.Batch
}

// askerOf starts a request of AuthZEN and reads its body.
func (s *server) askerOf(w http.ResponseWriter, r *http.Request) (*asker, json.RawMessage, error) {
	t, err := targetOf(r)
	if err != nil {
		return nil, nil, err
	}
	if err := s.store.CheckScope(t.scope); err != nil {
		return nil, nil, err
	}
	body, err := document[map[string]json.RawMessage](w, r, MaxInputBytes)
	return &asker{s: s, by: t.by, scope: t.scope, batch: s.policies.Batch()}, body, err
}

// evaluation answers an access evaluation request of the OpenID AuthZEN
// Authorization API 1.0. What is no clear permit is a decision of false; the
// context says why.
func (s *server) evaluation(w http.ResponseWriter, r *http.Request) error {
	a, body, err := s.askerOf(w, r)
	if err != nil {
		return err
	}
	request, err := policy.ParseAuthZEN(body)
	if err != nil {
		return err
	}
	answer, err := a.ask(r.Context(), request)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", answer)
}

// ask decides on one request. An error is a fault of the request or the server's.
func (a *asker) ask(ctx context.Context, request *policy.AuthZENRequest) (policy.AuthZENResponse, error) {
	by, err := a.s.asking(ctx, a.by, a.scope, policy.PointAuthZEN, request.ResourceType)
	if err != nil {
		return policy.AuthZENResponse{}, err
	}
	binding, scope, ok := a.s.policies.Bound(a.scope, policy.PointAuthZEN, request.ResourceType)
	o := policy.Occasion{Scope: a.scope, Point: string(policy.PointAuthZEN), Target: binding.Target, Candidate: binding.DryRun}
	x := policy.Begin(ctx, by, o)
	x.Script = binding.Script
	if !ok {
		return a.denied(x, "no_binding", "nothing is bound to this resource type at the point authzen"), nil
	}
	var answer policy.AuthZENResponse
	if binding.Script != "" {
		answer, err = a.askScript(ctx, x, scope, request)
	} else {
		answer, err = a.askPolicy(ctx, by, scope, binding.Policy, o, request)
	}
	if errors.Is(err, secretstore.ErrNotFound) {
		// What the binding names was deleted since: a deny, not a missing resource of
		// the caller's.
		return a.denied(x, "bound_missing", err.Error()), nil
	}
	return answer, err
}

// denied is a deny that says why nothing was evaluated.
func (a *asker) denied(x *policy.Evaluation, code, message string) policy.AuthZENResponse {
	a.s.policies.Decided(x, deniedBy(code, message))
	return denial(code, message)
}

func (a *asker) askPolicy(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name string, o policy.Occasion, request *policy.AuthZENRequest) (policy.AuthZENResponse, error) {
	decision, err := a.batch.Evaluate(ctx, by, scope, name, o, request.Parts)
	if err != nil {
		return policy.AuthZENResponse{}, err
	}
	a.s.metrics.evaluation("policy", outcome(decision))
	return decision.AuthZEN(), decisionFault(decision)
}

// askScript answers with what a bound script returned, {decision, context}.
// Anything else is a deny.
func (a *asker) askScript(ctx context.Context, x *policy.Evaluation, scope secretstore.Scope, request *policy.AuthZENRequest) (policy.AuthZENResponse, error) {
	result, err := a.s.scripts.RunWith(ctx, x.By, scope, x.Script, script.Given{Input: request.Input(), Point: string(policy.PointAuthZEN)})
	if err != nil {
		return policy.AuthZENResponse{}, err
	}
	answer := scriptAnswer(result)
	a.s.scriptDecided(x, result)
	outcome := "deny"
	switch {
	case answer.Decision:
		outcome = "allow"
	case result.Error != nil:
		outcome = "error"
	}
	a.s.metrics.evaluation("script", outcome)
	answer.Context, _ = policy.WithoutNulls(answer.Context).(map[string]any)
	return answer, runFault(result.Error)
}

func scriptAnswer(result script.Result) policy.AuthZENResponse {
	if result.Error != nil {
		return denial(string(result.Error.Code), result.Error.Message)
	}
	returned, _ := result.Output.(map[string]any)
	decision, isBool := returned["decision"].(bool)
	context, isObject := returned["context"].(map[string]any)
	_, hasContext := returned["context"]
	if !isBool || hasContext && !isObject && returned["context"] != nil {
		return denial("invalid_decision", "the bound script must return {decision: true or false, context: an object or nothing}")
	}
	answer := policy.AuthZENResponse{Decision: decision, Context: maps.Clone(context)}
	if len(result.Masked) > 0 {
		if answer.Context == nil {
			answer.Context = map[string]any{}
		}
		answer.Context["masked"] = result.Masked
	}
	return answer
}

// denial is a decision of false with its reason.
func denial(code, message string) policy.AuthZENResponse {
	return policy.AuthZENResponse{Context: map[string]any{"error": policy.Problem{Code: code, Message: message}}}
}
