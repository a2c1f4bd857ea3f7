package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
)

// evaluation answers an access evaluation request of the OpenID AuthZEN
// Authorization API 1.0. What is no clear permit is a decision of false; the
// context says why.
func (s *server) evaluation(w http.ResponseWriter, r *http.Request) error {
	body, err := document[map[string]json.RawMessage](w, r, MaxInputBytes)
	if err != nil {
		return err
	}
	request, err := policy.ParseAuthZEN(body)
	if err != nil {
		return err
	}
	by, err := s.asking(exchangeOf(r).principal, secretstore.Scope{}, policy.PointAuthZEN, request.Resource.Type)
	if err != nil {
		return err
	}
	binding, scope, ok := s.policies.Bound(secretstore.Scope{}, policy.PointAuthZEN, request.Resource.Type)
	if !ok {
		return s.answer(w, http.StatusOK, "", denial("no_binding", "nothing is bound to this resource type at the point authzen"))
	}
	input, err := request.Input()
	if err != nil {
		return err
	}
	if binding.Script != "" {
		result, err := s.scripts.RunWith(r.Context(), by, scope, binding.Script, script.Given{Input: input, Point: string(policy.PointAuthZEN)})
		if err != nil {
			return s.answerUnbound(w, err)
		}
		return s.answerAuthZENRun(w, result)
	}
	decision, err := s.policies.Evaluate(r.Context(), by, scope, binding.Policy, input)
	if err != nil {
		return s.answerUnbound(w, err)
	}
	s.metrics.evaluation("policy", outcome(decision))
	if err := decisionFault(decision); err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", decision.AuthZEN())
}

// answerUnbound answers where what a binding names was deleted since: a deny,
// not a missing resource of the caller's.
func (s *server) answerUnbound(w http.ResponseWriter, err error) error {
	if errors.Is(err, secretstore.ErrNotFound) {
		return s.answer(w, http.StatusOK, "", denial("bound_missing", err.Error()))
	}
	return err
}

// answerAuthZENRun answers with what a bound script returned, {decision,
// context}. Anything else is a deny.
func (s *server) answerAuthZENRun(w http.ResponseWriter, result script.Result) error {
	answer := scriptAnswer(result)
	outcome := "deny"
	switch {
	case answer.Decision:
		outcome = "allow"
	case result.Error != nil:
		outcome = "error"
	}
	s.metrics.evaluation("script", outcome)
	if err := runFault(result.Error); err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", answer)
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
	answer := policy.AuthZENResponse{Decision: decision, Context: context}
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
