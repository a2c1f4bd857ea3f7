package validator

import (
	"errors"
	"strconv"
	"strings"
)

// path leads from a JSON value to one inside it.
type path []segment

// segment is a member's name, and its number where it could be an index.
type segment struct {
	name  string
	index int // -1 when name is no index
}

var errEmptyName = errors.New("a path has names with dots between them, and none of them is empty")

// parsePath reads names separated by dots; `\.` is a dot in a name.
func parsePath(text string) (path, error) {
	var out path
	var name strings.Builder
	end := func() error {
		if name.Len() == 0 {
			return errEmptyName
		}
		out = append(out, newSegment(name.String()))
		name.Reset()
		return nil
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '.':
			i++
			name.WriteByte('.')
		case text[i] == '.':
			if err := end(); err != nil {
				return nil, err
			}
		default:
			name.WriteByte(text[i])
		}
	}
	if err := end(); err != nil {
		return nil, err
	}
	return out, nil
}

func newSegment(name string) segment {
	i, err := strconv.Atoi(name)
	if err != nil || strconv.Itoa(i) != name {
		i = -1
	}
	return segment{name: name, index: i}
}

// find gives the value at the path, and false where there is none or null.
func (p path) find(v any) (any, bool) {
	for i := range p {
		switch at := v.(type) {
		case map[string]any:
			v = at[p[i].name]
		case []any:
			if p[i].index < 0 || p[i].index >= len(at) {
				return nil, false
			}
			v = at[p[i].index]
		default:
			return nil, false
		}
	}
	return v, v != nil
}
