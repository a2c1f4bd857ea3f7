package rego

import (
	"context"
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore/seal"
)

// Batch decides on several inputs for one caller. What they have in common is
// read and sealed once. It is for one goroutine.
type Batch struct {
	policy  *Policy
	options seal.Options
	read    map[*jsonvalue.Part]*ast.Term
	sealing *seal.Run
}

// Batch starts a batch.
func (p *Policy) Batch(o seal.Options) *Batch {
	b := &Batch{policy: p, options: o, read: make(map[*jsonvalue.Part]*ast.Term)}
	if p.run != nil {
		// Sealing puts in what belongs to the policy: every evaluation knows it.
		b.sealing = p.run.Child(o)
	}
	return b
}

// Evaluate is [Policy.Evaluate] on the object that has the parts.
func (b *Batch) Evaluate(ctx context.Context, parts []*jsonvalue.Part) Result {
	return b.policy.evaluate(ctx, b.options, func(*seal.Run) (*ast.Term, *seal.Error) { return b.input(parts) })
}

func (b *Batch) input(parts []*jsonvalue.Part) (*ast.Term, *seal.Error) {
	object := ast.NewObjectWithCapacity(len(parts))
	for _, part := range parts {
		t, ok := b.read[part]
		if !ok {
			var refused *seal.Error
			if t, refused = parseValue(part.Text, b.sealing); refused != nil {
				return nil, refused
			}
			b.read[part] = t
		}
		object.Insert(ast.InternedTerm(part.Name), t)
	}
	input := ast.NewTerm(object)
	if hasSecrets(input) {
		return nil, hasSecretsError()
	}
	return input, nil
}

// Enumerates reports whether the package of the rule that decides has a document
// of a name, which [Policy.Enumerate] gives.
func (p *Policy) Enumerates(name string) bool {
	rules := p.compiler.GetRulesExact(p.beside(name))
	return len(rules) > 0 && len(rules[0].Head.Args) == 0
}

// Enumerate gives the document of a name in the package of the rule that decides.
// In a policy with secrets an error of a builtin is an error.
func (p *Policy) Enumerate(ctx context.Context, name string, input json.RawMessage, o seal.Options) Answer {
	return p.document(ctx, p.beside(name), input, Ask{Options: o, Strict: p.run != nil})
}

// beside is the reference of a document in the package of the rule that decides.
func (p *Policy) beside(name string) ast.Ref {
	decision := p.program.decision
	return decision[:len(decision)-1].Append(ast.StringTerm(name))
}
