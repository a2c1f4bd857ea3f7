package secretstore_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// Values of tests are sealed as secrets are, and may go nowhere.
func TestFixtureSet(t *testing.T) {
	const canary = "canary-1f8a0c7be2-b7d3c9"
	var values map[string]secretstore.Value
	if err := json.Unmarshal([]byte(`{"K": "`+canary+`", "DB": {"password": "`+canary+`x"}, "UNUSED": "x"}`), &values); err != nil {
		t.Fatal(err)
	}
	set, err := secretstore.FixtureSet(values, []string{"K", "DB", "MISSING"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(set.Names(), " ") + "/" + strings.Join(set.MissingNames(), " "); got != "DB K/MISSING" {
		t.Errorf("the set has %s", got)
	}
	run := set.NewRun(seal.Options{})
	k, err := run.Lookup("K")
	if err != nil || k == canary {
		t.Fatalf("%v %v", k, err)
	}
	if same, err := run.Equal(k.(string), canary); err != nil || !same {
		t.Errorf("the secret is not its value: %v", err)
	}
	if err := run.Permit(k.(string), seal.Place{Scheme: "https", Host: "example.org", Port: 443, In: seal.Header}); err == nil {
		t.Error("the secret may go out")
	}
	for _, bad := range []string{`{"K": ""}`, `{"K": "\ud800` + canary + `"}`, `{"K": {"a": 1, "a": "` + canary + `"}}`} {
		values = nil
		if err := json.Unmarshal([]byte(bad), &values); err != nil {
			continue
		}
		if _, err := secretstore.FixtureSet(values, []string{"K"}); err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
