package policy

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/seal"
)

// sourceFile is what messages call the module of a document that has one.
const sourceFile = "policy.rego"

// files are the modules of a Rego policy by file name.
func (d Document) files() map[string]string {
	if d.Source != "" {
		return map[string]string{sourceFile: d.Source}
	}
	return d.Modules
}

// regoProgram is a compiled Rego policy.
type regoProgram struct{ *rego.Program }

func compileRego(d Document) (Compiled, error) {
	source := rego.Source{Modules: d.files(), Decision: d.Decision, V0: d.RegoVersion != nil && *d.RegoVersion == 0}
	if d.Data != nil {
		data, err := jsonvalue.Decode(d.Data)
		if err != nil {
			return nil, invalid(CodeInvalidDocument, "/data", "", "%s", err)
		}
		var ok bool
		if source.Data, ok = data.(map[string]any); !ok {
			return nil, invalid(CodeInvalidDocument, "/data", "", "data must be an object")
		}
	}
	p, err := rego.Compile(source)
	var refused *rego.CompileError
	switch {
	case errors.As(err, &refused):
		out := &InvalidError{}
		for _, i := range refused.Issues {
			out.Findings = append(out.Findings, Finding{File: i.File, Line: i.Line, Column: i.Column, Code: i.Code, Message: i.Message, Advice: i.Advice})
		}
		return nil, out
	case err != nil:
		return nil, err
	}
	return regoProgram{p}, nil
}

// Variables is empty: Rego has data of its own.
func (p regoProgram) Variables() []string { return nil }

// Embedded is empty: Rego has modules.
func (p regoProgram) Embedded() []Embedding { return nil }

func (p regoProgram) Bind(ctx context.Context, env Environment) (*Bound, error) {
	policy, err := p.Program.Bind(ctx, env.Secrets, env.Random, env.Egress)
	if err != nil {
		return nil, err
	}
	return &Bound{regoPolicy{policy}}, nil
}

// WithExplain asks what Rego policies evaluate under a context for an
// explanation, one of [rego.Explain]; "" asks for none.
func WithExplain(ctx context.Context, explain string) (context.Context, error) {
	x := rego.Explain(explain)
	switch {
	case !x.Valid():
		return nil, &Problem{Code: CodeInput, Message: `explain must be "notes", "fails", "full" or "debug"`}
	case x == "":
		return ctx, nil
	}
	return rego.WithExplain(ctx, x), nil
}

// regoPolicy is a bound Rego policy.
type regoPolicy struct{ *rego.Policy }

func (p regoPolicy) decide(ctx context.Context, input json.RawMessage, o seal.Options) Decision {
	return regoDecision(p.Evaluate(ctx, input, o))
}

func (p regoPolicy) batch(o seal.Options) func(context.Context, []*jsonvalue.Part) Decision {
	b := p.Batch(o)
	return func(ctx context.Context, parts []*jsonvalue.Part) Decision {
		return regoDecision(b.Evaluate(ctx, parts))
	}
}

// regoDecision gives what Rego answered as a decision.
func regoDecision(r rego.Result) Decision {
	if r.Err != nil {
		d := denied(string(r.Err.Code), r.Err.Message)
		d.Error.File, d.Error.Line, d.Error.Column = r.Err.File, r.Err.Line, r.Err.Column
		d.Print, d.Explanation = r.Print, r.Explanation
		return d
	}
	d := newDecision(r.Decision)
	d.Context, d.Print, d.Explanation = r.Context, r.Print, r.Explanation
	if r.Output != nil {
		d.Output = r.Output
	}
	d.Recovery = append(d.Recovery, r.Recovery...)
	// Where the value of each failure went, by its place in the rule's list.
	moved := make(map[string]string)
	for i, f := range r.Failures {
		failure, member := failureOf(f)
		d.Failures = append(d.Failures, failure)
		moved[strconv.Itoa(i)] = member
	}
	for _, m := range r.Masked {
		if rest, ok := strings.CutPrefix(m.Path, "/failures/"); ok {
			i, inside, _ := strings.Cut(rest, "/")
			m.Path = "/failures/" + i + moved[i]
			if inside != "" {
				m.Path += "/" + inside
			}
		}
		d.Masked = append(d.Masked, m)
	}
	return d
}

// failureOf gives the failure that a Rego rule meant: an object with the members
// of a failure, a string for its message, or else its details. member is where
// in the failure the value went, as a JSON pointer.
func failureOf(v any) (f Failure, member string) {
	switch v := v.(type) {
	case string:
		return Failure{Message: v}, "/message"
	case map[string]any:
		texts := map[string]*string{"validator": &f.Validator, "field": &f.Field, "message": &f.Message}
		for name, value := range v {
			text, known := texts[name]
			s, isString := value.(string)
			switch {
			case known && isString:
				*text = s
			case name == "details":
				f.Details = value
			default:
				return Failure{Details: v}, "/details"
			}
		}
		return f, ""
	}
	return Failure{Details: v}, "/details"
}
