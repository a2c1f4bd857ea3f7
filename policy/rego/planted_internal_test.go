package rego

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/test/cases"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

const planted = "pl4nted-Zq81xWv7LmP0sTt4"

// TestPlantedSecrets plants a secret in each of OPA's own cases: one string or
// number of it becomes the secret's value, in data and input; where the policy
// has it as a literal it becomes the secret, or its value too. What is not
// refused must answer as stock OPA does over plaintext.
func TestPlantedSecrets(t *testing.T) {
	set := sealtest.Set(t, map[string]any{"P": planted})
	list := conformanceCases(t, "v1")
	counts := map[string]int{}
	codes := map[string]int{}
	for i, tc := range slices.Concat(list, list) {
		if exceptions[tc.Note] != "" {
			continue
		}
		with := ast.Value(ast.MustParseRef("data.secrets.P"))
		if i >= len(list) {
			with = ast.String(planted)
		}
		p := plant(tc, with)
		if p == nil {
			counts["nothing to plant in"]++
			continue
		}
		want, stockErr := p.stock(t)
		got, run, err := p.sealed(t, set)
		switch {
		case p.refused:
			counts["refused at upload"]++
			if strings.Contains(err.Error(), "rego_") && stockErr == nil && !strings.Contains(err.Error(), "data.secrets") {
				t.Errorf("%s: refused: %v", tc.Note, err)
			}
		case err != nil && stockErr != nil:
			counts["failed as on plaintext"]++
		case err != nil:
			counts["halted"]++
			codes[fmt.Sprint(evaluationError(err).Code)]++
		case stockErr != nil:
			t.Errorf("%s: %v, on plaintext %v\n%s", tc.Note, got, stockErr, p.modules)
		default:
			same, err := equal(run, asSet(got), asSet(want))
			if err != nil {
				counts["answered with what can't be compared"]++
				continue
			}
			if !same {
				t.Errorf("%s: got %v, on plaintext %v\n%s\n%s", tc.Note, got, want, p.modules, p.input)
			}
			counts["equal"]++
		}
	}
	t.Logf("%v; halted by %v", counts, codes)
	if counts["equal"] < 1000 {
		t.Error("hardly any case is evaluated: the test shows nothing")
	}
}

// asSet gives the bindings of a query without their order.
func asSet(v ast.Value) ast.Value {
	if v == nil {
		return ast.NewSet()
	}
	out := ast.NewSet()
	v.(*ast.Array).Foreach(func(t *ast.Term) { out.Add(t) })
	return out
}

// plantedCase is a case with the secret in it.
type plantedCase struct {
	query   string
	modules map[string]string
	data    map[string]any
	input   *ast.Term
	strict  bool
	refused bool
}

// plant makes a planted case, or nil where there is neither a string nor a number.
func plant(tc cases.TestCase, with ast.Value) *plantedCase {
	p := &plantedCase{query: tc.Query, modules: map[string]string{}, strict: tc.StrictError, data: map[string]any{}}
	var modules []*ast.Module
	var texts []string
	for i, text := range tc.Modules {
		m, err := ast.ParseModuleWithOpts(fmt.Sprintf("test-%d.rego", i), text, ast.ParserOptions{Capabilities: capabilities(), RegoVersion: ast.RegoV1})
		if err != nil {
			return nil
		}
		modules = append(modules, m)
		for _, rule := range m.Rules {
			for r := rule; r != nil; r = r.Else {
				walkLiterals(r, func(t *ast.Term) { texts = append(texts, t.Value.String()) })
			}
		}
	}
	var values []string
	if tc.Data != nil {
		p.data = *tc.Data
		collect(p.data, &values)
	}
	if tc.InputTerm != nil {
		p.input = ast.MustParseTerm(*tc.InputTerm)
	} else if tc.Input != nil {
		p.input = ast.NewTerm(ast.MustInterfaceToValue(*tc.Input))
		collect(*tc.Input, &values)
	}
	victim, ok := choose(texts, values)
	if !ok {
		return nil
	}
	p.data = replaced(p.data, victim).(map[string]any)
	if p.input != nil {
		v, err := ast.Transform(ast.NewGenericTransformer(func(x any) (any, error) {
			if v, ok := x.(ast.Value); ok && ast.IsScalar(v) && v.String() == victim {
				return ast.String(planted), nil
			}
			return x, nil
		}), p.input.Value)
		if err != nil {
			return nil
		}
		p.input = ast.NewTerm(v.(ast.Value))
	}
	for i, m := range modules {
		for _, rule := range m.Rules {
			for r := rule; r != nil; r = r.Else {
				walkLiterals(r, func(t *ast.Term) {
					if t.Value.String() == victim {
						t.Value = with
					}
				})
			}
		}
		text, err := format.AstWithOpts(m, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil
		}
		p.modules[fmt.Sprintf("test-%d.rego", i)] = string(text)
	}
	p.modules["planted.rego"] = "package reticent_planted\nk := data.secrets.P"
	return p
}

// walkLiterals visits the strings of a rule that stand where a reference could.
func walkLiterals(r *ast.Rule, visit func(*ast.Term)) {
	var walk func(x any)
	walk = func(x any) {
		ast.WalkTerms(x, func(t *ast.Term) bool {
			switch v := t.Value.(type) {
			case ast.String, ast.Number:
				visit(t)
			case ast.Ref, ast.Set:
				return true
			case ast.Object:
				v.Foreach(func(_, e *ast.Term) { walk(e) })
				return true
			}
			return false
		})
	}
	if r.Head.Value != nil {
		walk(r.Head.Value)
	}
	walk(r.Body)
}

// choose prefers a string that the policy and its values both have.
func choose(texts, values []string) (string, bool) {
	for _, s := range texts {
		if slices.Contains(values, s) {
			return s, true
		}
	}
	for _, list := range [][]string{values, texts} {
		if len(list) > 0 {
			return list[len(list)/2], true
		}
	}
	return "", false
}

func collect(x any, out *[]string) {
	switch x := x.(type) {
	case string, json.Number:
		*out = append(*out, ast.MustInterfaceToValue(x).String())
	case []any:
		for _, e := range x {
			collect(e, out)
		}
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			collect(x[k], out)
		}
	}
}

func replaced(x any, victim string) any {
	switch x := x.(type) {
	case string, json.Number:
		if ast.MustInterfaceToValue(x).String() == victim {
			return planted
		}
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = replaced(e, victim)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = replaced(e, victim)
		}
		return out
	}
	return x
}

// stock evaluates with stock OPA over plaintexts.
func (p *plantedCase) stock(t *testing.T) (v ast.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("stock OPA panics: %v", r)
		}
	}()
	modules := map[string]*ast.Module{}
	for name, text := range p.modules {
		if modules[name], err = ast.ParseModuleWithOpts(name, text, ast.ParserOptions{Capabilities: capabilities(), RegoVersion: ast.RegoV1}); err != nil {
			return nil, err
		}
	}
	c := ast.NewCompiler().WithCapabilities(capabilities()).WithEnablePrintStatements(true)
	if c.Compile(modules); c.Failed() {
		return nil, c.Errors
	}
	m, err := queryModule(p.query)
	if err != nil {
		return nil, err
	}
	body, err := c.QueryCompiler().WithEnablePrintStatements(true).Compile(answerBody(m.Rules[0].Head.Value))
	if err != nil {
		return nil, err
	}
	data := map[string]any{"secrets": map[string]any{"P": planted}}
	for k, v := range p.data {
		data[k] = v
	}
	store := inmem.NewFromObject(data)
	cancel := topdown.NewCancel()
	defer time.AfterFunc(10*time.Second, cancel.Cancel).Stop()
	q := topdown.NewQuery(body).WithCompiler(c).WithStore(store).WithTransaction(storage.NewTransactionOrDie(t.Context(), store)).
		WithInput(p.input).WithStrictBuiltinErrors(p.strict).WithCancel(cancel)
	err = q.Iter(t.Context(), func(found topdown.QueryResult) error {
		v = found[varAnswer].Value
		return nil
	})
	return v, err
}

// sealed evaluates with this package.
func (p *plantedCase) sealed(t *testing.T, set *seal.Set) (ast.Value, *seal.Run, error) {
	p.refused = true
	program, err := parseProgram(Source{Modules: p.modules, Data: p.data})
	if err == nil {
		err = program.compileAll()
	}
	if err != nil {
		return nil, nil, err
	}
	bound, err := program.Bind(t.Context(), set, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	compiler, body, err := bound.compileQuery(p.query)
	if err != nil {
		return nil, nil, err
	}
	p.refused = false
	e := &evaluation{policy: bound, run: bound.run.Child(seal.Options{}), strict: p.strict, cancel: topdown.NewCancel()}
	e.printed.run = e.run
	defer time.AfterFunc(10*time.Second, e.cancel.Cancel).Stop()
	input := p.input
	if input != nil {
		sealed, err := ast.Transform(ast.NewGenericTransformer(func(x any) (any, error) {
			if s, ok := x.(ast.String); ok {
				out, err := e.run.SealString(string(s))
				return ast.String(out), err
			}
			return x, nil
		}), input.Value)
		if err != nil {
			return nil, nil, err
		}
		input = ast.NewTerm(sealed.(ast.Value))
	}
	v, err := e.value(t.Context(), compiler, body, input)
	return v, e.run, err
}
