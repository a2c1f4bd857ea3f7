package policy

import (
	"fmt"
	"strings"
)

// Finding is one thing that is wrong in a policy or a binding.
type Finding struct {
	// File is the name of a Rego module.
	File string `json:"file,omitempty"`
	// Line and Column count from 1 within File; 0 is unknown.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Pointer is the JSON pointer (RFC 6901) of the place in the document.
	Pointer string `json:"pointer,omitempty"`
	// Code is stable.
	Code string `json:"code"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Advice says what to write instead; it may be empty.
	Advice string `json:"advice,omitempty"`
}

// The codes of findings that no engine made.
const (
	// CodeInvalidDocument: the document is not JSON of the expected shape.
	CodeInvalidDocument = "invalid_document"
	// CodeInvalidBinding: the binding does not fit its point.
	CodeInvalidBinding = "invalid_binding"
	// CodeLimit: the document is over a limit, which the message names.
	CodeLimit = "limit_exceeded"
)

// String gives the place, the message and the advice.
func (f Finding) String() string {
	var b strings.Builder
	switch {
	case f.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Column)
	case f.File != "":
		b.WriteString(f.File + ": ")
	case f.Pointer != "":
		fmt.Fprintf(&b, "at %s: ", f.Pointer)
	}
	b.WriteString(f.Message)
	if f.Advice != "" {
		fmt.Fprintf(&b, " (%s)", f.Advice)
	}
	return b.String()
}

// InvalidError says why a policy or a binding is refused.
type InvalidError struct{ Findings []Finding }

// Error gives the findings, separated by semicolons.
func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		texts[i] = f.String()
	}
	return strings.Join(texts, "; ")
}

func invalid(code, pointer, advice, format string, args ...any) error {
	return &InvalidError{[]Finding{{Code: code, Pointer: pointer, Message: fmt.Sprintf(format, args...), Advice: advice}}}
}
