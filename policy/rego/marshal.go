package rego

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// marshal is json.marshal of a value with surrogates: derived ones stand for the
// escaped plaintexts. Keys and sets come out in order, which those of
// surrogates do not have.
func marshal(r *seal.Run, v ast.Value) (ast.Value, error) {
	if holdsKey(r, v) {
		return nil, inspected("json.marshal of a key or a set with a secret in it")
	}
	x, err := ast.JSON(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := marshalTo(r, &b, x); err != nil {
		return nil, err
	}
	return ast.String(b.String()), nil
}

func marshalTo(r *seal.Run, b *bytes.Buffer, x any) error {
	switch x := x.(type) {
	case string:
		escaped, err := r.Derive(seal.GoJSONString, x)
		b.WriteString(`"` + escaped + `"`)
		return err
	case []any:
		b.WriteByte('[')
		for i, e := range x {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := marshalTo(r, b, e); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := marshalTo(r, b, k); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := marshalTo(r, b, x[k]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	}
	raw, err := json.Marshal(x)
	b.Write(raw)
	return err
}
