package api

import (
	"net/http"

	"github.com/reticent/reticent/policy"
)

// opaProblem is an error as OPA's API has it. Code is OPA's; those of the errors
// are this server's, and stable.
type opaProblem struct {
	DecisionID string     `json:"decision_id,omitempty"`
	Code       string     `json:"code"`
	Message    string     `json:"message"`
	Errors     []opaError `json:"errors,omitempty"`
	// HTTPStatusCode is there in a batch of mixed outcomes.
	HTTPStatusCode string `json:"http_status_code,omitempty"`
}

type opaError struct {
	Code     string       `json:"code"`
	Message  string       `json:"message"`
	Location *opaLocation `json:"location,omitempty"`
}

type opaLocation struct {
	File string `json:"file"`
	Row  int    `json:"row"`
	Col  int    `json:"col"`
}

// opaCodes are OPA's codes by status.
var opaCodes = map[int]string{
	http.StatusUnauthorized:        "unauthorized",
	http.StatusForbidden:           "unauthorized",
	http.StatusNotFound:            "resource_not_found",
	http.StatusMethodNotAllowed:    "invalid_operation",
	http.StatusConflict:            "resource_conflict",
	http.StatusInternalServerError: "internal_error",
	http.StatusServiceUnavailable:  "internal_error",
}

// opaProblemOf gives a problem in OPA's shape.
func opaProblemOf(p problem) opaProblem {
	out := opaProblem{Code: opaCodes[p.Status], Message: p.Detail}
	if out.Code == "" {
		out.Code = "invalid_parameter"
	}
	if p.Code == undefinedDocument {
		out.Code = undefinedDocument
	}
	for _, f := range p.Errors {
		e := opaError{Code: f.Code, Message: f.Message}
		if f.Line > 0 {
			e.Location = &opaLocation{File: f.File, Row: f.Line, Col: f.Column}
		}
		out.Errors = append(out.Errors, e)
	}
	if out.Errors == nil {
		out.Errors = []opaError{{Code: p.Code, Message: p.Detail}}
	}
	return out
}

// undefinedDocument is OPA's code, and ours, of a document that is not there where
// one must be.
const undefinedDocument = "undefined_document"

// opaFault is the error of an evaluation that failed; nil if none did.
func opaFault(p *policy.Problem) error {
	switch {
	case p == nil:
		return nil
	case p.BadInput():
		return refuse(http.StatusBadRequest, p.Code, "%s", p.Message)
	}
	return &refusal{status: http.StatusInternalServerError, code: p.Code, message: "an error occurred while the query was evaluated: " + p.Message,
		errors: []finding{{File: p.File, Line: p.Line, Column: p.Column, Code: p.Code, Message: p.Message}}}
}
