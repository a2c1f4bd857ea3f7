package seal

import (
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// replaceStrings gives a JSON object or array with some of its strings replaced:
// replace is told the pointer of each value that is no container, whether it is a
// string and what it says, and gives what the string is to say. Everything else
// stays as it is written. ok is false for what is no single JSON object or array,
// has a name twice in an object or nests too deep.
func replaceStrings(text string, replace func(pointer jsontext.Pointer, isString bool, s string) (string, error)) (out string, ok bool, err error) {
	var b strings.Builder
	dec := jsontext.NewDecoder(strings.NewReader(text))
	written, before, values := 0, 0, 0
	for {
		token, err := dec.ReadToken()
		if err == io.EOF {
			break
		}
		start, end := before, int(dec.InputOffset())
		before = end
		if err != nil || dec.StackDepth() > MaxParsedDepth {
			return "", false, nil
		}
		kind := token.Kind()
		if dec.StackDepth() == 0 {
			if values++; kind != '}' && kind != ']' {
				return "", false, nil
			}
		}
		if in, n := dec.StackIndex(dec.StackDepth()); strings.ContainsRune("{}[]", rune(kind)) || in == '{' && n%2 == 1 {
			continue
		}
		said := token.String()
		now, err := replace(dec.StackPointer(), kind == '"', said)
		if err != nil {
			return "", true, err
		}
		if kind != '"' || now == said {
			continue
		}
		start += strings.IndexByte(text[start:end], '"') // after a comma, a colon, white space
		b.WriteString(text[written:start])
		b.WriteString(quoteJSON(now))
		written = end
	}
	if values != 1 {
		return "", false, nil
	}
	b.WriteString(text[written:])
	return b.String(), true, nil
}

func quoteJSON(s string) string {
	b, _ := jsonString([]byte(s))
	return `"` + string(b) + `"`
}
