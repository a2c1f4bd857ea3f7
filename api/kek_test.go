package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

// tourKEK rotates the server's key and waits for its end.
func tourKEK(t *testing.T, c *client.Client) {
	t.Helper()
	before, err := c.KEK(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	began, err := c.RotateKEK(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if began.ID == before.ID || began.Rotation.KEK != began.ID || began.Rotation.From != before.Key {
		t.Errorf("before %+v, then %+v", before, began)
	}
	for deadline := time.Now().Add(time.Minute); ; {
		now, err := c.KEK(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if r := now.Rotation; r.FinishedAt != nil {
			if now.ID != began.ID || now.Key != before.Key || r.Rewrapped == 0 || r.Problem != "" {
				t.Errorf("finished %+v, %+v", now, r)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not finished: %+v", now.Rotation)
		}
	}
}

// An administrator of the API chooses no key freely: the keyring would go there.
func TestAttackRotateToAnAttackersKey(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	before := want(t, s, 200, request{"GET", "/v1/kek", "", nil}).Body
	for _, to := range []string{"file:/tmp/attackers-key.json", "hcvault://attacker.example.com/transit/keys/k", "passphrase:env:HOME", "nonsense"} {
		answer := want(t, s, 400, request{"POST", "/v1/kek/rotate", `{"to":"` + to + `"}`, nil})
		if !strings.Contains(string(answer.Body), "--key-to") {
			t.Errorf("%s: %s", to, answer.Body)
		}
	}
	if after := want(t, s, 200, request{"GET", "/v1/kek", "", nil}).Body; string(after) != string(before) {
		t.Errorf("before %s, after %s", before, after)
	}
}
