package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

// TestMaskRules binds policies that mask as OPA's do.
func TestMaskRules(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true, RecordInputs: true})
	want(t, s, 201, request{"PUT", "/v1/projects/shop", `{}`, nil})
	want(t, s, 201, request{"PUT", "/v1/secrets/KEY", `{"value":"` + decidedKey + `"}`, nil})
	putRego(t, s, "/v1", "orders", "package orders\n\nallow := true\n\noutput := {\"note\": input.note, \"card\": input.card}\n")
	putRego(t, s, "/v1", "masks", `package system.log

mask contains "/input/card"

mask contains "/input/list/0"

mask contains "/input/absent"

mask contains {"op": "remove", "path": "/result/output/card"}

mask contains {"op": "upsert", "path": "/input/made/here", "value": "gone"} if input.path == "policies/orders"

drop if input.input.drop
`)
	putRego(t, s, "/v1/projects/shop", "more", "package system.log\n\nmask contains {\"op\": \"upsert\", \"path\": \"/input/note\", \"value\": \"by the project\"}\n")
	want(t, s, 201, request{"PUT", "/v1/bindings/decision_log", `{"policy":"masks"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/projects/shop/bindings/decision_log", `{"policy":"more","target":"orders"}`, nil})

	ask := func(scope, extra string) {
		t.Helper()
		want(t, s, 200, request{"POST", scope + "/policies/orders/evaluate", `{"input":{"card":"4111","note":"n","list":["a","b"]` + extra + `}}`, nil})
	}
	ask("/v1", "")
	x := lastDecision(t, s)
	if got, want := string(x.Input), `{"list":[null,"b"],"made":{"here":"gone"},"note":"n"}`; got != want {
		t.Errorf("input: %s", got)
	}
	if !strings.Contains(string(x.Result), `"output":{"note":"n"}`) {
		t.Errorf("result: %s", x.Result)
	}
	if diff := cmp.Diff([]string{"/input/card", "/input/list/0", "/result/output/card"}, x.Erased); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/input/made/here"}, x.Replaced); diff != "" {
		t.Error(diff)
	}
	ask("/v1", `,"drop":true`)
	if last := lastDecision(t, s); last.ID != x.ID {
		t.Errorf("a decision that a rule drops is recorded: %+v", last)
	}
	// The platform's rules hold in a project that has its own.
	ask("/v1/projects/shop", "")
	shop := decisions(t, s, client.Scope{Project: "shop"}, client.DecisionFilter{})
	if len(shop) != 1 || string(shop[0].Input) != `{"list":[null,"b"],"made":{"here":"gone"},"note":"by the project"}` {
		t.Errorf("%+v", shop)
	}

	for body, code := range map[string]string{
		`{"policy":"orders"}`:                   "masks nothing",
		`{"script":"any"}`:                      "policies answer",
		`{"policy":"masks","dry_run":"orders"}`: "beside nothing else",
	} {
		if a := deliver(t, s, message{method: "PUT", path: "/v1/bindings/decision_log", body: body}); a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusBadRequest || !strings.Contains(string(a.Body), code) {
			t.Errorf("%s: %d %s", body, a.Status, a.Body)
		}
	}
	if a := deliver(t, s, message{method: "POST", path: "/v1/points/decision_log/evaluate", body: `{"input":{}}`}); a.Status != http.StatusNotFound {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestMaskThatFailsDrops has masks that cannot be applied, each in another way:
// there is no entry, and the metric has it.
func TestMaskThatFailsDrops(t *testing.T) {
	for name, source := range map[string]string{
		"a path elsewhere":  `mask contains "/custom/scope"`,
		"no path":           `mask contains 7`,
		"another operation": `mask contains {"op": "hide", "path": "/input/a"}`,
		"no value":          `mask contains {"op": "upsert", "path": "/input/a"}`,
		"no set":            `mask := {"/input/a": true}`,
		"no boolean":        `drop := "yes"`,
		"a secret in it":    `mask contains concat("/", ["/input", data.secrets.KEY])`,
		"a secret put in":   `mask contains {"op": "upsert", "path": "/input/a", "value": data.secrets.KEY}`,
		"a conflict":        "mask := x if some x in [1, 2]",
		"an error":          `mask contains "/input/a" if io.jwt.decode(input.input.a)`,
		"no secret":         `mask contains "/input/a" if data.secrets.ABSENT == "x"`,
	} {
		t.Run(name, func(t *testing.T) {
			s := apitest.Start(t, apitest.Options{InProcess: true, RecordInputs: true})
			want(t, s, 201, request{"PUT", "/v1/secrets/KEY", `{"value":"` + decidedKey + `"}`, nil})
			putPolicy(t, s, "/v1", "yes", "api", `[{"name": "true"}]`)
			putRego(t, s, "/v1", "masks", "package system.log\n\n"+source+"\n")
			want(t, s, 201, request{"PUT", "/v1/bindings/decision_log", `{"policy":"masks"}`, nil})
			want(t, s, 200, request{"POST", "/v1/policies/yes/evaluate", `{"input":{"a":"canary-of-masks"}}`, nil})
			droppedForMask(t, s)
		})
	}
	t.Run("gone", func(t *testing.T) {
		s := apitest.Start(t, apitest.Options{InProcess: true, RecordInputs: true})
		putPolicy(t, s, "/v1", "yes", "api", `[{"name": "true"}]`)
		putRego(t, s, "/v1", "masks", "package system.log\n\nmask contains \"/input/a\"\n")
		want(t, s, 201, request{"PUT", "/v1/bindings/decision_log", `{"policy":"masks"}`, nil})
		want(t, s, 204, request{"DELETE", "/v1/policies/masks?force=true", "", nil})
		want(t, s, 200, request{"POST", "/v1/policies/yes/evaluate", `{"input":{"a":"canary-of-masks"}}`, nil})
		droppedForMask(t, s)
	})
}

func droppedForMask(t *testing.T, s *apitest.Server) {
	t.Helper()
	if all := decisions(t, s, client.Scope{}, client.DecisionFilter{}); len(all) != 0 {
		t.Errorf("%s", all[0].Input)
	}
	a := deliver(t, s, message{method: "GET", path: "/metrics"})
	if !strings.Contains(string(a.Body), `reticent_decision_records_dropped_total{reason="mask"} 1`) {
		t.Error("the metric does not have it")
	}
	if strings.Contains(s.Log.String(), "canary-of-masks") {
		t.Error("the server's log has the input")
	}
}
