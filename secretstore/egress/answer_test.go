package egress_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// TestAnswerKeepsTheRules has prepared answers in place of hosts: they see requests
// sealed, and only those that the rules let through.
func TestAnswerKeepsTheRules(t *testing.T) {
	const value = "a-token-that-is-long-0123"
	var seen []egress.Request
	c, err := egress.New(egress.Config{Answer: func(r egress.Request) (egress.Answer, bool) {
		seen = append(seen, r)
		return egress.Answer{Status: 200, Body: []byte("you sent something")}, !strings.Contains(r.URL, "unknown")
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	run := sealtest.Set(t, map[string]any{"TOKEN": value}).NewRun(seal.Options{})
	token, err := run.Lookup("TOKEN")
	if err != nil {
		t.Fatal(err)
	}
	request := func(url string) egress.Request {
		return egress.Request{URL: url, Header: http.Header{"Authorization": {"Bearer " + token.(string)}}}
	}
	_, err = c.Do(t.Context(), run, request("https://not-allowed.example/"))
	if e, ok := errors.AsType[*seal.Error](err); !ok || e.Code != seal.CodeEgressDenied || len(seen) != 0 {
		t.Errorf("to a host that is not allowed: %v, %d requests", err, len(seen))
	}
	if _, err := c.Do(t.Context(), run, egress.Request{URL: "https://unknown.example/"}); err == nil {
		t.Error("a request without an answer succeeds")
	}
	for _, r := range seen {
		if strings.Contains(r.URL+r.Header.Get("Authorization"), value) {
			t.Error("an answer sees a plaintext")
		}
	}
	if got, err := c.Do(t.Context(), run, egress.Request{URL: "https://any.example/x"}); err != nil || string(got.Body) != "you sent something" {
		t.Errorf("%v %v", got, err)
	}
}
