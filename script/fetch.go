package script

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// StartFetch sends a request; done is told how it ended.
func (s *session) StartFetch(id int, r host.Request, done func(host.Completion)) error {
	s.mu.Lock()
	s.fetches++
	n := s.fetches
	s.mu.Unlock()
	if n > s.limits.Fetches {
		return seal.Errorf(host.CodeFetchLimit, "the script sent more than %d requests (the limit Fetches)", s.limits.Fetches)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.mu.Lock()
	if s.cancels == nil {
		s.cancels = map[int]context.CancelFunc{}
	}
	s.cancels[id] = cancel
	s.mu.Unlock()
	go func() {
		defer s.forget(id)
		start := time.Now()
		response, err := s.fetch(ctx, r)
		c := host.Completion{ID: id, Response: response}
		if err != nil && !errors.As(err, &c.Error) {
			c.Error = seal.Errorf(seal.CodeEgressFailed, "the request failed")
		}
		s.note(r.URL, c, time.Since(start))
		done(c)
	}()
	return nil
}

// note keeps what a record tells of a request.
func (s *session) note(target string, c host.Completion, took time.Duration) {
	f := Fetch{Duration: milliseconds(took)}
	if u, err := url.Parse(target); err == nil {
		f.Host, _ = s.run.Seal.MaskString(shorten(u.Host, maxFetchHost))
	}
	if c.Response != nil {
		f.Status = c.Response.Status
	}
	if c.Error != nil {
		f.Error = c.Error.Code
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, f)
}

// maxFetchHost is longer than any host and port (RFC 1035, RFC 3986).
const maxFetchHost = 300

// sent gives the requests that have ended. Those that a run did not wait for may
// be missing.
func (s *session) sent() []Fetch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Cancel gives a request up.
func (s *session) Cancel(id int) error {
	if err := s.count(); err != nil {
		return err
	}
	s.forget(id)
	return nil
}

func (s *session) forget(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.cancels[id]; cancel != nil {
		cancel()
		delete(s.cancels, id)
	}
}

func (s *session) fetch(ctx context.Context, r host.Request) (*host.Response, error) {
	if s.egress == nil {
		return nil, seal.Errorf(seal.CodeEgressDenied, "this server sends no requests for scripts")
	}
	if len(r.Body) > s.limits.BodyBytes {
		return nil, seal.Errorf(seal.CodeEgressDenied, "the body of the request is larger than %d bytes (the limit BodyBytes)", s.limits.BodyBytes)
	}
	request := egress.Request{Method: r.Method, URL: r.URL, Header: http.Header{}, Body: []byte(r.Body), Redirect: egress.RedirectMode(r.Redirect), Digest: r.Digest}
	var err error
	if request.Seal, err = adoptions(r.Seal); err != nil {
		return nil, err
	}
	for _, line := range r.Headers {
		request.Header.Add(line.Name, line.Value)
	}
	response, err := s.egress.Do(ctx, s.run.Seal, request)
	if err != nil {
		return nil, err
	}
	if len(response.Body) > s.limits.BodyBytes {
		return nil, seal.Errorf(seal.CodeEgressFailed, "the body of the response is larger than %d bytes (the limit BodyBytes)", s.limits.BodyBytes)
	}
	out := &host.Response{Status: response.Status, URL: response.URL, Redirected: response.Redirected, Body: host.Bytes(response.Body)}
	for name, values := range response.Header {
		for _, v := range values {
			out.Headers = append(out.Headers, host.Header{Name: name, Value: strings.ToValidUTF8(v, "\uFFFD")})
		}
	}
	return out, nil
}

// adoptions reads what fetch is to seal.
func adoptions(fields []host.SealedField) ([]seal.Adoption, error) {
	out := make([]seal.Adoption, 0, len(fields))
	for i, f := range fields {
		refuse := func(what string) error {
			return seal.Errorf(seal.CodeEgressDenied, "seal[%d] of fetch: %s", i, what)
		}
		if len(f.Pointer) > MaxPointerBytes || !seal.CheckPointer(f.Pointer) {
			return nil, refuse("the pointer is no JSON pointer such as /access_token")
		}
		a := seal.Adoption{Pointer: f.Pointer}
		if f.AllowedHosts != nil {
			a.Hosts = []seal.HostRule{}
		}
		for _, s := range f.AllowedHosts {
			rule, err := seal.ParseHostRule(s)
			if err != nil {
				return nil, refuse("allowed_hosts: " + err.Error())
			}
			a.Hosts = append(a.Hosts, rule)
		}
		for _, s := range f.AllowedIn {
			position, err := seal.ParsePosition(s)
			if err != nil {
				return nil, refuse("allowed_in: " + err.Error())
			}
			a.In = append(a.In, position)
		}
		out = append(out, a)
	}
	if len(out) > MaxSealedFields {
		return nil, seal.Errorf(seal.CodeEgressDenied, "seal of fetch names more than %d fields (MaxSealedFields)", MaxSealedFields)
	}
	return out, nil
}
