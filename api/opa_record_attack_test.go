package api_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/api/client"
)

// TestAttackSecretInPath puts a secret where a document is named: in a path of OPA's API
// and in that of a log that another OPA sends. Nothing that is recorded has it.
func TestAttackSecretInPath(t *testing.T) {
	s := opaFixture(t)
	want(t, s, 200, request{method: "GET", path: "/opa/v1/data/door/" + opaSecret + "/x"})
	want(t, s, 200, request{method: "POST", path: "/opa/v1/data/door/key/" + url.PathEscape("Bearer "+opaSecret), body: `{"input":{"who":"ada"}}`})
	want(t, s, 200, request{method: "POST", path: "/opa/logs", body: `[{"decision_id":"0b3b1a0e-6f0e-4e0e-8f0e-0b3b1a0e6f0e","path":"door/` + opaSecret + `","input":{"who":"ada"},"result":true}]`})
	all := decisions(t, s, client.Scope{}, client.DecisionFilter{})
	if len(all) != 3 {
		t.Fatalf("%d decisions", len(all))
	}
	for _, x := range all {
		if strings.Contains(x.Path, opaSecret) || !strings.Contains(x.Path, "***") || !strings.HasPrefix(x.Path, "door/") {
			t.Errorf("%s: path %q", x.Point, x.Path)
		}
	}
}

// TestAttackForgedTime sends a log with a time long ago: a list of what was decided
// since then goes on behind it.
func TestAttackForgedTime(t *testing.T) {
	s := opaFixture(t)
	want(t, s, 200, request{method: "GET", path: "/opa/v1/data/door/first"})
	want(t, s, 200, request{method: "POST", path: "/opa/logs", body: `[{"path":"door/allow","timestamp":"1971-01-01T00:00:00Z","result":true}]`})
	since := client.DecisionFilter{Since: time.Now().Add(-time.Hour)}
	if all := decisions(t, s, client.Scope{}, since); len(all) != 1 || all[0].Path != "door/first" {
		t.Errorf("%+v", all)
	}
}

// TestAttackRecordOfSeveral asks for a document of several policies: who may see the
// decisions of one of them does not see in its record what another one gave.
func TestAttackRecordOfSeveral(t *testing.T) {
	s := opaFixture(t)
	want(t, s, 200, request{method: "POST", path: "/opa/v1/data/door", body: `{"input":{"who":"ada"}}`})
	for _, x := range []struct {
		names string
		sees  int
	}{{"door", 0}, {"library", 0}, {"*", 1}} {
		reader := made(t, s, client.Scope{}, "")
		given(t, s, "/v1", "reads-"+reader.ID, `{"subject":"`+reader.Subject+`","permissions":["read"],"kinds":["decision"],"names":"`+x.names+`"}`)
		a := want(t, s, 200, request{"GET", "/v1/decisions", "", map[string]string{"Authorization": "Bearer " + reader.Value}})
		if all := decode[struct{ Items []json.RawMessage }](t, a.Body).Items; len(all) != x.sees {
			t.Errorf("who sees decisions of %s sees %s", x.names, a.Body)
		}
	}
}
