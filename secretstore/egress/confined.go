package egress

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/reticent/reticent/secretstore/seal"
)

// errConfined is why a request did not go out.
var errConfined = errors.New("egress: the request is for another host")

// Confined gives an HTTP client for the official clients of secret managers, which
// make their requests themselves: it reaches the targets and no other host, dials as
// the rules of addresses allow, follows no redirect, shows no tracer a request, and
// reads at most maxBytes of a response. Who uses it has made sure that the secrets of
// its requests may go to the targets.
func (c *Client) Confined(maxBytes int64, targets ...seal.Target) *http.Client {
	return &http.Client{
		Transport:     &confined{c, maxBytes, targets},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type confined struct {
	client   *Client
	maxBytes int64
	targets  []seal.Target
}

// RoundTrip implements http.RoundTripper.
func (t *confined) RoundTrip(r *http.Request) (*http.Response, error) {
	to := seal.Target{Scheme: r.URL.Scheme, Port: map[string]int{"https": 443, "http": 80}[r.URL.Scheme]}
	host := r.URL.Hostname()
	if slices.Contains([]byte(host), ':') {
		host = "[" + host + "]"
	}
	var err error
	if to.Host, err = seal.NormalizeHost(host); err == nil && r.URL.Port() != "" {
		to.Port, err = strconv.Atoi(r.URL.Port())
	}
	if err != nil || !slices.Contains(t.targets, to) {
		t.client.count(string(seal.CodeEgressDenied))
		return nil, errConfined
	}
	resp, err := t.client.transport.RoundTrip(r.WithContext(bareContext{r.Context()}))
	if err != nil {
		t.client.count(string(seal.CodeEgressFailed))
		return nil, err
	}
	t.client.count(strconv.Itoa(resp.StatusCode/100) + "xx")
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, t.maxBytes), resp.Body}
	return resp, nil
}
