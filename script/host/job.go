package host

import (
	"encoding/json"
	"time"

	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/secretstore/seal"
)

// Job is one run of a script. Everything in it is sealed.
type Job struct {
	Script *Script `json:"-"`
	// Secrets is the static sealing set, by name.
	Secrets map[string]Secret `json:"secrets,omitempty"`
	// Keys are those of context.keys, by name.
	Keys map[string]Key `json:"keys,omitempty"`
	// Input and Variables become context.input and context.variables.
	Input     json.RawMessage `json:"input,omitempty"`
	Variables json.RawMessage `json:"variables,omitempty"`
	// Context is spread on context itself.
	Context map[string]json.RawMessage `json:"context,omitempty"`
	// CanSet says that context.secrets.set works.
	CanSet bool `json:"can_set,omitempty"`
	// Fixtures answer fetch in a test of a script, which runs in process.
	Fixtures Fixtures `json:"-"`
	Limits   Limits   `json:"limits"`
}

// Secret is a secret of the set as a script sees it.
type Secret struct {
	// Value is a string or, for a structured secret, what encoding/json makes of
	// JSON; its leaves are surrogates.
	Value any `json:"value,omitempty"`
	// Missing is set when there is none.
	Missing bool `json:"missing,omitempty"`
}

// Outcome is how a run ended. Nothing in it is masked yet.
type Outcome struct {
	// Output is what the script returned, as JSON; empty for undefined.
	Output json.RawMessage `json:"output,omitempty"`
	// Console is what it logged.
	Console []Line `json:"console,omitempty"`
	// ConsoleTruncated says that some of it was left out.
	ConsoleTruncated bool `json:"console_truncated,omitempty"`
	// Failure is why it gave no output.
	Failure *Failure `json:"failure,omitempty"`
	// Usage is what a worker says that the run took; nil in process.
	Usage *Usage `json:"usage,omitempty"`
}

// Usage is what a run took of its worker.
type Usage struct {
	// CPU is the processor time of all threads.
	CPU time.Duration `json:"cpu"`
	// Memory is what the process has mapped, in bytes.
	Memory uint64 `json:"memory"`
}

// Line is one call of console.log and its like.
type Line struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}

// Code says why a run failed. Codes of package seal occur too.
type Code = seal.Code

// The codes of this package.
const (
	// CodeScript: the script threw, or rejected.
	CodeScript Code = "script_error"
	// CodeNoHandler: the script exports no function.
	CodeNoHandler Code = "no_handler"
	// CodePending: the script waits for a promise that nothing will settle.
	CodePending Code = "promise_pending"
	// CodeOutput: what the script returned has no JSON.
	CodeOutput Code = "output_not_json"
	// CodeOutputLimit, CodeTime, CodeCPU, CodeMemory, CodeStack, CodeCalls: it passed a limit.
	CodeOutputLimit Code = "output_limit"
	CodeTime        Code = "time_limit"
	CodeCPU         Code = "cpu_limit"
	CodeMemory      Code = "memory_limit"
	CodeStack       Code = "stack_limit"
	CodeCalls       Code = "host_call_limit"
	// CodeEngine: the engine itself failed.
	CodeEngine Code = "engine_error"
	// CodeNotNamed: the script asked for a secret that its text does not name.
	CodeNotNamed Code = "secret_not_named"
	// CodeFetchLimit: the run sent too many requests.
	CodeFetchLimit Code = "fetch_limit"
	// CodeModule: require was given a name that no module has.
	CodeModule Code = program.CodeModule
	// CodeInput: the input is no JSON, or none that JavaScript can hold.
	CodeInput Code = "input_invalid"
)

// Failure is an error that ended a run.
type Failure struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Module is the shared module that Line and Column are in; empty is the script.
	Module string `json:"module,omitempty"`
	// Line and Column are the place in the author's source, from 1; 0 unknown.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// Error gives the message.
func (f *Failure) Error() string { return string(f.Code) + ": " + f.Message }
