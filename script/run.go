package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/worker"
	"github.com/reticent/reticent/secretstore/record"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/strictjson"
)

// Run is one run of a script.
type Run struct {
	// ID identifies the version of the script: compiled programs are kept under
	// it. Empty compiles anew, for a test run.
	ID string
	// CacheID identifies what context.cache has for the run; runs with the same one
	// share it. Empty is a cache for this run alone.
	CacheID string
	// Name is what the operator's log calls the script.
	Name   string
	Source Source
	// Occasion is for the record.
	Occasion Occasion
	// RecordInput has the result tell the input.
	RecordInput bool
	// Seal holds the run's surrogates.
	Seal *seal.Run
	// Input becomes context.input. It is not sealed yet.
	Input json.RawMessage
	// Variables, a JSON object, become context.variables. They are not sealed yet.
	Variables json.RawMessage
	// Context is what the execution point spreads on context itself, not sealed
	// yet.
	Context map[string]json.RawMessage
	// Keys are those of context.keys, by the names that the script has.
	Keys map[string]Key
	// Fixtures answer fetch in a test of the script; nil in every other run.
	Fixtures host.Fixtures
	// SetSecret is context.secrets.set; nil means that it is not available. The
	// value is sealed: a string or what encoding/json makes of JSON. A *seal.Error
	// is shown to the script, any other error is not.
	SetSecret func(ctx context.Context, name string, sealed any, scope string) error
}

// Occasion says which script ran for whom.
type Occasion struct {
	// ScriptScope is the path of the scope where the script is stored.
	ScriptScope string
	// Version is that of the script; 0 is one that is not stored.
	Version int
	// Scope is the path of the scope that asked.
	Scope string
	// Point is what the run answers.
	Point string
}

// The points of runs that answer no binding.
const (
	PointRun      = "run"
	PointTest     = "test"
	PointRotation = "rotation" // a secret's plan
)

// Result is how a run ended. Everything in it is masked.
type Result struct {
	// Output is what the script returned, as encoding/json has it; nil for
	// undefined and null.
	Output any
	// Masked says what was masked in Output.
	Masked []seal.Masked
	// Console is what the script logged.
	Console []ConsoleLine
	// ConsoleTruncated says that some of it was left out for a limit.
	ConsoleTruncated bool
	Duration         time.Duration
	// Error is why there is no output.
	Error *RunError
	// Input is what is recorded of the input, if the run says RecordInput.
	Input any
	// Fetches are the requests that it sent.
	Fetches []Fetch
	// Usage is what it took of its worker; nil in process.
	Usage *Usage
}

// ConsoleLine is one call of console.log and its like.
type ConsoleLine struct {
	// Level is "log", "info", "warn", "error", "debug" or "trace".
	Level string `json:"level"`
	Text  string `json:"text"`
}

// Code says why a run failed. The codes are those of packages host, worker and
// seal, and these.
type Code = seal.Code

// The codes of this package.
const (
	// CodeOverloaded: too many runs wait; try again later.
	CodeOverloaded Code = "overloaded"
	// CodeCancelled: whoever asked did not wait for the end.
	CodeCancelled Code = "cancelled"
	// CodeInput: the input is no JSON, or none that JavaScript can hold.
	CodeInput = host.CodeInput
)

// RunError is why a run failed. Its message is masked.
type RunError struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Line and Column are the place in the author's source, from 1; 0 unknown.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Module is the shared module that the place is in; empty is the script itself.
	Module string `json:"module,omitempty"`
}

// Error gives code and message.
func (e *RunError) Error() string { return string(e.Code) + ": " + e.Message }

// Run runs a script. It always gives a result, and one with an error is no
// answer: a caller that decides on it must deny.
func (e *Engine) Run(ctx context.Context, r Run) Result {
	start := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &session{ctx: ctx, run: &r, limits: e.cfg.Limits, egress: e.cfg.Egress, cache: e.caches}
	if r.CacheID == "" {
		s.cache = newCaches()
	}
	out, err := e.perform(ctx, s)
	if err != nil {
		out = host.Outcome{Failure: failure(err)}
	}
	result := e.masked(s, out)
	result.Fetches = s.sent()
	if r.RecordInput && s.input != nil {
		result.Input = recordedInput(r.Seal, s.input)
	}
	result.Duration = time.Since(start)
	return result
}

// perform seals what goes in and runs the script.
func (e *Engine) perform(ctx context.Context, s *session) (host.Outcome, error) {
	r := s.run
	if l := r.Source.Language; l != JavaScript && l != TypeScript {
		f := unknownLanguage
		return host.Outcome{}, &RunError{Code: Code(f.Code), Message: f.Message, Line: f.Line, Column: f.Column}
	}
	job := host.Job{Secrets: s.secrets(), Keys: r.jobKeys(), CanSet: r.SetSecret != nil, Fixtures: r.Fixtures, Limits: e.cfg.Limits}
	var err error
	if job.Input, err = sealed(r.Seal, "the input", r.Input); err != nil {
		return host.Outcome{}, err
	}
	s.input = job.Input
	if job.Variables, err = sealed(r.Seal, "the variables", r.Variables); err != nil {
		return host.Outcome{}, err
	}
	if len(r.Context) > 0 {
		job.Context = make(map[string]json.RawMessage, len(r.Context))
		for name, raw := range r.Context {
			if job.Context[name], err = sealed(r.Seal, "context."+name, raw); err != nil {
				return host.Outcome{}, err
			}
		}
	}
	leave, err := e.gate.enter(ctx, r.ID)
	if err != nil {
		return host.Outcome{}, err
	}
	defer leave()
	out, err := e.execute(ctx, worker.Task{ID: r.ID, Units: r.Source.units(r.ID), Sealed: !r.Seal.Set().Empty() || len(r.Keys) > 0,
		Job: job, Server: s, Limit: e.cfg.Limits.Time}, s)
	if err == nil && out.Failure != nil && resource[out.Failure.Code] {
		e.cfg.Logger.Warn("a script passed a limit", "script", r.Name, "code", string(out.Failure.Code))
	}
	return out, err
}

// resource are the codes that an operator is told of.
var resource = map[Code]bool{host.CodeTime: true, host.CodeCPU: true, host.CodeMemory: true, host.CodeStack: true, worker.CodeDied: true, host.CodeEngine: true}

func sealed(run *seal.Run, what string, raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	out, err := run.SealJSON(raw)
	var refused *seal.Error
	if err != nil && !errors.As(err, &refused) || !json.Valid(out) && err == nil {
		return nil, &RunError{Code: CodeInput, Message: what + " is not valid JSON"}
	}
	return out, err
}

func failure(err error) *host.Failure {
	var refused *seal.Error
	var run *RunError
	switch {
	case errors.As(err, &refused):
		return &host.Failure{Code: refused.Code, Message: refused.Message}
	case errors.As(err, &run):
		return &host.Failure{Code: run.Code, Message: run.Message}
	case errors.Is(err, worker.ErrOverloaded):
		return &host.Failure{Code: CodeOverloaded, Message: "too many runs wait (the limit MaxQueued); try again later"}
	case errors.Is(err, errBusy):
		return &host.Failure{Code: CodeOverloaded, Message: "too many runs of this script wait (the limit MaxQueuedPerScript); try again later"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &host.Failure{Code: CodeCancelled, Message: "the run was cancelled before its end"}
	}
	return &host.Failure{Code: host.CodeEngine, Message: "the script could not be run"}
}

// masked makes the result of an outcome, which may come from a worker that a
// script has taken over.
func (e *Engine) masked(s *session, out host.Outcome) Result {
	run := s.run.Seal
	var result Result
	result.Console, result.ConsoleTruncated = e.console(run, out)
	if u := out.Usage; u != nil {
		result.Usage = &Usage{CPU: milliseconds(max(u.CPU, 0)), Memory: u.Memory}
	}
	if out.Failure == nil {
		value, failed := e.decode(out.Output)
		if failed == nil {
			result.Output, result.Masked = run.MaskValue(value)
			return result
		}
		out.Failure = failed
	}
	f := out.Failure
	message, _ := run.MaskString(f.Message)
	code, _ := run.MaskString(string(f.Code))
	module, _ := run.MaskString(f.Module)
	result.Error = &RunError{Code: Code(code), Message: shorten(message, MaxMessageBytes), Module: shorten(module, MaxMessageBytes),
		Line: max(f.Line, 0), Column: max(f.Column, 0)}
	return result
}

// recordedInput is what a record has of a sealed input.
func recordedInput(run *seal.Run, sealed json.RawMessage) any {
	var v any
	if json.Unmarshal(sealed, &v) != nil {
		return nil
	}
	masked, _ := record.Mask(run, v)
	return masked
}

func (e *Engine) decode(raw json.RawMessage) (any, *host.Failure) {
	if len(raw) == 0 {
		return nil, nil
	}
	if len(raw) > e.cfg.Limits.OutputBytes {
		return nil, &host.Failure{Code: host.CodeOutputLimit, Message: fmt.Sprintf("what the script returned is larger than %d bytes (the limit OutputBytes)", e.cfg.Limits.OutputBytes)}
	}
	if strictjson.Nesting(raw) > MaxOutputDepth {
		return nil, &host.Failure{Code: host.CodeOutputLimit, Message: fmt.Sprintf("what the script returned nests deeper than %d (MaxOutputDepth)", MaxOutputDepth)}
	}
	var v any
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&v); err != nil {
		return nil, &host.Failure{Code: host.CodeOutput, Message: "what the script returned has no JSON"}
	}
	return v, nil
}

// console masks the lines, and cuts them to size after that.
func (e *Engine) console(run *seal.Run, out host.Outcome) ([]ConsoleLine, bool) {
	truncated := out.ConsoleTruncated
	room := e.cfg.Limits.ConsoleBytes
	var lines []ConsoleLine
	for _, line := range out.Console {
		if len(lines) == e.cfg.Limits.ConsoleLines || room <= 0 {
			return lines, true
		}
		text, _ := run.MaskString(line.Text)
		if len(text) > room {
			text, truncated = shorten(text, room), true
		}
		room -= len(text)
		lines = append(lines, ConsoleLine{Level: level(line.Level), Text: text})
	}
	return lines, truncated
}

func level(s string) string {
	switch s {
	case "info", "warn", "error", "debug", "trace":
		return s
	}
	return "log"
}

// shorten cuts s to at most n bytes, between characters.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.ToValidUTF8(s[:n], "")
}
