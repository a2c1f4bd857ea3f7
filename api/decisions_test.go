package api_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

const decidedKey = "dK7-99301-key-of-decisions-test"

// decisions gives the records of a server, the newest first, each whole.
func decisions(t *testing.T, s *apitest.Server, scope client.Scope, f client.DecisionFilter) []client.DecisionRecord {
	t.Helper()
	list, err := s.Client.Decisions(t.Context(), scope, f, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range list {
		if x.Input != nil || x.Result != nil {
			t.Error("a list has inputs or results")
		}
		if list[i], err = s.Client.Decision(t.Context(), scope, x.ID); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// lastDecision gives the newest record.
func lastDecision(t *testing.T, s *apitest.Server) client.DecisionRecord {
	t.Helper()
	all := decisions(t, s, client.Scope{}, client.DecisionFilter{})
	if len(all) == 0 {
		t.Fatal("no decision is recorded")
	}
	return all[0]
}

func putRego(t *testing.T, s *apitest.Server, scope, name, source string) {
	t.Helper()
	if a := deliver(t, s, message{method: "PUT", path: scope + "/policies/" + name, body: `{"language":"rego","source":` + jsonOf(t, source) + `}`}); a.Status/100 != 2 {
		t.Fatalf("%s: %d %s", name, a.Status, a.Body)
	}
}

const keyPolicy = `package orders

default allow := false

allow if input.key == data.secrets.KEY

failures := [{"message": sprintf("the key is not %s", [data.secrets.KEY])}]

output := {"key": data.secrets.KEY, "access_token": "of the caller"}
`

// TestDecisions asks for decisions in every way and reads their records.
func TestDecisions(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true, RecordInputs: true})
	want(t, s, 201, request{"PUT", "/v1/projects/shop", `{}`, nil})
	want(t, s, 201, request{"PUT", "/v1/secrets/KEY", `{"value":"` + decidedKey + `"}`, nil})
	putRego(t, s, "/v1", "orders", keyPolicy)
	putRego(t, s, "/v1", "orders", keyPolicy+"\n# again\n")
	putRego(t, s, "/v1", "finds", "package finds\n\nallow if input.subject.id == \"ann\"\n\nsubjects := {\"ann\", \"bob\"}\n")
	want(t, s, 201, request{"PUT", "/v1/scripts/ask", `{"source":"module.exports = c => ({decision: true})"}`, nil})
	for target, answers := range map[string]string{"order": `"policy":"orders"`, "scripted": `"script":"ask"`, "folder": `"policy":"finds"`} {
		want(t, s, 201, request{"PUT", "/v1/bindings/authzen", `{` + answers + `,"target":"` + target + `"}`, nil})
	}
	want(t, s, 201, request{"PUT", "/v1/bindings/api", `{"policy":"orders"}`, nil})

	question := func(kind string) string {
		return `"subject":{"type":"user","id":"ann"},"action":{"name":"read"},"resource":{"type":"` + kind + `","id":"1"}`
	}
	for _, r := range []struct{ path, body string }{
		{"/v1/policies/orders/evaluate", `{"input":{"key":"` + decidedKey + `"}}`},
		{"/v1/projects/shop/points/api/evaluate", `{"target":"x","input":{"key":"no"}}`},
		{"/access/v1/evaluation", `{` + question("order") + `}`},
		{"/access/v1/evaluation", `{` + question("scripted") + `}`},
		{"/access/v1/evaluation", `{` + question("unbound") + `}`},
		{"/access/v1/evaluations", `{` + question("folder") + `,"evaluations":[{},{"subject":{"type":"user","id":"bob"}}]}`},
		{"/access/v1/search/subject", `{` + question("folder") + `}`},
		{"/v1/policies/orders/evaluate", `{"input":{"secrets":{"KEY":"mine"}}}`},
	} {
		deliver(t, s, message{method: "POST", path: r.path, body: r.body})
	}

	var got []string
	for _, x := range decisions(t, s, client.Scope{}, client.DecisionFilter{}) {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s%s %s/%s %s %s %s", x.Policy, x.Script, x.Point, x.Target, x.Outcome, x.Scope, x.Path)))
		if x.Node != "test" || x.DurationMS <= 0 || x.Started.IsZero() || x.Principal == "" || x.RequestID == "" || x.Policy == "orders" && x.Version != 2 {
			t.Errorf("%+v", x)
		}
	}
	// Those of one millisecond have no order.
	counts := make(map[string]int)
	for _, line := range got {
		counts[line]++
	}
	if diff := cmp.Diff(map[string]int{
		"orders evaluate/ allow":                     1,
		"orders api/* deny projects/shop":            1,
		"orders authzen/order deny":                  1,
		"ask authzen/scripted allow":                 1,
		"authzen/ error":                             1,
		"finds authzen/folder allow":                 1,
		"finds authzen/folder deny":                  1,
		"finds authzen/folder allow  search/subject": 1,
		"orders evaluate/ error":                     1,
	}, counts); diff != "" {
		t.Error(diff)
	}

	for _, c := range []struct {
		scope  client.Scope
		filter client.DecisionFilter
		want   int
	}{
		{client.Scope{Project: "shop"}, client.DecisionFilter{}, 1},
		{client.Scope{}, client.DecisionFilter{Policy: "orders"}, 4},
		{client.Scope{}, client.DecisionFilter{Point: "authzen", Outcome: "deny"}, 2},
		{client.Scope{}, client.DecisionFilter{Principal: "nobody"}, 0},
		{client.Scope{}, client.DecisionFilter{Differs: true}, 0},
	} {
		if got := decisions(t, s, c.scope, c.filter); len(got) != c.want {
			t.Errorf("%+v %+v gives %d", c.scope, c.filter, len(got))
		}
	}
	x := decisions(t, s, client.Scope{}, client.DecisionFilter{Outcome: "allow", Point: "evaluate"})[0]
	if string(x.Input) != `{"key":"***"}` || !strings.Contains(string(x.Result), `"output":{"access_token":"***","key":"***"}`) {
		t.Errorf("%s %s", x.Input, x.Result)
	}
	if diff := cmp.Diff([]client.Masked{{Path: "/key", Secrets: []string{"KEY"}}}, x.Masked); diff != "" {
		t.Error(diff)
	}
	shop, err := s.Client.Decisions(t.Context(), client.Scope{Project: "shop"}, client.DecisionFilter{}, 1)
	if err != nil || len(shop) != 1 {
		t.Fatal(shop, err)
	}
	for path, status := range map[string]int{
		"/v1/projects/shop/decisions/" + shop[0].ID: 200, "/v1/projects/shop/decisions/" + x.ID: 404, "/v1/decisions/x": 404,
		"/v1/decisions?outcome=maybe": 400, "/v1/decisions?differs=perhaps": 400, "/v1/decisions?since=yesterday": 400, "/v1/decisions?what=x": 400,
	} {
		if a := deliver(t, s, message{method: "GET", path: path}); a.Status != status {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

// TestDecisionsHideCredentials brings the secret, and credentials of the caller's
// own, in every form that the log should not have.
func TestDecisionsHideCredentials(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true, RecordInputs: true})
	want(t, s, 201, request{"PUT", "/v1/secrets/KEY", `{"value":"` + decidedKey + `"}`, nil})
	putRego(t, s, "/v1", "orders", keyPolicy)
	in := map[string]any{
		"whole": decidedKey, "within": "it is " + decidedKey + ", yes", "base64": base64.StdEncoding.EncodeToString([]byte("user:" + decidedKey)),
		"url64": base64.RawURLEncoding.EncodeToString([]byte(decidedKey)), "hex": hex.EncodeToString([]byte(decidedKey)),
		"percent": strings.ReplaceAll(url.QueryEscape(decidedKey), "d", "%64"), "deep": []any{map[string]any{decidedKey: 1, "x": "q=" + base64.StdEncoding.EncodeToString([]byte(decidedKey))}},
		"password": "of the caller", "headers": map[string]any{"Authorization": "Bearer of-the-caller"},
	}
	body, err := json.Marshal(map[string]any{"input": in})
	if err != nil {
		t.Fatal(err)
	}
	want(t, s, 200, request{"POST", "/v1/policies/orders/evaluate", string(body), nil})
	x := lastDecision(t, s)
	for _, canary := range []string{decidedKey, "of the caller", "of-the-caller", in["base64"].(string), in["url64"].(string), in["hex"].(string), in["percent"].(string),
		base64.StdEncoding.EncodeToString([]byte(decidedKey)), "rsv_"} {
		if strings.Contains(string(x.Input)+string(x.Result), canary) {
			t.Errorf("%q is in %s %s", canary, x.Input, x.Result)
		}
	}
	if !strings.Contains(string(x.Input), `"within":"it is ***, yes"`) || !strings.Contains(string(x.Input), `"hex":"***"`) {
		t.Errorf("%s", x.Input)
	}

	a := deliver(t, s, message{method: "PATCH", path: "/v1/policies/orders", body: `{"record_input":false}`})
	if a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	want(t, s, 200, request{"POST", "/v1/policies/orders/evaluate", `{"input":{"key":"x"}}`, nil})
	if x := lastDecision(t, s); x.Input != nil {
		t.Errorf("%s", x.Input)
	}
}

// TestDecisionsWithoutInputs has a server that records those of policies that say so.
func TestDecisionsWithoutInputs(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	putPolicy(t, s, "/v1", "yes", "api", `[{"name": "true"}]`)
	want(t, s, 200, request{"POST", "/v1/policies/yes/evaluate", `{"input":{"a":1}}`, nil})
	if x := lastDecision(t, s); x.Input != nil || !x.Decision {
		t.Errorf("%+v", x)
	}
	want(t, s, 200, request{"PATCH", "/v1/policies/yes", `{"record_input":true}`, nil})
	want(t, s, 200, request{"POST", "/v1/policies/yes/evaluate", `{"input":{"a":1}}`, nil})
	if x := lastDecision(t, s); string(x.Input) != `{"a":1}` {
		t.Errorf("%+v", x)
	}
}

// TestDecisionsAreBounded has an input that is too long for a record.
func TestDecisionsAreBounded(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true, RecordInputs: true})
	putPolicy(t, s, "/v1", "yes", "api", `[{"name": "true"}]`)
	want(t, s, 200, request{"POST", "/v1/policies/yes/evaluate", `{"input":{"a":"` + strings.Repeat("x", 17<<10) + `"}}`, nil})
	if x := lastDecision(t, s); x.Input != nil || !cmp.Equal(x.Omitted, []string{"input"}) {
		t.Errorf("%+v", x)
	}
}
