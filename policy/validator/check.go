package validator

import "github.com/reticent/reticent/policy/jsonvalue"

// check refuses a comparison of operands that could never be compared or must
// not be.
func (c *compiler) check(out *comparison, pointer string) bool {
	if out.base == exists {
		return c.checkExists(out, pointer)
	}
	if out.source.kind == literalOperand && out.target.kind == literalOperand {
		c.report(pointer, CodeOperand, "use the validators true and false", "two literals are compared")
		return false
	}
	if out.secret {
		return c.checkSecret(out, pointer)
	}
	if out.base == matches {
		var ok bool
		out.pattern, ok = c.compilePattern(&out.target, pointer)
		return ok
	}
	return c.checkTarget(out, pointer)
}

func (c *compiler) checkExists(out *comparison, pointer string) bool {
	switch out.source.kind {
	case literalOperand:
		c.report(pointer, CodeOperand, "use the validators true and false", "%s of a literal", out.name)
		return false
	case secretOperand:
		c.report(pointer, CodeOperand, "compare it: a secret that is missing denies", "%s of a secret would tell who may ask what is stored", out.name)
		return false
	}
	return true
}

// checkSecret refuses what would tell a part of a secret.
func (c *compiler) checkSecret(out *comparison, pointer string) bool {
	const advice = "compare the whole value with equals, not_equals, in, not_in, contains, contains_all or contains_any"
	if !out.base.blind() {
		c.report(pointer, CodeInspects, advice, "%s would look inside a secret", out.name)
		return false
	}
	for _, o := range []operand{out.source, out.target} {
		if o.kind == literalOperand && hasWildcard(o.literal) {
			c.report(pointer, CodeInspects, advice+`, and write \* for a star`, "a wildcard would look inside a secret")
			return false
		}
	}
	return c.checkTarget(out, pointer)
}

func hasWildcard(v any) bool {
	switch v := v.(type) {
	case glob:
		return true
	case []any:
		for _, item := range v {
			if _, ok := item.(glob); ok {
				return true
			}
		}
	}
	return false
}

// checkTarget refuses literals of a type that the comparator does not compare.
func (c *compiler) checkTarget(out *comparison, pointer string) bool {
	isList := out.target.kind == headerOperand || out.target.kind == scopesOperand
	if out.target.kind == literalOperand {
		_, isList = out.target.literal.([]any)
	}
	if out.base == contains && out.negated && isList {
		c.report(pointer, CodeOperand, "use not_contains_any or not_contains_all", "not_contains of several values has two readings")
		return false
	}
	if _, ok := out.target.literal.([]any); out.base == in && out.target.kind == literalOperand && !ok {
		c.report(pointer, CodeOperand, "", "%s needs an array as its value", out.name)
		return false
	}
	return c.checkLiteral(out, out.source, pointer) && c.checkLiteral(out, out.target, pointer)
}

// checkLiteral refuses a literal that can be on neither side.
func (c *compiler) checkLiteral(out *comparison, o operand, pointer string) bool {
	if o.kind != literalOperand {
		return true
	}
	needs := ""
	switch out.base {
	case startsWith, endsWith:
		if _, ok := o.literal.(string); !ok {
			needs = "a string"
		}
	case less, lessOrEqual, greater, greaterOrEqual:
		if !jsonvalue.IsNumber(o.literal) {
			needs = "a number"
		}
	}
	if needs == "" {
		return true
	}
	c.report(pointer, CodeOperand, "", "%s needs %s as its value", out.name, needs)
	return false
}
