package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/reticent/reticent/policy"
)

// evaluationsAnswer is the answer to access evaluations (AuthZEN section 7.2).
type evaluationsAnswer struct {
	Evaluations []policy.AuthZENResponse `json:"evaluations"`
}

// itemError is why one evaluation of several is denied, in its context (section
// 7.2.1). Status is what it would have been alone.
type itemError struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// evaluations answers access evaluations: several questions that may have parts in
// common, which are read once and sealed once for each policy.
func (s *server) evaluations(w http.ResponseWriter, r *http.Request) error {
	a, body, err := s.askerOf(w, r)
	if err != nil {
		return err
	}
	request, err := policy.ParseAuthZENBatch(body)
	if err != nil {
		return err
	}
	if request.Single != nil {
		answer, err := a.ask(r.Context(), request.Single)
		if err != nil {
			return err
		}
		return s.answer(w, http.StatusOK, "", answer)
	}
	out := evaluationsAnswer{Evaluations: make([]policy.AuthZENResponse, 0, len(request.Evaluations))}
	for _, question := range request.Evaluations {
		answer, err := a.askOne(r.Context(), question)
		if err != nil {
			return err
		}
		out.Evaluations = append(out.Evaluations, answer)
		if request.Semantic.Ends(answer.Decision) {
			break
		}
	}
	return s.answer(w, http.StatusOK, "", out)
}

// askOne decides on one request of several. What is wrong with it alone is a deny
// that says so; an error ends them all.
func (a *asker) askOne(ctx context.Context, x policy.AuthZENEvaluation) (policy.AuthZENResponse, error) {
	err := x.Err
	var answer policy.AuthZENResponse
	if err == nil {
		answer, err = a.ask(ctx, x.Request)
	}
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return answer, errors.Join(err, ctx.Err())
	}
	p, known := problemOf(err)
	if !known {
		a.s.log.LogAttrs(ctx, slog.LevelError, "one of several evaluations failed", slog.String("error", describe(err)))
	}
	return policy.AuthZENResponse{Context: map[string]any{"error": itemError{p.Status, p.Code, p.Detail}}}, nil
}

// search answers a search for subjects, resources or actions.
func (s *server) search(what policy.Search) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, body, err := s.askerOf(w, r)
		if err != nil {
			return err
		}
		request, err := policy.ParseSearch(what, body)
		if err != nil {
			return err
		}
		by, err := s.asking(r.Context(), a.by, a.scope, policy.PointAuthZEN, request.ResourceType)
		if err != nil {
			return err
		}
		binding, scope, ok := s.policies.Bound(a.scope, policy.PointAuthZEN, request.ResourceType)
		if !ok || binding.Policy == "" {
			return policy.Unsearchable(what)
		}
		page, err := a.batch.Search(r.Context(), by, scope, binding.Policy,
			policy.Occasion{Scope: a.scope, Point: string(policy.PointAuthZEN), Target: binding.Target}, request)
		if err != nil {
			return err
		}
		return s.answer(w, http.StatusOK, "", page)
	}
}
