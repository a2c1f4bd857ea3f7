package strictjson

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// explain turns an error of the decoder, whose text may quote the body, into an
// *Error.
func explain(text []byte, err error) *Error {
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		f := &Error{Code: CodeInvalid, Message: "the text is not JSON in UTF-8"}
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			f.Code, f.Message, f.Pointer = CodeDuplicate, "an object has two members of this name", Pointer(e.JSONPointer)
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
			f.Message = "the text ends before the JSON value does"
		}
		f.Line, f.Column = place(text, e.ByteOffset)
		return f
	}
	e, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return &Error{Code: CodeInvalid, Message: "the text cannot be read"}
	}
	f := &Error{Code: CodeType, Pointer: Pointer(e.JSONPointer)}
	f.Line, f.Column = place(text, e.ByteOffset)
	if errors.Is(err, json.ErrUnknownName) {
		f.Code, f.Message = CodeUnknown, "there is no such field here"
		return f
	}
	if refusal, ok := errors.AsType[Refusal](err); ok {
		f.Message = refusal.Refusal()
		return f
	}
	f.Message = "expected " + expected(e.GoType)
	if got := kinds[e.JSONKind]; got != "" {
		f.Message += ", got " + got
	}
	return f
}

// Pointer gives a JSON pointer (RFC 6901) for an error, cut where it is long.
func Pointer(p jsontext.Pointer) string {
	if len(p) <= MaxPointerBytes {
		return string(p)
	}
	return strings.ToValidUTF8(string(p[:MaxPointerBytes]), "") + "…"
}

// place gives the line and column, in bytes and from 1, of an offset.
func place(text []byte, offset int64) (line, column int) {
	before := text[:min(max(offset, 0), int64(len(text)))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

var kinds = map[jsontext.Kind]string{
	'n': "null", 't': "true", 'f': "false", '"': "a string", '0': "a number", '{': "an object", '[': "an array",
}
