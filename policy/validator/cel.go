package validator

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/interpreter"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore/seal"
)

const (
	// MaxExpressionBytes is the size of the largest expression, in bytes.
	MaxExpressionBytes = 8 << 10
	// MaxExpressionCost bounds the work of one evaluation of an expression, in
	// the units of CEL's cost model.
	MaxExpressionCost = 100_000
	// celNesting is how deep an expression may nest.
	celNesting = 50
	// celInterruptEvery is how many steps of a loop are made between two looks at
	// the context.
	celInterruptEvery = 100
)

// The names that an expression sees.
const (
	celInput     = "input"
	celVariables = "variables"
	celClaims    = "claims"
	celNow       = "now"
)

var celEnvironment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable(celInput, cel.DynType),
		cel.Variable(celVariables, cel.DynType),
		cel.Variable(celClaims, cel.DynType),
		cel.Variable(celNow, cel.TimestampType),
		cel.CustomTypeAdapter(exactNumbers{types.DefaultTypeAdapter}),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(MaxExpressionBytes),
		cel.ParserRecursionLimit(celNesting),
		ext.Strings(), ext.Sets(), ext.Math(),
	)
})

// exactNumbers gives CEL the numbers that no float64 holds exactly.
type exactNumbers struct{ types.Adapter }

// NativeToValue is part of types.Adapter.
func (a exactNumbers) NativeToValue(v any) ref.Val {
	n, ok := v.(json.Number)
	if !ok {
		if m, isMap := v.(map[string]any); isMap {
			return types.NewStringInterfaceMap(a, m)
		}
		if l, isList := v.([]any); isList {
			return types.NewDynamicList(a, l)
		}
		return a.Adapter.NativeToValue(v)
	}
	if i, err := n.Int64(); err == nil {
		return types.Int(i)
	}
	if u, err := strconv.ParseUint(n.String(), 10, 64); err == nil {
		return types.Uint(u)
	}
	if f, err := n.Float64(); err == nil && jsonvalue.CompareNumbers(f, n) == 0 {
		return types.Double(f)
	}
	return types.NewErr("a number cannot be held exactly")
}

// expression holds when a CEL expression is true.
type expression struct {
	program cel.Program
	// variables are indexes into Program.variables, by name.
	variables map[string]int
}

func compileCEL(c *compiler, name string, v any, pointer string) node {
	conf, ok := c.conf(v, pointer, "expression", "message")
	if !ok {
		return nil
	}
	source := conf.text("expression", "")
	if source == "" {
		c.report(pointer, CodeShape, "", "%s needs an expression", name)
		return nil
	}
	env, err := celEnvironment()
	if err != nil {
		c.report(pointer, CodeOperand, "", "expressions cannot be used: %s", err)
		return nil
	}
	at := conf.at("expression")
	parsed, issues := env.Parse(source)
	if issues.Err() != nil {
		c.celIssues(at, issues, false)
		return nil
	}
	out := expression{variables: make(map[string]int)}
	if !c.celNames(parsed, at, out.variables) {
		return nil
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		c.celIssues(at, issues, true)
		return nil
	}
	if t := checked.OutputType(); t.Kind() != types.BoolKind && t.Kind() != types.DynKind {
		c.report(at, CodeOperand, "", "the expression must be true or false, and is of type %s", t)
		return nil
	}
	if out.program, err = env.Program(checked, cel.CostLimit(MaxExpressionCost), cel.InterruptCheckFrequency(celInterruptEvery), cel.EvalOptions(cel.OptOptimize)); err != nil {
		c.report(at, CodeOperand, "", "the expression cannot be used: a constant part of it has no value")
		return nil
	}
	message := conf.text("message", "the expression must be true")
	return c.reasons(name, "", []string{message, message + " (it has no value: what it reads is missing or of another type)"}, out.look)
}

// celIssues reports what is wrong with an expression. What the parser says quotes
// the text, which may hold what nobody should read; what the type check says
// names no more than names and types.
func (c *compiler) celIssues(pointer string, issues *cel.Issues, say bool) {
	for _, e := range issues.Errors() {
		message := "the syntax is not that of CEL"
		if say {
			message = fmt.Sprintf("%.200s", e.Message)
		}
		c.report(pointer, CodeOperand, "", "line %d, column %d: %s", e.Location.Line(), e.Location.Column()+1, message)
	}
}

func (x expression) look(e *evaluation) (outcome, int) {
	v, _, err := x.program.ContextEval(e.ctx, celActivation{e, x.variables})
	if err != nil {
		var cancelled interpreter.EvalCancelledError
		switch {
		case e.interrupted():
			return aborted, 0
		case errors.As(err, &cancelled):
			return e.abort(seal.Errorf(CodeWork, "an expression takes more than %d units of work (MaxExpressionCost); send shorter lists", MaxExpressionCost)), 0
		}
		return undecided, 1
	}
	b, ok := v.(types.Bool)
	if !ok {
		return undecided, 1
	}
	return outcomeOf(bool(b)), 0
}

// celActivation is what an expression sees of an evaluation.
type celActivation struct {
	e         *evaluation
	variables map[string]int
}

// Parent is part of interpreter.Activation.
func (a celActivation) Parent() interpreter.Activation { return nil }

// ResolveName is part of interpreter.Activation.
func (a celActivation) ResolveName(name string) (any, bool) {
	switch name {
	case celInput:
		return a.e.input, true
	case celVariables:
		out := make(map[string]any, len(a.variables))
		for name, i := range a.variables {
			out[name] = a.e.policy.variables[i]
		}
		return out, true
	case celClaims:
		out := make(map[string]any)
		for i, claims := range a.e.claims {
			if claims != nil {
				out[a.e.policy.program.tokens[i]] = claims
			}
		}
		return out, true
	case celNow:
		return a.e.time(), true
	}
	return nil, false
}
