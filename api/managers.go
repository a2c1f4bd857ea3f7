package api

import (
	"net/http"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/manager"
)

// listManagerCache gives all of a cache, which has at most manager.MaxEntries.
func (s *server) listManagerCache(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	cached, err := s.managers.Cache(t.by, t.scope, t.name)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", secretstore.Page[manager.Cached]{Items: cached})
}

// clearManagerCache forgets all of a cache, or the secret that the rest of the path
// names.
func (s *server) clearManagerCache(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	if err := s.managers.Clear(r.Context(), t.by, t.scope, t.name, pathValue(r, "*")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) managerHealth(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	h, err := s.managers.Health(t.by, t.scope, t.name)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", h)
}
