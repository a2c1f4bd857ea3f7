package secretstore

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/seal"
)

// Value is a new value of a secret, on its way in. It can be made anywhere and
// opened only below secretstore: printed, logged or marshalled it is "***".
type Value struct {
	plaintext.Value
	structured bool
}

// StringValue makes a Value of a text.
func StringValue(s string) Value { return Value{Value: plaintext.FromString(s)} }

// UnmarshalJSON takes a string, or an object or array whose strings are
// secrets. Its errors tell nothing of the text.
func (v *Value) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) > 0 && b[0] == '"':
		var s string
		if json.Unmarshal(b, &s) != nil {
			return fail(ErrInvalid, "the value is not a JSON string")
		}
		*v = StringValue(s)
	case len(b) > 0 && (b[0] == '{' || b[0] == '['):
		*v = Value{Value: plaintext.New(b), structured: true}
	default:
		return fail(ErrInvalid, "a value is a string, or an object or array whose strings are secret")
	}
	return nil
}

// Base64Value is a Value that comes as base64 (RFC 4648 section 4) of UTF-8
// text.
type Base64Value struct{ Value }

// UnmarshalJSON takes a string of base64.
func (v *Base64Value) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		return fail(ErrInvalid, "value_base64 is a string")
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return fail(ErrInvalid, "value_base64 is not base64")
	}
	if !utf8.Valid(raw) {
		return fail(ErrInvalid, "value_base64 does not hold UTF-8 text; keep binary keys as their base64 text")
	}
	v.Value = Value{Value: plaintext.New(raw)}
	return nil
}

// check makes sure that a value can be a secret.
func (v Value) check() error {
	b := plaintext.Open(v.Value)
	if len(b) == 0 {
		return fail(ErrInvalid, "a secret needs a value that is not empty")
	}
	if len(b) > MaxValueBytes {
		return fail(ErrTooLarge, "the value is larger than %d bytes (MaxValueBytes)", MaxValueBytes)
	}
	if !utf8.Valid(b) {
		return fail(ErrInvalid, "the value is not UTF-8 text")
	}
	return nil
}

// tree takes a value apart. plain are the JSON pointers of fields that are not
// secret.
func (v Value) tree(plain []string, weak seal.Judge) (*seal.Tree, error) {
	if !v.structured {
		return seal.StringTree(v.Value, weak), nil
	}
	t, err := seal.ParseTree(v.Value, plain, weak)
	if err != nil {
		return nil, fail(ErrInvalid, "%s", err.Error())
	}
	return t, nil
}
