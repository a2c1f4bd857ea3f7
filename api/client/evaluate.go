package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Masked says which secrets were masked at a place of an answer.
type Masked struct {
	// Path is a JSON pointer (RFC 6901).
	Path    string   `json:"path"`
	Secrets []string `json:"secrets"`
}

// RunResult is how a run of a script ended. Secrets in it are masked.
type RunResult struct {
	// Output is what the script returned, as JSON.
	Output           json.RawMessage `json:"output"`
	Console          []ConsoleLine   `json:"console"`
	ConsoleTruncated bool            `json:"console_truncated"`
	DurationMS       float64         `json:"duration_ms"`
	Masked           []Masked        `json:"masked"`
	// Error is why there is no output.
	Error *RunError `json:"error"`
}

// ConsoleLine is one call of console.log and its like.
type ConsoleLine struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}

// RunError is why a run failed.
type RunError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	// Module is the shared module that the place is in.
	Module string `json:"module"`
}

// Error gives the code and the message.
func (e *RunError) Error() string { return e.Code + ": " + e.Message }

// Decision is what a policy answers. Secrets in it are masked.
type Decision struct {
	Decision bool                       `json:"decision"`
	Failures []Failure                  `json:"failures"`
	Recovery []json.RawMessage          `json:"recovery"`
	Output   map[string]json.RawMessage `json:"output"`
	Context  json.RawMessage            `json:"context"`
	Print    []string                   `json:"print"`
	// Explanation are the steps of a Rego evaluation, if they were asked for.
	Explanation []string `json:"explanation"`
	Masked      []Masked `json:"masked"`
	// Error is set when the policy could not be evaluated, which is a deny.
	Error *EvaluationError `json:"error"`
}

// Failure is one thing that stood against a decision.
type Failure struct {
	Validator string          `json:"validator"`
	Field     string          `json:"field"`
	Message   string          `json:"message"`
	Details   json.RawMessage `json:"details"`
}

// EvaluationError says why there was no evaluation.
type EvaluationError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
}

// Error gives the code and the message.
func (e *EvaluationError) Error() string { return e.Code + ": " + e.Message }

// AuthZENDecision is the answer to an access evaluation request of the OpenID
// AuthZEN Authorization API 1.0.
type AuthZENDecision struct {
	Decision bool                       `json:"decision"`
	Context  map[string]json.RawMessage `json:"context"`
}

// inputs and the like are bodies; a nil Input is left out.
type (
	inputBody struct {
		Input any `json:"input,omitempty"`
	}
	pointBody struct {
		Target string `json:"target,omitempty"`
		Input  any    `json:"input,omitempty"`
	}
	scriptBody struct {
		Source   string   `json:"source"`
		Language string   `json:"language,omitempty"`
		Secrets  []string `json:"secrets,omitempty"`
		Input    any      `json:"input,omitempty"`
	}
	policyBody struct {
		Policy any `json:"policy"`
		Input  any `json:"input,omitempty"`
	}
)

// RunScript runs a script that a scope sees. input is anything that marshals to
// JSON; nil is none. A run that failed is no error, see RunResult.Error.
func (c *Client) RunScript(ctx context.Context, s Scope, name string, input any) (out RunResult, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: s.path("scripts", name, "run"), body: inputBody{input}}, &out)
	return out, err
}

// TestScript runs a script that is not stored, as if it were stored in a scope.
func (c *Client) TestScript(ctx context.Context, s Scope, script ScriptSpec, input any) (out RunResult, err error) {
	body := scriptBody{Source: script.Source, Language: script.Language, Secrets: script.Secrets, Input: input}
	_, err = c.do(ctx, call{method: http.MethodPost, path: s.path("scripts", "test"), body: body}, &out)
	return out, err
}

// EvaluatePolicy decides with a policy that a scope sees. An evaluation that
// failed is a deny and no error, see Decision.Error.
// explain is "notes", "fails", "full" or "debug" for an explanation, or empty.
func (c *Client) EvaluatePolicy(ctx context.Context, s Scope, name string, input any, explain string) (out Decision, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: s.path("policies", name, "evaluate"), query: explainQuery(explain), body: inputBody{input}}, &out)
	return out, err
}

// EvaluatePoint decides with what is bound to a point for a target, as a scope
// sees it.
func (c *Client) EvaluatePoint(ctx context.Context, s Scope, point, target string, input any) (out Decision, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: s.path("points", point, "evaluate"), body: pointBody{target, input}}, &out)
	return out, err
}

// TestPolicy decides with a policy that is not stored, as if it were stored in a
// scope. policy is a PolicySpec, or what marshals to the same JSON.
// explain is that of EvaluatePolicy.
func (c *Client) TestPolicy(ctx context.Context, s Scope, policy, input any, explain string) (out Decision, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: s.path("policies", "test"), query: explainQuery(explain), body: policyBody{policy, input}}, &out)
	return out, err
}

func explainQuery(explain string) url.Values {
	if explain == "" {
		return nil
	}
	return url.Values{"explain": {explain}}
}

// Evaluation asks for a decision by AuthZEN, as a scope sees it. request is
// anything that marshals to {subject, action, resource, context}.
func (c *Client) Evaluation(ctx context.Context, s Scope, request any) (out AuthZENDecision, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: s.access("evaluation"), body: request}, &out)
	return out, err
}

// Evaluations asks for several decisions by AuthZEN at once. request is anything
// that marshals to {evaluations, options} and the defaults.
func (c *Client) Evaluations(ctx context.Context, s Scope, request any) ([]AuthZENDecision, error) {
	var out struct {
		Evaluations []AuthZENDecision `json:"evaluations"`
	}
	_, err := c.do(ctx, call{method: http.MethodPost, path: s.access("evaluations"), body: request}, &out)
	return out.Evaluations, err
}

// SearchPage is a page of what a search by AuthZEN found.
type SearchPage struct {
	Page struct {
		// NextToken is page.token of the request for the next page; "" is the end.
		NextToken string `json:"next_token"`
		Count     int    `json:"count"`
	} `json:"page"`
	// Context has an error where the evaluation failed.
	Context map[string]json.RawMessage `json:"context"`
	Results []json.RawMessage          `json:"results"`
}

// Search asks which subjects, resources or actions are permitted; what is
// "subject", "resource" or "action". request is anything that marshals to the
// search.
func (c *Client) Search(ctx context.Context, s Scope, what string, request any) (out SearchPage, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: s.access("search", what), body: request}, &out)
	return out, err
}

// access is a path of AuthZEN.
func (s Scope) access(parts ...string) string {
	path := "/access/v1/" + strings.Join(parts, "/")
	if s == (Scope{}) {
		return path
	}
	return s.path() + path
}

// PointResult is what became of a context at a point that scripts run at.
type PointResult struct {
	RunResult
	// Script is the script that ran, nil where none is bound.
	Script *Reference `json:"script"`
	// Ignored are JSON pointers into what the script returned, to what changed
	// nothing.
	Ignored []string `json:"ignored"`
}

// RunPoint runs the script that is bound to a point for a target. context is what
// the point gives.
func (c *Client) RunPoint(ctx context.Context, s Scope, point, target string, given any) (out PointResult, err error) {
	body := struct {
		Target  string `json:"target,omitempty"`
		Context any    `json:"context,omitempty"`
	}{target, given}
	_, err = c.do(ctx, call{method: http.MethodPost, path: s.path("points", point, "run"), body: body}, &out)
	return out, err
}

// ScriptTemplate is a script to start from.
type ScriptTemplate struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Point  string `json:"point"`
	Source string `json:"source"`
	// Context is one to try it with.
	Context json.RawMessage `json:"context"`
}

// ScriptTemplates gives the scripts to start from.
func (c *Client) ScriptTemplates(ctx context.Context) ([]ScriptTemplate, error) {
	var out struct {
		Items []ScriptTemplate `json:"items"`
	}
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/v1/script-templates"}, &out)
	return out.Items, err
}
