package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// answer is a response that was read to its end.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// problem is the body of an answer that is one.
type problem struct {
	Title, Code, Detail string
	Status              int
	Errors              []struct {
		File, Pointer, Code, Message, Advice string
		Line, Column                         int
	}
	UsedBy []struct{ Kind, Scope, Name string } `json:"used_by"`
}

// request is one that a test makes by hand.
type request struct {
	method, path string
	body         string
	header       map[string]string
}

// send sends a request with the administrator's token, and holds the response to
// openapi.yaml.
func send(t testing.TB, s *apitest.Server, r request) answer {
	t.Helper()
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	q, err := http.NewRequestWithContext(t.Context(), r.method, s.URL+r.path, body)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+s.Token)
	for name, value := range r.header {
		if value == "" {
			q.Header.Del(name)
		} else {
			q.Header.Set(name, value)
		}
	}
	held := newContract(t, s)
	held.lax = true
	response, err := (&http.Client{Transport: held}).Do(q)
	if err != nil {
		t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, raw}
}

// want sends a request and checks the status.
func want(t testing.TB, s *apitest.Server, status int, r request) answer {
	t.Helper()
	a := send(t, s, r)
	if a.Status != status {
		t.Fatalf("%s %s: status %d, want %d: %s", r.method, r.path, a.Status, status, a.Body)
	}
	return a
}

// wantProblem sends a request and checks that it is refused, with a problem
// document that is whole, or an error of OPA's shape.
func wantProblem(t testing.TB, s *apitest.Server, status int, code string, r request) problem {
	t.Helper()
	a := want(t, s, status, r)
	if strings.HasPrefix(r.path, "/opa") {
		p := decode[problem](t, a.Body)
		if a.Header.Get("Content-Type") != "application/json" || len(p.Errors) != 1 || p.Errors[0].Code != code || p.Errors[0].Message == "" {
			t.Errorf("%s %s: problem %s, want code %s", r.method, r.path, a.Body, code)
		}
		return p
	}
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s %s: Content-Type %q", r.method, r.path, got)
	}
	p := decode[problem](t, a.Body)
	if p.Code != code || p.Status != status || p.Title == "" || p.Detail == "" {
		t.Errorf("%s %s: problem %s, want code %s", r.method, r.path, a.Body, code)
	}
	return p
}

func decode[T any](t testing.TB, raw []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
