package api

import (
	"net/http"
	"strconv"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/reticent/reticent/policy"
)

// opaBundle gives a policy as a bundle that a stock OPA fetches.
func (s *server) opaBundle(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	b, err := s.policies.Bundle(t.by, t.scope, t.name)
	if err != nil {
		return err
	}
	tag := strconv.Quote(b.ETag)
	w.Header().Set("ETag", tag)
	for known := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	w.Header().Set("Content-Type", "application/gzip")
	w.Header().Set("Content-Length", strconv.Itoa(len(b.Tarball)))
	_, _ = w.Write(b.Tarball) // a client that is gone is nobody to tell
	return nil
}

// opaLog takes the decision log of a stock OPA.
func (s *server) opaLog(w http.ResponseWriter, r *http.Request) error {
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	raw, err := opaBody(w, r)
	if err != nil {
		return err
	}
	var events []policy.OPAEvent
	if err := jsonv2.Unmarshal(raw, &events); err != nil {
		return refuse(http.StatusBadRequest, "invalid_json", "the body is no array of the events of a decision log, or no strict JSON")
	}
	if err := s.policies.TakeOPALog(r.Context(), q.By, q.Scope, events); err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", struct{}{})
}
