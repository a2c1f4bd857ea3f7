// Package egress is the only place of the server that dials out. It sends
// requests that hold secrets and seals what comes back.
//
// A caller (a script's fetch, Rego's http.send, a connector, a manager) gives a
// sealed [Request]: its strings may hold surrogates. [Client.Do] finds where
// each of them stands, asks package seal whether the secret allows that host
// and that position, resolves, sends, and seals the whole response again. It
// protects
//
//   - plaintext from the caller and from every reader of logs and errors: the
//     resolved request never leaves this package, no tracer of the caller's
//     context sees it, and an error is one of a few constant texts;
//   - secrets from hosts that they are not meant for: a redirect is never
//     followed once a secret was resolved, and a secret is never part of a
//     host, a port, a method or a header's name;
//   - the network that the server stands in from authors of scripts: the
//     address that is really dialled must be a public one, unless the operator
//     allows it.
//
// Connections of HTTP/1 carry one request each. net/http writes what it finds
// on an idle one to the standard logger, and an echoing host can put a secret
// there. Connections of HTTP/2 are shared; TLS sessions are resumed.
package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/reticent/reticent/secretstore/seal"
)

// Request is a sealed request: URL, header values and body may hold surrogates
// of the run that it is sent for.
type Request struct {
	// Method is GET when it is empty.
	Method string
	// URL is absolute, http or https.
	URL string
	// Header leaves out what the client sets itself: Accept-Encoding,
	// Connection, Content-Length and Keep-Alive are ignored. A digest is refused: see
	// Digest.
	Header http.Header
	Body   []byte
	// Redirect says what becomes of a redirect; empty is FollowRedirects.
	Redirect RedirectMode
	// Digest is the algorithm of the Content-Digest (RFC 9530) that is sent with a
	// body, "sha-256" or "sha-512"; empty sends none. It is of the resolved body, and
	// so goes where all secrets of the body may go.
	Digest string
	// Seal names fields of a JSON response that become secrets of the run. A
	// response that they cannot be found in for what it is fails the request.
	Seal []seal.Adoption
}

// RedirectMode is that of WHATWG Fetch.
type RedirectMode string

// The modes. Whatever the mode, no redirect is followed once a secret was
// resolved: with FollowRedirects the redirecting response is returned then.
const (
	FollowRedirects RedirectMode = "follow"
	RefuseRedirects RedirectMode = "error"
	ReturnRedirects RedirectMode = "manual"
)

// Response is a sealed response: plaintexts that it holds are replaced by
// surrogates of the run.
type Response struct {
	// Status is the status code, 200 to 999. Its text is http.StatusText: the
	// host's own is not passed on.
	Status int
	// Header has no Content-Length, Content-Encoding or digest: they describe
	// the body before it was decoded and sealed.
	Header http.Header
	Body   []byte
	// URL is the sealed URL that answered, after redirects, without fragment.
	URL string
	// Redirected is set when that is not the URL that was asked.
	Redirected bool
}

// Config configures a Client. The zero value reaches public addresses with the
// default limits.
type Config struct {
	// Allow lists the addresses (a CIDR or an address) and host names that may
	// be dialled although they are not public. A host name allows whatever it
	// resolves to.
	Allow []string
	// AllowLoopback allows loopback addresses.
	AllowLoopback bool
	// Timeout is DefaultTimeout when it is 0.
	Timeout time.Duration
	// IdleTime is DefaultIdleTime when it is 0.
	IdleTime time.Duration
	// MaxRequestBytes is DefaultMaxRequestBytes when it is 0.
	MaxRequestBytes int
	// MaxResponseBytes is DefaultMaxResponseBytes when it is 0.
	MaxResponseBytes int
	// RootCAs are the authorities that servers' certificates may come from;
	// nil means the system's.
	RootCAs *x509.CertPool
	// Resolver looks host names up; nil means the system's.
	Resolver *net.Resolver
	// Logger gets one line a request, with the sealed host and the outcome;
	// nil means none.
	Logger *slog.Logger
	// Count is told how each request ended: the class of its status, "2xx", or
	// the code of the error. Nil counts nothing.
	Count func(outcome string)
	// Answer answers in place of every host, for tests of scripts: nothing is
	// dialled. It gets the request sealed, after the rules of its secrets were
	// checked; false fails it.
	Answer func(Request) (Answer, bool)
}

// Client sends requests. It is safe for concurrent use and should be shared.
type Client struct {
	transport        *http.Transport
	timeout, idle    time.Duration
	maxRequestBytes  int
	maxResponseBytes int
	log              *slog.Logger
	count            func(outcome string)
	answer           func(Request) (Answer, bool)
}

// New makes a Client. It fails when an entry of Allow is neither a CIDR nor an
// address nor a host name.
func New(cfg Config) (*Client, error) {
	addresses, err := parseAddressRules(cfg.Allow, cfg.AllowLoopback)
	if err != nil {
		return nil, err
	}
	c := &Client{
		timeout:          cfg.Timeout,
		idle:             cfg.IdleTime,
		maxRequestBytes:  cfg.MaxRequestBytes,
		maxResponseBytes: cfg.MaxResponseBytes,
		log:              cfg.Logger,
		count:            cfg.Count,
		answer:           cfg.Answer,
	}
	if c.count == nil {
		c.count = func(string) {}
	}
	if c.timeout == 0 {
		c.timeout = DefaultTimeout
	}
	if c.idle == 0 {
		c.idle = DefaultIdleTime
	}
	if c.maxRequestBytes == 0 {
		c.maxRequestBytes = DefaultMaxRequestBytes
	}
	if c.maxResponseBytes == 0 {
		c.maxResponseBytes = DefaultMaxResponseBytes
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	d := dialer{addresses: addresses, resolver: cfg.Resolver}
	c.transport = &http.Transport{
		Proxy:       nil, // never from the environment: a proxy dials where no check sees it
		DialContext: d.dial,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            cfg.RootCAs,
			ClientSessionCache: tls.NewLRUClientSessionCache(0),
		},
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // decoded here, bounded
		MaxIdleConnsPerHost:    -1,   // see the package comment; HTTP/2 has its own pool
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: MaxHeaderBytes,
	}
	return c, nil
}

// Close closes idle connections. Calls of Do that are under way go on.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Do sends a sealed request for a run and gives the sealed response. Errors are
// *seal.Error: egress_denied when a rule forbids the request, egress_failed
// when it was sent and did not succeed. Their texts hold no value and nothing
// that net/http or the host said.
//
// A redirect is followed only while no secret was resolved and its Location
// holds none; otherwise the redirecting response itself is returned.
func (c *Client) Do(ctx context.Context, run *seal.Run, req Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(bareContext{ctx}, c.timeout)
	defer cancel()
	for redirects := 0; ; redirects++ {
		out, err := c.prepare(run, req)
		if err != nil {
			c.count(outcome(err))
			return nil, err
		}
		start := time.Now()
		resp, err := c.roundTrip(ctx, run, out, req)
		c.record(out, resp, err, time.Since(start))
		if err != nil {
			return nil, err
		}
		next, follow, err := redirect(run, req, out, resp)
		if err != nil {
			return nil, err
		}
		if !follow {
			resp.Redirected = redirects > 0
			return resp, nil
		}
		if redirects == MaxRedirects {
			return nil, out.failed(fmt.Sprintf("more than MaxRedirects (%d) redirects", MaxRedirects))
		}
		req = next
	}
}

// record logs the sealed view of a request.
func (c *Client) record(out *outbound, resp *Response, err error, took time.Duration) {
	attrs := []any{"method", out.request.Method, "host", out.name, "secrets", out.resolved, "duration", took}
	if err != nil {
		c.count(outcome(err))
		c.log.Warn("outbound request", append(attrs, "error", err.Error())...)
		return
	}
	c.count(strconv.Itoa(resp.Status/100) + "xx")
	c.log.Debug("outbound request", append(attrs, "status", resp.Status)...)
}

func outcome(err error) string {
	var refused *seal.Error
	if errors.As(err, &refused) {
		return string(refused.Code)
	}
	return string(seal.CodeEgressFailed)
}

// bareContext keeps deadline and cancellation and drops the values: a tracer
// that the caller's context carries (net/http/httptrace) would be shown the
// resolved header.
type bareContext struct{ context.Context }

func (bareContext) Value(any) any { return nil }
