package api

import (
	"net/http"
)

// rotateBody says where the new key-encryption key is kept; "" is where the old one is.
type rotateBody struct {
	To string `json:"to"`
}

// getKEK tells of the key-encryption key and of its rotation.
func (s *server) getKEK(w http.ResponseWriter, r *http.Request) error {
	kek, err := s.store.KEK(exchangeOf(r).principal)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", kek)
}

// rotateKEK begins a rotation, which goes on in the background.
func (s *server) rotateKEK(w http.ResponseWriter, r *http.Request) error {
	var body rotateBody
	if err := decode(w, r, MaxBodyBytes, &body); err != nil {
		return err
	}
	kek, err := s.store.RotateKEK(r.Context(), exchangeOf(r).principal, body.To)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusAccepted, "", kek)
}
