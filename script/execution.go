package script

import (
	"encoding/json"
	"time"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/record"
	"github.com/reticent/reticent/secretstore/seal"
)

// Execution is the record of one run. Everything in it is masked.
type Execution struct {
	// ID is "x" and 32 characters of hexadecimal; ids order newer runs first.
	ID string `json:"id"`
	// Script, ScriptScope and Version are of the script that ran; Script is "" for
	// a test of one that is not stored.
	Script      string `json:"script"`
	ScriptScope string `json:"script_scope"`
	Version     int    `json:"version,omitempty"`
	// Scope is the path of the scope that asked, "" for the platform.
	Scope string `json:"scope"`
	// Point is what the run answered: "run", "test", or the point that the script
	// is bound to.
	Point string `json:"point"`
	// Principal is who asked.
	Principal string    `json:"principal"`
	Started   time.Time `json:"started"`
	Duration  float64   `json:"duration_ms"`
	// Outcome is OutcomeOutput or the code of Error.
	Outcome string `json:"outcome"`
	// Input is there only where it is to be recorded, and record.Redact has been over it.
	Input            any           `json:"input,omitempty"`
	Output           any           `json:"output"`
	Masked           []seal.Masked `json:"masked"`
	Console          []ConsoleLine `json:"console"`
	ConsoleTruncated bool          `json:"console_truncated,omitempty"`
	Error            *RunError     `json:"error,omitempty"`
	Fetches          []Fetch       `json:"fetches"`
	// Worker is what the run took; nil in process.
	Worker *Usage `json:"worker,omitempty"`
	// Omitted names what was left out because the record would be larger than
	// MaxExecutionBytes: "output", "input" or "console".
	Omitted []string `json:"omitted,omitempty"`
}

// OutcomeOutput is the outcome of a run that gave one.
const OutcomeOutput = "output"

// Fetch is a request that a run sent.
type Fetch struct {
	// Host is the host and port as the script wrote them, masked.
	Host string `json:"host"`
	// Status is that of the response; 0 where there was none.
	Status   int     `json:"status"`
	Duration float64 `json:"duration_ms"`
	// Error is the code of what went wrong.
	Error Code `json:"error,omitempty"`
}

// Usage is what a run took of its worker.
type Usage struct {
	// CPU is processor time, of all threads.
	CPU float64 `json:"cpu_ms"`
	// Memory is what the process had mapped at the end, in bytes; it may have run
	// other scripts before.
	Memory uint64 `json:"memory_bytes"`
}

// milliseconds gives a duration in milliseconds, to the microsecond.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// executionOf makes the record of a run.
func executionOf(r Run, by secretstore.Principal, result Result, started time.Time) *Execution {
	x := &Execution{ID: record.NewID(started), Script: r.Name, ScriptScope: r.Occasion.ScriptScope, Version: r.Occasion.Version, Scope: r.Occasion.Scope, Point: r.Occasion.Point,
		Principal: by.ID, Started: started.UTC().Truncate(time.Millisecond), Duration: milliseconds(result.Duration), Outcome: OutcomeOutput,
		Input: result.Input, Output: result.Output, Masked: result.Masked, Console: result.Console, ConsoleTruncated: result.ConsoleTruncated,
		Error: result.Error, Fetches: result.Fetches, Worker: result.Usage}
	if r.Occasion.Version == 0 {
		x.Script = ""
	}
	// What was returned is the caller's, who may change it before it is written.
	if b, err := json.Marshal(result.Output); err == nil {
		x.Output = json.RawMessage(b)
	}
	if result.Error != nil {
		x.Outcome = string(result.Error.Code)
	}
	if x.Masked == nil {
		x.Masked = []seal.Masked{}
	}
	if x.Console == nil {
		x.Console = []ConsoleLine{}
	}
	if x.Fetches == nil {
		x.Fetches = []Fetch{}
	}
	return x
}
