package rego

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// parseInput reads an input straight into OPA's values, sealed. It is strict:
// duplicate keys, invalid UTF-8 and lone surrogates are refused (RFC 7493). An
// empty input is undefined.
func parseInput(raw json.RawMessage, r *seal.Run) (*ast.Term, *seal.Error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	v, refused := parseValue(raw, r)
	if refused == nil && hasSecrets(v) {
		return nil, hasSecretsError()
	}
	return v, refused
}

func hasSecretsError() *seal.Error {
	return seal.Errorf(codeInputSecrets, "an input can't have secrets: the policy gets them from the server")
}

// parseValue reads an input, or a part of one.
func parseValue(raw json.RawMessage, r *seal.Run) (*ast.Term, *seal.Error) {
	p := &inputParser{
		text: string(raw),
		run:  r,
		// Building the object finds duplicate names as well, and for less.
		dec: jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true)),
	}
	v, err := p.value(0)
	if err != nil {
		return nil, inputError(err)
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, seal.Errorf(codeInput, "the input has more than one JSON value")
	}
	return v, nil
}

// inputError gives the refusal for an error of JSON: where, never what.
func inputError(err error) *seal.Error {
	if sealed, ok := errors.AsType[*seal.Error](err); ok {
		return sealed
	}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return seal.Errorf(codeInput, "the input is not valid JSON at byte %d", syntax.ByteOffset)
	}
	return seal.Errorf(codeInput, "the input is not valid JSON")
}

// hasSecrets reports whether the caller brought input.secrets or
// input.contexts.secrets along.
func hasSecrets(input *ast.Term) bool {
	root, ok := input.Value.(ast.Object)
	if !ok {
		return false
	}
	if root.Get(ast.InternedTerm(secretsKey)) != nil {
		return true
	}
	contexts := root.Get(ast.InternedTerm("contexts"))
	if contexts == nil {
		return false
	}
	object, ok := contexts.Value.(ast.Object)
	return ok && object.Get(ast.InternedTerm(secretsKey)) != nil
}

type inputParser struct {
	text string // the input, which strings without escapes are parts of
	run  *seal.Run
	dec  *jsontext.Decoder
	// terms are allocated in advance, and stack holds the members of arrays and
	// objects that are not complete.
	terms []ast.Term
	stack []*ast.Term
}

func (p *inputParser) value(depth int) (*ast.Term, error) {
	if depth > MaxInputDepth {
		return nil, seal.Errorf(codeInput, "the input nests deeper than %d (MaxInputDepth)", MaxInputDepth)
	}
	switch p.dec.PeekKind() {
	case '"':
		return p.string()
	case '[':
		elems, err := p.members(depth, ']')
		if err != nil {
			return nil, err
		}
		return p.term(ast.NewArray(elems...)), nil
	case '{':
		return p.object(depth)
	}
	token, err := p.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case 't':
		return ast.InternedTerm(true), nil
	case 'f':
		return ast.InternedTerm(false), nil
	case 'n':
		return ast.InternedNullTerm, nil
	}
	return number(token.String())
}

func (p *inputParser) object(depth int) (*ast.Term, error) {
	members, err := p.members(depth, '}')
	if err != nil {
		return nil, err
	}
	out := ast.NewObjectWithCapacity(len(members) / 2)
	for i := 0; i < len(members); i += 2 {
		out.Insert(members[i], members[i+1])
	}
	if out.Len() != len(members)/2 {
		return nil, seal.Errorf(codeInput, "the input has a duplicate name in an object that ends at byte %d", p.dec.InputOffset())
	}
	return p.term(out), nil
}

// members reads what is in an array or an object. The result is valid until the
// next value is read.
func (p *inputParser) members(depth int, end jsontext.Kind) ([]*ast.Term, error) {
	if _, err := p.dec.ReadToken(); err != nil {
		return nil, err
	}
	base := len(p.stack)
	for p.dec.PeekKind() != end {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		p.stack = append(p.stack, v)
	}
	_, err := p.dec.ReadToken()
	members := p.stack[base:]
	if end == ']' {
		members = slices.Clone(members) // the array keeps them
	}
	p.stack = p.stack[:base]
	return members, err
}

func (p *inputParser) string() (*ast.Term, error) {
	quoted, err := p.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	var s string
	if bytes.IndexByte(quoted, '\\') < 0 {
		end := int(p.dec.InputOffset()) - 1
		s = p.text[end-len(quoted)+2 : end]
	} else {
		plain, err := jsontext.AppendUnquote(nil, quoted)
		if err != nil {
			return nil, err
		}
		s = string(plain)
	}
	if p.run != nil {
		if s, err = p.run.SealString(s); err != nil {
			return nil, err
		}
	}
	return p.term(ast.String(s)), nil
}

func (p *inputParser) term(v ast.Value) *ast.Term {
	if len(p.terms) == 0 {
		p.terms = make([]ast.Term, 32)
	}
	t := &p.terms[0]
	p.terms = p.terms[1:]
	t.Value = v
	return t
}

func number(s string) (*ast.Term, error) {
	if t := ast.InternedIntNumberTermFromString(s); t != nil {
		return t, nil
	}
	if numberDigits(s) > MaxNumberDigits {
		return nil, seal.Errorf(codeInput, "the input has a number of more than %d digits (MaxNumberDigits)", MaxNumberDigits)
	}
	return ast.NumberTerm(json.Number(s)), nil
}
