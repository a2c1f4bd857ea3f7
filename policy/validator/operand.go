package validator

import "strings"

// operandKind is where an operand comes from.
type operandKind int

const (
	fieldOperand operandKind = iota
	// headerOperand is a list: the values of every header of that name.
	headerOperand
	// scopesOperand is a list: an array, or one string of names that spaces
	// separate (RFC 6749 section 3.3).
	scopesOperand
	literalOperand
	secretOperand
	variableOperand
	// claimOperand is a claim of a token that a validator has verified.
	claimOperand
	// elementOperand is a part of the element that a validator is looking at.
	elementOperand
)

// operand is one side of a comparison.
type operand struct {
	kind operandKind
	// path leads to a field from the root of the input; of a header it leads to
	// the object of headers.
	path path
	// header is the header's name.
	header string
	// literal is the literal's value, with a glob for a string with wildcards.
	literal any
	// index is the place of a secret in Program.secrets, of a variable in
	// Program.variables, of a token in Program.tokens.
	index int
	// text is the operand as messages call it.
	text string
}

// fromInput reports whether the operand came with the request.
func (o *operand) fromInput() bool {
	switch o.kind {
	case literalOperand, secretOperand, variableOperand:
		return false
	}
	return true
}

// headersPath is where a request's headers are in an input.
var headersPath = path{newSegment("request"), newSegment("headers")}

// newField makes an operand of a path below root. The headers of a request have
// an operand of their own, whichever way a document gets there.
func newField(root path, text string) (operand, error) {
	below, err := parsePath(text)
	if err != nil {
		return operand{}, err
	}
	full := append(append(path(nil), root...), below...)
	if len(full) > len(headersPath) && full[0] == headersPath[0] && full[1] == headersPath[1] {
		return operand{kind: headerOperand, path: headersPath, header: joinNames(full[2:]), text: text}, nil
	}
	return operand{kind: fieldOperand, path: full, text: text}, nil
}

// joinNames undoes a split at dots, which a header's name may hold.
func joinNames(p path) string {
	names := make([]string, len(p))
	for i, s := range p {
		names[i] = s.name
	}
	return strings.Join(names, ".")
}

// read gives the operand's value in this evaluation; false means that it is
// missing.
func (e *evaluation) read(o *operand) (any, bool) {
	switch o.kind {
	case literalOperand:
		return o.literal, true
	case secretOperand:
		v := e.policy.secrets[o.index]
		return v, v != nil
	case variableOperand:
		return o.path.find(e.policy.variables[o.index])
	case claimOperand:
		if e.claims == nil {
			return nil, false
		}
		return o.path.find(e.claims[o.index])
	case elementOperand:
		return o.path.find(e.element)
	case headerOperand:
		return e.header(o)
	case scopesOperand:
		v, ok := o.path.find(e.input)
		if s, isString := v.(string); isString {
			return words(s), true
		}
		return v, ok
	}
	return o.path.find(e.input)
}

// header gives the values of a header. Names are compared without regard to
// case (RFC 9110 section 5.1), and every header of the name counts, so that a
// second one in another spelling cannot hide behind the first.
func (e *evaluation) header(o *operand) (any, bool) {
	v, _ := o.path.find(e.input)
	headers, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	var values []any
	for name, v := range headers {
		if len(name) != len(o.header) || !strings.EqualFold(name, o.header) {
			continue
		}
		switch v := v.(type) {
		case nil:
		case []any:
			if values == nil {
				values = v
			} else {
				values = append(values[:len(values):len(values)], v...)
			}
		default:
			values = append(values[:len(values):len(values)], v)
		}
	}
	return values, len(values) > 0
}

// single gives the text of an operand that must be one string: of a header that
// comes more than once nobody knows which of its values is meant.
func (e *evaluation) single(o *operand) (string, bool) {
	v, ok := e.read(o)
	if !ok {
		return "", false
	}
	if list, isList := v.([]any); isList && o.kind == headerOperand {
		if len(list) != 1 {
			return "", false
		}
		v = list[0]
	}
	s, ok := v.(string)
	return s, ok
}

func words(s string) []any {
	names := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' })
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out
}
