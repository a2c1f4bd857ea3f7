package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// A caller may paste a secret anywhere, the header that is echoed included. It
// goes back to him, as AuthZEN demands, and into no log.
func TestRequestIDOfACallerIsNotLogged(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	const pasted = "sk_live_51Hq8ZkT0xVbN3mR7"
	r := request{method: "GET", path: "/v1/secrets/NONE", header: map[string]string{"X-Request-ID": pasted}}
	a := want(t, s, 404, r)
	if got := a.Header.Get("X-Request-ID"); got != pasted {
		t.Errorf("X-Request-ID %q is not echoed", got)
	}
	var p struct {
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(a.Body, &p); err != nil {
		t.Fatal(err)
	}
	log := s.Log.String()
	if strings.Contains(log, pasted) {
		t.Error("the log holds what the caller sent")
	}
	if p.RequestID == "" || !strings.Contains(log, p.RequestID) {
		t.Errorf("the log has no entry of request_id %q", p.RequestID)
	}
}
