package rego

import (
	"bytes"
	"context"
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/lineage"

	"github.com/reticent/reticent/secretstore/seal"
)

// Explain says how much of an evaluation is told.
type Explain string

const (
	// ExplainNotes tells what print() wrote and the rules that led there.
	ExplainNotes Explain = "notes"
	// ExplainFails tells the steps that failed and what led there.
	ExplainFails Explain = "fails"
	// ExplainFull tells every step but unifications, and ExplainDebug these too.
	ExplainFull  Explain = "full"
	ExplainDebug Explain = "debug"
)

// Valid reports whether there is such an explanation; none is one, too.
func (x Explain) Valid() bool {
	switch x {
	case "", ExplainNotes, ExplainFails, ExplainFull, ExplainDebug:
		return true
	}
	return false
}

type explainKey struct{}

// WithExplain asks what is evaluated under a context for an explanation.
func WithExplain(ctx context.Context, x Explain) context.Context {
	return context.WithValue(ctx, explainKey{}, x)
}

// tracer keeps the first MaxExplainEvents steps of an evaluation. Their texts are
// masked as they come: printed, a string is escaped, and nothing finds a secret
// in it.
type tracer struct {
	explain Explain
	run     *seal.Run
	events  []*topdown.Event
	cut     bool
}

// tracerOf gives the tracer that a context asks for, or nil.
func tracerOf(ctx context.Context, run *seal.Run) *tracer {
	x, _ := ctx.Value(explainKey{}).(Explain)
	if x == "" {
		return nil
	}
	return &tracer{explain: x, run: run}
}

// Enabled is true: a tracer is there only if it is asked for.
func (t *tracer) Enabled() bool { return true }

// Config asks for values in the place of variables.
func (t *tracer) Config() topdown.TraceConfig { return topdown.TraceConfig{PlugLocalVars: true} }

// TraceEvent keeps a step.
func (t *tracer) TraceEvent(e topdown.Event) {
	if len(t.events) == MaxExplainEvents {
		t.cut = true
		return
	}
	if t.explain == ExplainNotes && e.Op != topdown.EnterOp && e.Op != topdown.RedoOp {
		return
	}
	e.Node, e.Locals = t.mask(e.Node), nil
	t.events = append(t.events, &e)
}

// note keeps what print() wrote, as a note of the rule at hand.
func (t *tracer) note(text string, at *ast.Location) {
	e := &topdown.Event{Op: topdown.NoteOp, Message: text, Location: at, Node: ast.NewExpr(ast.StringTerm(text))}
	if n := len(t.events); n > 0 {
		e.QueryID, e.ParentID = t.events[n-1].QueryID, t.events[n-1].ParentID
	}
	t.events = append(t.events, e)
}

// mask masks the strings of a node.
func (t *tracer) mask(node ast.Node) ast.Node {
	if t.run == nil {
		return node
	}
	switch n := node.(type) {
	case *ast.Rule:
		node = n.Copy()
	case ast.Body:
		node = n.Copy()
	case *ast.Expr:
		node = n.Copy()
	}
	masked, err := ast.Transform(ast.NewGenericTransformer(func(x any) (any, error) {
		if s, ok := x.(ast.String); ok {
			text, _ := t.run.MaskString(sealText(t.run, string(s)))
			return ast.String(text), nil
		}
		return x, nil
	}), node)
	if out, ok := masked.(ast.Node); ok && err == nil {
		return out
	}
	return ast.NewExpr(ast.StringTerm(seal.Mask))
}

// lines gives the explanation, a line each.
func (t *tracer) lines() []string {
	if t == nil {
		return nil
	}
	events := t.events
	switch t.explain {
	case ExplainNotes:
		events = lineage.Notes(events)
	case ExplainFails:
		events = lineage.Fails(events)
	case ExplainFull:
		events = lineage.Full(events)
	case ExplainDebug:
		events = lineage.Debug(events)
	}
	var b bytes.Buffer
	topdown.PrettyTraceWithLocation(&b, events)
	text := ownNames.ReplaceAllStringFunc(b.String(), stockName)
	if t.run != nil {
		text, _ = t.run.MaskString(sealText(t.run, text))
	}
	if len(text) > MaxExplainBytes {
		text, t.cut = strings.ToValidUTF8(text[:MaxExplainBytes], ""), true
	}
	out := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if t.cut {
		out = append(out, "… cut here (MaxExplainEvents, MaxExplainBytes)")
	}
	return out
}

// ownNames are the builtins that only the compiler calls.
var ownNames = regexp.MustCompile(`\b` + ownPrefix + `[a-z0-9_]+`)

// stockName gives OPA's name for one of this package's builtins.
func stockName(own string) string {
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if ownName(b.Name) == own {
			return b.Name
		}
	}
	return own
}
