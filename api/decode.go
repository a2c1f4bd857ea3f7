package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/secretstore"
)

// decode reads the body of a request, of at most limit bytes, into v, a pointer
// to a struct. It is the only way in for JSON and it is strict: what another
// reader of the same bytes could understand differently (duplicate keys, invalid
// UTF-8, lone surrogates, text that follows) and what the server would ignore
// (unknown fields) is refused. Errors give the place and the rule and quote no
// value; encoding/json's would.
func decode(w http.ResponseWriter, r *http.Request, limit int64, v any) error {
	body, err := readBody(w, r, limit)
	if err != nil {
		return err
	}
	return unmarshal(body, v, strict)
}

// strict refuses unknown members.
var strict = json.RejectUnknownMembers(true)

// readBody reads a JSON body of at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if err := checkContentType(r); err != nil {
		return nil, err
	}
	if r.ContentLength > limit {
		// Nothing of it is read; the connection cannot be used again.
		w.Header().Set("Connection", "close")
		return nil, tooLarge(limit)
	}
	body := bytes.NewBuffer(make([]byte, 0, max(r.ContentLength, 0)+bytes.MinRead))
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, tooLarge(limit)
		}
		return nil, refuse(http.StatusBadRequest, "invalid_body", "the body could not be read to its end")
	}
	return body.Bytes(), nil
}

func tooLarge(limit int64) error {
	name := "MaxBodyBytes"
	if limit == MaxInputBytes {
		name = "MaxInputBytes"
	}
	return refuse(http.StatusRequestEntityTooLarge, "too_large", "the body is larger than %d bytes (%s)", limit, name)
}

// checkContentType accepts JSON, for PATCH also as a merge patch, and a request
// that does not say what it sends.
func checkContentType(r *http.Request) error {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "send the body without a Content-Encoding")
	}
	given := r.Header.Get("Content-Type")
	if given == "" {
		return nil
	}
	media, _, err := mime.ParseMediaType(given)
	switch {
	case err == nil && media == "application/json":
		return nil
	case err == nil && media == "application/merge-patch+json" && r.Method == http.MethodPatch:
		return nil
	case r.Method == http.MethodPatch:
		return refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "send application/merge-patch+json (RFC 7396) or application/json")
	}
	return refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "send application/json")
}

// unmarshal reads a JSON text into v, a pointer to a struct.
func unmarshal(text []byte, v any, options json.Options) error {
	switch trimmed := bytes.TrimSpace(text); {
	case len(trimmed) == 0:
		return refuse(http.StatusBadRequest, "invalid_json", "the body is empty; send a JSON object")
	case bytes.Equal(trimmed, []byte("null")): // which would leave v as it is
		return finding{Code: "wrong_type", Message: "expected an object, got null"}.refusal()
	}
	// Before anything recurses over it.
	if nesting(text) > MaxNesting {
		return refuse(http.StatusBadRequest, "nesting_limit", "arrays and objects nest deeper than %d (MaxNesting)", MaxNesting)
	}
	if err := json.Unmarshal(text, v, options); err != nil {
		return explain(text, err).refusal()
	}
	return nil
}

// nesting is how deep a JSON text nests. Of a text that is not JSON it says
// nothing of use.
func nesting(text []byte) int {
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

// explain turns an error of the decoder, whose text may quote the body, into a
// finding.
func explain(text []byte, err error) finding {
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		f := finding{Code: "invalid_json", Message: "the text is not JSON in UTF-8"}
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			f.Code, f.Message, f.Pointer = "duplicate_key", "an object has two members of this name", pointer(e.JSONPointer)
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
			f.Message = "the text ends before the JSON value does"
		}
		f.Line, f.Column = place(text, e.ByteOffset)
		return f
	}
	e, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return finding{Code: "invalid_json", Message: "the text cannot be read"}
	}
	f := finding{Code: "wrong_type", Pointer: pointer(e.JSONPointer)}
	f.Line, f.Column = place(text, e.ByteOffset)
	if errors.Is(err, json.ErrUnknownName) {
		f.Code, f.Message = "unknown_field", "there is no such field here"
		return f
	}
	if failure, ok := errors.AsType[*secretstore.Failure](err); ok {
		f.Message = failure.Message
		return f
	}
	f.Message = "expected " + expected(e.GoType)
	if got := kinds[e.JSONKind]; got != "" {
		f.Message += ", got " + got
	}
	return f
}

// pointer gives a JSON pointer (RFC 6901), cut where it is long.
func pointer(p jsontext.Pointer) string {
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

// expected says what JSON a type is written as.
func expected(t reflect.Type) string {
	if t == nil {
		return "another type"
	}
	if t.Kind() == reflect.Pointer {
		return expected(t.Elem())
	}
	if t == reflect.TypeFor[time.Time]() {
		return "a time such as 2026-01-02T15:04:05Z (RFC 3339)"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return fmt.Sprintf("an array, each element %s", expected(t.Elem()))
	case reflect.Map:
		return fmt.Sprintf("an object, each member %s", expected(t.Elem()))
	case reflect.Struct:
		// A member of a merge patch is written as what it holds.
		if _, ok := t.FieldByName("Present"); ok {
			value, _ := t.FieldByName("Value")
			return expected(value.Type) + " or null"
		}
		return "an object"
	}
	return "another type"
}
