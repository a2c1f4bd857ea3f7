package validator

// outcome is what a validator or a comparison comes to.
type outcome int

const (
	fails outcome = iota
	holds
	// undecided: an operand is missing or cannot be compared. It denies like
	// fails, but its negation does not hold.
	undecided
	// aborted: the evaluation has an error and ends.
	aborted
)

func outcomeOf(b bool) outcome {
	if b {
		return holds
	}
	return fails
}

// not inverts what is known.
func (o outcome) not() outcome {
	switch o {
	case holds:
		return fails
	case fails:
		return holds
	}
	return o
}

// and joins outcomes that must all hold. Neither is aborted.
func (o outcome) and(other outcome) outcome {
	switch {
	case o == fails || other == fails:
		return fails
	case o == undecided || other == undecided:
		return undecided
	}
	return holds
}

// node is a part of a program that comes to an outcome.
type node interface {
	decide(e *evaluation) outcome
}

// validator is one element of a document.
type validator struct {
	node
	// recovery are indexes into Program.recoveries.
	recovery []int
}

func (v validator) decide(e *evaluation) outcome {
	o := v.node.decide(e)
	if o == fails || o == undecided {
		for _, i := range v.recovery {
			e.recover(i)
		}
	}
	return o
}

// constant is the validator true or false.
type constant struct {
	outcome outcome
	failure int
}

func (c constant) decide(e *evaluation) outcome {
	if c.outcome == fails {
		e.fail(c.failure)
	}
	return c.outcome
}

// all holds when each of its nodes does. It goes on after one that fails, so
// that a person sees everything that is wrong.
type all []node

func (a all) decide(e *evaluation) outcome {
	result := holds
	for _, n := range a {
		o := n.decide(e)
		if o == aborted {
			return aborted
		}
		result = result.and(o)
	}
	return result
}

// anyOf holds when one of its nodes does; then the failures of the others are
// nobody's concern.
type anyOf []node

func (a anyOf) decide(e *evaluation) outcome {
	before := e.mark()
	result := fails
	for _, n := range a {
		switch o := n.decide(e); o {
		case aborted:
			return aborted
		case holds:
			e.rewind(before)
			return holds
		case undecided:
			result = undecided
		}
	}
	return result
}

// negation holds when its node fails, and not when its node is undecided.
type negation struct {
	node
	failure int
}

func (n negation) decide(e *evaluation) outcome {
	before := e.mark()
	o := n.node.decide(e).not()
	switch o {
	case holds:
		e.rewind(before)
	case fails:
		e.fail(n.failure)
	}
	return o
}

// branch comes to what `then` or `otherwise` does, and is undecided when its
// condition is.
type branch struct{ condition, then, otherwise node }

func (b branch) decide(e *evaluation) outcome {
	before := e.mark()
	switch o := b.condition.decide(e); o {
	case holds:
		return b.then.decide(e)
	case fails:
		e.rewind(before)
		return b.otherwise.decide(e)
	default:
		return o
	}
}
