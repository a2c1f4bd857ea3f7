package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// DocumentVersion is one version of a script or a policy.
type DocumentVersion struct {
	Version int `json:"version"`
	// StoredBy is the ID of its author, and Note what he said of it.
	StoredBy string    `json:"stored_by"`
	Note     string    `json:"note"`
	StoredAt time.Time `json:"stored_at"`
}

// PutWithNote is Put with what its author says of the version. Scripts and
// policies keep it.
func (x Collection[R, P]) PutWithNote(ctx context.Context, name string, document any, ifMatch, note string) (resource R, created bool, err error) {
	return x.send(ctx, call{method: http.MethodPut, path: x.scope.path(x.kind, name), query: noteQuery(note), body: document, ifMatch: ifMatch})
}

func noteQuery(note string) url.Values {
	if note == "" {
		return nil
	}
	return url.Values{"note": {note}}
}

// Versions lists the versions of a script or a policy, newest first.
func (x Collection[R, P]) Versions(ctx context.Context, name string) ([]DocumentVersion, error) {
	var page Page[DocumentVersion]
	_, err := x.c.do(ctx, call{method: http.MethodGet, path: x.scope.path(x.kind, name, "versions")}, &page)
	return page.Items, err
}

// Version gives a script or a policy as it was in a version.
func (x Collection[R, P]) Version(ctx context.Context, name string, version int) (R, error) {
	resource, _, err := x.send(ctx, call{method: http.MethodGet, path: x.scope.path(x.kind, name, "versions", strconv.Itoa(version))})
	return resource, err
}

// Restore stores a script or a policy again as it was in a version, as the next
// one.
func (x Collection[R, P]) Restore(ctx context.Context, name string, version int, ifMatch, note string) (R, error) {
	resource, _, err := x.send(ctx, call{method: http.MethodPost, path: x.scope.path(x.kind, name, "versions", strconv.Itoa(version), "restore"), query: noteQuery(note), ifMatch: ifMatch})
	return resource, err
}
