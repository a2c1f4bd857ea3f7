package interop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/client"
)

const stockConfig = `
services:
  reticent:
    url: %s/opa
    credentials: {bearer: {token: %q}}
bundles:
  gate:
    service: reticent
    resource: bundles/gate.tar.gz
    polling: {min_delay_seconds: 1, max_delay_seconds: 1}
decision_logs:
  service: reticent
  reporting: {min_delay_seconds: 1, max_delay_seconds: 1}
`

// TestStockOPA has a stock OPA fetch a policy, and its next version, and send the
// log of its decisions.
func TestStockOPA(t *testing.T) {
	s := door(t)
	gate := func(badge string) {
		t.Helper()
		_, _, err := s.Client.Policies(client.Scope{}).Put(t.Context(), "gate", client.PolicySpec{Language: "rego", Decision: "gate/allow",
			Modules: map[string]string{"gate.rego": "package gate\n\n# Whoever has the badge.\nallow if input.badge == data.badges." + badge}, Data: json.RawMessage(`{"badges":{"red":"r-1","blue":"b-1"}}`)}, "")
		if err != nil {
			t.Fatal(err)
		}
	}
	gate("red")

	// What depends on a secret leaves the server by no bundle.
	refused := get(t, s.URL+"/opa/bundles/door.tar.gz", s.Token, "")
	if refused.StatusCode != http.StatusBadRequest {
		t.Errorf("a bundle with a secret: %s", refused.Status)
	}
	first := get(t, s.URL+"/opa/bundles/gate.tar.gz", s.Token, "")
	if again := get(t, s.URL+"/opa/bundles/gate.tar.gz", s.Token, first.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("the same bundle again: %s", again.Status)
	}

	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, stockConfig, s.URL, s.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	start(t, "http://"+address+"/health?bundles", nil, stockOPA(t), "run", "--server", "--addr", address, "--config-file", config, "--log-level", "error", "--disable-telemetry")

	decide := func(badge string) bool {
		response, err := http.Post("http://"+address+"/v1/data/gate/allow", "application/json", strings.NewReader(`{"input":{"badge":"`+badge+`","note":"`+doorKey+`","password":"a caller's own"}}`))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		var answer struct{ Result bool }
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return answer.Result
	}
	if !decide("r-1") || decide("b-1") {
		t.Error("the OPA does not decide as the policy says")
	}
	gate("blue")
	for !decide("b-1") { // until it has fetched the next version
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
		<-time.After(100 * time.Millisecond)
	}

	// Its log comes here, masked.
	for {
		type decision struct {
			ID, Point, Path string
			Decision        bool
			Input           any
		}
		var list struct{ Items []decision }
		body := get(t, s.URL+"/v1/decisions?page_size=200", s.Token, "").body
		if err := json.Unmarshal(body, &list); err != nil {
			t.Fatal(err)
		}
		found := -1
		for i, d := range list.Items {
			if d.Point == "opa_log" && d.Decision {
				found = i
			}
		}
		if found < 0 {
			<-time.After(100 * time.Millisecond)
			continue
		}
		var got decision
		body = get(t, s.URL+"/v1/decisions/"+list.Items[found].ID, s.Token, "").body
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		want := decision{got.ID, "opa_log", "gate/allow", true, map[string]any{"badge": "r-1", "note": "***", "password": "***"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return
	}
}
