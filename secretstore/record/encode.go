package record

import (
	"encoding/json"
	"errors"
)

// Part is what a record can do without.
type Part struct {
	Name string
	// Drop leaves it out of the record.
	Drop func()
}

// Encode writes a record as JSON of at most limit bytes. What is too large it
// leaves out, one part after another, until the rest fits, and tells omitted
// their names. The parts change x, which is the caller's own copy.
func Encode(x any, limit int, omitted *[]string, parts ...Part) ([]byte, error) {
	b, err := json.Marshal(x)
	for _, p := range parts {
		if err != nil || len(b) <= limit {
			return b, err
		}
		p.Drop()
		*omitted = append(*omitted, p.Name)
		b, err = json.Marshal(x)
	}
	if err == nil && len(b) > limit {
		return nil, errors.New("the record is too large")
	}
	return b, err
}
