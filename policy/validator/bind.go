package validator

import (
	"errors"
	"fmt"
	"time"

	"github.com/reticent/reticent/secretstore/seal"
)

// Policy is a program bound to the secrets that it names. It is immutable and
// may decide many requests at once.
type Policy struct {
	program *Program
	env     Environment
	// run holds the policy's surrogates; it is nil when there is no secret.
	run *seal.Run
	// secrets are the sealed values of Program.secrets.
	secrets []any
	// variables are the values of Program.variables.
	variables []any
	// keySets are those of Program.keySets.
	keySets    []KeySource
	failures   []maskedFailure
	recoveries []maskedRecovery
	// unavailable is set when a secret or a variable is missing: every decision
	// is a deny.
	unavailable *seal.Error
}

// maskedFailure is a failure as it goes out, and what was masked in it.
type maskedFailure struct {
	Failure
	masked []seal.Masked
}

type maskedRecovery struct {
	value  any
	masked []seal.Masked
}

// Bind draws surrogates for the secrets of a program and looks up its variables.
// What env lacks of them makes every decision a deny with secret_unavailable or
// variable_unavailable. The error is surrogate_in_input, when the document holds
// a surrogate that was drawn.
func (p *Program) Bind(env Environment) (*Policy, error) {
	policy := &Policy{program: p, env: env}
	if policy.env.Now == nil {
		policy.env.Now = time.Now
	}
	policy.bindVariables()
	policy.bindKeys()
	if len(p.secrets) == 0 {
		for _, f := range p.failures {
			policy.failures = append(policy.failures, maskedFailure{Failure: f})
		}
		for _, v := range p.recoveries {
			policy.recoveries = append(policy.recoveries, maskedRecovery{value: v})
		}
		return policy, nil
	}
	if missing := env.Secrets.Missing(); missing != nil {
		policy.unavailable = missing
	}
	policy.run = env.Secrets.NewRun(seal.Options{Random: env.Random})
	if _, err := policy.run.SealValue(p.document); err != nil {
		return nil, fmt.Errorf("bind the policy's literals: %w", err)
	}
	policy.mask()
	for _, ref := range p.secrets {
		v, err := policy.lookup(ref)
		if err != nil && policy.unavailable == nil {
			policy.unavailable = err
		}
		policy.secrets = append(policy.secrets, v)
	}
	return policy, nil
}

// bindVariables looks the variables up.
func (p *Policy) bindVariables() {
	for _, name := range p.program.variables {
		var v any
		ok := false
		if p.env.Variable != nil {
			v, ok = p.env.Variable(name)
		}
		if !ok && p.unavailable == nil {
			p.unavailable = seal.Errorf(CodeVariable, "there is no variable %s in this scope; create it, or change the policy", name)
		}
		p.variables = append(p.variables, v)
	}
}

func variableUnusable(name string, why error) *seal.Error {
	return seal.Errorf(CodeVariable, "the variable %s cannot be used: %s", name, why)
}

// lookup gives the sealed value of a secret or of a part of one.
func (p *Policy) lookup(ref secretRef) (any, *seal.Error) {
	v, err := p.run.Lookup(ref.name)
	if err != nil {
		return nil, refusal(err)
	}
	v, ok := ref.path.find(v)
	if !ok {
		return nil, seal.Errorf(seal.CodeUnavailable, "there is nothing at %s; give the secret that field, or change the policy", ref.text)
	}
	return v, nil
}

// mask makes the texts that evaluations give out. They are the author's own,
// who may have pasted a plaintext into one.
func (p *Policy) mask() {
	for _, f := range p.program.failures {
		out := maskedFailure{Failure: Failure{Validator: f.Validator}}
		for _, text := range []struct {
			path     string
			from, to *string
		}{
			{"/field", &f.Field, &out.Field},
			{"/message", &f.Message, &out.Message},
		} {
			var names []string
			if *text.to, names = p.run.MaskString(*text.from); *text.to != *text.from {
				out.masked = append(out.masked, seal.Masked{Path: text.path, Secrets: names})
			}
		}
		p.failures = append(p.failures, out)
	}
	for _, v := range p.program.recoveries {
		out := maskedRecovery{}
		out.value, out.masked = p.run.MaskValue(v)
		p.recoveries = append(p.recoveries, out)
	}
}

// refusal gives the *seal.Error in err. Package seal returns nothing else; should
// it ever, the text of the other error goes nowhere.
func refusal(err error) *seal.Error {
	var e *seal.Error
	if errors.As(err, &e) {
		return e
	}
	return seal.Errorf(seal.CodeInspected, "the comparison was refused")
}
