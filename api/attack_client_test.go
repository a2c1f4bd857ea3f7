package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// message is a request of an attacker, who holds to no contract.
type message struct {
	method, path, body string
	header             map[string]string
}

// reply is what came back, read to its end.
type reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// trouble is a reply that is a problem document.
type trouble struct {
	Code   string
	Errors []struct{ Code string }
}

// deliver sends a message with the administrator's token, or with the header's.
func deliver(t testing.TB, s *apitest.Server, m message) reply {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), m.method, s.URL+m.path, strings.NewReader(m.body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+s.Token)
	q.Header.Set("X-Request-ID", "attack")
	for name, value := range m.header {
		q.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		t.Fatalf("%s %s: %v", m.method, m.path, err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, raw}
}

func parsed[T any](t testing.TB, raw []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
