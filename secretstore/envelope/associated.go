package envelope

import (
	"encoding/binary"
	"fmt"
)

// Labels that keep ciphertexts for one use from opening in another. A change of
// what follows a label in the associated data takes a new label.
const (
	secretLabel  = "reticent secret version v1"
	checkLabel   = "reticent key check v1"
	dataKeyLabel = "reticent data key v1"
)

// Associated is what a sealed value belongs to. It is not stored with the value:
// opening takes the same Associated again, and fails with any other.
type Associated struct {
	Scope   string // such as "projects/shop", empty for the platform
	Name    string
	Version int
}

// String names the secret, for errors.
func (a Associated) String() string {
	if a.Scope == "" {
		return fmt.Sprintf("secret %q version %d of the platform", a.Name, a.Version)
	}
	return fmt.Sprintf("secret %q version %d of %q", a.Name, a.Version, a.Scope)
}

// use is what a value is sealed for: what binds it, and what errors call it.
type use struct {
	fields []byte
	name   string
}

func (a Associated) use() use {
	version := binary.BigEndian.AppendUint64(nil, uint64(a.Version))
	return use{
		fields: appendFields(nil, secretLabel, a.Scope, a.Name, string(version)),
		name:   a.String(),
	}
}

func checkUse() use {
	return use{fields: appendFields(nil, checkLabel), name: "key check"}
}

// dataKeyFields is the associated data of the data key wrapped by a KEK.
func (u use) dataKeyFields(kek string) []byte {
	b := appendFields(nil, dataKeyLabel)
	b = append(b, u.fields...)
	return appendFields(b, kek)
}

// appendFields appends each field after its length.
func appendFields(b []byte, fields ...string) []byte {
	for _, f := range fields {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return b
}
