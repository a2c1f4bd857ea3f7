package rego

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/reticent/reticent/secretstore/seal"
)

// Ask says how a question to a policy is answered. The zero Ask asks as OPA does.
type Ask struct {
	seal.Options
	// Strict makes an error of a builtin that fails. Otherwise its call is
	// undefined, as in OPA.
	Strict bool
	// Metrics asks for how long things took, and Instrument for OPA's counters of
	// what the evaluator did as well.
	Metrics, Instrument bool
}

// Answer is what a policy answers to a question, masked.
type Answer struct {
	// Defined reports whether the document exists, or the query holds.
	Defined bool
	// Value is the document, as encoding/json decodes one. For a query it is an
	// array with an object of variables for each way in which it holds.
	Value any
	// Print is what print() wrote, a line each.
	Print []string
	// Explanation are the steps of the evaluation, if they were asked for.
	Explanation []string
	// Masked says what was masked, with JSON pointers into Value.
	Masked []seal.Masked
	// Metrics are OPA's, by name, if they were asked for.
	Metrics map[string]any
	// Err is set when the evaluation failed. Nothing is defined then.
	Err *Error
}

// varAnswer is the variable of a question.
const varAnswer = ast.Var("answer")

// Document gives the document at a path below data: of rules, or of the policy's
// own data. The path of no parts is everything but the secrets. Secrets are no
// document that a reader can ask for. A part that is a whole number is one, as in
// OPA's API: it leads into arrays.
func (p *Policy) Document(ctx context.Context, path []string, input json.RawMessage, a Ask) Answer {
	return p.document(ctx, refOf(path), input, a)
}

func (p *Policy) document(ctx context.Context, ref ast.Ref, input json.RawMessage, a Ask) Answer {
	return p.answer(ctx, a, inputOf(input), func(in *ast.Term, e *evaluation) (ast.Value, error) {
		return e.document(ctx, ref, in)
	})
}

// refOf gives the reference of a path below data.
func refOf(path []string) ast.Ref {
	ref := append(make(ast.Ref, 0, len(path)+1), ast.DefaultRootDocument)
	for _, part := range path {
		if n, ok := util.Atoi64(part); ok {
			ref = append(ref, ast.InternedTerm(n))
		} else {
			ref = append(ref, ast.StringTerm(part))
		}
	}
	return ref
}

// document gives the value of a reference below data, nil if it is undefined.
func (e *evaluation) document(ctx context.Context, ref ast.Ref, input *ast.Term) (ast.Value, error) {
	if len(ref) > 1 && ref[1].Value.Compare(ast.String(secretsKey)) == 0 {
		return nil, nil
	}
	if e.run != nil {
		sealed := make(ast.Ref, len(ref))
		for i, t := range ref {
			sealed[i] = t
			if s, ok := t.Value.(ast.String); ok && i > 0 {
				sealed[i] = ast.StringTerm(sealText(e.run, string(s)))
			}
		}
		ref = sealed
	}
	v, err := e.value(ctx, e.policy.compiler, answerBody(ast.NewTerm(ref)), input)
	if root, ok := v.(ast.Object); ok && len(ref) == 1 {
		v = without(root, ast.InternedTerm(secretsKey))
	}
	return v, err
}

// Query answers an ad-hoc query, a body of Rego over data and input. It is
// compiled with the policy: what is refused there is refused in a query.
// A query that does not compile gives a [*CompileError].
func (p *Policy) Query(ctx context.Context, query string, input json.RawMessage, a Ask) (Answer, error) {
	if p.missing != nil {
		return Answer{Err: denied(p.missing).Err}, nil
	}
	compiler, body, err := p.compileQuery(query)
	if err != nil {
		if _, ok := errors.AsType[*CompileError](err); ok {
			return Answer{}, err
		}
		return Answer{Err: evaluationError(err)}, nil
	}
	return p.answer(ctx, a, inputOf(input), func(in *ast.Term, e *evaluation) (ast.Value, error) {
		v, err := e.value(ctx, compiler, body, in)
		if all, ok := v.(*ast.Array); ok && all.Len() == 0 {
			v = nil
		}
		return v, err
	}), nil
}

// inputOf reads an input for the run of an evaluation.
func inputOf(raw json.RawMessage) func(*seal.Run) (*ast.Term, *seal.Error) {
	return func(run *seal.Run) (*ast.Term, *seal.Error) { return parseInput(raw, run) }
}

// answer evaluates one question; whatever goes wrong is in Err.
func (p *Policy) answer(ctx context.Context, a Ask, read func(*seal.Run) (*ast.Term, *seal.Error), find func(*ast.Term, *evaluation) (ast.Value, error)) (answer Answer) {
	defer func() {
		if recover() != nil {
			answer = Answer{Err: denied(seal.Errorf(codeInternal, "the evaluator failed")).Err}
		}
	}()
	if p.missing != nil {
		return Answer{Err: denied(p.missing).Err}
	}
	e := &evaluation{policy: p, strict: a.Strict, cancel: topdown.NewCancel(), instrument: a.Instrument}
	if a.Metrics || a.Instrument {
		e.metrics = metrics.New()
		defer func() { answer.Metrics = e.metrics.All() }()
	}
	if p.run != nil {
		e.run = p.run.Child(a.Options)
	}
	e.printed.run = e.run
	e.timer(metrics.RegoInputParse).Start()
	input, refused := read(e.run)
	e.timer(metrics.RegoInputParse).Stop()
	if refused != nil {
		return Answer{Err: denied(refused).Err}
	}
	defer e.start(ctx)()
	v, err := find(input, e)
	answer.Print, answer.Explanation = e.printed.lines, e.printed.tracer.lines()
	if err != nil {
		answer.Err = evaluationError(err)
		return answer
	}
	if v == nil {
		return answer
	}
	if decision, ok := v.(ast.Boolean); ok {
		answer.Defined, answer.Value = true, bool(decision)
		return answer
	}
	out := make(map[string]any)
	if refused := export(out, "value", v); refused != nil {
		answer.Err = denied(refused).Err
		return answer
	}
	answer.Defined, answer.Value = true, out["value"]
	if e.run != nil {
		sealComputed(e.run, out)
		answer.Value, answer.Masked = e.run.MaskValue(out["value"])
	}
	return answer
}

// value evaluates a question; the value is nil if it is undefined.
func (e *evaluation) value(ctx context.Context, c *ast.Compiler, body ast.Body, input *ast.Term) (ast.Value, error) {
	q, ctx := e.query(ctx, c, body, input)
	var v ast.Value
	err := q.Iter(ctx, func(found topdown.QueryResult) error {
		v = found[varAnswer].Value
		return nil
	})
	return v, err
}

// without copies an object without one of its keys.
func without(o ast.Object, key *ast.Term) ast.Object {
	out := ast.NewObjectWithCapacity(o.Len())
	o.Foreach(func(k, v *ast.Term) {
		if !k.Equal(key) {
			out.Insert(k, v)
		}
	})
	return out
}
