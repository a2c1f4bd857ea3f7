package decisionlog

import (
	"time"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/secretstore/seal"
)

// Record is a decision that was given. Everything in it is masked.
type Record struct {
	// ID is "x" and 32 characters of hexadecimal; ids order newer decisions first.
	ID string `json:"id"`
	// Policy, PolicyScope and Version are of the policy that answered; Policy is ""
	// where a script did, or nothing was bound.
	Policy      string `json:"policy"`
	PolicyScope string `json:"policy_scope"`
	Version     int    `json:"version,omitempty"`
	// Others are the policies that answered besides: a document of OPA's API may be
	// put together from several.
	Others []Other `json:"others,omitempty"`
	Script string  `json:"script,omitempty"`
	// Scope is the path of the scope that asked, "" for the platform.
	Scope string `json:"scope"`
	// Point is the point that it asked at, "evaluate", or "opa", and Target what about.
	Point  string `json:"point"`
	Target string `json:"target,omitempty"`
	// Path is what was asked for below the policy: a path of OPA, or a search.
	Path string `json:"path,omitempty"`
	// Principal is who asked, and RequestID the request.
	Principal string    `json:"principal"`
	RequestID string    `json:"request_id,omitempty"`
	Started   time.Time `json:"started"`
	Duration  float64   `json:"duration_ms"`
	// Node is the server that decided.
	Node     string  `json:"node"`
	Decision bool    `json:"decision"`
	Outcome  Outcome `json:"outcome"`
	// Input is there unless it is not to be recorded; [record.Redact] and
	// [record.Secrets] have been over it.
	Input  any           `json:"input,omitempty"`
	Masked []seal.Masked `json:"masked"`
	// Result is what was answered.
	Result any `json:"result,omitempty"`
	// Erased and Replaced are what mask rules took out and replaced, as JSON pointers
	// into an object that has input and result.
	Erased   []string `json:"erased,omitempty"`
	Replaced []string `json:"replaced,omitempty"`
	// DryRun is what a candidate decided.
	DryRun *DryRun `json:"dry_run,omitempty"`
	// Omitted names what was left out because the record would be larger than
	// MaxRecordBytes: "input", "result", "dry_run".
	Omitted []string `json:"omitted,omitempty"`
}

// Other is a policy that answered beside the first.
type Other struct {
	Policy      string `json:"policy"`
	PolicyScope string `json:"policy_scope"`
	Version     int    `json:"version"`
}

// Outcome is how a decision went.
type Outcome string

// The outcomes.
const (
	Allow  Outcome = "allow"
	Deny   Outcome = "deny"
	Failed Outcome = "error"
)

func outcomeOf(d policy.Decision) Outcome {
	switch {
	case d.Error != nil:
		return Failed
	case d.Decision:
		return Allow
	}
	return Deny
}

// DryRun is what a candidate decided, beside the decision that was given.
type DryRun struct {
	Policy      string  `json:"policy"`
	PolicyScope string  `json:"policy_scope"`
	Version     int     `json:"version,omitempty"`
	Duration    float64 `json:"duration_ms"`
	Decision    bool    `json:"decision"`
	Outcome     Outcome `json:"outcome"`
	// Differs names the parts that are not as in the decision that was given:
	// "decision", "failures", "recovery", "output", "context", "error".
	Differs []string `json:"differs"`
	Result  any      `json:"result,omitempty"`
}

// milliseconds gives a duration in milliseconds, to the microsecond.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}
