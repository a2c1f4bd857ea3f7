package api

import (
	"errors"
	"net/http"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/script"
)

// engineProblem gives the problem of an error of policy or script.
func engineProblem(err error) (problem, bool) {
	if e, ok := errors.AsType[*script.CheckError](err); ok {
		p := problem{Status: http.StatusUnprocessableEntity, Code: "invalid_script", Detail: e.Error()}
		for _, f := range e.Findings {
			p.Errors = append(p.Errors, finding{File: f.Module, Line: f.Line, Column: f.Column, Code: f.Code, Message: f.Message, Advice: f.Advice})
		}
		return p, true
	}
	if e, ok := errors.AsType[*policy.InvalidError](err); ok {
		p := problem{Status: http.StatusUnprocessableEntity, Code: "invalid_policy", Detail: e.Error()}
		for _, f := range e.Findings {
			if f.Code == policy.CodeInvalidBinding {
				p.Code = "invalid_binding"
			}
			p.Errors = append(p.Errors, finding(f))
		}
		return p, true
	}
	if e, ok := errors.AsType[*policy.Problem](err); ok {
		p := problem{Status: http.StatusBadRequest, Code: e.Code, Detail: e.Message}
		if e.Line > 0 {
			p.Errors = []finding{{File: e.File, Line: e.Line, Column: e.Column, Code: e.Code, Message: e.Message}}
		}
		switch e.Code {
		case policy.CodeUnsearchable:
			p.Status = http.StatusNotImplemented
		case policy.CodeAmbiguous:
			p.Status = http.StatusConflict
		}
		return p, true
	}
	switch {
	case errors.Is(err, script.ErrOverloaded):
		return problem{Status: http.StatusServiceUnavailable, Code: "overloaded", Detail: "too many scripts wait for a worker (MaxQueued); try again later"}, true
	case errors.Is(err, script.ErrNoRecords):
		return problem{Status: http.StatusNotFound, Code: "not_recorded", Detail: "this server keeps no records of executions"}, true
	case errors.Is(err, script.ErrClosed):
		return problem{Status: http.StatusServiceUnavailable, Code: "not_ready", Detail: "the server is stopping"}, true
	}
	return problem{}, false
}
