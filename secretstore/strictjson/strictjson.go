// Package strictjson is how JSON from outside is read into Go types: requests,
// and what is stored of them.
//
// It is strict, since what two readers of the same bytes understand differently
// is how an attacker shows one thing to the server and another to somebody else:
// duplicate names, invalid UTF-8, lone surrogates, text that follows, and deep
// nesting are refused, as are members that nothing reads. It protects the values
// of secrets in what it reads: errors give the place and the rule and quote
// nothing but the names on the way there; encoding/json's would.
//
// Policies are decided on what policy/jsonvalue reads, which takes any value and
// rounds no number.
package strictjson

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
)

// Limits of what is read, and of what is said of it.
const (
	// MaxNesting is how deep arrays and objects may nest.
	MaxNesting = 100
	// MaxPointerBytes is how much of a JSON pointer an error shows.
	MaxPointerBytes = 256
)

// The codes of errors. They are stable and part of the API.
const (
	CodeInvalid   = "invalid_json"
	CodeDuplicate = "duplicate_key"
	CodeUnknown   = "unknown_field"
	CodeType      = "wrong_type"
	CodeNesting   = "nesting_limit"
)

// Error says what is wrong with a text, and where.
type Error struct {
	Code    string
	Message string
	// Pointer is a JSON pointer (RFC 6901) to the place, cut where it is long; ""
	// is the whole, or unknown.
	Pointer string
	// Line and Column count from 1, Column in bytes; 0 is unknown.
	Line, Column int
}

// Error gives the place and the message.
func (e *Error) Error() string {
	switch {
	case e.Pointer != "":
		return e.Pointer + ": " + e.Message
	case e.Line > 0:
		return fmt.Sprintf("%s (line %d, column %d)", e.Message, e.Line, e.Column)
	}
	return e.Message
}

// Refusal is an error of a type's own UnmarshalJSON that may be told to who wrote
// the text.
type Refusal interface {
	error
	Refusal() string
}

// Unmarshal reads a JSON text into v, a pointer to a struct or a map. The error is
// an *Error.
func Unmarshal(text []byte, v any) error {
	switch trimmed := bytes.TrimSpace(text); {
	case len(trimmed) == 0:
		return &Error{Code: CodeInvalid, Message: "the body is empty; send a JSON object"}
	case bytes.Equal(trimmed, []byte("null")): // which would leave v as it is
		return &Error{Code: CodeType, Message: "expected an object, got null"}
	}
	// Before anything recurses over it.
	if Nesting(text) > MaxNesting {
		return &Error{Code: CodeNesting, Message: fmt.Sprintf("arrays and objects nest deeper than %d (MaxNesting)", MaxNesting)}
	}
	if err := json.Unmarshal(text, v, json.RejectUnknownMembers(true)); err != nil {
		return explain(text, err)
	}
	return nil
}

// Nesting is how deep a JSON text nests. Of a text that is not JSON it says
// nothing of use.
func Nesting(text []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			now++
			deepest = max(deepest, now)
		case c == ']' || c == '}':
			now--
		}
	}
	return deepest
}
