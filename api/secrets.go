package api

import (
	"context"
	"net/http"

	"github.com/reticent/reticent/secretstore"
)

// newSecret is the body of a POST: a secret with its name.
type newSecret struct {
	Name string `json:"name"`
	secretstore.Spec
}

func (s *server) createSecret(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	var body newSecret
	if err := decode(w, r, MaxBodyBytes, &body); err != nil {
		return err
	}
	secret, err := s.store.CreateSecret(r.Context(), t.by, t.scope, body.Name, body.Spec)
	if err != nil {
		return err
	}
	w.Header().Set("Location", pathOf(t.scope, "secrets", secret.Name))
	return s.answer(w, http.StatusCreated, secret.ETag, secret)
}

func (s *server) listSecrets(w http.ResponseWriter, r *http.Request) error {
	t, page, err := listOf(r)
	if err != nil {
		return err
	}
	secrets, err := s.store.Secrets(t.by, t.scope, page)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", secrets)
}

func (s *server) getSecret(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	secret, err := s.store.Secret(t.by, t.scope, t.name)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, secret.ETag, secret)
}

func (s *server) putSecret(w http.ResponseWriter, r *http.Request) error {
	t, etag, err := writeOf(r)
	if err != nil {
		return err
	}
	var spec secretstore.Spec
	if err := decode(w, r, MaxBodyBytes, &spec); err != nil {
		return err
	}
	if spec.WriteOptions, err = optionsOf(r); err != nil {
		return err
	}
	secret, created, err := s.store.PutSecret(r.Context(), t.by, t.scope, t.name, spec, etag)
	if err != nil {
		return err
	}
	return s.stored(w, created, secret.ETag, secret)
}

func (s *server) patchSecret(w http.ResponseWriter, r *http.Request) error {
	t, etag, err := writeOf(r)
	if err != nil {
		return err
	}
	var patch secretstore.Patch
	if err := decode(w, r, MaxBodyBytes, &patch); err != nil {
		return err
	}
	if patch.WriteOptions, err = optionsOf(r); err != nil {
		return err
	}
	secret, err := s.store.PatchSecret(r.Context(), t.by, t.scope, t.name, patch, etag)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, secret.ETag, secret)
}

// removal makes the endpoint that deletes something by its name.
func removal(remove func(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, name, ifMatch string, force bool) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		t, etag, err := writeOf(r)
		if err != nil {
			return err
		}
		force, err := forced(r)
		if err != nil {
			return err
		}
		if err := remove(r.Context(), t.by, t.scope, t.name, etag, force); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// forced reads whether something is to be deleted although others refer to it.
func forced(r *http.Request) (bool, error) {
	q, err := query(r, "force")
	if err != nil {
		return false, err
	}
	return truth(q, "force")
}
