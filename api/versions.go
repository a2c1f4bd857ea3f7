package api

import (
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/reticent/reticent/secretstore"
)

// versionStatus is the body of a PATCH.
type versionStatus struct {
	Status secretstore.Status `json:"status"`
}

// listVersions gives all versions: there are at most secretstore.MaxVersions,
// so a page holds them.
func (s *server) listVersions(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	versions, err := s.store.Versions(t.by, t.scope, t.name)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", secretstore.Page[secretstore.Version]{Items: versions})
}

func (s *server) addVersion(w http.ResponseWriter, r *http.Request) error {
	t, etag, err := writeOf(r)
	if err != nil {
		return err
	}
	var body secretstore.Given
	if err := decode(w, r, MaxBodyBytes, &body); err != nil {
		return err
	}
	version, added, err := s.store.AddVersion(r.Context(), t.by, t.scope, t.name, body, etag)
	if err != nil {
		return err
	}
	w.Header().Set("Location", pathOf(t.scope, "secrets", t.name, "versions", strconv.Itoa(version.Version)))
	return s.stored(w, added, "", version)
}

func (s *server) patchVersion(w http.ResponseWriter, r *http.Request) error {
	t, n, etag, err := versionOf(r)
	if err != nil {
		return err
	}
	var body versionStatus
	if err := decode(w, r, MaxBodyBytes, &body); err != nil {
		return err
	}
	version, err := s.store.SetVersionStatus(r.Context(), t.by, t.scope, t.name, n, body.Status, etag)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", version)
}

func (s *server) destroyVersion(w http.ResponseWriter, r *http.Request) error {
	t, n, etag, err := versionOf(r)
	if err != nil {
		return err
	}
	if err := s.store.DestroyVersion(r.Context(), t.by, t.scope, t.name, n, etag); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// versionOf gives the version that a path names, and the ETag that the secret
// should have.
func versionOf(r *http.Request) (target, int, string, error) {
	t, etag, err := writeOf(r)
	if err != nil {
		return t, 0, "", err
	}
	n, err := strconv.Atoi(chi.URLParam(r, "version"))
	if err != nil || n < 1 {
		return t, 0, "", refuse(http.StatusBadRequest, "invalid_request", "a version is a number from 1")
	}
	return t, n, etag, nil
}
