package jsonvalue

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Code says what is wrong with a text. Codes are stable and part of the API.
type Code string

// The codes of this package.
const (
	// CodeSyntax: the text is not JSON in UTF-8.
	CodeSyntax Code = "invalid_json"
	// CodeDuplicate: an object has two members of one name.
	CodeDuplicate Code = "duplicate_key"
	// CodeNesting: the text nests deeper than [MaxNesting].
	CodeNesting Code = "nesting_limit"
)

// Error says that a text cannot be read, and where. It holds nothing of it.
type Error struct {
	Code Code
	// Offset is the byte at or after which the fault lies, from 0.
	Offset  int64
	Message string
}

// Error gives the message and the place.
func (e *Error) Error() string { return fmt.Sprintf("%s (at byte %d)", e.Message, e.Offset) }

func (d *decoder) fail(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Offset: d.json.InputOffset(), Message: fmt.Sprintf(format, args...)}
}

// explain turns an error of jsontext, whose text may quote the input, into one
// of this package.
func (d *decoder) explain(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		own = d.fail(CodeDuplicate, "an object has two members of the same name")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		own = d.fail(CodeSyntax, "the text ends before the JSON value does")
	default:
		own = d.fail(CodeSyntax, "the text is not JSON in UTF-8")
	}
	if errors.As(err, &syntactic) {
		own.Offset = syntactic.ByteOffset
	}
	return own
}
