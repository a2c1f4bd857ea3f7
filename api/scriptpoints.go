package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/script/point"
	"github.com/reticent/reticent/script/template"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/strictjson"
)

// pointRunBody asks for a run at a point.
type pointRunBody struct {
	// Target is what the point is asked about; empty is a target that only a
	// binding for all answers for.
	Target  string                     `json:"target"`
	Context map[string]json.RawMessage `json:"context"`
}

// pointResult is what became of a context.
type pointResult struct {
	runResult
	Script *boundScript `json:"script"`
	// Ignored are JSON pointers into what the script returned, to what changed
	// nothing.
	Ignored []string `json:"ignored"`
}

// boundScript is the script that ran.
type boundScript struct {
	Scope string `json:"scope"`
	Name  string `json:"name"`
}

// Codes of results that a point does not take.
const (
	// codeInvalidResult: the result breaks the schema of the point.
	codeInvalidResult script.Code = "invalid_result"
	// codeSecretInResult: "***" would end up in a token.
	codeSecretInResult script.Code = "secret_in_result"
)

// runPoint runs the script that is bound to a point for a target, as the scope
// sees it, and applies what it returns.
func (s *server) runPoint(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	name, err := parameter(r, "point")
	if err != nil {
		return err
	}
	at := point.Point(name)
	if !at.Valid() {
		return refuse(http.StatusNotFound, "not_found", "there is no point that scripts run at of this name; docs/scripting.md lists them")
	}
	var body pointRunBody
	if err := decode(w, r, MaxInputBytes, &body); err != nil {
		return err
	}
	given, err := givenAt(at, body.Context)
	if err != nil {
		return err
	}
	out, err := s.runAt(r, t, at, body, given)
	if err != nil {
		return err
	}
	s.metrics.evaluation("script", runOutcome(out.Error))
	if err := runFault(out.Error); err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", out)
}

// givenAt checks a context. At the point custom its member input is context.input.
func givenAt(at point.Point, context map[string]json.RawMessage) (script.Given, error) {
	given := script.Given{Context: map[string]json.RawMessage{}}
	for k, v := range context {
		if k == "input" && at == point.Custom {
			given.Input = v
			continue
		}
		given.Context[k] = v
	}
	for _, raw := range []json.RawMessage{given.Input, given.Context["contexts"]} {
		if err := checkInput(raw); err != nil {
			return given, err
		}
	}
	err := at.CheckContext(given.Context)
	if e, ok := errors.AsType[*point.InvalidError](err); ok {
		return given, finding{Pointer: strictjson.Pointer(jsontext.Pointer("/context" + e.Pointer)), Code: "invalid_context",
			Message: "the context breaks the rule " + e.Rule + " of the point's schema", Advice: "GET /v1/script-templates has the schema"}.refusal()
	}
	return given, err
}

func (s *server) runAt(r *http.Request, t target, at point.Point, body pointRunBody, given script.Given) (pointResult, error) {
	by, err := s.asking(r.Context(), t.by, t.scope, policy.Point(at), body.Target)
	if err != nil {
		return pointResult{}, err
	}
	binding, scope, ok := s.policies.Bound(t.scope, policy.Point(at), body.Target)
	if !ok {
		applied, err := at.Unchanged(given.Context)
		return pointResult{runResult: shownRun(script.Result{Output: applied.Output}), Ignored: []string{}}, err
	}
	ran := &boundScript{Scope: scope.Path(), Name: binding.Script}
	given.Point = string(at)
	result, err := s.scripts.RunWith(r.Context(), by, scope, binding.Script, given)
	if errors.Is(err, secretstore.ErrNotFound) {
		// What the binding names was deleted since: no missing resource of the
		// caller's, and no reason to go on as if nothing were bound.
		result, err = script.Result{Error: &script.RunError{Code: "bound_missing", Message: err.Error()}}, nil
	}
	if err != nil {
		return pointResult{}, err
	}
	result, ignored, err := applied(at, given.Context, result)
	return pointResult{runResult: shownRun(result), Script: ran, Ignored: ignored}, err
}

// applied puts what a script returned in the place of what it changes. Where that
// is an error, nothing of what was returned is left.
func applied(at point.Point, context map[string]json.RawMessage, result script.Result) (script.Result, []string, error) {
	if result.Error != nil {
		return result, []string{}, nil
	}
	if at.Typed() && len(result.Masked) > 0 {
		first := result.Masked[0]
		return failed(result, codeSecretInResult, "what the script returned has a secret at "+first.Path+", and at the point "+string(at)+
			" a secret cannot be returned: a mask would stand in its place"), []string{}, nil
	}
	out, err := at.Apply(context, result.Output)
	if e, ok := errors.AsType[*point.InvalidError](err); ok {
		return failed(result, codeInvalidResult, "what the script returned does not fit the point "+string(at)+": "+e.Error()), []string{}, nil
	}
	if err != nil {
		return result, nil, err
	}
	result.Output = out.Output
	if out.Ignored == nil {
		out.Ignored = []string{}
	}
	return result, out.Ignored, nil
}

func failed(result script.Result, code script.Code, message string) script.Result {
	result.Error = &script.RunError{Code: code, Message: message}
	result.Output = nil
	return result
}

// shownRun gives a result as the API shows it.
func shownRun(result script.Result) runResult {
	out := runResult{Output: result.Output, Console: result.Console, ConsoleTruncated: result.ConsoleTruncated,
		Duration: float64(result.Duration.Round(time.Microsecond)) / float64(time.Millisecond), Masked: result.Masked, Error: result.Error}
	if out.Console == nil {
		out.Console = []script.ConsoleLine{}
	}
	if out.Masked == nil {
		out.Masked = []seal.Masked{}
	}
	return out
}

func runOutcome(e *script.RunError) string {
	if e != nil {
		return "error"
	}
	return "output"
}

// scriptTemplates serves the scripts to start from, which hold nothing of this
// server's.
func (s *server) scriptTemplates(w http.ResponseWriter, _ *http.Request) error {
	type schemas struct {
		Context json.RawMessage `json:"context"`
		Result  json.RawMessage `json:"result"`
	}
	out := struct {
		Items  []template.Template     `json:"items"`
		Points map[point.Point]schemas `json:"points"`
	}{template.All, map[point.Point]schemas{}}
	for _, p := range point.Points {
		out.Points[p] = schemas{p.Schema("context"), p.Schema("result")}
	}
	return s.answer(w, http.StatusOK, "", out)
}
