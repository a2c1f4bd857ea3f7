package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// OtherPolicy is a policy that answered beside the first.
type OtherPolicy struct {
	Policy      string `json:"policy"`
	PolicyScope string `json:"policy_scope"`
	Version     int    `json:"version"`
}

// DecisionRecord is the record of a decision. Secrets in it are masked.
type DecisionRecord struct {
	ID          string `json:"id"`
	Policy      string `json:"policy"`
	PolicyScope string `json:"policy_scope"`
	Version     int    `json:"version,omitempty"`
	// Others are the policies that answered besides.
	Others     []OtherPolicy `json:"others,omitempty"`
	Script     string        `json:"script,omitempty"`
	Scope      string        `json:"scope"`
	Point      string        `json:"point"`
	Target     string        `json:"target,omitempty"`
	Path       string        `json:"path,omitempty"`
	Principal  string        `json:"principal"`
	RequestID  string        `json:"request_id,omitempty"`
	Started    time.Time     `json:"started"`
	DurationMS float64       `json:"duration_ms"`
	Node       string        `json:"node"`
	Decision   bool          `json:"decision"`
	// Outcome is "allow", "deny" or "error".
	Outcome  string          `json:"outcome"`
	Input    json.RawMessage `json:"input,omitempty"`
	Masked   []Masked        `json:"masked"`
	Result   json.RawMessage `json:"result,omitempty"`
	Erased   []string        `json:"erased,omitempty"`
	Replaced []string        `json:"replaced,omitempty"`
	DryRun   *DryRun         `json:"dry_run,omitempty"`
	// Omitted names parts that were too large.
	Omitted []string `json:"omitted,omitempty"`
}

// DryRun is what a candidate decided beside a decision.
type DryRun struct {
	Policy      string          `json:"policy"`
	PolicyScope string          `json:"policy_scope"`
	Version     int             `json:"version,omitempty"`
	DurationMS  float64         `json:"duration_ms"`
	Decision    bool            `json:"decision"`
	Outcome     string          `json:"outcome"`
	Differs     []string        `json:"differs"`
	Result      json.RawMessage `json:"result,omitempty"`
}

// DecisionFilter says which decisions to list; fields that are zero match all.
type DecisionFilter struct {
	Policy, Point, Principal, Outcome string
	// Differs leaves those whose candidate decided otherwise or failed.
	Differs      bool
	Since, Until time.Time
}

// Decisions lists decisions that a scope or one beneath it asked for, the newest
// first, at most limit, without inputs and results.
func (c *Client) Decisions(ctx context.Context, s Scope, f DecisionFilter, limit int) ([]DecisionRecord, error) {
	q := url.Values{}
	for key, value := range map[string]string{"policy": f.Policy, "point": f.Point, "principal": f.Principal, "outcome": f.Outcome} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if f.Differs {
		q.Set("differs", "true")
	}
	for key, at := range map[string]time.Time{"since": f.Since, "until": f.Until} {
		if !at.IsZero() {
			q.Set(key, at.UTC().Format(time.RFC3339Nano))
		}
	}
	return newest[DecisionRecord](ctx, c, s.path("decisions"), q, limit)
}

// Decision gives the whole record of a decision.
func (c *Client) Decision(ctx context.Context, s Scope, id string) (out DecisionRecord, err error) {
	_, err = c.do(ctx, call{method: http.MethodGet, path: s.path("decisions", id)}, &out)
	return out, err
}

// newest gives at most limit of a list of records, a page at a time.
func newest[T any](ctx context.Context, c *Client, path string, q url.Values, limit int) ([]T, error) {
	out := []T{}
	for len(out) < limit {
		var page struct {
			Items         []T    `json:"items"`
			NextPageToken string `json:"next_page_token"`
		}
		q.Set("page_size", strconv.Itoa(min(limit-len(out), 100)))
		if _, err := c.do(ctx, call{method: http.MethodGet, path: path, query: q}, &page); err != nil {
			return nil, err
		}
		out = append(out, page.Items...)
		if page.NextPageToken == "" {
			break
		}
		q.Set("page_token", page.NextPageToken)
	}
	return out, nil
}
