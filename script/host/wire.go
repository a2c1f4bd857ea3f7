package host

import (
	"encoding/json"
	"unicode/utf8"
)

// Bytes are text that may hold any bytes, as they go over a pipe: in JSON, which
// knows characters only, a string where they are UTF-8 and else an object.
type Bytes string

type rawBytes struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON gives the JSON.
func (b Bytes) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(b)) {
		return json.Marshal(string(b))
	}
	return json.Marshal(rawBytes{Base64: []byte(b)})
}

// UnmarshalJSON reads it.
func (b *Bytes) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		var s string
		err := json.Unmarshal(text, &s)
		*b = Bytes(s)
		return err
	}
	var raw rawBytes
	err := json.Unmarshal(text, &raw)
	*b = Bytes(raw.Base64)
	return err
}
