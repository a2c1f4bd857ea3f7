package rego

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// Result is what a policy answers, masked.
type Result struct {
	// Decision is true only if the rule that decides gave true, or an object
	// whose decision is true.
	Decision bool
	// Context is what stood beside decision in such an object under context.
	Context any
	// Output is the object output of the package; nil if there is none.
	Output map[string]any
	// Recovery and Failures are the arrays or sets recovery and failures of the
	// package.
	Recovery, Failures []any
	// Print is what print() wrote, a line each.
	Print []string
	// Explanation are the steps of the evaluation, a line each, if they were asked
	// for ([WithExplain]).
	Explanation []string
	// Masked says what was masked, with JSON pointers into an object that has
	// context, output, recovery and failures.
	Masked []seal.Masked
	// Err is set when the evaluation failed, which is a deny.
	Err *Error
}

// Error says why an evaluation failed. Its texts hold no value.
type Error struct {
	Code    seal.Code `json:"code"`
	Message string    `json:"message"`
	// File, Line and Column say where in the policy, where that is known.
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// Error gives the place, the code and the message.
func (e *Error) Error() string {
	text := string(e.Code) + ": " + e.Message
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, text)
	}
	return text
}

// The codes of failed evaluations that are not of package seal.
const (
	codeInput        seal.Code = "invalid_input"
	codeInputSecrets seal.Code = "input_has_secrets"
	codeNameIsSecret seal.Code = "secret_in_name"
	codeTimeout      seal.Code = "evaluation_timeout"
	codeConflict     seal.Code = "policy_conflict"
	codeBuiltin      seal.Code = "builtin_failed"
	codeOutput       seal.Code = "output_too_large"
	codeInternal     seal.Code = "evaluation_failed"
)

// denied is the result of an evaluation that failed.
func denied(err *seal.Error) Result {
	return Result{Err: &Error{Code: err.Code, Message: err.Message}}
}

// evaluationError turns an error of the evaluator into one that can be shown:
// OPA's messages may quote values, so only their code and place are kept.
func evaluationError(err error) *Error {
	if refused, ok := errors.AsType[*refusal](err); ok {
		return located(refused.reason, refused.location)
	}
	if topdown.IsCancel(err) {
		return &Error{Code: codeTimeout, Message: "the evaluation was cancelled, or took longer than " + MaxEvaluationTime.String() + " (MaxEvaluationTime)"}
	}
	failed, ok := errors.AsType[*topdown.Error](err)
	if !ok {
		return &Error{Code: codeInternal, Message: "the evaluation failed"}
	}
	switch failed.Code {
	case topdown.ConflictErr:
		return located(seal.Errorf(codeConflict, "rules gave different values for the same document"), failed.Location)
	case topdown.BuiltinErr, topdown.TypeErr:
		return located(seal.Errorf(codeBuiltin, "a builtin function was given an operand that it can't take"), failed.Location)
	}
	return located(seal.Errorf(codeInternal, "the evaluation failed"), failed.Location)
}

func located(e *seal.Error, loc *ast.Location) *Error {
	out := &Error{Code: e.Code, Message: e.Message}
	if loc != nil {
		out.File, out.Line, out.Column = loc.File, loc.Row, loc.Col
	}
	return out
}

// fill puts the values of a query into a result. Anything but a boolean true or
// an object that says so denies.
func (r *Result) fill(docs map[ast.Var]ast.Value, run *seal.Run) *seal.Error {
	out := make(map[string]any)
	switch d := docs[varDecision].(type) {
	case ast.Boolean:
		r.Decision = bool(d)
	case ast.Object:
		if t := d.Get(ast.InternedTerm("decision")); t != nil {
			allowed, ok := t.Value.(ast.Boolean)
			r.Decision = ok && bool(allowed)
		}
		if t := d.Get(ast.InternedTerm("context")); t != nil {
			if err := export(out, "context", t.Value); err != nil {
				return err
			}
		}
	}
	for _, v := range []ast.Var{varOutput, varRecovery, varFailures} {
		if doc := docs[v]; doc != nil {
			if err := export(out, string(v), doc); err != nil {
				return err
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	if run != nil {
		sealComputed(run, out)
		masked, where := run.MaskValue(out)
		out, r.Masked = masked.(map[string]any), where
	}
	r.Context = out["context"]
	r.Output, _ = out["output"].(map[string]any)
	r.Recovery, _ = out["recovery"].([]any)
	r.Failures, _ = out["failures"].([]any)
	return nil
}

// export adds a document as encoding/json would decode it.
func export(out map[string]any, name string, v ast.Value) *seal.Error {
	tooLarge := seal.Errorf(codeOutput, "%s is larger than %d bytes (MaxOutputBytes)", name, MaxOutputBytes)
	if total(ast.NewTerm(v)) > 8*MaxOutputBytes {
		return tooLarge // writing it out could take for ever
	}
	x, err := ast.JSON(v)
	if err != nil {
		return seal.Errorf(codeInternal, "%s is not JSON", name)
	}
	raw, err := json.Marshal(x)
	if err != nil {
		return seal.Errorf(codeInternal, "%s is not JSON", name)
	}
	if len(raw) > MaxOutputBytes {
		return tooLarge
	}
	out[name] = x
	return nil
}

// sealComputed seals what a policy computed from an encoding of a secret, so that
// masking finds it by its surrogate and the net under it has nothing to report.
func sealComputed(run *seal.Run, v any) any {
	switch v := v.(type) {
	case string:
		return sealText(run, v)
	case []any:
		for i, e := range v {
			v[i] = sealComputed(run, e)
		}
	case map[string]any:
		for k, e := range v {
			v[k] = sealComputed(run, e)
		}
	}
	return v
}

func sealText(run *seal.Run, s string) string {
	if sealed, err := run.SealString(s); err == nil {
		return sealed
	}
	return s // it holds surrogates already
}
