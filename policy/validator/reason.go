package validator

// check is a validator that looks at one thing and says in one way what it
// wanted. Its reasons not to hold stand in a fixed order.
type check struct {
	// look gives the outcome, and of those that do not hold the reason.
	look func(e *evaluation) (o outcome, reason int)
	// failure is the index of the failure of reason 0; the others follow.
	failure int
}

func (c check) decide(e *evaluation) outcome {
	o, reason := c.look(e)
	if o == fails || o == undecided {
		e.fail(c.failure + reason)
	}
	return o
}

// reasons compiles a check, with a message for a person for each reason.
func (c *compiler) reasons(validator, field string, messages []string, look func(e *evaluation) (outcome, int)) node {
	first := len(c.program.failures)
	for _, message := range messages {
		c.failure(Failure{Validator: validator, Field: field, Message: message})
	}
	return check{look, first}
}

// described holds when its node does, and otherwise says one thing in place of
// all that its node says.
type described struct {
	node
	failure int
}

func (d described) decide(e *evaluation) outcome {
	before := e.mark()
	o := d.node.decide(e)
	if o == fails || o == undecided {
		e.rewind(before)
		e.fail(d.failure)
	}
	return o
}
