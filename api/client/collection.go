package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Page is a page of a list.
type Page[R any] struct {
	Items []R `json:"items"`
	// NextPageToken asks for the page that follows; "" on the last one.
	NextPageToken string `json:"next_page_token"`
}

// PageRequest asks for a page; the zero one for the first of the server's size.
type PageRequest struct {
	Size  int
	Token string
}

func (p PageRequest) query() url.Values {
	q := url.Values{}
	if p.Size > 0 {
		q.Set("page_size", strconv.Itoa(p.Size))
	}
	if p.Token != "" {
		q.Set("page_token", p.Token)
	}
	return q
}

// tagged is a pointer to a resource that has an ETag.
type tagged[R any] interface {
	*R
	setETag(string)
}

// reader is what every kind of resource of a scope has.
type reader[R any, P tagged[R]] struct {
	c     *Client
	scope Scope
	kind  string
}

// List gives a page of the resources, by name.
func (x reader[R, P]) List(ctx context.Context, p PageRequest) (page Page[R], err error) {
	_, err = x.c.do(ctx, call{method: http.MethodGet, path: x.scope.path(x.kind), query: p.query()}, &page)
	return page, err
}

// All gives all resources, by name.
func (x reader[R, P]) All(ctx context.Context) ([]R, error) {
	return allPages(func(p PageRequest) (Page[R], error) { return x.List(ctx, p) })
}

// allPages gives the items of all pages of a list.
func allPages[R any](list func(PageRequest) (Page[R], error)) ([]R, error) {
	var all []R
	var p PageRequest
	for {
		page, err := list(p)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if p.Token = page.NextPageToken; p.Token == "" {
			return all, nil
		}
	}
}

// Get gives a resource.
func (x reader[R, P]) Get(ctx context.Context, name string) (R, error) {
	resource, _, err := x.send(ctx, call{method: http.MethodGet, path: x.scope.path(x.kind, name)})
	return resource, err
}

// send sends a request that is answered with a resource.
func (x reader[R, P]) send(ctx context.Context, in call) (resource R, created bool, err error) {
	r, err := x.c.do(ctx, in, &resource)
	if err != nil {
		return resource, false, err
	}
	P(&resource).setETag(tagOf(r))
	return resource, r.StatusCode == http.StatusCreated, nil
}

// Collection are the variables, scripts or policies of a scope.
type Collection[R any, P tagged[R]] struct {
	reader[R, P]
}

// Put creates or replaces a resource. document is what the API takes as its
// body: a Spec of this package, or anything that marshals to the same JSON.
// ifMatch is an ETag, "*" or "".
func (x Collection[R, P]) Put(ctx context.Context, name string, document any, ifMatch string) (resource R, created bool, err error) {
	return x.send(ctx, call{method: http.MethodPut, path: x.scope.path(x.kind, name), body: document, ifMatch: ifMatch})
}

// Patch changes a resource by a JSON merge patch (RFC 7396).
func (x Collection[R, P]) Patch(ctx context.Context, name string, patch any, ifMatch string) (R, error) {
	resource, _, err := x.send(ctx, call{method: http.MethodPatch, path: x.scope.path(x.kind, name), body: patch, ifMatch: ifMatch})
	return resource, err
}

// Delete deletes a resource. Where others refer to it, the error has the code
// "in_use" unless force is set.
func (x Collection[R, P]) Delete(ctx context.Context, name, ifMatch string, force bool) error {
	in := call{method: http.MethodDelete, path: x.scope.path(x.kind, name), ifMatch: ifMatch}
	if force {
		in.query = url.Values{"force": {"true"}}
	}
	_, err := x.c.do(ctx, in, nil)
	return err
}
