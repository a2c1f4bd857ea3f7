package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/client"
)

// TestApplyIsConditional has somebody else write between what apply reads and what
// it writes: every write says what was read, is refused, and is told.
func TestApplyIsConditional(t *testing.T) {
	old := map[string]any{
		"name": "A", "scope": "", "version": 1, "set": "files", "value": 1, "description": "old",
		"allowed_in": []string{"header"}, "use_in_placeholders": true,
	}
	var writes []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"as-it-was-read"`)
		if r.Method == http.MethodGet {
			answer := any(old)
			switch {
			case r.URL.Path == "/v1/projects":
				answer = client.Page[client.ScopeInfo]{}
			case r.URL.Path == "/v1/variables":
				answer = client.Page[any]{Items: []any{old}}
			case strings.Count(r.URL.Path, "/") == 2:
				answer = client.Page[any]{}
			}
			if err := json.NewEncoder(w).Encode(answer); err != nil {
				t.Error(err)
			}
			return
		}
		if r.Header.Get("If-Match") != `"as-it-was-read"` {
			t.Errorf("%s %s has the If-Match %q", r.Method, r.URL, r.Header.Get("If-Match"))
		}
		writes = append(writes, r.Method+" "+r.URL.RequestURI())
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusPreconditionFailed)
		if err := json.NewEncoder(w).Encode(client.Problem{Code: "changed", Detail: "it was changed"}); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	api, err := client.New(server.URL, "token", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("VALUE_OF_A", "canary-61a0c2-5502ef")
	dir := t.TempDir()
	for _, c := range []struct {
		text string
		a    applier
		want string
	}{
		{"kind: variable\nname: A\nvalue: 2", applier{}, "PUT /v1/variables/A?set=files"},
		{"kind: binding\nname: api\npolicy: p", applier{set: "b"}, "PUT /v1/bindings/api?set=b"},
		{"kind: secret\nname: A\nvalue_from: {env: VALUE_OF_A}", applier{}, "PATCH /v1/secrets/A?set=files"},
		{"kind: secret\nname: A\nvalue_from: {env: VALUE_OF_A}", applier{updateSecrets: true}, "PUT /v1/secrets/A?set=files"},
		{"", applier{set: "files", prune: true}, "DELETE /v1/variables/A"},
	} {
		writes = nil
		file := filepath.Join(dir, "a.yaml")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		c.a.client, c.a.stderr = api, t.Output()
		err := c.a.applyAll(t.Context(), []string{file})
		if !client.HasCode(err, "changed") || len(writes) != 1 || writes[0] != c.want {
			t.Errorf("%s: %v after %q, want %s", c.text, err, writes, c.want)
		}
	}
}

// TestDifferences compares members, and lines where there are several.
func TestDifferences(t *testing.T) {
	raw := func(text string) map[string]json.RawMessage {
		t.Helper()
		var out map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	var text strings.Builder
	for _, c := range differences(raw(`{"a":1,"b":"x","same":[1,  2],"s":"one\ntwo\n","n":null}`), raw(`{"b":"y","same":[1,2],"s":"one\n2\n","z":{"k":1}}`)) {
		text.WriteString(c.text())
	}
	want := "  a: 1 -> (none)\n  b: x -> y\n  s:\n    @@ -1,2 +1,2 @@\n     one\n    -two\n    +2\n  z: (none) -> {\"k\":1}\n"
	if got := text.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
