package validator

import (
	"regexp"
	"strings"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore/seal"
)

// comparison is one element of `fields`.
type comparison struct {
	comparator
	source, target operand
	// pattern is the target of matches.
	pattern *regexp.Regexp
	// secret is set when a side is a secret.
	secret bool
	// failure is the index of the first of failureKinds failures.
	failure int
}

// The failures of a comparison, in the order in which they are compiled.
const (
	failureFalse = iota
	failureSourceMissing
	failureTargetMissing
	failureTypes
	failureKinds
)

func (c *comparison) decide(e *evaluation) outcome {
	source, ok := e.read(&c.source)
	if c.base == exists {
		return c.conclude(e, outcomeOf(ok))
	}
	if !ok {
		e.fail(c.failure + failureSourceMissing)
		return undecided
	}
	target, ok := e.read(&c.target)
	if !ok {
		e.fail(c.failure + failureTargetMissing)
		return undecided
	}
	if c.base.collects() {
		return c.conclude(e, c.collect(e, source, target))
	}
	return c.each(e, source, target)
}

// conclude negates an outcome where the comparator says so and notes a failure.
func (c *comparison) conclude(e *evaluation, o outcome) outcome {
	if c.negated {
		o = o.not()
	}
	switch o {
	case fails:
		e.fail(c.failure + failureFalse)
	case undecided:
		e.fail(c.failure + failureTypes)
	}
	return o
}

// each compares every value of a header, or the one value that there is.
func (c *comparison) each(e *evaluation, source, target any) outcome {
	sources, targets := [1]any{source}, [1]any{target}
	from, to := sources[:], targets[:]
	if c.source.kind == headerOperand {
		from = source.([]any)
	}
	if c.target.kind == headerOperand && c.base != in {
		to = target.([]any)
	}
	result, first := undecided, true
	for _, s := range from {
		for _, t := range to {
			o := c.one(e, s, t)
			switch {
			case o == aborted:
				return aborted
			case first:
				result, first = o, false
			case o != result:
				return c.divided(e)
			}
		}
	}
	return c.conclude(e, result)
}

// divided is what a header comes to of whose values some hold and some do not:
// undecided, or a caller could turn `not` around with a second value.
func (c *comparison) divided(e *evaluation) outcome {
	e.fail(c.failure + failureFalse)
	return undecided
}

// one compares one value with one value.
func (c *comparison) one(e *evaluation, source, target any) outcome {
	switch c.base {
	case equals:
		// A null among the values of a header is no value.
		if source == nil || target == nil {
			return undecided
		}
		return c.equal(e, source, target)
	case in:
		list, ok := target.([]any)
		if !ok || source == nil {
			return undecided
		}
		return c.anyEqual(list, func(v any) outcome { return c.equal(e, source, v) })
	case less, lessOrEqual, greater, greaterOrEqual:
		return c.order(source, target)
	}
	return c.text(e, source, target)
}

// collect compares a source that is a list.
func (c *comparison) collect(e *evaluation, source, target any) outcome {
	wanted, list := target.([]any)
	if !list {
		wanted = []any{target}
	}
	has := func(v any) outcome { return c.holdsElement(e, source, v) }
	switch {
	case c.base == containsAny:
		return c.anyEqual(wanted, has)
	case c.base == contains && list && c.negated:
		// Two readings, none of them and not all of them; neither is taken.
		return undecided
	case len(wanted) == 0:
		// Everything contains all of nothing.
		return undecided
	}
	result := holds
	for _, v := range wanted {
		o := has(v)
		if o == aborted {
			return aborted
		}
		result = result.and(o)
	}
	return result
}

// holdsElement reports whether the source has an element. A single value is a
// list of itself, but for the contains of a string, which looks for a part.
func (c *comparison) holdsElement(e *evaluation, source, element any) outcome {
	if list, ok := source.([]any); ok {
		return c.anyEqual(list, func(v any) outcome { return c.equal(e, v, element) })
	}
	if c.base != contains {
		return c.equal(e, source, element)
	}
	text, ok := source.(string)
	if !ok || c.secret {
		return undecided
	}
	if !e.work() {
		return aborted
	}
	switch part := element.(type) {
	case string:
		return outcomeOf(strings.Contains(text, part))
	case glob:
		return outcomeOf(part.matchInside(text))
	}
	return undecided
}

// anyEqual comes to holds when equal does for an element.
func (c *comparison) anyEqual(list []any, equal func(any) outcome) outcome {
	result := fails
	for _, v := range list {
		switch o := equal(v); o {
		case aborted, holds:
			return o
		case undecided:
			result = undecided
		}
	}
	return result
}

// text compares strings by their parts; compile keeps secrets out of here.
func (c *comparison) text(e *evaluation, source, target any) outcome {
	s, ok := source.(string)
	t, also := target.(string)
	if !ok || !also {
		return undecided
	}
	switch c.base {
	case startsWith:
		return outcomeOf(strings.HasPrefix(s, t))
	case endsWith:
		return outcomeOf(strings.HasSuffix(s, t))
	}
	if len(s) > MaxSubjectBytes {
		return e.abort(seal.Errorf(CodeWork, "%s is longer than %d bytes (MaxSubjectBytes), too long for matches", c.source.text, MaxSubjectBytes))
	}
	return outcomeOf(c.pattern.MatchString(s))
}

// order compares numbers.
func (c *comparison) order(source, target any) outcome {
	if !jsonvalue.IsNumber(source) || !jsonvalue.IsNumber(target) {
		return undecided
	}
	n := jsonvalue.CompareNumbers(source, target)
	switch c.base {
	case less:
		return outcomeOf(n < 0)
	case lessOrEqual:
		return outcomeOf(n <= 0)
	case greater:
		return outcomeOf(n > 0)
	}
	return outcomeOf(n >= 0)
}
