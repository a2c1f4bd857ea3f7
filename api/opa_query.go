package api

import (
	"encoding/json"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/policy/rego"
)

// opaQueryBody is an ad-hoc query.
type opaQueryBody struct {
	Query string         `json:"query"`
	Input jsontext.Value `json:"input"`
}

// opaGetQuery answers the query q.
func (s *server) opaGetQuery(w http.ResponseWriter, r *http.Request) error {
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	return s.opaQuery(w, q, opaQueryBody{Query: q.values.Get("q")})
}

// opaPostQuery answers the query of the body.
func (s *server) opaPostQuery(w http.ResponseWriter, r *http.Request) error {
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	raw, err := opaBody(w, r)
	if err != nil {
		return err
	}
	var body opaQueryBody
	if err := unmarshalOPA(raw, &body); err != nil {
		return err
	}
	return s.opaQuery(w, q, body)
}

func (s *server) opaQuery(w http.ResponseWriter, q *opaRequest, body opaQueryBody) error {
	if body.Query == "" {
		return refuse(http.StatusBadRequest, "invalid_request", "there is no query: it is q, or query in a body")
	}
	a, err := s.policies.Query(q.ctx, q.Question, body.Query, json.RawMessage(body.Input))
	if err != nil {
		return err
	}
	s.countOPA(a)
	if err := opaFault(a.Problem); err != nil {
		return err
	}
	return s.answerOPA(w, q, http.StatusOK, q.answerOf(a))
}

// opaCompileBody asks for a partial evaluation.
type opaCompileBody struct {
	opaQueryBody
	// Unknowns are references below input or data; without any, input.
	Unknowns []string `json:"unknowns"`
}

// residual is what is left of a query.
type residual struct {
	Result *rego.Residual `json:"result"`
}

// opaCompile evaluates a query partially.
func (s *server) opaCompile(w http.ResponseWriter, r *http.Request) error {
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	raw, err := opaBody(w, r)
	if err != nil {
		return err
	}
	var body opaCompileBody
	if err := unmarshalOPA(raw, &body); err != nil {
		return err
	}
	if body.Query == "" {
		return refuse(http.StatusBadRequest, "invalid_request", "query is missing")
	}
	left, err := s.policies.Partial(q.ctx, q.Question, body.Query, json.RawMessage(body.Input), body.Unknowns)
	if err != nil {
		return err
	}
	return s.answerOPA(w, q, http.StatusOK, residual{Result: left})
}
