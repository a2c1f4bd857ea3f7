// Package jsonvalue reads JSON strictly and compares what it read.
//
// Policies are decided on what this package decodes, so nothing in it guesses.
// Duplicate keys, invalid UTF-8, lone surrogates and deep nesting are refused:
// two parsers that understand one request differently are how an attacker shows
// a policy one thing and a service another (RFC 8259 section 4, RFC 7493). No
// number is rounded: two that differ never compare as equal.
//
// A value is what encoding/json would make of the text (nil, bool, string,
// []any, map[string]any), and for a number a float64 where that holds it
// exactly, else a [json.Number].
//
// No error of this package repeats a part of the text, which may hold a
// caller's credential.
package jsonvalue

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// decoder is a jsontext.Decoder with the buffer that it reads: from a
// *bytes.Buffer it decodes in place.
type decoder struct {
	json  *jsontext.Decoder
	input bytes.Buffer
}

var decoders = sync.Pool{New: func() any { return &decoder{json: new(jsontext.Decoder)} }}

// Decode reads one JSON text. The error is an [*Error].
func Decode(text []byte) (any, error) {
	d := decoders.Get().(*decoder)
	defer d.release()
	// The decoder only reads; it never writes to the buffer it is given.
	d.input = *bytes.NewBuffer(text)
	d.json.Reset(&d.input)
	v, err := d.value(0)
	if err != nil {
		return nil, d.explain(err)
	}
	if _, err := d.json.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, d.fail(CodeSyntax, "text follows the JSON value")
	}
	return v, nil
}

// release puts the decoder back without the text it has read.
func (d *decoder) release() {
	d.input = bytes.Buffer{}
	d.json.Reset(&d.input)
	decoders.Put(d)
}

func (d *decoder) value(depth int) (any, error) {
	token, err := d.json.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '"':
		return token.String(), nil
	case '0':
		return d.number(token.String())
	case 't':
		return true, nil
	case 'f':
		return false, nil
	case '{', '[':
		if depth == MaxNesting {
			return nil, d.fail(CodeNesting, "arrays and objects nest deeper than %d (MaxNesting)", MaxNesting)
		}
		if token.Kind() == '{' {
			return d.object(depth + 1)
		}
		return d.array(depth + 1)
	}
	return nil, nil
}

func (d *decoder) object(depth int) (any, error) {
	out := make(map[string]any)
	for d.json.PeekKind() != '}' {
		name, err := d.json.ReadToken()
		if err != nil {
			return nil, err
		}
		// The next read overwrites the token.
		key := name.String()
		if out[key], err = d.value(depth); err != nil {
			return nil, err
		}
	}
	_, err := d.json.ReadToken()
	return out, err
}

func (d *decoder) array(depth int) (any, error) {
	out := []any{}
	for d.json.PeekKind() != ']' {
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := d.json.ReadToken()
	return out, err
}

func (d *decoder) number(text string) (any, error) {
	if !representable(text) {
		return nil, d.fail(CodeSyntax, "a number is out of the range of IEEE 754 double precision")
	}
	if f, ok := exact(text); ok {
		return f, nil
	}
	return json.Number(text), nil
}
