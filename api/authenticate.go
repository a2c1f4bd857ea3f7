package api

import (
	"net/http"
	"strings"
)

// authenticate lets through who has a token (RFC 6750).
func (s *server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values := r.Header.Values("Authorization")
		if len(values) == 0 {
			s.unauthorized(w, r, `Bearer realm="reticent"`, "send Authorization: Bearer TOKEN")
			return
		}
		scheme, token, _ := strings.Cut(values[0], " ")
		principal, ok := s.store.Authenticate(strings.TrimSpace(token))
		if !ok || !strings.EqualFold(scheme, "Bearer") || len(values) > 1 {
			s.unauthorized(w, r, `Bearer realm="reticent", error="invalid_token"`, "the token is not valid; send Authorization: Bearer TOKEN")
			return
		}
		exchangeOf(r).principal = principal
		next.ServeHTTP(w, r)
	})
}

func (s *server) unauthorized(w http.ResponseWriter, r *http.Request, challenge, message string) {
	s.store.Unauthenticated(r.Context())
	w.Header().Set("WWW-Authenticate", challenge)
	s.fail(w, r, refuse(http.StatusUnauthorized, "unauthorized", "%s", message))
}
