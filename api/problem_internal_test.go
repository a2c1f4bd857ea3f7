package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// TestProblemOf has the status and the code of every class of error, wrapped as
// they come.
func TestProblemOf(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{&secretstore.Failure{Class: secretstore.ErrInvalid}, 400, "invalid_request"},
		{&secretstore.Failure{Class: secretstore.ErrForbidden}, 403, "forbidden"},
		{&secretstore.Failure{Class: secretstore.ErrNotFound}, 404, "not_found"},
		{&secretstore.Failure{Class: secretstore.ErrExists}, 409, "already_exists"},
		{&secretstore.Failure{Class: secretstore.ErrInUse}, 409, "in_use"},
		{&secretstore.Failure{Class: secretstore.ErrChanged}, 412, "changed"},
		{&secretstore.Failure{Class: secretstore.ErrTooLarge}, 413, "too_large"},
		{&secretstore.Failure{Class: secretstore.ErrValueRequired}, 422, "value_required"},
		{seal.Errorf(seal.CodeLiveSurrogate, "x"), 400, "surrogate_in_input"},
		{seal.Errorf(seal.CodeLimited, "x"), 429, "comparison_limited"},
		{seal.Errorf(seal.CodeUnavailable, "x"), 422, "secret_unavailable"},
		{&script.CheckError{Findings: []script.Finding{{Code: "syntax_error"}}}, 422, "invalid_script"},
		{&policy.InvalidError{Findings: []policy.Finding{{Code: "x"}}}, 422, "invalid_policy"},
		{&policy.InvalidError{Findings: []policy.Finding{{Code: policy.CodeInvalidBinding}}}, 422, "invalid_binding"},
		{&policy.Problem{Code: "invalid_input"}, 400, "invalid_input"},
		{script.ErrOverloaded, 503, "overloaded"},
		{script.ErrClosed, 503, "not_ready"},
		{errors.New("no idea"), 500, "internal"},
		{&secretstore.Failure{Class: errors.New("a class that nobody mapped")}, 500, "internal"},
	} {
		p, known := problemOf(fmt.Errorf("wrapped: %w", test.err))
		if p.Status != test.status || p.Code != test.code || known != (test.status != 500) {
			t.Errorf("%v: %d %s, want %d %s", test.err, p.Status, p.Code, test.status, test.code)
		}
	}
}

// TestFaultsOfTheServerSayNothing answers with what went wrong inside, once as an
// error that quotes, once as a panic, before and after the header went out.
func TestFaultsOfTheServerSayNothing(t *testing.T) {
	const value = "the-value-that-was-at-hand"
	quoting := json.Unmarshal([]byte(`"`+value+`"`), new(int))
	for _, test := range []struct {
		name string
		h    handler
		logs string
	}{
		{"an error of ours", func(http.ResponseWriter, *http.Request) error { return errors.New("the disk is full") }, "the disk is full"},
		{"an error that quotes", func(http.ResponseWriter, *http.Request) error {
			return fmt.Errorf("read: %w", &json.UnmarshalTypeError{Value: "string " + value, Type: nil, Field: value})
		}, "its text is left out"},
		{"another that quotes", func(http.ResponseWriter, *http.Request) error { return quoting }, "its text is left out"},
		{"a panic", func(http.ResponseWriter, *http.Request) error { panic(value) }, `"type":"string"`},
		{"a panic with an error", func(http.ResponseWriter, *http.Request) error { panic(quoting) }, `"type":"*json.UnmarshalTypeError"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			s := &server{log: slog.New(slog.NewJSONHandler(&log, nil)), metrics: NewMetrics()}
			h := identify(s.observe(s.rescue(s.handle(test.h))))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			var p problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			id := p.RequestID
			p.RequestID = ""
			want := problem{Title: "Internal Server Error", Status: 500, Code: "internal", Detail: "the server could not do this; its log says more under this request_id"}
			if diff := cmp.Diff(want, p); diff != "" || w.Code != 500 {
				t.Errorf("%d:\n%s", w.Code, diff)
			}
			if strings.Contains(log.String(), value) || !strings.Contains(log.String(), test.logs) || !strings.Contains(log.String(), id) {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

// TestAPanicAfterTheHeaderBreaksTheResponse so that a client does not take a part
// for the whole.
func TestAPanicAfterTheHeaderBreaksTheResponse(t *testing.T) {
	s := &server{log: slog.New(slog.DiscardHandler), metrics: NewMetrics()}
	h := identify(s.observe(s.rescue(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		panic("late")
	}))))
	defer func() {
		if got := recover(); got != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			t.Errorf("panicked with %v", got)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}
