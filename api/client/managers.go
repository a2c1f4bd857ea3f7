package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// ManagerSpec is an external secret manager as it is written. It has the member that
// its kind names.
type ManagerSpec struct {
	Kind        string          `json:"kind"`
	Vault       json.RawMessage `json:"vault,omitempty"`
	AWS         json.RawMessage `json:"aws,omitempty"`
	Directory   json.RawMessage `json:"directory,omitempty"`
	Environment json.RawMessage `json:"environment,omitempty"`

	Keys         *bool    `json:"keys,omitempty"`
	Groups       []string `json:"groups,omitempty"`
	AllowedHosts []string `json:"allowed_hosts,omitempty"`
	AllowedIn    []string `json:"allowed_in,omitempty"`
	TTLSeconds   int      `json:"ttl_seconds,omitempty"`
	StaleSeconds int      `json:"stale_seconds,omitempty"`
	TimeoutMS    int      `json:"timeout_ms,omitempty"`
	Description  string   `json:"description,omitempty"`
}

// Manager is an external secret manager.
type Manager struct {
	Meta
	ManagerSpec
}

// CachedSecret is a secret that a node has fetched from a manager.
type CachedSecret struct {
	Name       string     `json:"name"`
	State      string     `json:"state"`
	Expired    bool       `json:"expired"`
	Reason     string     `json:"reason,omitempty"`
	Version    string     `json:"version,omitempty"`
	FetchedAt  *time.Time `json:"fetched_at"`
	AgeSeconds int        `json:"age_seconds"`
	ExpiresAt  *time.Time `json:"expires_at"`
}

// ManagerHealth is how a manager is, as a node has seen it.
type ManagerHealth struct {
	State       string     `json:"state"`
	Failures    int        `json:"failures"`
	LastError   string     `json:"last_error,omitempty"`
	LastErrorAt *time.Time `json:"last_error_at"`
	LastOKAt    *time.Time `json:"last_ok_at"`
}

// Managers are the external secret managers of a scope.
type Managers struct {
	Collection[Manager, *Manager]
}

// Managers gives the external secret managers of a scope.
func (c *Client) Managers(s Scope) Managers {
	return Managers{Collection[Manager, *Manager]{reader[Manager, *Manager]{c, s, "managers"}}}
}

// Cache lists what the node that answers has fetched from a manager.
func (x Managers) Cache(ctx context.Context, name string) ([]CachedSecret, error) {
	var page Page[CachedSecret]
	_, err := x.c.do(ctx, call{method: http.MethodGet, path: x.scope.path(x.kind, name, "cache")}, &page)
	return page.Items, err
}

// Clear has every node forget what it fetched from a manager: one secret, or all for "".
func (x Managers) Clear(ctx context.Context, name, secret string) error {
	parts := []string{x.kind, name, "cache"}
	if secret != "" {
		parts = append(parts, strings.Split(secret, "/")...)
	}
	_, err := x.c.do(ctx, call{method: http.MethodDelete, path: x.scope.path(parts...)}, nil)
	return err
}

// Health tells how a manager is.
func (x Managers) Health(ctx context.Context, name string) (ManagerHealth, error) {
	var out ManagerHealth
	_, err := x.c.do(ctx, call{method: http.MethodGet, path: x.scope.path(x.kind, name, "health")}, &out)
	return out, err
}
