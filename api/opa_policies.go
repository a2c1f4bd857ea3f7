package api

import (
	"net/http"
	"strings"

	"github.com/reticent/reticent/policy"
)

// opaModules lists the modules of the Rego policies that the scope sees and the
// caller may read.
func (s *server) opaModules(w http.ResponseWriter, r *http.Request) error {
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	modules, err := s.policies.Modules(q.By, q.Scope)
	if err != nil {
		return err
	}
	return s.answerOPA(w, q, http.StatusOK, map[string][]policy.Module{"result": modules})
}

// opaModule gives one module.
func (s *server) opaModule(w http.ResponseWriter, r *http.Request) error {
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	modules, err := s.policies.Modules(q.By, q.Scope)
	if err != nil {
		return err
	}
	id := strings.Join(q.path, "/")
	for _, m := range modules {
		if m.ID == id {
			return s.answerOPA(w, q, http.StatusOK, map[string]policy.Module{"result": m})
		}
	}
	return refuse(http.StatusNotFound, "not_found", "there is no such module")
}
