package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/key"
)

func (s *server) sign(w http.ResponseWriter, r *http.Request) error {
	return operate(s, w, r, s.keys.Sign)
}

func (s *server) verify(w http.ResponseWriter, r *http.Request) error {
	return operate(s, w, r, s.keys.Verify)
}

func (s *server) encrypt(w http.ResponseWriter, r *http.Request) error {
	return operate(s, w, r, s.keys.Encrypt)
}

func (s *server) decrypt(w http.ResponseWriter, r *http.Request) error {
	return operate(s, w, r, s.keys.Decrypt)
}

// operate answers with what a key gives for a request.
func operate[Q, A any](s *server, w http.ResponseWriter, r *http.Request, do func(secretstore.Principal, secretstore.Scope, string, Q) (A, error)) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	var request Q
	if err := decode(w, r, MaxInputBytes, &request); err != nil {
		return err
	}
	answer, err := do(t.by, t.scope, t.name, request)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.answer(w, http.StatusOK, "", answer)
}

// listKeyVersions gives all versions: there are at most secretstore.MaxVersions, so
// a page holds them.
func (s *server) listKeyVersions(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	versions, err := s.keys.Versions(t.by, t.scope, t.name)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", secretstore.Page[key.Version]{Items: versions})
}

// keySet publishes the public keys of a scope (RFC 7517). It is for everybody.
func (s *server) keySet(w http.ResponseWriter, r *http.Request) error {
	scope, err := scopeOf(r)
	if err != nil {
		return err
	}
	set, err := s.keys.Set(scope)
	if err != nil {
		return err
	}
	text, err := json.Marshal(set)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(text) // of what is public anyway
	etag := `"` + base64.RawURLEncoding.EncodeToString(digest[:16]) + `"`
	w.Header().Set("ETag", etag)
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(key.SetMaxAge.Seconds())))
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	s.write(w, http.StatusOK, "application/jwk-set+json", set)
	return nil
}
