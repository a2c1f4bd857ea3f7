package policy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/secretstore/seal"
)

func TestAuthZENRequests(t *testing.T) {
	for _, c := range []struct{ request, input string }{
		{`{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
			`{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`},
		{`{"context":{"ip":"::1"},"resource":{"id":"1","type":"doc","properties":{"n":9007199254740992}},"action":{"name":"read","properties":{}},"subject":{"id":"alice","type":"user","properties":{"a":[1]}}}`,
			`{"subject":{"type":"user","id":"alice","properties":{"a":[1]}},"action":{"name":"read","properties":{}},"resource":{"type":"doc","id":"1","properties":{"n":9007199254740992}},"context":{"ip":"::1"}}`},
		// What the specification does not know is ignored, and null is absent.
		{`{"secrets":{"K":1},"contexts":{"secrets":1},"subject":{"type":"user","id":"alice","extra":1,"properties":null},"action":{"name":"read"},"resource":{"type":"doc","id":"1"},"context":null,"Context":{"a":1}}`,
			`{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`},
	} {
		r, err := policy.ParseAuthZEN([]byte(c.request))
		if err != nil {
			t.Errorf("%s: %v", c.request, err)
			continue
		}
		if diff := cmp.Diff(c.input, string(r.Input())); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAuthZENRequestsRefused(t *testing.T) {
	const canary = "tellnobody"
	for _, request := range []string{
		``, `null`, `[]`, `"` + canary + `"`, `{"` + canary,
		`{}`,
		`{"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user","id":"alice"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user","id":"alice"},"action":{"name":"read"}}`,
		`{"subject":{"id":"alice"},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user"},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user","id":null},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user","id":""},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user","id":7},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user","id":["` + canary + `"]},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":"` + canary + `","action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user","id":"alice"},"action":{},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"doc"}}`,
		`{"subject":{"type":"user","id":"alice","properties":"` + canary + `"},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"doc","id":"1"},"context":[1]}`,
		`{"subject":{"type":"user","id":"alice","id":"bob"},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
		`{"subject":{"type":"user","id":"\ud800"},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}`,
	} {
		_, err := policy.ParseAuthZEN([]byte(request))
		var p *policy.Problem
		if !errors.As(err, &p) || !p.BadInput() || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: error is %v", request, err)
		}
	}
}

func TestAuthZENResponses(t *testing.T) {
	for _, c := range []struct {
		decision policy.Decision
		want     string
	}{
		{policy.Decision{Decision: true}, `{"decision":true}`},
		{policy.Decision{Decision: true, Context: map[string]any{"a": 1}, Output: map[string]any{}}, `{"decision":true,"context":{"a":1}}`},
		{policy.Decision{Context: "no object"}, `{"decision":false}`},
		{policy.Decision{
			Context:  map[string]any{"output": "the policy's own"},
			Failures: []policy.Failure{{Message: "m"}}, Recovery: []any{map[string]any{"type": "mfa"}}, Output: map[string]any{"k": "***"},
			Masked: []seal.Masked{{Path: "/output/k", Secrets: []string{"K"}}, {Path: "/context/output", Secrets: []string{"K"}}, {Path: "/failures/0/message", Secrets: []string{"K"}}},
		}, `{"decision":false,"context":{"failures":[{"message":"m"}],"masked":[{"path":"/context/output","secrets":["K"]},{"path":"/context/failures/0/message","secrets":["K"]}],"output":"the policy's own","recovery":[{"type":"mfa"}]}}`},
		{policy.Decision{Error: &policy.Problem{Code: "secret_unavailable", Message: "m"}},
			`{"decision":false,"context":{"error":{"code":"secret_unavailable","message":"m"}}}`},
	} {
		got, err := json.Marshal(c.decision.AuthZEN())
		if diff := cmp.Diff(c.want, string(got)); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	}
	own := map[string]any{"a": 1}
	_ = policy.Decision{Context: own, Error: &policy.Problem{Code: "c"}}.AuthZEN()
	if diff := cmp.Diff(map[string]any{"a": 1}, own); diff != "" {
		t.Errorf("the decision's own context changed: %s", diff)
	}
}
