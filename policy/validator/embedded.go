package validator

import (
	"strconv"
	"strings"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// embedded comes to what another policy decides.
type embedded struct {
	policy  string
	failure int
}

func compileEmbedded(c *compiler, name string, v any, pointer string) node {
	conf, ok := c.conf(v, pointer, "policy")
	if !ok {
		return nil
	}
	policy := conf.text("policy", "")
	if err := secretstore.CheckName(policy); err != nil {
		conf.wrong("policy", "", "%s needs the name of a policy: %s", name, err)
		return nil
	}
	if !c.embeds(policy) {
		if len(c.program.embedded) == MaxEmbedded {
			c.report(pointer, CodeLimit, "", "there are more than %d embedded policies (MaxEmbedded)", MaxEmbedded)
			return nil
		}
		c.program.embedded = append(c.program.embedded, Embedding{policy, conf.at("policy")})
	}
	return embedded{policy, c.failure(Failure{Validator: name, Field: policy, Message: "the policy " + policy + " must allow"})}
}

func (c *compiler) embeds(policy string) bool {
	for _, e := range c.program.embedded {
		if e.Policy == policy {
			return true
		}
	}
	return false
}

func (n embedded) decide(e *evaluation) outcome {
	if e.depth >= MaxEmbedding {
		return e.abort(seal.Errorf(CodeWork, "policies are embedded in one another deeper than %d (MaxEmbedding)", MaxEmbedding))
	}
	if !e.work() {
		return aborted
	}
	if e.policy.env.Embedded == nil {
		return e.abort(seal.Errorf(CodePolicy, "there is no policy %s here", n.policy))
	}
	r := e.policy.env.Embedded(e.ctx, n.policy, e.input, e.options, e.depth+1)
	switch {
	case r.Err != nil:
		return e.abort(r.Err)
	case r.Decision:
		return holds
	}
	e.fail(n.failure)
	e.adopt(r)
	if r.Undecided {
		return undecided
	}
	return fails
}

// adopt adds what another policy says to what this one does.
func (e *evaluation) adopt(r Result) {
	for _, m := range r.Masked {
		m.Path = moved(m.Path, "/failures/", len(e.failures))
		m.Path = moved(m.Path, "/recovery/", len(e.recoveries))
		e.masked = append(e.masked, m)
	}
	e.failures = append(e.failures, r.Failures...)
	e.recoveries = append(e.recoveries, r.Recovery...)
}

// moved gives a pointer into a list as it is when the list stands behind n
// others.
func moved(pointer, list string, n int) string {
	rest, ok := strings.CutPrefix(pointer, list)
	if !ok {
		return pointer
	}
	number, inside, nested := strings.Cut(rest, "/")
	i, err := strconv.Atoi(number)
	if err != nil {
		return pointer
	}
	if nested {
		inside = "/" + inside
	}
	return list + strconv.Itoa(i+n) + inside
}
