package validator

import (
	"errors"
	"regexp"
	"regexp/syntax"

	"github.com/reticent/reticent/policy/jsonvalue"
)

// literal compiles a literal: strings in it, and in it as an array, may have
// wildcards.
func (c *compiler) literal(v any, pointer string, compares comparator) (operand, bool) {
	const nullAdvice = "use exists or not_exists"
	out := operand{kind: literalOperand, literal: v, text: "the required value"}
	switch v := v.(type) {
	case nil:
		c.report(pointer, CodeOperand, nullAdvice, "null counts as missing and compares with nothing")
		return operand{}, false
	case string:
		return out, c.wildcards(&out.literal, v, pointer, compares)
	case []any:
		out.text = "the required values"
		if len(v) == 0 {
			c.report(pointer, CodeOperand, nullAdvice, "the array is empty")
			return operand{}, false
		}
		list := append([]any(nil), v...)
		out.literal = list
		for i, item := range v {
			if item == nil {
				c.report(jsonvalue.Element(pointer, i), CodeOperand, nullAdvice, "null counts as missing and compares with nothing")
				return operand{}, false
			}
			if s, ok := item.(string); ok && !c.wildcards(&list[i], s, jsonvalue.Element(pointer, i), compares) {
				return operand{}, false
			}
		}
	}
	return out, true
}

// wildcards puts what a literal string stands for into *to.
func (c *compiler) wildcards(to *any, literal, pointer string, compares comparator) bool {
	if compares.base == matches {
		return true
	}
	text, pattern := parseGlob(literal)
	switch {
	case pattern == nil:
		*to = text
	case compares.base.globs():
		*to = pattern
	default:
		c.report(pointer, CodeOperand, `write \* for a star, or use equals with the wildcard`, "%s takes no wildcard", compares.name)
		return false
	}
	return true
}

// compilePattern compiles the target of matches.
func (c *compiler) compilePattern(o *operand, pointer string) (*regexp.Regexp, bool) {
	text, ok := o.literal.(string)
	if o.kind != literalOperand || !ok {
		c.report(pointer, CodeOperand, "", "matches needs a regular expression in value: one that came with the request would match what its sender likes")
		return nil, false
	}
	if len(text) > MaxPatternBytes {
		c.report(pointer, CodeLimit, "", "the regular expression is larger than %d bytes (MaxPatternBytes)", MaxPatternBytes)
		return nil, false
	}
	pattern, err := regexp.Compile(text)
	if err != nil {
		c.report(pointer, CodeOperand, "the syntax is RE2's", "the regular expression does not compile: %s", reason(err))
		return nil, false
	}
	return pattern, true
}

// reason gives what is wrong with a regular expression without quoting it.
func reason(err error) string {
	var e *syntax.Error
	if errors.As(err, &e) {
		return e.Code.String()
	}
	return "unknown syntax"
}
