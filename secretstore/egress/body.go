package egress

import (
	"bytes"
	"io"
	"mime"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// bodyPart is a piece of a sealed body and the JSON pointer (RFC 6901) of the
// string that it is; no pointer means that it can stand anywhere in the body.
type bodyPart struct {
	text    string
	pointer string
}

// bodyParts cuts a body into parts that together hold every surrogate of it. A
// body that the host might read as anything but strict JSON is one part.
func bodyParts(contentTypes []string, body []byte) []bodyPart {
	if readAsJSON(contentTypes) {
		if parts, ok := jsonParts(body); ok {
			return parts
		}
	}
	return []bodyPart{{text: string(body)}}
}

// readAsJSON reports whether a host takes a body of this type for JSON. Without
// a type, or as plain text, what parses as JSON is JSON. As a form it is not:
// {"a&note=…":1} would be a field "note".
func readAsJSON(contentTypes []string) bool {
	if len(contentTypes) == 0 {
		return true
	}
	if len(contentTypes) > 1 {
		return false
	}
	media, params, err := mime.ParseMediaType(contentTypes[0])
	if err != nil {
		return false
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	return media == "application/json" || media == "text/plain" || strings.HasSuffix(media, "+json")
}

// jsonParts gives the tokens of a single JSON value as they are written.
// Resolving works on the written text as well: in "\rsv_…" it finds a surrogate
// that the decoded string does not hold. Names of members and a string that is
// the whole value have no pointer. Duplicate names, which hosts read in
// different ways, are not JSON here.
func jsonParts(body []byte) ([]bodyPart, bool) {
	var parts []bodyPart
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	for values, end := 0, int64(0); ; {
		token, err := dec.ReadToken()
		if err == io.EOF {
			return parts, values == 1
		}
		if err != nil {
			return nil, false
		}
		start := end
		end = dec.InputOffset()
		if dec.StackDepth() == 0 {
			values++
		}
		if token.Kind() != '"' {
			continue
		}
		part := bodyPart{text: string(body[start:end])}
		if in, n := dec.StackIndex(dec.StackDepth()); in == '[' || in == '{' && n%2 == 0 {
			part.pointer = string(dec.StackPointer())
		}
		parts = append(parts, part)
	}
}
