package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Execution is the record of a run of a script. Secrets in it are masked.
type Execution struct {
	ID          string    `json:"id"`
	Script      string    `json:"script"`
	ScriptScope string    `json:"script_scope"`
	Version     int       `json:"version"`
	Scope       string    `json:"scope"`
	Point       string    `json:"point"`
	Principal   string    `json:"principal"`
	Started     time.Time `json:"started"`
	DurationMS  float64   `json:"duration_ms"`
	// Outcome is "output" or the code of Error.
	Outcome          string          `json:"outcome"`
	Input            json.RawMessage `json:"input,omitempty"`
	Output           json.RawMessage `json:"output"`
	Masked           []Masked        `json:"masked"`
	Console          []ConsoleLine   `json:"console"`
	ConsoleTruncated bool            `json:"console_truncated,omitempty"`
	Error            *RunError       `json:"error,omitempty"`
	Fetches          []Fetch         `json:"fetches"`
	Worker           *Usage          `json:"worker,omitempty"`
	// Omitted names parts that were too large.
	Omitted []string `json:"omitted,omitempty"`
}

// Fetch is a request that a run sent.
type Fetch struct {
	Host       string  `json:"host"`
	Status     int     `json:"status"`
	DurationMS float64 `json:"duration_ms"`
	Error      string  `json:"error,omitempty"`
}

// Usage is what a run took of its worker.
type Usage struct {
	CPUMS       float64 `json:"cpu_ms"`
	MemoryBytes uint64  `json:"memory_bytes"`
}

// ExecutionFilter says which executions to list; fields that are zero match all.
type ExecutionFilter struct {
	Script, Point, Outcome string
	Since                  time.Time
}

// Executions lists runs that a scope or one beneath it asked for, the newest
// first, at most limit, without inputs, outputs and consoles.
func (c *Client) Executions(ctx context.Context, s Scope, f ExecutionFilter, limit int) ([]Execution, error) {
	q := url.Values{}
	for key, value := range map[string]string{"script": f.Script, "point": f.Point, "outcome": f.Outcome} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if !f.Since.IsZero() {
		q.Set("since", f.Since.UTC().Format(time.RFC3339Nano))
	}
	return newest[Execution](ctx, c, s.path("executions"), q, limit)
}

// Execution gives the whole record of a run.
func (c *Client) Execution(ctx context.Context, s Scope, id string) (out Execution, err error) {
	_, err = c.do(ctx, call{method: http.MethodGet, path: s.path("executions", id)}, &out)
	return out, err
}
