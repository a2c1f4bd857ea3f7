package api

import (
	"encoding/json"
	"net/http"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore/seal"
)

// runBody asks for a run of a stored script.
type runBody struct {
	Input json.RawMessage `json:"input"`
}

// scriptBody asks for a run of the script that it holds.
type scriptBody struct {
	Source   string          `json:"source"`
	Language script.Language `json:"language"`
	Secrets  []string        `json:"secrets"`
	Input    json.RawMessage `json:"input"`
}

// runResult is how a run ended.
type runResult struct {
	Output           any                  `json:"output"`
	Console          []script.ConsoleLine `json:"console"`
	ConsoleTruncated bool                 `json:"console_truncated,omitempty"`
	// Duration is in milliseconds, to the microsecond.
	Duration float64          `json:"duration_ms"`
	Masked   []seal.Masked    `json:"masked"`
	Error    *script.RunError `json:"error,omitempty"`
}

func (s *server) runScript(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	var body runBody
	if err := decode(w, r, MaxInputBytes, &body); err != nil {
		return err
	}
	if err := checkInput(body.Input); err != nil {
		return err
	}
	result, err := s.scripts.Run(r.Context(), t.by, t.scope, t.name, body.Input)
	if err != nil {
		return err
	}
	return s.answerRun(w, result)
}

func (s *server) testScript(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	var body scriptBody
	if err := decode(w, r, MaxInputBytes, &body); err != nil {
		return err
	}
	if err := checkInput(body.Input); err != nil {
		return err
	}
	document := script.Document{Language: body.Language, Source: body.Source, Secrets: body.Secrets}
	result, err := s.scripts.Test(r.Context(), t.by, t.scope, document, body.Input)
	if err != nil {
		return err
	}
	return s.answerRun(w, result)
}

// checkInput refuses an input that has secrets of its own where a script ported
// from a policy would look for the server's. Package policy does so itself.
func checkInput(input json.RawMessage) error {
	var root, contexts map[string]json.RawMessage
	// What is no object has no members; the texts have been read strictly.
	_ = json.Unmarshal(input, &root)
	_ = json.Unmarshal(root["contexts"], &contexts)
	_, atRoot := root["secrets"]
	_, inContexts := contexts["secrets"]
	if atRoot || inContexts {
		return refuse(http.StatusBadRequest, policy.CodeInputSecrets, "an input can have neither secrets nor contexts.secrets: scripts get secrets from the server")
	}
	return nil
}

func (s *server) answerRun(w http.ResponseWriter, result script.Result) error {
	s.metrics.evaluation("script", runOutcome(result.Error))
	if err := runFault(result.Error); err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, "", shownRun(result))
}

// runFault gives the error of a run that did not start, for a reason that lies
// with the request or with the server's load and not with the script.
func runFault(e *script.RunError) error {
	if e == nil {
		return nil
	}
	switch e.Code {
	case script.CodeInput, seal.CodeLiveSurrogate:
		return refuse(http.StatusBadRequest, string(e.Code), "%s", e.Message)
	case script.CodeOverloaded:
		return refuse(http.StatusServiceUnavailable, string(e.Code), "%s", e.Message)
	}
	return nil
}
