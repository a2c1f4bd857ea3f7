package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// problem is an RFC 9457 problem document. Its type is about:blank; Code is
// what programs read.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Code is stable.
	Code   string `json:"code"`
	Detail string `json:"detail"`
	// Errors are the places that are wrong, if there is more to say than Detail.
	Errors []finding `json:"errors,omitempty"`
	// UsedBy says what refers to a resource that is in use.
	UsedBy    []secretstore.Reference `json:"used_by,omitempty"`
	RequestID string                  `json:"request_id,omitempty"`
}

// finding is one thing that is wrong in a body, a script or a policy.
type finding struct {
	// File is a module's, where there are several.
	File string `json:"file,omitempty"`
	// Line and Column count from 1, Column in bytes; 0 is unknown.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Pointer is a JSON pointer (RFC 6901) into the body.
	Pointer string `json:"pointer,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
	// Advice says what to write instead.
	Advice string `json:"advice,omitempty"`
}

// refusal is an error that this package makes.
type refusal struct {
	status  int
	code    string
	message string
	errors  []finding
}

// Error gives the message.
func (e *refusal) Error() string { return e.message }

func refuse(status int, code, format string, args ...any) error {
	return &refusal{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// refusal makes the error of a body that is wrong in one place.
func (f finding) refusal() error {
	message := f.Message
	switch {
	case f.Pointer != "":
		message += " (at " + f.Pointer + ")"
	case f.Line > 0:
		message += fmt.Sprintf(" (line %d, column %d)", f.Line, f.Column)
	}
	return &refusal{status: http.StatusBadRequest, code: f.Code, message: message, errors: []finding{f}}
}

// classes are the statuses and codes of what a request can do wrong.
var classes = []struct {
	class  error
	status int
	code   string
}{
	{secretstore.ErrInvalid, http.StatusBadRequest, "invalid_request"},
	{secretstore.ErrForbidden, http.StatusForbidden, "forbidden"},
	{secretstore.ErrNotFound, http.StatusNotFound, "not_found"},
	{secretstore.ErrExists, http.StatusConflict, "already_exists"},
	{secretstore.ErrInUse, http.StatusConflict, "in_use"},
	{secretstore.ErrChanged, http.StatusPreconditionFailed, "changed"},
	{secretstore.ErrTooLarge, http.StatusRequestEntityTooLarge, "too_large"},
	{secretstore.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
	{secretstore.ErrValueRequired, http.StatusUnprocessableEntity, "value_required"},
}

// problemOf is the one place that knows which error has which status. What it
// does not know is a fault of the server: ok is false and the caller is told
// nothing of it.
func problemOf(err error) (p problem, ok bool) {
	if e, is := errors.AsType[*refusal](err); is {
		return problem{Status: e.status, Code: e.code, Detail: e.message, Errors: e.errors}, true
	}
	if e, is := errors.AsType[*secretstore.Failure](err); is {
		for _, c := range classes {
			if errors.Is(e, c.class) {
				return problem{Status: c.status, Code: c.code, Detail: e.Message, UsedBy: e.UsedBy}, true
			}
		}
	}
	if e, is := errors.AsType[*seal.Error](err); is {
		return problem{Status: sealStatus(e.Code), Code: string(e.Code), Detail: e.Message}, true
	}
	if p, is := engineProblem(err); is {
		return p, true
	}
	return problem{Status: http.StatusInternalServerError, Code: "internal",
		Detail: "the server could not do this; its log says more under this request_id"}, false
}

func sealStatus(code seal.Code) int {
	switch code {
	case seal.CodeLimited:
		return http.StatusTooManyRequests
	case seal.CodeLiveSurrogate:
		return http.StatusBadRequest
	}
	return http.StatusUnprocessableEntity
}

// fail answers with the problem of an error.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r)
	p, known := problemOf(err)
	switch {
	case known:
	case errors.Is(err, context.Canceled):
		// Nobody is there to read an answer.
		p.Status = statusClientGone
	default:
		s.log.LogAttrs(r.Context(), slog.LevelError, "a request failed",
			slog.String("request_id", x.id), slog.String("error", describe(err)))
	}
	p.Title, p.RequestID = http.StatusText(p.Status), x.id
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(int(RetryAfter.Seconds())))
	}
	if ofOPA(r) {
		s.write(w, p.Status, "application/json", opaProblemOf(p))
		return
	}
	s.write(w, p.Status, "application/problem+json", p)
}

// statusClientGone is logged for a client that did not wait.
const statusClientGone = 499

// describe gives the text of an internal error for the log. Errors of this
// project hold no value, those of decoders do, and only their type is given.
func describe(err error) string {
	quoting := []any{new(*json.SyntaxError), new(*json.UnmarshalTypeError), new(*json.MarshalerError), new(*strconv.NumError), new(*url.Error)}
	for _, target := range quoting {
		if errors.As(err, target) {
			return fmt.Sprintf("%T (its text is left out: it may hold a value)", err)
		}
	}
	return err.Error()
}
