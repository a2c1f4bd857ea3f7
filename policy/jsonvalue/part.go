package jsonvalue

import "encoding/json"

// Part is a member of an input that is an object. Inputs that hold the same Part
// have that member in common: who decides on several of them reads it once.
type Part struct {
	Name string
	// Text is JSON that has been read strictly already.
	Text json.RawMessage
}

// Join gives the object that has the parts, whose names need no escapes.
func Join(parts []*Part) json.RawMessage {
	size := 2
	for _, p := range parts {
		size += len(p.Name) + len(p.Text) + 4
	}
	out := append(make(json.RawMessage, 0, size), '{')
	for i, p := range parts {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(append(out, '"'), p.Name...), `":`...), p.Text...)
	}
	return append(out, '}')
}
