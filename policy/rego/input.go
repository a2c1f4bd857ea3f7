package rego

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

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
	if r != nil {
		sealed, err := r.SealJSON(raw)
		if err != nil {
			return nil, inputError(err)
		}
		raw = sealed
	}
	p := &inputParser{dec: jsontext.NewDecoder(bytes.NewReader(raw))}
	v, err := p.value(0)
	if err != nil {
		return nil, inputError(err)
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, seal.Errorf(codeInput, "the input has more than one JSON value")
	}
	if hasSecrets(v) {
		return nil, seal.Errorf(codeInputSecrets, "an input can't have secrets: the policy gets them from the server")
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

type inputParser struct{ dec *jsontext.Decoder }

func (p *inputParser) value(depth int) (*ast.Term, error) {
	if depth > MaxInputDepth {
		return nil, seal.Errorf(codeInput, "the input nests deeper than %d (MaxInputDepth)", MaxInputDepth)
	}
	token, err := p.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '"':
		return ast.StringTerm(token.String()), nil
	case '0':
		return number(token.String()), nil
	case 't':
		return ast.InternedTerm(true), nil
	case 'f':
		return ast.InternedTerm(false), nil
	case 'n':
		return ast.InternedNullTerm, nil
	case '[':
		var elems []*ast.Term
		for p.dec.PeekKind() != ']' {
			e, err := p.value(depth + 1)
			if err != nil {
				return nil, err
			}
			elems = append(elems, e)
		}
		_, err := p.dec.ReadToken()
		return ast.ArrayTerm(elems...), err
	}
	var items [][2]*ast.Term
	for p.dec.PeekKind() != '}' {
		k, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, [2]*ast.Term{k, v})
	}
	_, err = p.dec.ReadToken()
	return ast.ObjectTerm(items...), err
}

func number(s string) *ast.Term {
	if t := ast.InternedIntNumberTermFromString(s); t != nil {
		return t
	}
	return ast.NumberTerm(json.Number(s))
}
