package api

import (
	"net/http"

	"github.com/reticent/reticent/secretstore"
)

// putSecretsFile stores a secrets.json in a scope, as a whole: an object of names
// and values. There is no ETag of all secrets of a scope.
func (s *server) putSecretsFile(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	if err := unconditional(r); err != nil {
		return err
	}
	q, err := query(r, "mode", "force")
	if err != nil {
		return err
	}
	var o secretstore.FileOptions
	if o.Force, err = truth(q, "force"); err != nil {
		return err
	}
	switch q.Get("mode") {
	case "", "merge":
	case "replace":
		o.Replace = true
	default:
		return refuse(http.StatusBadRequest, "invalid_request", "mode is merge or replace")
	}
	var file map[string]secretstore.Value
	if err := decode(w, r, MaxBodyBytes, &file); err != nil {
		return err
	}
	result, err := s.store.PutFile(r.Context(), t.by, t.scope, file, o)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", result)
}
