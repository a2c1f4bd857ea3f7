package policy

import (
	"strconv"
	"strings"
)

// interoperable refuses a JSON text with a number that not every reader would
// read as the same one: RFC 7493 section 2.2, as AuthZEN's section 11.5 wants it.
// Who enforces a decision may have rounded what the policy was asked about. All
// else that section wants was refused when the text was read.
func interoperable(text []byte) error {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case c == '-' || '0' <= c && c <= '9':
			start := i
			for i < len(text) && strings.IndexByte("+-.eE0123456789", text[i]) >= 0 {
				i++
			}
			if !double(string(text[start:i])) {
				return badRequest("a number in the request is larger or more precise than IEEE 754's double precision; send it as a string")
			}
			i--
		}
	}
	return nil
}

// maxDigits is how many digits of a number double precision may tell apart.
const maxDigits = 17

// double reports whether a number is one of double precision, or a decimal
// fraction that names one.
func double(s string) bool {
	const safe = 15 // digits that are always right
	digits := strings.TrimLeft(s, "-")
	if len(digits) <= safe && !strings.ContainsAny(digits, "eE") {
		return true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return false
	}
	mantissa, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(digits), ".", ""), "e")
	if strings.ContainsAny(s, ".eE") {
		return len(strings.Trim(mantissa, "0")) <= maxDigits
	}
	return strconv.FormatFloat(f, 'f', -1, 64) == s || s == "-0"
}
