package api

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/open-policy-agent/opa/v1/version"

	"github.com/reticent/reticent/policy"
)

// opaBases are the base URLs of OPA's API: of the platform and of the other scopes;
// the longest first.
var opaBases = []string{"/opa/projects/{project}/services/{service}", "/opa/projects/{project}", "/opa"}

// opa mounts OPA's REST API over the Rego policies that a scope sees.
func (s *server) opa(r chi.Router, base string) {
	r.Post(base, s.handle(s.opaDefault))
	r.Post(base+"/", s.handle(s.opaDefault))
	for _, path := range []string{"", "/*"} {
		r.Get(base+"/v1/data"+path, s.handle(s.opaGetData))
		r.Post(base+"/v1/data"+path, s.handle(s.opaPostData))
		r.Post(base+"/v0/data"+path, s.handle(s.opaV0Data))
		r.Post(base+"/v1/batch/data"+path, s.handle(s.opaBatch))
	}
	r.Get(base+"/v1/query", s.handle(s.opaGetQuery))
	r.Post(base+"/v1/query", s.handle(s.opaPostQuery))
	r.Post(base+"/v1/compile", s.handle(s.opaCompile))
	r.Get(base+"/v1/policies", s.handle(s.opaModules))
	r.Get(base+"/v1/policies/*", s.handle(s.opaModule))
	r.Get(base+"/bundles/{name}.tar.gz", s.handle(s.opaBundle))
	r.Post(base+"/logs", s.handle(s.opaLog))
}

// ofOPA reports whether a request is one of OPA's API, whose errors have another
// shape.
func ofOPA(r *http.Request) bool {
	return r.URL.Path == "/opa" || strings.HasPrefix(r.URL.Path, "/opa/")
}

// opaHealth is OPA's health check.
func (s *server) opaHealth(w http.ResponseWriter, _ *http.Request) error {
	if s.ready() != nil {
		return s.answer(w, http.StatusInternalServerError, "", map[string]string{"error": "the server is starting or stopping"})
	}
	return s.answer(w, http.StatusOK, "", struct{}{})
}

// opaRequest is what every request of OPA's API says beside its body.
type opaRequest struct {
	policy.Question
	// ctx asks for an explanation where the request does.
	ctx context.Context
	// path is the document's, below data.
	path               []string
	values             url.Values
	pretty, provenance bool
}

// opaRequest reads path and query. Parameters that OPA's API does not know are
// ignored, as OPA does.
func (s *server) opaRequest(r *http.Request) (*opaRequest, error) {
	scope, err := scopeOf(r)
	if err != nil {
		return nil, err
	}
	if err := s.store.CheckScope(scope); err != nil {
		return nil, err
	}
	q := &opaRequest{ctx: r.Context(), Question: policy.Question{By: exchangeOf(r).principal, Scope: scope}}
	if q.path, err = opaPath(r); err != nil {
		return nil, err
	}
	if r.URL.RawQuery == "" {
		return q, nil
	}
	if q.values, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return nil, refuse(http.StatusBadRequest, "invalid_request", "the query cannot be read")
	}
	q.Metrics, q.Instrument = q.is("metrics"), q.is("instrument")
	q.pretty, q.provenance, q.Strict = q.is("pretty"), q.is("provenance"), q.is("strict-builtin-errors")
	if explain := q.values.Get("explain"); explain != "off" {
		if q.ctx, err = policy.WithExplain(q.ctx, explain); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// is reports whether a parameter is there: with no value, or with true.
func (q *opaRequest) is(name string) bool {
	values := q.values[name]
	return len(values) == 1 && values[0] == "" || slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, "true") })
}

// opaPath gives the parts of the path that a route has behind its pattern. Empty
// ones do not count, as in OPA.
func opaPath(r *http.Request) ([]string, error) {
	before, ok := strings.CutSuffix(chi.RouteContext(r.Context()).RoutePattern(), "/*")
	if !ok {
		return nil, nil
	}
	var out []string
	for _, part := range strings.Split(r.URL.EscapedPath(), "/")[strings.Count(before, "/")+1:] {
		name, err := url.PathUnescape(part)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "invalid_request", "the path has a broken percent-encoding")
		}
		if name != "" {
			out = append(out, name)
		}
	}
	return out, nil
}

// opaBody reads a body, of at most MaxInputBytes when it is unpacked. Its type does
// not matter, as to OPA, unless it is YAML.
func opaBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if strings.Contains(r.Header.Get("Content-Type"), "yaml") {
		return nil, refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "send JSON")
	}
	if r.ContentLength > MaxInputBytes {
		w.Header().Set("Connection", "close")
		return nil, tooLarge(MaxInputBytes)
	}
	var from io.Reader = http.MaxBytesReader(w, r.Body, MaxInputBytes)
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		packed, err := gzip.NewReader(from)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "invalid_body", "the body is not gzip")
		}
		from = packed
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "send the body plain or packed by gzip")
	}
	body, err := io.ReadAll(io.LimitReader(from, MaxInputBytes+1))
	if _, large := errors.AsType[*http.MaxBytesError](err); large || len(body) > MaxInputBytes {
		return nil, tooLarge(MaxInputBytes)
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "invalid_body", "the body could not be read to its end")
	}
	return body, nil
}

// unmarshalOPA reads a body into a struct. Members that it does not have are
// ignored: OPA takes them for metadata. An empty body is an empty object.
func unmarshalOPA(body []byte, v any) error {
	if len(body) == 0 {
		return nil
	}
	if err := jsonv2.Unmarshal(body, v); err != nil {
		return refuse(http.StatusBadRequest, "invalid_json", "the body is no object of the members that are asked for, or no strict JSON")
	}
	return nil
}

// opaAnswer is an answer of OPA's API.
type opaAnswer struct {
	DecisionID  string         `json:"decision_id,omitempty"`
	Provenance  *provenance    `json:"provenance,omitempty"`
	Explanation []string       `json:"explanation,omitempty"`
	Metrics     map[string]any `json:"metrics,omitempty"`
	// Result is not there where the document is undefined.
	Result *any `json:"result,omitempty"`
	// Masked says which secrets were masked where, as in the other answers of the
	// server; OPA has nothing of the kind.
	Masked any `json:"masked,omitempty"`
	// HTTPStatusCode is what an item of a batch of mixed outcomes would have been.
	HTTPStatusCode string `json:"http_status_code,omitempty"`
}

// provenance tells which OPA answered: the engine's.
type provenance struct {
	Version   string `json:"version"`
	Commit    string `json:"build_commit"`
	Timestamp string `json:"build_timestamp"`
	Hostname  string `json:"build_hostname"`
}

func (q *opaRequest) answerOf(a policy.Answer) opaAnswer {
	out := opaAnswer{DecisionID: a.ID, Explanation: a.Explanation, Metrics: a.Metrics}
	if a.Defined {
		out.Result = &a.Value
	}
	if len(a.Masked) > 0 {
		for i := range a.Masked {
			a.Masked[i].Path = "/result" + a.Masked[i].Path
		}
		out.Masked = a.Masked
	}
	if q.provenance {
		out.Provenance = &provenance{Version: version.Version, Commit: version.Vcs, Timestamp: version.Timestamp, Hostname: version.Hostname}
	}
	return out
}

// answerOPA writes an answer.
func (s *server) answerOPA(w http.ResponseWriter, q *opaRequest, status int, v any) error {
	indent := ""
	if q.pretty {
		indent = "  "
	}
	s.writeIndented(w, status, "application/json", indent, v)
	return nil
}

// countOPA counts an answer as an evaluation.
func (s *server) countOPA(a policy.Answer) {
	outcome := "output"
	switch {
	case a.Problem != nil:
		outcome = "error"
	case a.Value == true:
		outcome = "allow"
	case !a.Defined || a.Value == false:
		outcome = "deny"
	}
	s.metrics.evaluation("policy", outcome)
}
