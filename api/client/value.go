package client

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Value is the value of a secret on its way to the server. It prints and logs
// as "***"; only a request has its text.
type Value struct{ json []byte }

// StringValue makes a value of a text.
func StringValue(s string) *Value {
	raw, err := encode(s)
	if err != nil {
		panic("a string always has JSON")
	}
	return &Value{raw}
}

// JSONValue makes a value of an object or array whose strings are secret.
func JSONValue(raw json.RawMessage) *Value { return &Value{raw} }

// MarshalJSON gives the text.
func (v *Value) MarshalJSON() ([]byte, error) { return v.json, nil }

// Format writes "***" for every verb.
func (v *Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// LogValue is "***".
func (v *Value) LogValue() slog.Value { return slog.StringValue("***") }
