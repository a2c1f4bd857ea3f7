package decisionlog

import (
	"time"

	"github.com/reticent/reticent/secretstore/seal"
)

// event is an entry as OPA sends one to a collector and gives one to its mask
// rules. What OPA has no member for is below custom.
type event struct {
	Labels      map[string]string `json:"labels"`
	DecisionID  string            `json:"decision_id"`
	Path        string            `json:"path"`
	Input       any               `json:"input,omitempty"`
	Result      any               `json:"result,omitempty"`
	Erased      []string          `json:"erased,omitempty"`
	Masked      []string          `json:"masked,omitempty"`
	RequestedBy string            `json:"requested_by"`
	Timestamp   time.Time         `json:"timestamp"`
	Metrics     map[string]int64  `json:"metrics"`
	Custom      custom            `json:"custom"`
}

type custom struct {
	Policy      string        `json:"policy,omitempty"`
	PolicyScope string        `json:"policy_scope"`
	Version     int           `json:"version,omitempty"`
	Script      string        `json:"script,omitempty"`
	Scope       string        `json:"scope"`
	Point       string        `json:"point"`
	Target      string        `json:"target,omitempty"`
	RequestID   string        `json:"request_id,omitempty"`
	Decision    bool          `json:"decision"`
	Outcome     Outcome       `json:"outcome"`
	Sealed      []seal.Masked `json:"sealed,omitempty"`
	DryRun      *DryRun       `json:"dry_run,omitempty"`
	Omitted     []string      `json:"omitted,omitempty"`
}

func (r *Record) event() event {
	path := r.Path
	switch {
	case path != "":
	case r.Policy != "":
		path = "policies/" + r.Policy
	case r.Script != "":
		path = "scripts/" + r.Script
	}
	return event{
		Labels: map[string]string{"id": r.Node, "server": "reticent"}, DecisionID: r.ID, Path: path, Input: r.Input, Result: r.Result,
		Erased: r.Erased, Masked: r.Replaced, RequestedBy: r.Principal, Timestamp: r.Started,
		Metrics: map[string]int64{"timer_server_handler_ns": int64(r.Duration * float64(time.Millisecond))},
		Custom:  custom{r.Policy, r.PolicyScope, r.Version, r.Script, r.Scope, r.Point, r.Target, r.RequestID, r.Decision, r.Outcome, r.Masked, r.DryRun, r.Omitted},
	}
}
