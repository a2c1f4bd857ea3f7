// Package plaintext holds the value of a secret, and the only function that
// opens it.
//
// It protects plaintext from the rest of the program, not from an attacker: a
// Value that reaches a log line, an error, a JSON encoder, a debugger's %#v or
// a comparison by accident gives "***" or does not compile. The bytes live
// behind a function, so that neither fmt nor reflection nor encoding/json,
// which look through unexported fields, can reach them.
//
// The package is internal to secretstore. That is the wall of the design: api,
// policy and script can be handed a Value and hand it on, and cannot open one.
// Every call of [Open] is a boundary and should be read as such.
package plaintext

import (
	"fmt"
	"io"
	"log/slog"
)

// Mask is what stands for a plaintext wherever one would be written.
const Mask = "***"

// Value is the plaintext of a secret or of one field of it. The zero Value is
// empty. Values cannot be compared with ==; comparing is a boundary, see
// package seal.
type Value struct {
	open func() []byte
}

// New makes a Value of a copy of b.
func New(b []byte) Value {
	c := append([]byte(nil), b...)
	return Value{open: func() []byte { return c }}
}

// FromString makes a Value of s.
func FromString(s string) Value {
	return New([]byte(s))
}

// Open gives the bytes of v. They must not be changed, kept longer than the
// operation at hand, or put into anything that can be printed.
func Open(v Value) []byte {
	if v.open == nil {
		return nil
	}
	return v.open()
}

// String gives the mask.
func (Value) String() string { return Mask }

// GoString gives the mask, for %#v.
func (Value) GoString() string { return Mask }

// Format writes the mask whatever the verb.
func (Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mask) }

// MarshalJSON gives the mask. A secret is encrypted, never marshalled.
func (Value) MarshalJSON() ([]byte, error) { return []byte(`"` + Mask + `"`), nil }

// MarshalText gives the mask.
func (Value) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// MarshalBinary gives the mask.
func (Value) MarshalBinary() ([]byte, error) { return []byte(Mask), nil }

// GobEncode gives the mask.
func (Value) GobEncode() ([]byte, error) { return []byte(Mask), nil }

// LogValue gives the mask.
func (Value) LogValue() slog.Value { return slog.StringValue(Mask) }
