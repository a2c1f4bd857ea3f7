package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Problem is what a server answers when it refuses (RFC 9457). It holds no
// value of a secret and none of the request.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Code is stable: "not_found", "changed", "invalid_script" and so on.
	Code   string `json:"code"`
	Detail string `json:"detail"`
	// Errors are the places that are wrong in a body, a script or a policy.
	Errors []Finding `json:"errors"`
	// UsedBy says what refers to a resource that cannot be deleted.
	UsedBy    []Reference `json:"used_by"`
	RequestID string      `json:"request_id"`
	// RetryAfter is when to try again; 0 where the server does not say.
	RetryAfter time.Duration `json:"-"`
}

// Finding is one thing that is wrong.
type Finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Advice  string `json:"advice"`
}

// Reference says where a resource is referred to.
type Reference struct {
	Kind  string `json:"kind"`
	Scope string `json:"scope"`
	Name  string `json:"name"`
}

// Error gives the detail.
func (p *Problem) Error() string { return p.Detail }

// String gives the place, the message and the advice.
func (f Finding) String() string {
	var b strings.Builder
	switch {
	case f.Line > 0 && f.File != "":
		fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Column)
	case f.Line > 0:
		fmt.Fprintf(&b, "%d:%d: ", f.Line, f.Column)
	case f.File != "":
		b.WriteString(f.File + ": ")
	}
	if f.Pointer != "" {
		b.WriteString(f.Pointer + ": ")
	}
	b.WriteString(f.Message)
	if f.Advice != "" {
		b.WriteString("; " + f.Advice)
	}
	return b.String()
}

// HasCode reports whether an error is a *Problem of a code.
func HasCode(err error, code string) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && p.Code == code
}

func problemOf(r *http.Response, body []byte) *Problem {
	p := &Problem{}
	if json.Unmarshal(body, p) != nil || p.Code == "" {
		p = &Problem{Code: "unknown", Detail: fmt.Sprintf("the server answered %s without saying why; is it a Reticent server?", http.StatusText(r.StatusCode))}
	}
	p.Status = r.StatusCode
	if seconds, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil {
		p.RetryAfter = time.Duration(seconds) * time.Second
	}
	return p
}
