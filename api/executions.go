package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/reticent/reticent/script"
)

// listExecutions lists runs of scripts, the newest first.
func (s *server) listExecutions(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	q, err := query(r, "page_size", "page_token", "script", "point", "outcome", "since")
	if err != nil {
		return err
	}
	page, err := pageOf(q)
	if err != nil {
		return err
	}
	filter := script.Filter{Script: q.Get("script"), Point: q.Get("point"), Outcome: q.Get("outcome")}
	if filter.Since, err = timeOf(q, "since"); err != nil {
		return err
	}
	items, err := s.scripts.Executions(r.Context(), t.by, t.scope, filter, page)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", items)
}

// getExecution shows the record of one run.
func (s *server) getExecution(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	x, err := s.scripts.Execution(r.Context(), t.by, t.scope, chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", x)
}
