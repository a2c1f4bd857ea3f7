package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

// bindDry binds a policy and a candidate at the point api.
func bindDry(t *testing.T, s *apitest.Server, policy, candidate string) {
	t.Helper()
	if a := deliver(t, s, message{method: "PUT", path: "/v1/bindings/api", body: `{"policy":"` + policy + `","dry_run":"` + candidate + `"}`}); a.Status/100 != 2 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
}

// waitForCandidate gives the newest decision that has a candidate of a name. The
// candidate is asked after the answer.
func waitForCandidate(t *testing.T, s *apitest.Server, name string) client.DecisionRecord {
	t.Helper()
	for t.Context().Err() == nil {
		all, err := s.Client.Decisions(t.Context(), client.Scope{}, client.DecisionFilter{}, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range all {
			if x.DryRun != nil && x.DryRun.Policy == name {
				x, err := s.Client.Decision(t.Context(), client.Scope{}, x.ID)
				if err != nil {
					t.Fatal(err)
				}
				return x
			}
		}
	}
	t.Fatal(name + " was not tried")
	return client.DecisionRecord{}
}

// TestDryRun evaluates candidates beside what answers: the answer is the same to
// the byte, whatever they do, and the log has where they differ.
func TestDryRun(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true, RecordInputs: true})
	want(t, s, 201, request{"PUT", "/v1/secrets/KEY", `{"value":"` + decidedKey + `"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/secrets/PIN", `{"value":"4711"}`, nil})
	putRego(t, s, "/v1", "live", "package live\n\nallow if input.key == data.secrets.KEY\n\noutput := {\"seen\": input.n}\n")
	for name, source := range map[string]string{
		"same":  "package x\n\nallow if data.secrets.KEY == input.key\n\noutput := {\"seen\": input.n}\n",
		"other": "package x\n\nallow if input.n == 1\n\noutput := {\"seen\": data.secrets.KEY}\n",
		"fails": "package x\n\nallow := true if input.n == 1\n\nallow := false if input.key\n",
		"slow":  "package x\n\nallow if count([x | some x in numbers.range(1, 9000000)]) > 1\n",
		"pin":   "package x\n\nallow if input.key == data.secrets.PIN\n",
	} {
		if a := deliver(t, s, message{method: "PUT", path: "/v1/policies/" + name, body: `{"language":"rego","source":` + jsonOf(t, source) + `}`}); a.Status/100 != 2 {
			t.Fatalf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	ask := func() string {
		t.Helper()
		return string(want(t, s, 200, request{"POST", "/v1/points/api/evaluate", `{"input":{"key":"` + decidedKey + `","n":1}}`, nil}).Body)
	}
	bindDry(t, s, "live", "same")
	answer := ask()
	for _, c := range []struct {
		candidate, outcome string
		differs            []string
	}{
		{"same", "allow", []string{}},
		{"other", "allow", []string{"output"}},
		{"fails", "error", []string{"decision", "output", "error"}},
		{"slow", "error", []string{"decision", "output", "error"}},
		{"pin", "deny", []string{"decision", "output"}},
	} {
		bindDry(t, s, "live", c.candidate)
		if got := ask(); got != answer {
			t.Errorf("%s changes the answer: %s", c.candidate, got)
		}
		x := waitForCandidate(t, s, c.candidate)
		if diff := cmp.Diff(c.differs, x.DryRun.Differs); diff != "" || x.DryRun.Outcome != c.outcome || !x.Decision || x.DryRun.Version == 0 {
			t.Errorf("%s: %s %+v", c.candidate, diff, x.DryRun)
		}
		raw, _ := json.Marshal(x)
		if strings.Contains(string(raw), decidedKey) {
			t.Errorf("%s: %s", c.candidate, raw)
		}
		if c.candidate == "fails" && !strings.Contains(string(x.DryRun.Result), `"code":"policy_conflict"`) {
			t.Errorf("the record does not have why it failed: %s", x.DryRun.Result)
		}
	}
	differ := decisions(t, s, client.Scope{}, client.DecisionFilter{Differs: true})
	if len(differ) != 4 {
		t.Errorf("%d differ", len(differ))
	}

	// Guesses that a candidate makes are not counted against who asks.
	bindDry(t, s, "live", "pin")
	for range 30 {
		ask()
	}
	putRego(t, s, "/v1", "pins", "package x\n\nallow if input.pin == data.secrets.PIN\n")
	if a := want(t, s, 200, request{"POST", "/v1/policies/pins/evaluate", `{"input":{"pin":"4711"}}`, nil}); !strings.HasPrefix(string(a.Body), `{"decision":true`) {
		t.Errorf("%s", a.Body)
	}
	a := deliver(t, s, message{method: "GET", path: "/metrics"})
	if !strings.Contains(string(a.Body), `reticent_dry_run_decisions_total{candidate="other",outcome="different",policy="live"} 1`) {
		t.Error("the metric does not have the difference")
	}

	// Who binds a candidate needs the rights that he needs for what answers.
	binder := made(t, s, client.Scope{}, "")
	given(t, s, "/v1", "binds", `{"subject":"`+binder.Subject+`","permissions":["create","read","update"],"kinds":["binding"]}`)
	given(t, s, "/v1", "asks", `{"subject":"`+binder.Subject+`","permissions":["execute"],"kinds":["policy"],"names":"live"}`)
	as := map[string]string{"Authorization": "Bearer " + binder.Value}
	want(t, s, 403, request{"PUT", "/v1/bindings/api", `{"policy":"live","dry_run":"other","target":"t"}`, as})
	want(t, s, 201, request{"PUT", "/v1/bindings/api", `{"policy":"live","target":"t"}`, as})
	for _, body := range []string{`{"script":"x","dry_run":"other"}`, `{"policy":"live","dry_run":"no such"}`, `{"policy":"live","dry_run":"absent"}`} {
		if a := deliver(t, s, message{method: "PUT", path: "/v1/bindings/api", body: body}); a.Status/100 != 4 {
			t.Errorf("%s: %d %s", body, a.Status, a.Body)
		}
	}
}

// TestAttackDryRunRecord has a policy and its candidate show what the other one knows
// for a secret: the record has neither, wherever it stands.
func TestAttackDryRunRecord(t *testing.T) {
	const theirs = "the-candidates-own-key-5a7710fe"
	s := apitest.Start(t, apitest.Options{InProcess: true, RecordInputs: true})
	want(t, s, 201, request{"PUT", "/v1/secrets/KEY", `{"value":"` + decidedKey + `"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/secrets/THEIRS", `{"value":"` + theirs + `"}`, nil})
	putRego(t, s, "/v1", "live", "package live\n\nallow if input.a == data.secrets.KEY\n\noutput := {\"b\": input.b}\n")
	putRego(t, s, "/v1", "next", "package next\n\nallow if input.b == data.secrets.THEIRS\n\noutput := {\"a\": input.a}\n")
	bindDry(t, s, "live", "next")
	want(t, s, 200, request{"POST", "/v1/points/api/evaluate", `{"input":{"a":"` + decidedKey + `","b":"` + theirs + `","c":"` + theirs + `"}}`, nil})
	x := waitForCandidate(t, s, "next")
	raw, err := json.Marshal(x)
	if err != nil || strings.Contains(string(raw), decidedKey) || strings.Contains(string(raw), theirs) {
		t.Errorf("%s %v", raw, err)
	}
	if got, want := string(x.Input), `{"a":"***","b":"***","c":"***"}`; got != want {
		t.Errorf("input %s, want %s", got, want)
	}
}
