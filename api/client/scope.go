package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Scope is where resources live: the platform (the zero Scope), a project, or a
// service of a project.
type Scope struct {
	Project string
	Service string
}

// path gives the path of the scope, and of what is below it.
func (s Scope) path(parts ...string) string {
	path := "/v1"
	if s.Project != "" {
		path += "/projects/" + url.PathEscape(s.Project)
	}
	if s.Service != "" {
		path += "/services/" + url.PathEscape(s.Service)
	}
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

// ScopeInfo is a project or a service.
type ScopeInfo struct {
	Name      string    `json:"name"`
	Scope     string    `json:"scope"`
	CreatedAt time.Time `json:"created_at"`
}

// PutScope creates a project or a service, and does nothing to one that exists.
func (c *Client) PutScope(ctx context.Context, s Scope) (info ScopeInfo, created bool, err error) {
	r, err := c.do(ctx, call{method: http.MethodPut, path: s.path()}, &info)
	return info, err == nil && r.StatusCode == http.StatusCreated, err
}

// Scopes lists the projects, or the services of a project.
func (c *Client) Scopes(ctx context.Context, parent Scope) ([]ScopeInfo, error) {
	path := parent.path("projects")
	if parent.Project != "" {
		path = parent.path("services")
	}
	return allPages(func(p PageRequest) (page Page[ScopeInfo], err error) {
		_, err = c.do(ctx, call{method: http.MethodGet, path: path, query: p.query()}, &page)
		return page, err
	})
}

// Scope gives a project or a service.
func (c *Client) Scope(ctx context.Context, s Scope) (info ScopeInfo, err error) {
	_, err = c.do(ctx, call{method: http.MethodGet, path: s.path()}, &info)
	return info, err
}
