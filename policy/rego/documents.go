package rego

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// Documents gives one document of a policy for several inputs of one caller. What
// the inputs have in common is read and sealed once. It is for one goroutine.
type Documents struct {
	policy *Policy
	ref    ast.Ref
	ask    Ask
	// sealing seals what comes in: sealing puts in what belongs to the policy, so
	// that every evaluation knows it.
	sealing *seal.Run
	common  *ast.Term
}

// Documents starts a batch for the document at a path, as of [Policy.Document].
// common is an input, or empty. The error is an [*Error].
func (p *Policy) Documents(path []string, common json.RawMessage, a Ask) (*Documents, error) {
	d := &Documents{policy: p, ref: refOf(path), ask: a}
	if p.run != nil {
		d.sealing = p.run.Child(a.Options)
	}
	var refused *seal.Error
	if d.common, refused = parseInput(common, d.sealing); refused != nil {
		return nil, denied(refused).Err
	}
	return d, nil
}

// Document gives the document for an input. Where the input and what is common are
// objects, members that the input does not have are the common ones; otherwise the
// input is what counts, if there is one.
func (d *Documents) Document(ctx context.Context, input json.RawMessage) Answer {
	read := func(*seal.Run) (*ast.Term, *seal.Error) {
		own, refused := parseInput(input, d.sealing)
		return over(own, d.common), refused
	}
	return d.policy.answer(ctx, d.ask, read, func(in *ast.Term, e *evaluation) (ast.Value, error) {
		return e.document(ctx, d.ref, in)
	})
}

// over gives an input over what is common to several.
func over(own, common *ast.Term) *ast.Term {
	switch {
	case common == nil:
		return own
	case own == nil:
		return common
	}
	mine, isObject := own.Value.(ast.Object)
	shared, ok := common.Value.(ast.Object)
	if !isObject || !ok {
		return own
	}
	shared.Foreach(func(k, v *ast.Term) {
		if mine.Get(k) == nil {
			mine.Insert(k, v)
		}
	})
	return own
}

// Roots are the paths below data of which the policy has everything: its packages,
// and the members of its data.
func (p *Program) Roots() [][]string {
	var out [][]string
	for _, m := range p.modules {
		out = append(out, stringPath(m.Package.Path[1:]))
	}
	for name := range maps.Keys(p.data) {
		out = append(out, []string{name})
	}
	slices.SortFunc(out, slices.Compare)
	return slices.CompactFunc(out, slices.Equal)
}

// stringPath gives the strings that a reference begins with.
func stringPath(ref ast.Ref) []string {
	out := make([]string, 0, len(ref))
	for _, t := range ref {
		s, ok := t.Value.(ast.String)
		if !ok {
			break
		}
		out = append(out, string(s))
	}
	return out
}

// QueryPaths are the paths below data that a query refers to, as far as they are
// constant. A query that cannot be read gives a [*CompileError].
func QueryPaths(query string) ([][]string, error) {
	m, err := parseQuery(query)
	if err != nil {
		return nil, err
	}
	var out [][]string
	ast.WalkRefs(m, func(ref ast.Ref) bool {
		if ref[0].Equal(ast.DefaultRootDocument) {
			out = append(out, stringPath(ref[1:]))
		}
		return false
	})
	return out, nil
}
