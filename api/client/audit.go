package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// AuditReport says whether the audit log is whole.
type AuditReport struct {
	Intact  bool  `json:"intact"`
	Entries int64 `json:"entries"`
	Head    struct {
		First     int64  `json:"first"`
		Last      int64  `json:"last"`
		FirstPrev string `json:"first_prev"`
		Hash      string `json:"hash"`
	} `json:"head"`
	Problem string `json:"problem,omitempty"`
	At      int64  `json:"at,omitempty"`
}

// Audit gives a page of audit entries of a scope, each as the server wrote it, by
// the parameters of the API: principal, action, name, secret, outcome, since,
// until, order, page_size and page_token.
func (c *Client) Audit(ctx context.Context, s Scope, q url.Values) (page Page[json.RawMessage], err error) {
	_, err = c.do(ctx, call{method: http.MethodGet, path: s.path("audit"), query: q}, &page)
	return page, err
}

// VerifyAudit has the server check the whole audit log.
func (c *Client) VerifyAudit(ctx context.Context) (report AuditReport, err error) {
	_, err = c.do(ctx, call{method: http.MethodGet, path: Scope{}.path("audit", "verification")}, &report)
	return report, err
}
