package seal

import (
	"bytes"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// SealString puts surrogates in the place of the strong secrets of the set in a
// string that enters the run: of the whole string, and of occurrences that
// string ends or non-alphanumerics bound. The error is surrogate_in_input: a
// live surrogate from outside would be taken for its secret.
func (r *Run) SealString(s string) (string, error) {
	if MayHold(s) && r.Holds(s) {
		return "", Errorf(CodeLiveSurrogate, "the input holds a surrogate of this run")
	}
	return r.substitute(s, r.set.match.find(s, true)), nil
}

func (r *Run) substitute(s string, found []match) string {
	switch {
	case len(found) == 0:
		return s
	case found[0].start == 0 && found[0].end == len(s):
		return r.tokens[found[0].id]
	}
	var b strings.Builder
	from := 0
	for _, m := range found {
		b.WriteString(s[from:m.start])
		b.WriteString(r.tokens[m.id])
		from = m.end
	}
	b.WriteString(s[from:])
	return b.String()
}

// SealValue seals the strings and keys of a JSON value as encoding/json decodes
// one. It copies what it changes and shares the rest.
func (r *Run) SealValue(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return r.SealString(v)
	case []any:
		out := v
		for i, e := range v {
			sealed, err := r.SealValue(e)
			if err != nil {
				return nil, err
			}
			if !same(sealed, e) {
				if &out[0] == &v[0] {
					out = append([]any(nil), v...)
				}
				out[i] = sealed
			}
		}
		return out, nil
	case map[string]any:
		return r.sealObject(v)
	}
	return v, nil
}

func (r *Run) sealObject(v map[string]any) (any, error) {
	var out map[string]any
	for k, e := range v {
		key, err := r.SealString(k)
		if err != nil {
			return nil, err
		}
		sealed, err := r.SealValue(e)
		if err != nil {
			return nil, err
		}
		if key == k && same(sealed, e) {
			continue
		}
		if out == nil {
			out = make(map[string]any, len(v))
			for k, e := range v {
				out[k] = e
			}
		}
		delete(out, k)
		out[key] = sealed
	}
	if out == nil {
		return v, nil
	}
	return out, nil
}

// same reports whether sealing left a value alone, without a deep comparison:
// containers are copied exactly when something in them changed.
func same(a, b any) bool {
	switch a := a.(type) {
	case string:
		return a == b.(string)
	case []any:
		b := b.([]any)
		return len(a) == 0 || &a[0] == &b[0]
	case map[string]any:
		return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
	}
	return true
}

// SealJSON seals the strings and keys of a JSON text, which must be valid.
func (r *Run) SealJSON(raw []byte) ([]byte, error) {
	text := string(raw)
	if strings.IndexByte(text, '\\') < 0 && !MayHold(text) {
		// Without escapes the text of every string stands in raw as it is.
		found := r.set.match.find(text, true)
		if len(found) == 0 {
			return raw, nil
		}
		if withinStrings(text, found) {
			return []byte(r.substitute(text, found)), nil
		}
	}
	return r.sealTokens(raw)
}

// withinStrings reports whether each occurrence lies inside one string of a JSON
// text that has no escapes.
func withinStrings(text string, found []match) bool {
	quotes, from := 0, 0
	for _, m := range found {
		quotes += strings.Count(text[from:m.start], `"`)
		if quotes%2 == 0 || strings.IndexByte(text[m.start:m.end], '"') >= 0 {
			return false
		}
		from = m.end
	}
	return true
}

func (r *Run) sealTokens(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	enc := jsontext.NewEncoder(&out)
	for dec.PeekKind() != 0 {
		token, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if token.Kind() == '"' {
			sealed, err := r.SealString(token.String())
			if err != nil {
				return nil, err
			}
			token = jsontext.String(sealed)
		}
		if err := enc.WriteToken(token); err != nil {
			return nil, err
		}
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
