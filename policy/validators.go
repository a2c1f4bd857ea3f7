package policy

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/validator"
	"github.com/reticent/reticent/secretstore/seal"
)

// validatorProgram is a compiled policy of validators.
type validatorProgram struct{ *validator.Program }

func compileValidators(d Document) (Compiled, error) {
	p, err := validator.Compile(d.Validators)
	var refused *validator.CompileError
	switch {
	case errors.As(err, &refused):
		out := &InvalidError{}
		for _, i := range refused.Problems {
			out.Findings = append(out.Findings, Finding{Pointer: "/validators" + i.Pointer, Code: i.Code, Message: i.Message, Advice: i.Advice})
		}
		return nil, out
	case err != nil:
		return nil, err
	}
	return validatorProgram{p}, nil
}

func (p validatorProgram) Bind(_ context.Context, env Environment) (*Bound, error) {
	policy, err := p.Program.Bind(env)
	if err != nil {
		return nil, err
	}
	return &Bound{validatorPolicy{policy}}, nil
}

// validatorPolicy is a bound policy of validators.
type validatorPolicy struct{ *validator.Policy }

func (p validatorPolicy) decide(ctx context.Context, input json.RawMessage, o seal.Options) Decision {
	decoded, refused := decodeInput(input)
	if refused != nil {
		return denied(refused.Code, refused.Message)
	}
	return p.decideOn(ctx, decoded, o)
}

func (p validatorPolicy) batch(o seal.Options) func(context.Context, []*jsonvalue.Part) Decision {
	read := make(map[*jsonvalue.Part]any)
	return func(ctx context.Context, parts []*jsonvalue.Part) Decision {
		input := make(map[string]any, len(parts))
		for _, part := range parts {
			v, ok := read[part]
			if !ok {
				var err error
				if v, err = jsonvalue.Decode(part.Text); err != nil {
					return denied(CodeInput, "the input cannot be read: "+err.Error())
				}
				read[part] = v
			}
			input[part.Name] = v
		}
		if refused := checkSecrets(input); refused != nil {
			return denied(refused.Code, refused.Message)
		}
		return p.decideOn(ctx, input, o)
	}
}

// decideOn decides on an input that has been read.
func (p validatorPolicy) decideOn(ctx context.Context, decoded any, o seal.Options) Decision {
	ctx, stop := context.WithTimeout(ctx, MaxEvaluationTime)
	defer stop()
	r := p.Evaluate(ctx, decoded, o)
	if r.Err != nil {
		return denied(string(r.Err.Code), r.Err.Message)
	}
	d := newDecision(r.Decision)
	for _, f := range r.Failures {
		d.Failures = append(d.Failures, Failure(f))
	}
	d.Recovery = append(d.Recovery, r.Recovery...)
	d.Masked = append(d.Masked, r.Masked...)
	return d
}
