package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/secretstore"
)

// The benchmarks of this file measure one decision here beside the same decision
// of the bare engine, which has the key in plain text, in one run: each step
// does both, and the ratio of their times is reported, which holds when the
// machine's speed drifts.

const benchKey = "sk_live_51Hq8ZkT0xVbN3mR7"

const benchInput = `{"user":{"id":"alice","roles":["guest","editor","admin"]},"request":{"method":"GET","path":"/v1/orders","headers":{"X-Api-Key":"` + benchKey + `","Accept":"application/json"}}}`

const benchRego = `package acp.authz

default allow := false

allow if {
	"admin" in input.user.roles
	input.request.method == "GET"
	input.request.headers["X-Api-Key"] == %s
}
`

const benchValidators = `[
	{"name":"attributes","conf":{"fields":[
		{"field":"user.roles","comparator":"contains","value":"admin"},
		{"field":"request.method","comparator":"equals","value":"GET"},
		{"field":"request.headers.X-Api-Key","comparator":"equals",%s}
	]}}
]`

const benchScript = `module.exports = async function (context) {
	const { user, request } = context.input
	return {
		decision: user.roles.includes("admin") && request.method === "GET" &&
			request.headers["X-Api-Key"] === %s,
	}
}`

// decide is one decision. It must be true.
type decide func() (bool, error)

func BenchmarkDecision(b *testing.B) {
	s := apitest.Start(b, apitest.Options{InProcess: true})
	worker := apitest.Start(b, apitest.Options{})
	for _, server := range []*apitest.Server{s, worker} {
		load(b, server)
	}
	opa, js := bareRego(b), bareScript(b)
	for _, c := range []struct {
		name       string
		ours, bare decide
	}{
		{"rego/unsealed", evaluate(s, "rego-plain"), opa},
		{"rego/sealed", evaluate(s, "rego"), opa},
		{"validators/unsealed", evaluate(s, "validators-plain"), opa},
		{"validators/sealed", evaluate(s, "validators"), opa},
		{"script-in-process/unsealed", runScript(s, "script-plain"), js},
		{"script-in-process/sealed", runScript(s, "script"), js},
		{"script-worker/sealed", runScript(worker, "script"), js},
		{"http-rego/sealed", overHTTP(b, s.URL+"/v1/policies/rego/evaluate", "decision"), serve(b, opa)},
		{"http-validators/sealed", overHTTP(b, s.URL+"/v1/policies/validators/evaluate", "decision"), serve(b, opa)},
		{"http-script/sealed", overHTTP(b, s.URL+"/v1/scripts/script/run", "output"), serve(b, js)},
		{"http-script-worker/sealed", overHTTP(b, worker.URL+"/v1/scripts/script/run", "output"), serve(b, js)},
	} {
		b.Run(c.name, func(b *testing.B) { sideBySide(b, c.ours, c.bare) })
	}
	// What sealing alone adds: the same artefact with the key as a secret and in
	// plain text, both here: in Rego in the policy's data, else as a literal. Nothing is
	// recorded of these decisions: the records are written in the background, and on few
	// processors that takes more time from a decision than sealing does.
	for _, server := range []*apitest.Server{s, worker} {
		server.API.Policies.Record, server.API.Scripts.Recorder = nil, nil
	}
	for _, c := range []struct {
		name          string
		sealed, plain decide
	}{
		{"sealing/rego", evaluate(s, "rego"), evaluate(s, "rego-plain")},
		{"sealing/validators", evaluate(s, "validators"), evaluate(s, "validators-plain")},
		{"sealing/script-in-process", runScript(s, "script"), runScript(s, "script-plain")},
		{"sealing/script-worker", runScript(worker, "script"), runScript(worker, "script-plain")},
		{"sealing/http-rego", overHTTP(b, s.URL+"/v1/policies/rego/evaluate", "decision"), overHTTP(b, s.URL+"/v1/policies/rego-plain/evaluate", "decision")},
		{"sealing/http-validators", overHTTP(b, s.URL+"/v1/policies/validators/evaluate", "decision"), overHTTP(b, s.URL+"/v1/policies/validators-plain/evaluate", "decision")},
		{"sealing/http-script-worker", overHTTP(b, worker.URL+"/v1/scripts/script/run", "output"), overHTTP(b, worker.URL+"/v1/scripts/script-plain/run", "output")},
	} {
		b.Run(c.name, func(b *testing.B) { sideBySide(b, c.sealed, c.plain) })
	}
}

func sideBySide(b *testing.B, ours, bare decide) {
	var spent [2]time.Duration
	for b.Loop() {
		for i, d := range []decide{ours, bare} {
			start := time.Now()
			allowed, err := d()
			spent[i] += time.Since(start)
			if err != nil || !allowed {
				b.Fatal(allowed, err)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N), "ns/ours")
	b.ReportMetric(float64(spent[1].Nanoseconds())/float64(b.N), "ns/bare")
	b.ReportMetric(float64(spent[0])/float64(spent[1]), "ratio")
}

func load(b *testing.B, s *apitest.Server) {
	b.Helper()
	put := func(path string, body any) {
		raw, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPut, s.URL+path, bytes.NewReader(raw))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.Token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			text, _ := io.ReadAll(res.Body)
			b.Fatalf("PUT %s: %s %s", path, res.Status, text)
		}
	}
	put("/v1/secrets/API_KEY", map[string]any{"value": benchKey})
	literal, _ := json.Marshal(benchKey)
	put("/v1/policies/rego", map[string]any{"language": "rego", "source": fmt.Sprintf(benchRego, "data.secrets.API_KEY")})
	put("/v1/policies/rego-plain", map[string]any{"language": "rego",
		"modules": map[string]string{"policy.rego": fmt.Sprintf(benchRego, "data.keys.API_KEY")},
		"data":    map[string]any{"keys": map[string]string{"API_KEY": benchKey}}})
	put("/v1/policies/validators", map[string]any{"language": "validators", "validators": json.RawMessage(fmt.Sprintf(benchValidators, `"secret":"API_KEY"`))})
	put("/v1/policies/validators-plain", map[string]any{"language": "validators", "validators": json.RawMessage(fmt.Sprintf(benchValidators, `"value":`+string(literal)))})
	put("/v1/scripts/script", map[string]any{"source": fmt.Sprintf(benchScript, "context.secrets.API_KEY")})
	put("/v1/scripts/script-plain", map[string]any{"source": fmt.Sprintf(benchScript, literal)})
}

var benchAdmin = secretstore.Principal{ID: "bench", Admin: true}

func evaluate(s *apitest.Server, name string) decide {
	return func() (bool, error) {
		d, err := s.API.Policies.Evaluate(context.Background(), benchAdmin, secretstore.Scope{}, name, json.RawMessage(benchInput))
		return d.Decision, err
	}
}

func runScript(s *apitest.Server, name string) decide {
	return func() (bool, error) {
		r, err := s.API.Scripts.Run(context.Background(), benchAdmin, secretstore.Scope{}, name, json.RawMessage(benchInput))
		if err == nil && r.Error != nil {
			err = r.Error
		}
		out, _ := r.Output.(map[string]any)
		allowed, _ := out["decision"].(bool)
		return allowed, err
	}
}

// bareRego is OPA as an embedder uses it: a prepared query, the key in data, the
// input decoded from JSON.
func bareRego(b *testing.B) decide {
	b.Helper()
	query, err := rego.New(
		rego.Query("data.acp.authz.allow"),
		rego.Module("policy.rego", fmt.Sprintf(benchRego, "data.secrets.API_KEY")),
		rego.Store(inmem.NewFromObject(map[string]any{"secrets": map[string]any{"API_KEY": benchKey}})),
	).PrepareForEval(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return func() (bool, error) {
		var input any
		if err := json.Unmarshal([]byte(benchInput), &input); err != nil {
			return false, err
		}
		result, err := query.Eval(context.Background(), rego.EvalInput(input))
		return result.Allowed(), err
	}
}

// bareScript is goja as an embedder uses it: a program compiled once, and a new
// runtime for each run.
func bareScript(b *testing.B) decide {
	b.Helper()
	source := fmt.Sprintf(benchScript, "context.secrets.API_KEY")
	program, err := goja.Compile("script.js", "(function (module, exports) {"+source+"\nreturn module.exports})", false)
	if err != nil {
		b.Fatal(err)
	}
	return func() (bool, error) {
		vm := goja.New()
		wrapper, err := vm.RunProgram(program)
		if err != nil {
			return false, err
		}
		load, _ := goja.AssertFunction(wrapper)
		exported, err := load(nil, vm.NewObject(), vm.NewObject())
		if err != nil {
			return false, err
		}
		var input any
		if err := json.Unmarshal([]byte(benchInput), &input); err != nil {
			return false, err
		}
		handler, _ := goja.AssertFunction(exported)
		promise, err := handler(nil, vm.ToValue(map[string]any{"input": input, "secrets": map[string]any{"API_KEY": benchKey}}))
		if err != nil {
			return false, err
		}
		out := promise.Export().(*goja.Promise).Result().Export().(map[string]any)
		return out["decision"].(bool), nil
	}
}

// serve puts a bare decision behind net/http, as small as a server can be.
func serve(b *testing.B, d decide) decide {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Input json.RawMessage }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		allowed, err := d()
		if err != nil {
			http.Error(w, "failed", http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"decision": allowed})
	}))
	b.Cleanup(server.Close)
	return overHTTP(b, server.URL, "decision")
}

// overHTTP asks a server. The decision is the member named, or the member
// decision in it.
func overHTTP(b *testing.B, url, member string) decide {
	b.Helper()
	body := []byte(`{"input":` + benchInput + `}`)
	return func() (bool, error) {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return false, err
		}
		req.Header.Set("Authorization", "Bearer "+apitest.Token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, err
		}
		defer res.Body.Close()
		var answer map[string]any
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
			return false, err
		}
		if inner, ok := answer[member].(map[string]any); ok {
			answer, member := inner, "decision"
			allowed, _ := answer[member].(bool)
			return allowed, nil
		}
		allowed, _ := answer[member].(bool)
		return allowed, nil
	}
}
