package api

import (
	"encoding/json"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/policy"
)

// opaDefaultPath is the document that a request without a path asks for.
var opaDefaultPath = []string{"system", "main"}

// opaInput is the body of a question.
type opaInput struct {
	Input jsontext.Value `json:"input"`
}

// document answers a question for a document.
func (s *server) document(q *opaRequest, input []byte) (policy.Answer, error) {
	a, err := s.policies.Document(q.ctx, q.Question, q.path, json.RawMessage(input))
	if err != nil {
		return a, err
	}
	s.countOPA(a)
	return a, opaFault(a.Problem)
}

// opaGetData gives a document for the input that the query has, or for none.
func (s *server) opaGetData(w http.ResponseWriter, r *http.Request) error {
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	return s.opaData(w, q, []byte(q.values.Get("input")))
}

// opaPostData gives a document for the input of the body.
func (s *server) opaPostData(w http.ResponseWriter, r *http.Request) error {
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	body, err := opaBody(w, r)
	if err != nil {
		return err
	}
	var in opaInput
	if err := unmarshalOPA(body, &in); err != nil {
		return err
	}
	return s.opaData(w, q, in.Input)
}

func (s *server) opaData(w http.ResponseWriter, q *opaRequest, input []byte) error {
	a, err := s.document(q, input)
	if err != nil {
		return err
	}
	return s.answerOPA(w, q, http.StatusOK, q.answerOf(a))
}

// opaV0Data gives a document as it is, for the input that is the body.
func (s *server) opaV0Data(w http.ResponseWriter, r *http.Request) error {
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	body, err := opaBody(w, r)
	if err != nil {
		return err
	}
	return s.opaBare(w, q, body)
}

// opaDefault is opaV0Data for the default document.
func (s *server) opaDefault(w http.ResponseWriter, r *http.Request) error {
	q, err := s.opaRequest(r)
	if err != nil {
		return err
	}
	q.path = opaDefaultPath
	body, err := opaBody(w, r)
	if err != nil {
		return err
	}
	return s.opaBare(w, q, body)
}

func (s *server) opaBare(w http.ResponseWriter, q *opaRequest, input []byte) error {
	a, err := s.document(q, input)
	if err != nil {
		return err
	}
	if !a.Defined {
		return refuse(http.StatusNotFound, undefinedDocument, "the document is undefined for this input")
	}
	return s.answerOPA(w, q, http.StatusOK, a.Value)
}
