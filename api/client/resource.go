package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Resource is a secret or a document of any kind, for who treats all of them
// alike.
type Resource struct {
	Meta
	// Body are its members but those of Meta and of what refers to it.
	Body map[string]json.RawMessage
}

// UnmarshalJSON reads what the server answers with.
func (r *Resource) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &r.Meta); err != nil {
		return err
	}
	if err := json.Unmarshal(text, &r.Body); err != nil {
		return err
	}
	for _, member := range known {
		delete(r.Body, member)
	}
	return nil
}

// known are the members that are not written: Meta's, and those that the server
// finds out.
var known = []string{"name", "scope", "version", "sealing_set", "warnings", "created_at", "updated_at", "stored_by", "set", "refers_to", "used_by", "last_used"}

// WriteOptions are what a write may have besides what is written.
type WriteOptions struct {
	// IfMatch is an ETag, "*" or "".
	IfMatch string
	// Set is the set of manifests that the resource belongs to from then on; "" leaves
	// it where it is.
	Set string
	// Preview has everything checked and answered, and nothing written.
	Preview bool
}

func (o WriteOptions) query() url.Values {
	q := url.Values{}
	if o.Set != "" {
		q.Set("set", o.Set)
	}
	if o.Preview {
		q.Set("preview", "true")
	}
	return q
}

// Resources are those of a kind in a scope.
type Resources struct {
	reader[Resource, *Resource]
}

// Resources gives the resources of a kind as paths have it, "secrets" or "policies".
func (c *Client) Resources(s Scope, kind string) Resources {
	return Resources{reader[Resource, *Resource]{c, s, kind}}
}

// Get gives a resource. The target is a binding's, and "" of all others.
func (x Resources) Get(ctx context.Context, name, target string) (Resource, error) {
	r, _, err := x.send(ctx, x.call(http.MethodGet, name, target))
	return r, err
}

// Put creates or replaces a resource. A binding's target is in its document.
func (x Resources) Put(ctx context.Context, name string, document any, o WriteOptions) (resource Resource, created bool, err error) {
	return x.send(ctx, call{method: http.MethodPut, path: x.scope.path(x.kind, name), query: o.query(), body: document, ifMatch: o.IfMatch})
}

// Patch changes a resource, which is no binding, by a JSON merge patch (RFC 7396).
func (x Resources) Patch(ctx context.Context, name string, patch any, o WriteOptions) (Resource, error) {
	r, _, err := x.send(ctx, call{method: http.MethodPatch, path: x.scope.path(x.kind, name), query: o.query(), body: patch, ifMatch: o.IfMatch})
	return r, err
}

// Delete deletes a resource that nothing refers to.
func (x Resources) Delete(ctx context.Context, name, target, ifMatch string) error {
	in := x.call(http.MethodDelete, name, target)
	in.ifMatch = ifMatch
	_, err := x.c.do(ctx, in, nil)
	return err
}

func (x Resources) call(method, name, target string) call {
	in := call{method: method, path: x.scope.path(x.kind, name)}
	if target != "" {
		in.query = url.Values{"target": {target}}
	}
	return in
}
