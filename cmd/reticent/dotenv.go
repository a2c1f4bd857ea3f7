package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// parseEnv reads a .env file: NAME=VALUE a line, with or without "export" before
// it, comments, values in single quotes as they are and in double quotes with \n,
// \t, \r, \", \\ and \$. A value of several lines is written in quotes. Shells and
// libraries differ on everything else, and nobody could see what became of the
// value: it is refused. Errors name a line and quote nothing.
func parseEnv(text string) (map[string]string, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("not UTF-8 text")
	}
	out := make(map[string]string)
	rest := strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	for line := 1; rest != ""; {
		before := rest
		name, value, after, err := parseEnvLine(rest)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if _, twice := out[name]; twice && name != "" {
			return nil, fmt.Errorf("line %d: the name stands there twice", line)
		}
		if name != "" {
			out[name] = value
		}
		rest = after
		line += strings.Count(before[:len(before)-len(rest)], "\n")
	}
	return out, nil
}

// parseEnvLine reads what begins in a line: a name and a value, or, with the name
// "", nothing.
func parseEnvLine(text string) (name, value, rest string, err error) {
	line, rest, _ := strings.Cut(text, "\n")
	if trimmed := strings.TrimSpace(line); trimmed == "" || trimmed[0] == '#' {
		return "", "", rest, nil
	}
	name, _, ok := strings.Cut(line, "=")
	if !ok {
		return "", "", "", fmt.Errorf("NAME=VALUE is expected")
	}
	at := text[len(name)+1:]
	name = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), "export "))
	if !envName.MatchString(name) {
		return "", "", "", fmt.Errorf("a name has letters, digits, _ and -, and begins with a letter or _")
	}
	at = strings.TrimLeft(at, " \t")
	switch {
	case strings.HasPrefix(at, "'"):
		var closed bool
		value, rest, closed = strings.Cut(at[1:], "'")
		if !closed {
			return "", "", "", fmt.Errorf("the single quote is not closed")
		}
	case strings.HasPrefix(at, `"`):
		if value, rest, err = unquoteEnv(at[1:]); err != nil {
			return "", "", "", err
		}
	default:
		value, rest, err = bareEnv(at)
		return name, value, rest, err
	}
	after, rest, _ := strings.Cut(rest, "\n")
	if after = strings.TrimSpace(after); after != "" && after[0] != '#' {
		return "", "", "", fmt.Errorf("something follows the closing quote")
	}
	return name, value, rest, nil
}

// bareEnv reads a value without quotes.
func bareEnv(text string) (value, rest string, err error) {
	value, rest, _ = strings.Cut(text, "\n")
	if i := strings.IndexAny(value, " \t"); i >= 0 {
		if after := strings.TrimSpace(value[i:]); after != "" && after[0] != '#' {
			return "", "", fmt.Errorf("a value with spaces stands in quotes")
		}
		value = value[:i]
	}
	if value == "" || strings.ContainsAny(value, "\"'`\\#") || expands(value) {
		return "", "", fmt.Errorf("a value that is empty or has quotes, \\, #, ` or $ before a name stands in single quotes, if it is meant as it is")
	}
	return value, rest, nil
}

var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '"': '"', '\\': '\\', '$': '$'}

// unquoteEnv reads to the closing double quote.
func unquoteEnv(text string) (value, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:], nil
		case c == '\\':
			i++
			if i == len(text) || escapes[text[i]] == 0 {
				return "", "", fmt.Errorf("in double quotes there are \\n, \\t, \\r, \\\", \\\\ and \\$; single quotes keep a value as it is")
			}
			b.WriteByte(escapes[text[i]])
		case c == '`', expands(text[i:min(i+2, len(text))]):
			return "", "", fmt.Errorf("$ before a name and ` stand in single quotes, if they are meant as they are")
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("the double quote is not closed")
}

var expansion = regexp.MustCompile(`\$[A-Za-z0-9_{(]`)

// expands reports whether a shell would put something else in place of a part of
// text.
func expands(text string) bool { return expansion.MatchString(text) }
