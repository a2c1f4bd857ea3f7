package rego

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// sender sends for all evaluations of a policy, and keeps answers that they may
// share.
type sender struct {
	client *egress.Client
	// answers have no secret in them: what they are sealed against is another in
	// each evaluation.
	answers *lru.Cache[string, kept]
}

// kept is an answer until it is stale.
type kept struct {
	response egress.Response
	target   seal.Target
	until    time.Time
}

func newSender(client *egress.Client) *sender {
	answers, err := lru.New[string, kept](MaxSendCached)
	if err != nil {
		panic(err) // only of a size that is not positive
	}
	return &sender{client: client, answers: answers}
}

// outcome is how a request ended in an evaluation, in which the same request is
// sent once.
type outcome struct {
	response *egress.Response
	err      error
}

// send sends a request, or answers as it was answered before. The time that it
// takes is not the evaluation's.
func (e *evaluation) send(ctx context.Context, s *sending) (*egress.Response, error) {
	if e.policy.sender == nil {
		return nil, seal.Errorf(seal.CodeEgressDenied, "there is nothing that sends requests here")
	}
	if done, ok := e.sent[s.key]; ok {
		return done.response, done.err
	}
	var o outcome
	if o.response = e.shared(s); o.response == nil {
		if len(e.sent) == MaxSends {
			return nil, seal.Errorf(codeLimit, "an evaluation may send %d requests (MaxSends)", MaxSends)
		}
		left := MaxSendTime - e.waited
		if left <= 0 {
			return nil, seal.Errorf(codeTimeout, "an evaluation may wait %s for requests (MaxSendTime)", MaxSendTime)
		}
		o.response, o.err = e.roundTrip(ctx, s, min(left, s.timeout))
	}
	if e.sent == nil {
		e.sent = make(map[string]outcome)
	}
	e.sent[s.key] = o
	return o.response, o.err
}

func (e *evaluation) roundTrip(ctx context.Context, s *sending, timeout time.Duration) (*egress.Response, error) {
	start := time.Now()
	defer e.pause()()
	defer func() { e.waited += time.Since(start) }()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	response, err := e.policy.sender.client.Do(ctx, e.run, s.request)
	if err != nil {
		if e.ctx.Err() != nil {
			return nil, seal.Errorf(codeTimeout, "the evaluation was cancelled while it waited for a request")
		}
		return nil, err
	}
	e.keep(s, response, start)
	return response, nil
}

// pause stops the clock of the evaluation until the function that it gives is
// called.
func (e *evaluation) pause() (resume func()) {
	if e.clock == nil || !e.clock.Stop() {
		return func() {}
	}
	left := max(MaxEvaluationTime+e.waited-time.Since(e.started), time.Millisecond)
	return func() { e.clock.Reset(left) }
}

// keep shares an answer with other evaluations, if its policy and its host say
// so and nothing of a secret is in it.
func (e *evaluation) keep(s *sending, r *egress.Response, now time.Time) {
	fresh := s.fresh
	if fresh == asHostSays {
		fresh = freshness(r.Header)
	}
	target, err := targetOf(r.URL)
	if fresh <= 0 || !cacheable(r.Status) || err != nil || len(r.Body) > MaxSendCachedBytes || responseHolds(r) {
		return
	}
	e.policy.sender.answers.Add(s.key, kept{response: *r, target: target, until: now.Add(min(fresh, MaxSendCacheTime))})
}

// shared gives an answer that another evaluation got, sealed as if it came now.
func (e *evaluation) shared(s *sending) *egress.Response {
	if s.fresh == 0 {
		return nil
	}
	found, ok := e.policy.sender.answers.Get(s.key)
	if !ok || time.Now().After(found.until) {
		return nil
	}
	out := egress.Response{Status: found.response.Status, URL: found.response.URL, Header: make(http.Header)}
	body, err := e.run.SealResponse(found.target, string(found.response.Body))
	for name, values := range found.response.Header {
		for _, v := range values {
			sealed, fault := e.run.SealResponse(found.target, v)
			err = errors.Join(err, fault)
			out.Header.Add(name, sealed)
		}
	}
	if err != nil {
		return nil
	}
	out.Body = []byte(body)
	return &out
}

// targetOf gives the host of a URL that answered.
func targetOf(text string) (seal.Target, error) {
	u, err := url.Parse(text)
	if err != nil {
		return seal.Target{}, err
	}
	host, err := seal.NormalizeHost(u.Hostname())
	if err != nil {
		return seal.Target{}, err
	}
	port := map[string]int{"http": 80, "https": 443}[u.Scheme]
	if u.Port() != "" {
		port, err = strconv.Atoi(u.Port())
	}
	return seal.Target{Scheme: u.Scheme, Host: host, Port: port}, err
}

func responseHolds(r *egress.Response) bool {
	holds := seal.MayHold(string(r.Body)) || seal.MayHold(r.URL)
	for _, values := range r.Header {
		for _, v := range values {
			holds = holds || seal.MayHold(v)
		}
	}
	return holds
}

// cacheable reports whether a status may be kept (RFC 9110 section 15.1).
func cacheable(status int) bool {
	switch status {
	case 200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501:
		return true
	}
	return false
}

// freshness is how long a host lets its answer be kept: max-age, else Expires
// (RFC 9111 section 4.2.1).
func freshness(h http.Header) time.Duration {
	for directive := range strings.SplitSeq(strings.ToLower(h.Get("Cache-Control")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache", "private":
			return 0
		case "max-age":
			seconds, err := strconv.Atoi(value)
			if err != nil {
				return 0
			}
			return min(time.Duration(seconds)*time.Second, MaxSendCacheTime)
		}
	}
	expires, err1 := http.ParseTime(h.Get("Expires"))
	date, err2 := http.ParseTime(h.Get("Date"))
	if err1 != nil || err2 != nil {
		return 0
	}
	return expires.Sub(date)
}
