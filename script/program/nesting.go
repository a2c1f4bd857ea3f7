package program

import "strings"

// nesting finds the first place where src nests deeper than limit and gives its
// offset, or -1. It knows strings, comments, templates and, by what stands
// before a slash, regular expressions; it needs no more, since a source that
// deceives it still meets the parser in a worker with a bounded stack.
func nesting(src string, limit int) int {
	var open []byte // '{' '[' '(' and '`' for a template that a ${ interrupts
	last := byte(';')
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		case c == '"' || c == '\'':
			i = skipQuoted(src, i, c)
		case c == '/' && i+1 < len(src) && src[i+1] == '/':
			i = skipTo(src, i, "\n")
			continue
		case c == '/' && i+1 < len(src) && src[i+1] == '*':
			i = skipTo(src, i+2, "*/")
			continue
		case c == '/' && regexpMayFollow(src[:i], last):
			i = skipRegexp(src, i)
		case c == '(' || c == '[' || c == '{':
			open = append(open, c)
		case c == '`':
			var interrupted bool
			if i, interrupted = skipTemplate(src, i+1); interrupted {
				open = append(open, '`')
			}
		case c == ')' || c == ']' || c == '}':
			if n := len(open); n > 0 {
				if open[n-1] == '`' && c == '}' {
					var interrupted bool
					if i, interrupted = skipTemplate(src, i+1); interrupted {
						break
					}
				}
				open = open[:n-1]
			}
		}
		if len(open) > limit {
			return i
		}
		last = c
	}
	return -1
}

func skipQuoted(src string, i int, quote byte) int {
	for i++; i < len(src) && src[i] != quote && src[i] != '\n'; i++ {
		if src[i] == '\\' {
			i++
		}
	}
	return i
}

func skipTo(src string, i int, end string) int {
	n := strings.Index(src[i:], end)
	if n < 0 {
		return len(src)
	}
	return i + n + len(end) - 1
}

// skipTemplate skips the text of a template from i on, to its end or to the {
// of a ${ in it.
func skipTemplate(src string, i int) (end int, interrupted bool) {
	for ; i < len(src); i++ {
		switch {
		case src[i] == '\\':
			i++
		case src[i] == '`':
			return i, false
		case src[i] == '$' && i+1 < len(src) && src[i+1] == '{':
			return i + 1, true
		}
	}
	return i, false
}

func skipRegexp(src string, i int) int {
	class := false
	for i++; i < len(src) && src[i] != '\n'; i++ {
		switch src[i] {
		case '\\':
			i++
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return i
			}
		}
	}
	return i
}

// regexpMayFollow reports whether a slash after before starts a regular
// expression rather than dividing. last is its last character that is no space.
func regexpMayFollow(before string, last byte) bool {
	if strings.IndexByte("(,=:[!&|?{};+-*%~^<>", last) >= 0 {
		return true
	}
	before = strings.TrimRight(before, " \t\r\n")
	for _, word := range []string{"return", "typeof", "case", "in", "of", "delete", "void", "throw", "else", "do", "await", "yield"} {
		if strings.HasSuffix(before, word) {
			return true
		}
	}
	return false
}
