package trial

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/egress"
)

// fixtures answer requests in place of hosts. They see them sealed.
type fixtures struct {
	mu     sync.Mutex
	routes []*route
	calls  []call
}

// route is an answer to requests of a kind.
type route struct {
	method string // any, if empty
	url    string
	prefix bool
	times  int // how often it still answers; -1 is for ever
	answer egress.Answer
}

// call is a request as a test sees it.
type call struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// response is what mock.fetch is given.
type response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	JSON    json.RawMessage   `json:"json"`
	Body    *string           `json:"body"`
	Times   *int              `json:"times"`
}

var (
	errRequest  = errors.New(`mock.fetch: the request is "URL" or "METHOD URL", with a * at its end for all that begin so`)
	errResponse = errors.New("mock.fetch: the response has status, headers, json or body, and times")
)

// Add is host.Fixtures's.
func (f *fixtures) Add(request string, raw json.RawMessage) error {
	r := &route{times: -1}
	r.method, r.url, _ = strings.Cut(request, " ")
	if r.url == "" {
		r.method, r.url = "", r.method
	}
	r.url, r.prefix = strings.CutSuffix(r.url, "*")
	if !strings.HasPrefix(r.url, "https://") && !strings.HasPrefix(r.url, "http://") {
		return errRequest
	}
	given := response{Status: http.StatusOK}
	if err := secretstore.Decode(raw, &given); err != nil {
		return errResponse
	}
	if given.Status < 200 || given.Status > 599 || given.JSON != nil && given.Body != nil || given.Times != nil && *given.Times < 0 {
		return errResponse
	}
	r.answer = egress.Answer{Status: given.Status, Header: http.Header{}, Body: given.JSON}
	if given.JSON != nil {
		r.answer.Header.Set("Content-Type", "application/json")
	}
	if given.Body != nil {
		r.answer.Body = []byte(*given.Body)
	}
	for name, value := range given.Headers {
		r.answer.Header.Set(name, value)
	}
	if given.Times != nil {
		r.times = *given.Times
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.routes = append(f.routes, r)
	return nil
}

// Reset is host.Fixtures's.
func (f *fixtures) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.routes, f.calls = nil, nil
}

// Calls is host.Fixtures's.
func (f *fixtures) Calls() json.RawMessage {
	f.mu.Lock()
	defer f.mu.Unlock()
	raw, err := json.Marshal(append([]call{}, f.calls...))
	if err != nil {
		return json.RawMessage("[]")
	}
	return raw
}

// answer is egress.Config's. The first fixture that fits answers.
func (f *fixtures) answer(r egress.Request) (egress.Answer, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := call{Method: r.Method, URL: r.URL, Headers: map[string]string{}, Body: string(r.Body)}
	for name, values := range r.Header {
		seen.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	f.calls = append(f.calls, seen)
	url, _, _ := strings.Cut(r.URL, "#")
	for _, route := range f.routes {
		fits := url == route.url || route.prefix && strings.HasPrefix(url, route.url)
		if !fits || route.method != "" && route.method != r.Method || route.times == 0 {
			continue
		}
		if route.times > 0 {
			route.times--
		}
		return route.answer, true
	}
	return egress.Answer{}, false
}
