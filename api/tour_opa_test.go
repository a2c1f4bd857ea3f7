package api_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

// tourOPA asks OPA's API what the tour has stored.
func tourOPA(t *testing.T, s *apitest.Server, h *http.Client, scope client.Scope, key string) {
	t.Helper()
	base := "/opa"
	if scope.Project != "" {
		base += "/projects/" + scope.Project
	}
	if scope.Service != "" {
		base += "/services/" + scope.Service
	}
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/health", "", 200, `{}`},
		{"GET", "/v1/data", "", 200, `"tour"`},
		{"GET", "/v1/data/tour?pretty&explain=debug&metrics", "", 200, `"result": {`},
		{"GET", "/v1/data/tour/output?input=" + url.QueryEscape(`{"key":"`+key+`"}`), "", 200, `"input":{"key":"***"}`},
		{"POST", "/v1/data", `{"input":{"key":"` + key + `"}}`, 200, `"allow":true`},
		{"POST", "/v1/data/tour/allow?explain=full", `{"input":{"key":"` + key + `"}}`, 200, `"result":true`},
		{"POST", "/v0/data", `{"key":"` + key + `"}`, 200, `"allow":true`},
		{"POST", "/v0/data/tour/allow", `{"key":"` + key + `"}`, 200, `true`},
		{"POST", "", `{}`, 404, "undefined_document"},
		{"POST", "/v1/batch/data", `{"inputs":{"a":{"key":"` + key + `"}}}`, 200, `"allow":true`},
		{"POST", "/v1/batch/data/tour/output", `{"inputs":{"a":{}},"common_input":{"key":"` + key + `"}}`, 200, `"input":{"key":"***"}`},
		{"GET", "/v1/query?q=" + url.QueryEscape(`_ = data.tour; x = [data.secrets.API_KEY, base64.encode(data.secrets.API_KEY)]`), "", 200, `["***","***"]`},
		{"POST", "/v1/query", `{"query":"x = data.tour.output","input":{"key":"` + key + `"}}`, 200, `"input":{"key":"***"}`},
		{"POST", "/v1/compile", `{"query":"data.tour.allow"}`, 400, "secret_in_residual"},
		{"POST", "/v1/compile", `{"query":"input.x == 1"}`, 200, `"queries"`},
		{"GET", "/bundles/kept.tar.gz", "", 200, "\x1f\x8b"},
		{"GET", "/bundles/rego.tar.gz", "", 400, "secret_in_residual"},
		{"POST", "/logs", `[{"path":"tour/allow","input":{"key":"` + key + `"},"result":true}]`, 200, "{}"},
		{"GET", "/v1/policies", "", 200, `"id":"rego/policy.rego"`},
		{"GET", "/v1/policies/rego/policy.rego", "", 200, "package tour"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), step.method, s.URL+base+step.path, strings.NewReader(step.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.Token)
		r.Header.Set("Content-Type", "application/json")
		response, err := h.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != step.status || !strings.Contains(string(text), step.want) {
			t.Errorf("%s %s: %d %s", step.method, base+step.path, response.StatusCode, text)
		}
	}
}
