package api

import (
	"encoding/json"
	"net/http"

	"github.com/reticent/reticent/policy"
)

// A binding is named by its point in the path and by its target: in the body of
// a PUT, else in the query.

func (s *server) listBindings(w http.ResponseWriter, r *http.Request) error {
	t, page, err := listOf(r)
	if err != nil {
		return err
	}
	items, err := s.policies.ListBindings(t.by, t.scope, page)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", items)
}

func (s *server) getBinding(w http.ResponseWriter, r *http.Request) error {
	t, point, bound, err := bindingOf(r)
	if err != nil {
		return err
	}
	entry, err := s.policies.GetBinding(t.by, t.scope, point, bound)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, entry.ETag, entry)
}

func (s *server) putBinding(w http.ResponseWriter, r *http.Request) error {
	t, etag, err := writeOf(r)
	if err != nil {
		return err
	}
	point, err := parameter(r, "point")
	if err != nil {
		return err
	}
	body, err := document[policy.Binding](w, r, MaxBodyBytes)
	if err != nil {
		return err
	}
	options, err := optionsOf(r)
	if err != nil {
		return err
	}
	entry, created, err := s.policies.PutBinding(r.Context(), t.by, t.scope, policy.Point(point), body, etag, options)
	if err != nil {
		return err
	}
	return s.stored(w, created, entry.ETag, entry)
}

func (s *server) patchBinding(w http.ResponseWriter, r *http.Request) error {
	t, point, bound, err := bindingOf(r, "set", "preview")
	if err != nil {
		return err
	}
	options, err := optionsOf(r, "target")
	if err != nil {
		return err
	}
	etag, err := ifMatch(r)
	if err != nil {
		return err
	}
	body, err := document[map[string]json.RawMessage](w, r, MaxBodyBytes)
	if err != nil {
		return err
	}
	entry, err := s.policies.PatchBinding(r.Context(), t.by, t.scope, point, bound, body, etag, options)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, entry.ETag, entry)
}

func (s *server) deleteBinding(w http.ResponseWriter, r *http.Request) error {
	t, point, bound, err := bindingOf(r)
	if err != nil {
		return err
	}
	etag, err := ifMatch(r)
	if err != nil {
		return err
	}
	if err := s.policies.DeleteBinding(r.Context(), t.by, t.scope, point, bound, etag); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// bindingOf gives the point and the target that a request is about. The query may
// have others beside the target.
func bindingOf(r *http.Request, others ...string) (t target, point policy.Point, bound string, err error) {
	if t, err = targetOf(r); err != nil {
		return t, "", "", err
	}
	name, err := parameter(r, "point")
	if err != nil {
		return t, "", "", err
	}
	q, err := query(r, append(others, "target")...)
	return t, policy.Point(name), q.Get("target"), err
}
