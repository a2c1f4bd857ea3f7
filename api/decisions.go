package api

import (
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/reticent/reticent/policy/decisionlog"
)

// listDecisions lists decisions, the newest first.
func (s *server) listDecisions(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	q, err := query(r, "page_size", "page_token", "policy", "point", "principal", "outcome", "differs", "since", "until")
	if err != nil {
		return err
	}
	page, err := pageOf(q)
	if err != nil {
		return err
	}
	filter := decisionlog.Filter{Policy: q.Get("policy"), Point: q.Get("point"), Principal: q.Get("principal"), Outcome: decisionlog.Outcome(q.Get("outcome"))}
	switch filter.Outcome {
	case "", decisionlog.Allow, decisionlog.Deny, decisionlog.Failed:
	default:
		return refuse(http.StatusBadRequest, "invalid_request", "outcome is allow, deny or error")
	}
	switch q.Get("differs") {
	case "true":
		filter.Differs = true
	case "", "false":
	default:
		return refuse(http.StatusBadRequest, "invalid_request", "differs is true or false")
	}
	if filter.Since, err = timeOf(q, "since"); err != nil {
		return err
	}
	if filter.Until, err = timeOf(q, "until"); err != nil {
		return err
	}
	if s.decisions == nil {
		return errNoDecisions()
	}
	items, err := s.decisions.List(r.Context(), t.by, t.scope, filter, page)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", items)
}

// getDecision shows the record of one decision.
func (s *server) getDecision(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	if s.decisions == nil {
		return errNoDecisions()
	}
	x, err := s.decisions.Get(r.Context(), t.by, t.scope, chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", x)
}

func errNoDecisions() error {
	return refuse(http.StatusNotFound, "not_recorded", "this server keeps no decision log")
}

// timeOf reads a time of a query, zero where there is none.
func timeOf(q url.Values, name string) (time.Time, error) {
	if !q.Has(name) {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, q.Get(name))
	if err != nil {
		return at, refuse(http.StatusBadRequest, "invalid_request", "%s is a time of RFC 3339, such as 2026-01-31T08:00:00Z", name)
	}
	return at, nil
}
