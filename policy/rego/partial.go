package rego

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// CodeResidual: what a partial evaluation leaves over would depend on a secret.
const CodeResidual seal.Code = "secret_in_residual"

// Residual is what is left of a query when all that is known has been evaluated,
// as OPA's compile API gives it: the query holds if one of Queries does.
type Residual struct {
	Queries []ast.Body    `json:"queries,omitempty"`
	Support []*ast.Module `json:"support,omitempty"`
}

// plain is a policy as OPA has it, with its own data and no secrets, for what
// does not depend on one.
type plain struct {
	compiler *ast.Compiler
	store    storage.Store
	err      error
}

// plainly compiles the policy for partial evaluation, once.
func (p *Policy) plainly() func() plain {
	return sync.OnceValue(func() plain {
		modules := p.program.modules
		decls, _ := boundedBuiltins()
		c := ast.NewCompiler().WithCapabilities(capabilitiesWith(decls)).WithEnablePrintStatements(false).
			WithStageAfterID(ast.StageResolveRefs, (&names{}).stage())
		if c.Compile(modules); c.Failed() {
			return plain{err: compileError(astIssues(c.Errors)...)}
		}
		for _, m := range c.Modules {
			boundCalls(m)
		}
		return plain{compiler: c, store: inmem.NewFromObject(p.program.data)}
	})
}

// Partial evaluates a query partially. unknowns are references below input or
// data, "input" if there are none. Where the query or a rule that it reaches
// refers to a secret, or would send a request, it is refused with
// secret_in_residual: masked, a residual could hold for everybody. The error of a
// query that does not compile is a [*CompileError]; others are an [*Error].
func (p *Policy) Partial(ctx context.Context, query string, input json.RawMessage, unknowns []string, a Ask) (r *Residual, err error) {
	defer func() {
		if recover() != nil {
			r, err = nil, denied(seal.Errorf(codeInternal, "the evaluator failed")).Err
		}
	}()
	known := p.plain()
	if known.err != nil {
		return nil, known.err
	}
	m, err := parseQuery(query)
	if err != nil {
		return nil, err
	}
	body := m.Rules[0].Head.Value.Value.(*ast.ArrayComprehension).Body
	found := &names{}
	found.module(m)
	if len(found.issues) > 0 {
		return nil, compileError(found.issues...)
	}
	if p.run != nil && (len(found.paths) > 0 || len(found.whole) > 0) || found.sends || reachesSecret(known.compiler, body) {
		return nil, residualRefused
	}
	var terms []*ast.Term
	for _, u := range unknowns {
		ref, err := ast.ParseRef(u)
		if err != nil || !ref.HasPrefix(ast.InputRootRef) && !ref.HasPrefix(ast.DefaultRootRef) {
			return nil, compileError(Issue{Code: codeDecision, Message: "an unknown must be a reference such as input or data.servers"})
		}
		terms = append(terms, ast.NewTerm(ref))
	}
	if terms == nil {
		terms = []*ast.Term{ast.NewTerm(ast.InputRootRef)}
	}
	if body, err = known.compiler.QueryCompiler().Compile(body); err != nil {
		return nil, compileError(astIssues(err)...)
	}
	boundCalls(body)
	value, refused := parseInput(input, nil)
	if refused != nil {
		return nil, denied(refused).Err
	}
	return p.residual(ctx, known, body, value, terms, a)
}

var residualRefused = &Error{Code: CodeResidual, Message: "the query depends on a secret, or sends a request; ask for the decision instead"}

func (p *Policy) residual(ctx context.Context, known plain, body ast.Body, input *ast.Term, unknowns []*ast.Term, a Ask) (*Residual, error) {
	e := &evaluation{policy: p, strict: a.Strict, cancel: topdown.NewCancel()}
	defer e.start(ctx)()
	txn, err := known.store.NewTransaction(ctx)
	if err != nil {
		return nil, evaluationError(err)
	}
	defer known.store.Abort(ctx, txn)
	_, funcs := boundedBuiltins()
	queries, support, err := topdown.NewQuery(body).WithCompiler(known.compiler).WithStore(known.store).WithTransaction(txn).
		WithInput(input).WithUnknowns(unknowns).WithCancel(e.cancel).WithStrictBuiltinErrors(e.strict).WithBuiltins(funcs).WithMetrics(metrics.NoOp()).PartialRun(ctx)
	if err != nil {
		return nil, evaluationError(err)
	}
	out := &Residual{Queries: queries, Support: support}
	for _, q := range queries {
		stockCalls(q)
	}
	for _, m := range support {
		stockCalls(m)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, evaluationError(err)
	}
	if len(raw) > MaxOutputBytes {
		return nil, &Error{Code: codeOutput, Message: "the residual is larger than MaxOutputBytes"}
	}
	if p.run != nil {
		// A literal or a document of the policy may have a secret's value.
		var text any
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, evaluationError(err)
		}
		if _, masked := p.run.Child(a.Options).MaskValue(text); len(masked) > 0 {
			return nil, residualRefused
		}
	}
	return out, nil
}

// reachesSecret reports whether a query, or a rule that it leads to, refers to a
// secret or sends requests.
func reachesSecret(c *ast.Compiler, query ast.Body) bool {
	found := false
	seen := make(map[*ast.Rule]bool)
	var visit func(x any)
	visit = func(x any) {
		ast.WalkRefs(x, func(ref ast.Ref) bool {
			found = found || isSecretRef(ref) || ref.HasPrefix(sendRef)
			if !ref[0].Equal(ast.DefaultRootDocument) || found {
				return found
			}
			for _, rule := range c.GetRulesDynamicWithOpts(ref, ast.RulesOptions{IncludeHiddenModules: true}) {
				for ; rule != nil; rule = rule.Else {
					if !seen[rule] {
						seen[rule] = true
						visit(rule)
					}
				}
			}
			return found
		})
	}
	visit(query)
	return found
}

// stockCalls gives bounded builtins their names back.
func stockCalls(x any) {
	ast.NewGenericVisitor(func(x any) bool {
		if e, ok := x.(*ast.Expr); ok && e.IsCall() {
			if name := stockName(e.Operator().String()); name != e.Operator().String() {
				e.SetOperator(ast.NewTerm(ast.MustParseRef(name)))
			}
		}
		return false
	}).Walk(x)
}
