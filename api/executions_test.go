package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/script"
)

const recordedKey = "rCx-55102-key-of-records-test"

// recorded starts a server with a script that uses a secret in several ways.
func recorded(t *testing.T, host string, o apitest.Options) *apitest.Server {
	s := apitest.Start(t, o)
	for path, body := range map[string]string{
		"/v1/projects/shop": `{}`,
		"/v1/secrets/KEY":   fmt.Sprintf(`{"value":%q,"allowed_hosts":[%q]}`, recordedKey, host),
	} {
		if a := deliver(t, s, message{method: "PUT", path: path, body: body}); a.Status/100 != 2 {
			t.Fatalf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	source := `module.exports = async function (context) {
		console.log("key", context.secrets.KEY, btoa(context.secrets.KEY))
		if (context.input.fail) throw new Error("failed with " + context.secrets.KEY)
		if (context.input.url) await fetch(context.input.url, { headers: { authorization: context.secrets.KEY } })
		return { key: context.secrets.KEY, same: context.input.apiKey === context.secrets.KEY }
	}`
	for name, extra := range map[string]string{"quiet": "", "told": `,"record_input":true`} {
		if a := deliver(t, s, message{method: "PUT", path: "/v1/scripts/" + name, body: `{"source":` + jsonOf(t, source) + extra + `}`}); a.Status != http.StatusCreated {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
	}
	return s
}

// TestExecutions runs scripts in several ways and reads their records.
func TestExecutions(t *testing.T) {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer host.Close()
	s := recorded(t, host.URL, apitest.Options{})
	ctx, shop := t.Context(), client.Scope{Project: "shop"}
	input := map[string]any{
		"url": host.URL, "headers": map[string]any{"Authorization": "Bearer of the caller", "X-Api-Key": "k1", "Accept": "text/plain", "Set-Cookie": "c"},
		"apiKey": recordedKey, "note": "key is " + recordedKey, "list": []any{[]any{"Cookie", "c=1"}, map[string]any{"name": "proxy-authorization", "value": "p"}},
		"user": map[string]any{"name": "ann", "pass_word": "x", "refreshToken": "t"}, "raw": "Basic dTpw",
	}
	run := func(scope client.Scope, name string, input any) {
		t.Helper()
		if _, err := s.Client.RunScript(ctx, scope, name, input); err != nil {
			t.Fatal(err)
		}
	}
	run(client.Scope{}, "quiet", input)
	run(shop, "told", input)
	run(client.Scope{}, "quiet", map[string]any{"fail": true})
	if _, err := s.Client.TestScript(ctx, shop, client.ScriptSpec{Source: "module.exports = () => 1"}, nil); err != nil {
		t.Fatal(err)
	}

	list := func(scope client.Scope, f client.ExecutionFilter) (out []string) {
		t.Helper()
		runs, err := s.Client.Executions(ctx, scope, f, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range runs {
			out = append(out, x.Script+" "+x.Point+" "+x.Outcome)
		}
		return out
	}
	for _, c := range []struct {
		scope  client.Scope
		filter client.ExecutionFilter
		want   []string
	}{
		{client.Scope{}, client.ExecutionFilter{}, []string{" test output", "quiet run script_error", "told run output", "quiet run output"}},
		{shop, client.ExecutionFilter{}, []string{" test output", "told run output"}},
		{client.Scope{}, client.ExecutionFilter{Script: "quiet"}, []string{"quiet run script_error", "quiet run output"}},
		{client.Scope{}, client.ExecutionFilter{Outcome: "error"}, []string{"quiet run script_error"}},
		{client.Scope{}, client.ExecutionFilter{Outcome: "script_error", Point: "run"}, []string{"quiet run script_error"}},
		{client.Scope{}, client.ExecutionFilter{Point: "test"}, []string{" test output"}},
		{client.Scope{}, client.ExecutionFilter{Since: time.Now().Add(time.Hour)}, nil},
	} {
		if diff := cmp.Diff(c.want, list(c.scope, c.filter)); diff != "" {
			t.Errorf("%+v %+v: %s", c.scope, c.filter, diff)
		}
	}

	runs, err := s.Client.Executions(ctx, shop, client.ExecutionFilter{Script: "told"}, 1)
	if err != nil || len(runs) != 1 {
		t.Fatal(runs, err)
	}
	x, err := s.Client.Execution(ctx, shop, runs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	wantInput := fmt.Sprintf(`{"apiKey":"***","headers":{"Accept":"text/plain","Authorization":"***","Set-Cookie":"***","X-Api-Key":"***"},"list":[["Cookie","***"],{"name":"proxy-authorization","value":"***"}],"note":"key is ***","raw":"***","url":%q,"user":{"name":"ann","pass_word":"***","refreshToken":"***"}}`, host.URL)
	if string(x.Input) != wantInput {
		t.Errorf("input: %s", x.Input)
	}
	if string(x.Output) != `{"key":"***","same":true}` || len(x.Masked) != 1 || len(x.Console) != 1 || x.Console[0].Text != "key *** ***" {
		t.Errorf("%+v", x)
	}
	if len(x.Fetches) != 1 || "http://"+x.Fetches[0].Host != host.URL || x.Fetches[0].Status != http.StatusTeapot || x.Fetches[0].DurationMS <= 0 {
		t.Errorf("fetches: %+v", x.Fetches)
	}
	if x.Version != 1 || x.ScriptScope != "" || x.Scope != "projects/shop" || x.Principal == "" || x.DurationMS <= 0 || x.Worker == nil || x.Worker.MemoryBytes == 0 {
		t.Errorf("%+v", x)
	}
	failed, err := s.Client.Executions(ctx, client.Scope{}, client.ExecutionFilter{Outcome: "error"}, 1)
	if err != nil || failed[0].Error == nil || !strings.Contains(failed[0].Error.Message, "failed with ***") || failed[0].Input != nil {
		t.Errorf("%+v %v", failed, err)
	}

	// What is of another scope, or nowhere, is not found.
	all, err := s.Client.Executions(ctx, client.Scope{}, client.ExecutionFilter{Script: "quiet"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/v1/projects/shop/executions/" + all[0].ID: http.StatusNotFound, "/v1/executions/x": http.StatusNotFound,
		"/v1/executions?since=yesterday": http.StatusBadRequest, "/v1/executions?sinse=x": http.StatusBadRequest, "/v1/projects/none/executions": http.StatusNotFound,
	} {
		if a := deliver(t, s, message{method: "GET", path: path}); a.Status != want {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	// Pages follow one another.
	a := deliver(t, s, message{method: "GET", path: "/v1/executions?page_size=3"})
	page := parsed[struct {
		Items         []client.Execution `json:"items"`
		NextPageToken string             `json:"next_page_token"`
	}](t, a.Body)
	if len(page.Items) != 3 || page.NextPageToken == "" {
		t.Fatalf("%s", a.Body)
	}
	a = deliver(t, s, message{method: "GET", path: "/v1/executions?page_size=3&page_token=" + page.NextPageToken})
	if !strings.Contains(string(a.Body), `"next_page_token":""`) || strings.Count(string(a.Body), `"id":`) != 1 {
		t.Errorf("%s", a.Body)
	}
}

// TestExecutionsAreKept stops a server well, right after runs, and starts it
// again: all records are there, and no secret is in the database.
func TestExecutionsAreKept(t *testing.T) {
	first := recorded(t, "http://127.0.0.1:1", apitest.Options{InProcess: true, Recorder: func(c *script.RecorderConfig) { c.RecordInput = true }})
	for range 50 {
		if _, err := first.Client.RunScript(t.Context(), client.Scope{}, "quiet", map[string]any{"apiKey": recordedKey}); err != nil {
			t.Fatal(err)
		}
	}
	first.Stop()
	database, err := os.ReadFile(first.DataDir + "/state.db")
	if err != nil {
		t.Fatal(err)
	}
	if at := apitest.Leak(string(database), map[string][]apitest.Disguise{"KEY": apitest.Disguises(recordedKey)}); at != "" {
		t.Errorf("the database has %s", at)
	}
	second := apitest.Start(t, apitest.Options{InProcess: true, DataDir: first.DataDir, Recorder: func(c *script.RecorderConfig) { c.Max = 50 }})
	runs, err := second.Client.Executions(t.Context(), client.Scope{}, client.ExecutionFilter{}, 100)
	if err != nil || len(runs) != 50 {
		t.Errorf("%d records of 50, %v", len(runs), err)
	}
}
