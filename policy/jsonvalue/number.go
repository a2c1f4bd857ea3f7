package jsonvalue

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// exactChars is how many characters a number without exponent may have so that
// a float64 stands for it alone: 15 significant digits survive the way to
// binary and back (IEEE 754 double precision, DBL_DIG).
const exactChars = 15

// exact gives the float64 of a number that is the only one of up to exactChars
// characters with that float64.
func exact(text string) (float64, bool) {
	if len(text) > exactChars || strings.ContainsAny(text, "eE") {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// representable reports whether a number is neither too large for a float64
// (RFC 7493 section 2.2) nor has an exponent that cannot be compared.
func representable(text string) bool {
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return false
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		_, err := strconv.ParseInt(text[i+1:], 10, 32)
		return err == nil
	}
	return true
}

// IsNumber reports whether a decoded value is a number.
func IsNumber(v any) bool {
	switch v.(type) {
	case float64, json.Number:
		return true
	}
	return false
}

// CompareNumbers gives -1, 0 or +1 as a is less than, equal to or greater than
// b, exactly. Both must be numbers that [Decode] gave, or finite float64s.
func CompareNumbers(a, b any) int {
	x, ok := a.(float64)
	y, both := b.(float64)
	if !ok || !both {
		return parseDecimal(a).compare(parseDecimal(b))
	}
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// decimal is sign × 0.digits × 10^exponent; digits neither begin nor end with
// 0, and zero has none.
type decimal struct {
	sign     int
	digits   string
	exponent int
}

// parseDecimal reads a number without rounding it. A float64 stands for the
// shortest decimal that reads as it.
func parseDecimal(v any) decimal {
	var text string
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return decimal{}
		}
		text = strconv.FormatFloat(v, 'e', -1, 64)
	case json.Number:
		text = string(v)
	}
	d := decimal{sign: 1}
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		d.sign, text = -1, rest
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		// Decode admits only exponents that fit.
		d.exponent, _ = strconv.Atoi(text[i+1:])
		text = text[:i]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	d.exponent += len(whole)
	d.digits = whole + fraction
	significant := strings.TrimLeft(d.digits, "0")
	d.exponent -= len(d.digits) - len(significant)
	d.digits = strings.TrimRight(significant, "0")
	if d.digits == "" {
		return decimal{}
	}
	return d
}

func (d decimal) compare(other decimal) int {
	if d.sign != other.sign {
		return sign(d.sign - other.sign)
	}
	if d.exponent != other.exponent {
		return d.sign * sign(d.exponent-other.exponent)
	}
	return d.sign * strings.Compare(d.digits, other.digits)
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
