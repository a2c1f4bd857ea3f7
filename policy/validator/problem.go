package validator

import (
	"fmt"
	"strings"
)

// Codes of problems. They are stable and part of the API.
const (
	// CodeJSON: the document is not strict JSON.
	CodeJSON = "invalid_json"
	// CodeShape: a part of the document is missing, unknown or of a wrong type.
	CodeShape = "invalid_shape"
	// CodeUnknown: there is no validator or comparator of that name.
	CodeUnknown = "unknown_name"
	// CodeOperand: a comparator cannot compare these operands.
	CodeOperand = "invalid_operand"
	// CodeInspects: the comparison would look inside a secret.
	CodeInspects = "sealed_secret_inspected"
	// CodeLimit: the document is over a limit, which the message names.
	CodeLimit = "limit_exceeded"
)

// Problem is one reason to refuse a document.
type Problem struct {
	// Pointer is the JSON pointer (RFC 6901) of the place.
	Pointer string
	// Code is one of the codes above.
	Code string
	// Message says what is wrong.
	Message string
	// Advice says what to write instead; it may be empty.
	Advice string
}

// CompileError is every problem of a document, up to [MaxProblems].
type CompileError struct{ Problems []Problem }

// Error gives the problems, each with its place, separated by semicolons.
func (e *CompileError) Error() string {
	var b strings.Builder
	b.WriteString("the validators do not compile: ")
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteString("; ")
		}
		if p.Pointer != "" {
			fmt.Fprintf(&b, "at %s: ", p.Pointer)
		}
		b.WriteString(p.Message)
		if p.Advice != "" {
			fmt.Fprintf(&b, " (%s)", p.Advice)
		}
	}
	return b.String()
}
