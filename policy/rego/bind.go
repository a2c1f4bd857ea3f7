package rego

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// Policy is a program with a sealing set. It is immutable and safe for
// concurrent use.
type Policy struct {
	program *Program
	*compiled
	store storage.Store
	// read is a transaction for all evaluations: nothing ever writes.
	read storage.Transaction
	// run has the surrogates; each evaluation is a child of it. It is nil for a
	// policy without secrets.
	run *seal.Run
	// plain is the policy for partial evaluation.
	plain func() plain
	// sender sends what http.send asks for; nil if there is nothing to send through.
	sender *sender
	// missing refuses every evaluation.
	missing *seal.Error
}

// Bind puts a sealing set in, which must be that of [Program.Secrets]: it draws
// the surrogates (random is nil but in tests) and seals what the policy has of
// its own. A secret that is missing is no error here: evaluations are refused.
// What http.send asks for goes through client; if that is nil it is refused.
func (p *Program) Bind(ctx context.Context, set *seal.Set, random io.Reader, client *egress.Client) (b *Policy, err error) {
	defer recoverCompile(&err)
	b = &Policy{program: p, compiled: p.guarded}
	b.plain = b.plainly()
	if client != nil && p.sends {
		b.sender = newSender(client)
	}
	data := p.data
	if p.Sealed() {
		if b.missing = set.Missing(); b.missing != nil {
			return b, nil
		}
		b.run = set.NewRun(seal.Options{Random: random})
		if data, err = b.seal(); err != nil || b.missing != nil {
			return b, err
		}
	} else if !set.Empty() {
		return nil, fmt.Errorf("the policy uses no secrets; its sealing set has %s", strings.Join(set.Names(), ", "))
	}
	b.store = inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(true), inmem.OptReturnASTValuesOnRead(true))
	b.read, err = b.store.NewTransaction(ctx)
	return b, err
}

// Sealed is [Program.Sealed].
func (b *Policy) Sealed() bool { return b.program.Sealed() }

// seal seals the literals and the data of the policy and gives its data with
// data.secrets.
func (b *Policy) seal() (map[string]any, error) {
	p := b.program
	modules, err := sealModules(b.run, p.modules)
	if err != nil {
		return nil, err
	}
	exact := p.direct != nil && !slices.ContainsFunc(p.secrets, func(name string) bool { return !b.run.Set().Exact(name) })
	if exact {
		b.compiled = p.direct
	}
	if p.metadata || !sameModules(modules, p.modules) {
		if b.compiled, _, err = p.compile(modules, b.run, exact); err != nil {
			return nil, err
		}
	}
	own, err := b.run.SealValue(p.data)
	if err != nil {
		return nil, err
	}
	data := maps.Clone(own.(map[string]any))
	secrets := make(map[string]any)
	for _, name := range p.secrets {
		v, err := b.run.Lookup(name)
		if err != nil {
			return nil, err
		}
		if err := sealKeys(b.run, v); err != nil {
			return nil, err
		}
		secrets[name] = v
	}
	data[secretsKey] = secrets
	b.missing = b.missingField(secrets)
	return data, nil
}

func sameModules(a, b map[string]*ast.Module) bool {
	for name, m := range a {
		if b[name] != m {
			return false
		}
	}
	return true
}

// missingField is the refusal for a field that the policy names and its secret
// does not have: undefined operands make `not` true.
func (b *Policy) missingField(secrets map[string]any) *seal.Error {
	for _, path := range b.program.paths {
		var at any = secrets
		for i, key := range path {
			var ok bool
			switch v := at.(type) {
			case map[string]any:
				name, isString := key.(ast.String)
				at, ok = v[string(name)]
				ok = ok && isString
			case []any:
				if n, isNumber := key.(ast.Number); isNumber {
					var index int
					if index, ok = n.Int(); ok {
						if ok = index >= 0 && index < len(v); ok {
							at = v[index]
						}
					}
				}
			}
			if !ok {
				return seal.Errorf(seal.CodeUnavailable, "secret %s has no field %s", string(path[0].(ast.String)), b.fieldName(path[1:i+1]))
			}
		}
	}
	return nil
}

// fieldName is a path for people. Its author may have put a secret in it.
func (b *Policy) fieldName(path []ast.Value) string {
	var parts []string
	for _, v := range path {
		parts = append(parts, strings.Trim(v.String(), `"`))
	}
	name, _ := b.run.MaskString(sealText(b.run, strings.Join(parts, ".")))
	return name
}
