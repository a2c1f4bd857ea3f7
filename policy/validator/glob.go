package validator

import "strings"

// glob is a literal with wildcards: the texts between them.
type glob []string

// parseGlob reads a literal in which `*` stands for any text and `\*` for a
// star. Without a wildcard it gives the literal's text instead of a glob.
func parseGlob(literal string) (text string, pattern glob) {
	if !strings.Contains(literal, "*") {
		return literal, nil
	}
	var parts glob
	var part strings.Builder
	for i := 0; i < len(literal); i++ {
		switch {
		case literal[i] == '\\' && i+1 < len(literal) && literal[i+1] == '*':
			i++
			part.WriteByte('*')
		case literal[i] == '*':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(literal[i])
		}
	}
	if parts == nil {
		return part.String(), nil
	}
	return "", append(parts, part.String())
}

// match reports whether the whole of s is of the pattern.
func (g glob) match(s string) bool {
	last := len(g) - 1
	first, end := g[0], g[last]
	if len(s) < len(first)+len(end) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, end) {
		return false
	}
	return within(g[1:last], s[len(first):len(s)-len(end)])
}

// matchInside reports whether a part of s is of the pattern.
func (g glob) matchInside(s string) bool { return within(g, s) }

// within reports whether the parts stand in s in order without overlap. To take
// each at its first place leaves the most room for the rest.
func within(parts []string, s string) bool {
	for _, part := range parts {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}
