package api

import (
	"net/http"

	"github.com/reticent/reticent/secretstore"
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

// getScope shows a project or a service.
func (s *server) getScope(w http.ResponseWriter, r *http.Request) error {
	scope, err := scopeOf(r)
	if err != nil {
		return err
	}
	by := exchangeOf(r).principal
	// The list fails where there is no such scope, and none can be deleted, so
	// that PutScope finds it and writes nothing.
	if _, err := s.store.Secrets(by, scope, secretstore.PageRequest{Size: 1}); err != nil {
		return err
	}
	info, _, err := s.store.PutScope(r.Context(), by, scope)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", info)
}
