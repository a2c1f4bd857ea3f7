package validator

import (
	"encoding/json"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore/seal"
)

// equal compares two values, of the source and of the target in this order.
// Values of different types are undecided: were they merely unequal, a caller
// could slip past not_equals by sending a number as a string. Null inside a list
// equals null and nothing else.
func (c *comparison) equal(e *evaluation, a, b any) outcome {
	if !e.work() {
		return aborted
	}
	switch x := a.(type) {
	case string:
		switch y := b.(type) {
		case string:
			return c.equalStrings(e, x, y)
		case glob:
			return outcomeOf(y.match(x))
		}
	case glob:
		if y, ok := b.(string); ok {
			return outcomeOf(x.match(y))
		}
	case float64, json.Number:
		if jsonvalue.IsNumber(b) {
			return outcomeOf(jsonvalue.CompareNumbers(a, b) == 0)
		}
	case bool:
		if y, ok := b.(bool); ok {
			return outcomeOf(x == y)
		}
	case nil:
		return outcomeOf(b == nil)
	case []any:
		if y, ok := b.([]any); ok {
			return c.equalArrays(e, x, y)
		}
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			return c.equalObjects(e, x, y)
		}
	}
	if b == nil {
		return fails
	}
	return undecided
}

// equalStrings compares two strings, at the boundary where one is of a secret.
func (c *comparison) equalStrings(e *evaluation, a, b string) outcome {
	if !c.secret {
		return outcomeOf(a == b)
	}
	// What came with the request must not pass for the secret it names.
	if c.source.kind != secretOperand && e.run.Holds(a) || c.target.kind != secretOperand && e.run.Holds(b) {
		return e.abort(seal.Errorf(seal.CodeLiveSurrogate, "the input holds a surrogate of this policy"))
	}
	same, err := e.run.Equal(a, b)
	if err != nil {
		return e.abort(err)
	}
	return outcomeOf(same)
}

// equalArrays and equalObjects go on after a difference: to stop would tell by
// its time which part of a structured secret differs.

func (c *comparison) equalArrays(e *evaluation, a, b []any) outcome {
	if len(a) != len(b) {
		return fails
	}
	result := holds
	for i := range a {
		o := c.equal(e, a[i], b[i])
		if o == aborted {
			return aborted
		}
		result = result.and(o)
	}
	return result
}

func (c *comparison) equalObjects(e *evaluation, a, b map[string]any) outcome {
	result := outcomeOf(len(a) == len(b))
	for name, x := range a {
		y, ok := b[name]
		if !ok {
			result = fails
			continue
		}
		o := c.equal(e, x, y)
		if o == aborted {
			return aborted
		}
		result = result.and(o)
	}
	return result
}
