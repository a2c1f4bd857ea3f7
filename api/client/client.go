package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultAddr is where a server listens that was not told otherwise.
	DefaultAddr = "http://127.0.0.1:8640"
	// DefaultTimeout bounds a request of a client that was given no http.Client.
	DefaultTimeout = 2 * time.Minute
	// MaxResponseBytes is the size of the largest response that is read.
	MaxResponseBytes = 32 << 20
)

// Client talks to one server. It is safe for concurrent use.
type Client struct {
	base  string
	token string
	http  http.Client
}

// New makes a client of the server at addr, "https://host:port" or "host:port"
// for plain HTTP. h may be nil.
func New(addr, token string, h *http.Client) (*Client, error) {
	if addr == "" {
		addr = DefaultAddr
	}
	if !strings.Contains(addr, "://") {
		addr = "http://" + addr
	}
	u, err := url.Parse(addr)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the address of a server is http://host:port or https://host:port")
	}
	c := &Client{base: strings.TrimRight(u.String(), "/"), token: token, http: http.Client{Timeout: DefaultTimeout}}
	if h != nil {
		c.http = *h
	}
	// The API never redirects; a body with a secret must not go where a
	// redirect says.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// FromEnvironment makes a client from RETICENT_ADDR, or DefaultAddr, and
// RETICENT_TOKEN.
func FromEnvironment() (*Client, error) {
	return New(os.Getenv("RETICENT_ADDR"), os.Getenv("RETICENT_TOKEN"), nil)
}

// Addr gives the URL of the server.
func (c *Client) Addr() string { return c.base }

// call is one request.
type call struct {
	method  string
	path    string
	query   url.Values
	ifMatch string
	body    any // nil sends none
}

// do sends a request and decodes the answer into out, if out is not nil. The
// error of an answer that is no success is a *Problem.
func (c *Client) do(ctx context.Context, in call, out any) (*http.Response, error) {
	target := c.base + in.path
	if len(in.query) > 0 {
		target += "?" + in.query.Encode()
	}
	var body io.Reader
	if in.body != nil {
		raw, err := encode(in.body)
		if errors.Is(err, ErrNotText) {
			return nil, ErrNotText
		}
		if err != nil {
			// The text of the error may quote what was to be sent.
			return nil, fmt.Errorf("%s %s: the body has no JSON", in.method, in.path)
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, in.method, target, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: not a path", in.method, in.path)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
		if in.method == http.MethodPatch {
			r.Header.Set("Content-Type", "application/merge-patch+json")
		}
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if in.ifMatch != "" {
		r.Header.Set("If-Match", quoteTag(in.ifMatch))
	}
	response, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(response.Body, MaxResponseBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: read the answer: %w", in.method, in.path, err)
	case len(raw) > MaxResponseBytes:
		return nil, fmt.Errorf("%s %s: the answer is larger than %d bytes (MaxResponseBytes)", in.method, in.path, MaxResponseBytes)
	case response.StatusCode < 200 || response.StatusCode > 299:
		return nil, problemOf(response, raw)
	case out == nil:
		return response, nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("%s %s: the answer is not what this client knows; is it a Reticent server of this version?", in.method, in.path)
	}
	return response, nil
}

// encode writes v as JSON without HTML's escapes.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func quoteTag(etag string) string {
	if etag == "*" {
		return etag
	}
	return strconv.Quote(etag)
}

// tagOf gives the ETag of an answer.
func tagOf(r *http.Response) string { return strings.Trim(r.Header.Get("ETag"), `"`) }

// Ready reports whether the server wants requests; the error is a *Problem when
// it answers that it does not.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/readyz"}, nil)
	return err
}
