package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"
)

// ErrNotText is given for a value that is not UTF-8: JSON would change it.
var ErrNotText = errors.New("the value is not UTF-8 text; keep a binary key as its base64 text")

// Value is the value of a secret on its way to the server. It prints and logs
// as "***"; only a request has its text.
type Value struct{ json []byte }

// StringValue makes a value of a text. One that is not UTF-8 fails with
// ErrNotText when it is sent.
func StringValue(s string) *Value {
	if !utf8.ValidString(s) {
		return &Value{}
	}
	raw, err := encode(s)
	if err != nil {
		return &Value{}
	}
	return &Value{raw}
}

// JSONValue makes a value of an object or array whose strings are secret.
func JSONValue(raw json.RawMessage) *Value { return &Value{raw} }

// MarshalJSON gives the text.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.json == nil {
		return nil, ErrNotText
	}
	return v.json, nil
}

// Format writes "***" for every verb.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// LogValue is "***".
func (v Value) LogValue() slog.Value { return slog.StringValue("***") }
