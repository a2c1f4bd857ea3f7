package api

import (
	"net/http"
)

// putScope creates a project or a service. A body may be left out and says
// nothing.
func (s *server) putScope(w http.ResponseWriter, r *http.Request) error {
	scope, err := scopeOf(r)
	if err != nil {
		return err
	}
	if err := unconditional(r); err != nil {
		return err
	}
	if r.ContentLength != 0 {
		if err := decode(w, r, MaxBodyBytes, &struct{}{}); err != nil {
			return err
		}
	}
	info, created, err := s.store.PutScope(r.Context(), exchangeOf(r).principal, scope)
	if err != nil {
		return err
	}
	return s.stored(w, created, "", info)
}

// listScopes lists the projects, or the services of a project.
func (s *server) listScopes(w http.ResponseWriter, r *http.Request) error {
	t, page, err := listOf(r)
	if err != nil {
		return err
	}
	items, err := s.store.Scopes(t.by, t.scope, page)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", items)
}

// getScope shows a project or a service.
func (s *server) getScope(w http.ResponseWriter, r *http.Request) error {
	scope, err := scopeOf(r)
	if err != nil {
		return err
	}
	info, err := s.store.Scope(exchangeOf(r).principal, scope)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", info)
}
