package client

import (
	"context"
	"net/http"
	"time"
)

// KEK tells of the server's key-encryption key.
type KEK struct {
	ID       string       `json:"id"`
	Key      string       `json:"key"`
	Rotation *KEKRotation `json:"rotation,omitempty"`
}

// KEKRotation is the rotation that goes on, or the last one.
type KEKRotation struct {
	KEK        string     `json:"kek"`
	From       string     `json:"from"`
	To         string     `json:"to"`
	StartedAt  time.Time  `json:"started_at"`
	StartedBy  string     `json:"started_by"`
	Rewrapped  int        `json:"rewrapped"`
	Total      int        `json:"total"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Problem    string     `json:"problem,omitempty"`
}

// KEK tells of the key-encryption key.
func (c *Client) KEK(ctx context.Context) (out KEK, err error) {
	_, err = c.do(ctx, call{method: http.MethodGet, path: Scope{}.path("kek")}, &out)
	return out, err
}

// RotateKEK begins a rotation to a new key-encryption key, kept at the key of a URI,
// or where the old one is for "".
func (c *Client) RotateKEK(ctx context.Context, to string) (out KEK, err error) {
	body := map[string]string{}
	if to != "" {
		body["to"] = to
	}
	_, err = c.do(ctx, call{method: http.MethodPost, path: Scope{}.path("kek", "rotate"), body: body}, &out)
	return out, err
}
