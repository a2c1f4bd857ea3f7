package api

import (
	"net/http"

	"github.com/reticent/reticent/secretstore"
)

func (s *server) listTokens(w http.ResponseWriter, r *http.Request) error {
	t, page, err := listOf(r)
	if err != nil {
		return err
	}
	tokens, err := s.store.Tokens(t.by, t.scope, page)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", tokens)
}

// createToken answers with the token, which is shown this once.
func (s *server) createToken(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	if err := unconditional(r); err != nil {
		return err
	}
	var body secretstore.NewToken
	if err := decode(w, r, MaxBodyBytes, &body); err != nil {
		return err
	}
	token, err := s.store.CreateToken(r.Context(), t.by, t.scope, body)
	if err != nil {
		return err
	}
	w.Header().Set("Location", pathOf(t.scope, "tokens", token.ID))
	return s.answer(w, http.StatusCreated, token.ETag, token)
}

func (s *server) getToken(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	token, err := s.store.Token(t.by, t.scope, t.name)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, token.ETag, token)
}

func (s *server) patchToken(w http.ResponseWriter, r *http.Request) error {
	t, etag, err := writeOf(r)
	if err != nil {
		return err
	}
	var patch secretstore.TokenPatch
	if err := decode(w, r, MaxBodyBytes, &patch); err != nil {
		return err
	}
	token, err := s.store.PatchToken(r.Context(), t.by, t.scope, t.name, patch, etag)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, token.ETag, token)
}
