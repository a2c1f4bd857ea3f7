package api

import (
	"net/http"
	"strings"

	"github.com/reticent/reticent/secretstore"
)

// authenticate lets through who has a token (RFC 6750): one of this server's or one
// of an issuer's; or, without a token, a client certificate.
func (s *server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values := r.Header.Values("Authorization")
		if len(values) == 0 {
			principal, ok := s.identities.Certificate(r.TLS)
			if !ok {
				s.unauthorized(w, r, `Bearer realm="reticent"`, "send Authorization: Bearer TOKEN")
				return
			}
			s.as(w, r, principal, next)
			return
		}
		scheme, token, _ := strings.Cut(values[0], " ")
		principal, ok := s.bearer(strings.TrimSpace(token))
		if !ok || !strings.EqualFold(scheme, "Bearer") || len(values) > 1 {
			s.unauthorized(w, r, `Bearer realm="reticent", error="invalid_token"`, "the token is not valid; send Authorization: Bearer TOKEN")
			return
		}
		s.as(w, r, principal, next)
	})
}

func (s *server) as(w http.ResponseWriter, r *http.Request, p secretstore.Principal, next http.Handler) {
	exchangeOf(r).principal = p
	next.ServeHTTP(w, r)
}

// bearer gives the principal of a token.
func (s *server) bearer(token string) (secretstore.Principal, bool) {
	if p, ok := s.store.Authenticate(token); ok {
		return p, true
	}
	return s.identities.Token(token)
}

func (s *server) unauthorized(w http.ResponseWriter, r *http.Request, challenge, message string) {
	s.store.Unauthenticated(r.Context())
	w.Header().Set("WWW-Authenticate", challenge)
	s.fail(w, r, refuse(http.StatusUnauthorized, "unauthorized", "%s", message))
}
