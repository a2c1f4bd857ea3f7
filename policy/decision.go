package policy

import (
	"strings"

	"github.com/reticent/reticent/secretstore/seal"
)

// Decision is what a policy answers. Its JSON is the answer of the native API.
type Decision struct {
	// Decision is true to allow.
	Decision bool `json:"decision"`
	// Failures say what stood against it.
	Failures []Failure `json:"failures"`
	// Recovery says what the caller could do to be allowed, as the policy has it.
	Recovery []any `json:"recovery"`
	// Output is what else the policy gives; validators give nothing.
	Output map[string]any `json:"output"`
	// Context is what a rule or a script gave beside its decision. AuthZEN asks
	// for an object.
	Context any `json:"context,omitempty"`
	// Print is what a Rego policy printed, a line each.
	Print []string `json:"print,omitempty"`
	// Explanation are the steps of a Rego evaluation, a line each, if they were
	// asked for ([WithExplain]).
	Explanation []string `json:"explanation,omitempty"`
	// Masked says which secrets were masked where, by JSON pointer into the
	// decision.
	Masked []seal.Masked `json:"masked"`
	// Error is set when the policy could not be evaluated, which is a deny.
	Error *Problem `json:"error,omitempty"`
}

// Failure is one thing that stood against a decision.
type Failure struct {
	// Validator and Field are the validator and what it read.
	Validator string `json:"validator,omitempty"`
	Field     string `json:"field,omitempty"`
	// Message is for a person.
	Message string `json:"message,omitempty"`
	// Details are what a Rego policy gives beside or in place of these.
	Details any `json:"details,omitempty"`
}

// Problem says why there was no evaluation. Its texts hold no value.
type Problem struct {
	// Code is stable: one of package seal, of an engine, or of this package.
	Code    string `json:"code"`
	Message string `json:"message"`
	// File, Line and Column say where in a Rego policy, where that is known.
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// Codes of problems. Package rego has the first two as well.
const (
	// CodeInput: the input is not strict JSON.
	CodeInput = "invalid_input"
	// CodeInputSecrets: the input has a member that is kept for secrets.
	CodeInputSecrets = "input_has_secrets"
	// CodeFailed: the engine failed in a way that is a fault of the server.
	CodeFailed = "evaluation_failed"
)

// BadInput reports whether the fault lies with who sent the input, who should
// hear of it as a bad request and not as a deny.
func (p *Problem) BadInput() bool {
	switch p.Code {
	case CodeInput, CodeInputSecrets, string(seal.CodeLiveSurrogate):
		return true
	}
	return false
}

// newDecision makes a decision whose lists are empty rather than null.
func newDecision(allow bool) Decision {
	return Decision{Decision: allow, Failures: []Failure{}, Recovery: []any{}, Output: map[string]any{}, Masked: []seal.Masked{}}
}

// denied makes the decision of an evaluation that failed.
func denied(code, message string) Decision {
	d := newDecision(false)
	d.Error = &Problem{Code: code, Message: message}
	return d
}

// below gives the places that are at or below a pointer, as they are when that
// is moved.
func below(masked []seal.Masked, from, to string) []seal.Masked {
	var out []seal.Masked
	for _, m := range masked {
		if rest, ok := strings.CutPrefix(m.Path, from); ok && (rest == "" || rest[0] == '/') {
			out = append(out, seal.Masked{Path: to + rest, Secrets: m.Secrets})
		}
	}
	return out
}

// Error gives the code and the message.
func (p *Problem) Error() string { return p.Code + ": " + p.Message }
