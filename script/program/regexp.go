package program

import (
	"errors"
	"strings"

	"github.com/dop251/goja/parser"
)

// Errors of CheckRegexp.
var (
	// ErrBacktracking is given for a pattern with a lookahead, a lookbehind or a
	// backreference. Such a pattern can take time without end, and the engine
	// gives up on it by answering "no match", which lets through what a filter
	// should stop.
	ErrBacktracking = errors.New("the regular expression needs backtracking (a lookahead, a lookbehind or a backreference)")
	// ErrUnicodeClass is given for \p{…}, which the engine takes for the letter p.
	ErrUnicodeClass = errors.New(`the regular expression has a Unicode property class (\p{…})`)
	// ErrRegexpSyntax is given for a pattern that is no regular expression.
	ErrRegexpSyntax = errors.New("the regular expression is not valid")
)

// Advice for the errors of CheckRegexp.
const (
	adviceBacktracking = "write it without (?=, (?!, (?<=, (?<! and \\1, for example as two expressions"
	adviceUnicodeClass = `list the characters that are meant, for example [A-Za-zÀ-ž]`
)

// CheckRegexp refuses the regular expressions that the engine would run wrongly
// or without a bound on time. All others run in time linear in their input.
func CheckRegexp(pattern, flags string) error {
	if hasUnicodeClass(pattern) {
		return ErrUnicodeClass
	}
	_, err := parser.TransformRegExp(pattern, strings.Contains(flags, "s"), strings.Contains(flags, "u"))
	var incompatible parser.RegexpErrorIncompatible
	switch {
	case errors.As(err, &incompatible):
		return ErrBacktracking
	case err != nil:
		return ErrRegexpSyntax
	}
	return nil
}

// hasUnicodeClass reports whether an unescaped \p{ or \P{ is in pattern.
func hasUnicodeClass(pattern string) bool {
	for i := 0; i+2 < len(pattern); i++ {
		if pattern[i] != '\\' {
			continue
		}
		if (pattern[i+1] == 'p' || pattern[i+1] == 'P') && pattern[i+2] == '{' {
			return true
		}
		i++
	}
	return false
}

// RegexpAdvice says what to write instead of a pattern that CheckRegexp refused.
func RegexpAdvice(err error) string {
	switch {
	case errors.Is(err, ErrBacktracking):
		return adviceBacktracking
	case errors.Is(err, ErrUnicodeClass):
		return adviceUnicodeClass
	}
	return ""
}
