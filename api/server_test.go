package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reticent/reticent/api"
	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/script"
)

// TestTokens makes sure that everything but health and the document needs one.
func TestTokens(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	doc, err := described()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			_, _, public, _ := api.Need(method, path)
			where := request{method: method, path: example(path)}
			for _, token := range []string{"", "Bearer", "Bearer ", "Bearer x" + s.Token, "Bearer " + s.Token[1:], "Basic " + s.Token, s.Token} {
				where.header = map[string]string{"Authorization": token}
				a := send(t, s, where)
				if public != (a.Status == 200) || !public && a.Status != 401 {
					t.Errorf("%s %s with the token %q: %d", method, path, token, a.Status)
				}
				if a.Status == 401 && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer ") {
					t.Errorf("%s %s: WWW-Authenticate %q", method, path, a.Header.Get("WWW-Authenticate"))
				}
			}
		}
	}
	// RFC 9110 section 11.1: schemes have no case.
	want(t, s, 200, request{"GET", "/v1/secrets", "", map[string]string{"Authorization": "bearer " + s.Token}})
	if strings.Contains(s.Log.String(), s.Token) {
		t.Error("the log has the token")
	}
}

// example fills the parameters of a path in.
func example(path string) string {
	return strings.NewReplacer("{project}", "shop", "{service}", "cart", "{name}", "K", "{version}", "1", "{point}", "authzen", "{path}", "p/allow").Replace(path)
}

// TestWrongMethods sends every method to every path that does not have it.
func TestWrongMethods(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	doc, err := described()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"} {
			if item.Operations()[method] != nil || strings.HasSuffix(path, "/test") {
				continue // a script may be called test
			}
			wantProblem(t, s, 405, "method_not_allowed", request{method: method, path: example(path)})
			a := send(t, s, request{method: method, path: example(path)})
			for allowed := range item.Operations() {
				if !strings.Contains(a.Header.Get("Allow"), allowed) {
					t.Errorf("%s %s: Allow %q lacks %s", method, path, a.Header.Get("Allow"), allowed)
				}
			}
			if strings.Contains(a.Header.Get("Allow"), method) {
				t.Errorf("%s %s: Allow %q", method, path, a.Header.Get("Allow"))
			}
		}
	}
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	a := want(t, s, 200, request{method: "HEAD", path: "/v1/secrets/K"})
	b := want(t, s, 200, request{method: "GET", path: "/v1/secrets/K"})
	if len(a.Body) != 0 || a.Header.Get("ETag") != b.Header.Get("ETag") || a.Header.Get("Content-Length") != b.Header.Get("Content-Length") {
		t.Errorf("HEAD: %v %s", a.Header, a.Body)
	}
}

// TestHeadersOfEveryAnswer looks at those that every answer has.
func TestHeadersOfEveryAnswer(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	for _, r := range []request{
		{method: "GET", path: "/healthz"}, {method: "GET", path: "/openapi.json"}, {method: "GET", path: "/reticent.d.ts"}, {method: "GET", path: "/metrics"}, {method: "GET", path: "/v1/secrets"},
		{method: "GET", path: "/nowhere"}, {method: "TRACE", path: "/v1/secrets"}, {method: "POST", path: "/v1/secrets", body: "{"},
		{method: "DELETE", path: "/v1/variables/V"},
	} {
		a := send(t, s, r)
		for name, value := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
			if got := a.Header.Get(name); got != value {
				t.Errorf("%s %s: %s %q, want %q", r.method, r.path, name, got, value)
			}
		}
		if a.Header.Get("X-Request-ID") == "" {
			t.Errorf("%s %s: no X-Request-ID", r.method, r.path)
		}
	}
}

// TestLogHasNothingOfARequest sends a value in every part of a request that
// somebody could put one in, and looks for it in the log.
func TestLogHasNothingOfARequest(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	const value = "pasted-where-it-does-not-belong"
	for _, r := range []request{
		{"GET", "/v1/secrets/" + value, "", nil},
		{"GET", "/" + value, "", nil},
		{"GET", "/v1/secrets?page_token=" + value, "", nil},
		{"GET", "/v1/secrets?" + value, "", nil},
		{"PUT", "/v1/secrets/N", `{"value":"` + value + `"}`, nil},
		{"PUT", "/v1/secrets/N", `{"` + value + `":1}`, nil},
		{"GET", "/v1/secrets", "", map[string]string{"Authorization": "Bearer " + value, "Cookie": value, "User-Agent": value, "Referer": value}},
		{"POST", "/v1/policies/P/evaluate", `{"input":{"k":"` + value + `"}}`, nil},
		{"POST", "/v1/scripts/S/run", `{"input":{"k":"` + value + `"}}`, nil},
		{value[:6], "/v1/secrets", "", nil},
	} {
		send(t, s, r)
	}
	log := s.Log.String()
	if strings.Contains(log, value) || strings.Contains(log, `"`+value[:6]+`"`) {
		t.Errorf("the log has it: %s", log)
	}
	var line struct {
		Msg, Method, Route, Principal string
		RequestID                     string `json:"request_id"`
		Status                        int
		Duration                      int64
	}
	first, _, _ := strings.Cut(log[strings.Index(log, `{"time"`):], "\n")
	if err := json.Unmarshal([]byte(first), &line); err != nil {
		t.Fatal(err)
	}
	if line.Msg != "request" || line.Method != "POST" || line.Route != "/v1/secrets" || line.Status != 201 || line.Principal != "token:admin" || line.RequestID == "" || line.Duration <= 0 {
		t.Errorf("%s", first)
	}
}

// TestMetrics counts what was done.
func TestMetrics(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	want(t, s, 200, request{"POST", "/v1/policies/P/evaluate", `{"input":{"k":"fixture-0123456789-abcdef"}}`, nil})
	want(t, s, 200, request{"POST", "/v1/policies/P/evaluate", `{"input":{"k":"x"}}`, nil})
	want(t, s, 200, request{"POST", "/v1/scripts/S/run", `{}`, nil})
	s.Metrics.Found("K")
	send(t, s, request{method: "GET", path: "/nowhere"})
	text := string(want(t, s, 200, request{method: "GET", path: "/metrics"}).Body)
	for _, line := range []string{
		`reticent_http_requests_total{method="POST",route="/v1/policies/{name}/evaluate",status="200"} 2`,
		`reticent_http_requests_total{method="GET",route="none",status="404"} 1`,
		`reticent_evaluations_total{engine="policy",outcome="allow"} 1`,
		`reticent_evaluations_total{engine="policy",outcome="deny"} 1`,
		`reticent_evaluations_total{engine="script",outcome="output"} 1`,
		`reticent_sealing_net_finds_total{secret="K"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no %s", line)
		}
	}
}

// TestOverloadSaysWhenToTryAgain fills the only worker and its queue.
func TestOverloadSaysWhenToTryAgain(t *testing.T) {
	s := apitest.Start(t, apitest.Options{Script: func(c *script.Config) {
		c.Workers, c.MaxQueued, c.Limits.Time = 1, 1, time.Second
	}})
	// The first run waits for the worker to start.
	const quick = `{"source":"module.exports = async () => 1"}`
	for tries := 0; send(t, s, request{"POST", "/v1/scripts/test", quick, nil}).Status != http.StatusOK; tries++ {
		if tries == 20 {
			t.Fatal("the worker does not start")
		}
	}
	const loop = `{"source":"module.exports = async () => { for (;;) {} }"}`
	answers := make(chan answer, 6)
	var group sync.WaitGroup
	for range cap(answers) {
		group.Go(func() { answers <- send(t, s, request{"POST", "/v1/scripts/test", loop, nil}) })
	}
	group.Wait()
	close(answers)
	refused := 0
	for a := range answers {
		if a.Status == http.StatusServiceUnavailable {
			refused++
			if a.Header.Get("Retry-After") != "1" || decode[problem](t, a.Body).Code != "overloaded" {
				t.Errorf("%v %s", a.Header, a.Body)
			}
		} else if a.Status != http.StatusOK {
			t.Errorf("status %d: %s", a.Status, a.Body)
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// TestMetricsOfWorkers shows the only worker after its first run.
func TestMetricsOfWorkers(t *testing.T) {
	s := apitest.Start(t, apitest.Options{Script: func(c *script.Config) { c.Workers = 1 }})
	want(t, s, 200, request{"POST", "/v1/scripts/test", `{"source":"module.exports = async () => 1"}`, nil})
	text := string(want(t, s, 200, request{method: "GET", path: "/metrics"}).Body)
	for _, line := range []string{
		`reticent_script_workers{state="busy"} 0`, `reticent_script_workers{state="idle"} 1`,
		"reticent_script_runs_waiting 0", "reticent_script_workers_started_total 1",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no %s", line)
		}
	}
}

// TestReadiness asks a server that says it is not ready.
func TestReadiness(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	want(t, s, 200, request{method: "GET", path: "/readyz"})
	config := s.API
	config.Ready = func() error { return io.EOF }
	other := httptest.NewServer(api.New(config))
	defer other.Close()
	s.URL = other.URL
	wantProblem(t, s, 503, "not_ready", request{method: "GET", path: "/readyz"})
}

// TestDocumentNamesEveryCode makes sure that a client's author finds every code
// of a problem in the document.
func TestDocumentNamesEveryCode(t *testing.T) {
	doc, err := described()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, r := range doc.Components.Responses {
		text.WriteString(*r.Value.Description)
	}
	for _, r := range refusals() {
		if !strings.Contains(text.String(), "`"+r.code+"`") {
			t.Errorf("openapi.yaml does not explain %s", r.code)
		}
	}
}
