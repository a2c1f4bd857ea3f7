package secretstore

import (
	"errors"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads the JSON of a request into v, strictly: unknown and duplicate
// members, text after the value, invalid UTF-8 and lone surrogates are refused.
// The error is an ErrInvalid that says where, by JSON pointer, and never quotes
// the text, which may be a secret.
func Decode(raw []byte, v any) error {
	err := json.Unmarshal(raw, v, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	var ours *Failure
	if errors.As(err, &ours) {
		return ours
	}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		return semanticFailure(semantic)
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return fail(ErrInvalid, "%s: the member stands there twice", at(syntactic.JSONPointer))
		}
		return fail(ErrInvalid, "the JSON is not valid at byte %d, in %s", syntactic.ByteOffset, at(syntactic.JSONPointer))
	}
	return fail(ErrInvalid, "the JSON is not valid")
}

func semanticFailure(e *json.SemanticError) error {
	if errors.Is(e.Err, json.ErrUnknownName) {
		return fail(ErrInvalid, "%s: no such member", at(e.JSONPointer))
	}
	return fail(ErrInvalid, "%s: %s is expected", at(e.JSONPointer), expected(e.GoType))
}

func at(p jsontext.Pointer) string {
	if p == "" {
		return "the whole text"
	}
	return string(p)
}

// expected names a Go type as the JSON that it is decoded from.
func expected(t reflect.Type) string {
	if t == nil {
		return "another type"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Map:
		return "an object"
	case reflect.Struct:
		if t.PkgPath() == "time" {
			return "a time such as 2030-01-31T12:00:00Z"
		}
		return "an object"
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint, reflect.Uint64, reflect.Float64:
		return "a number"
	}
	return "another type"
}
