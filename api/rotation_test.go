package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

// TestRotationByScript has a plan whose script gets a token from a host, with the
// token that it replaces, as OAuth's clients do.
func TestRotationByScript(t *testing.T) {
	const first, failure = "first-token-7b1d3c9a4e", "denied-token-55aa66bb77"
	n, broken := 0, false
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := first
		if n > 0 {
			want = fmt.Sprintf("token-of-the-host-%08d", n)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer "+want {
			t.Errorf("Authorization %q, want %q", got, want)
		}
		if broken {
			http.Error(w, failure, http.StatusBadGateway)
			return
		}
		n++
		fmt.Fprintf(w, `{"access_token":"token-of-the-host-%08d"}`, n)
	}))
	defer host.Close()
	now := time.Now()
	s := apitest.Start(t, apitest.Options{InProcess: true, Now: func() time.Time { return now }})
	source := `module.exports = async (context) => {
  const response = await fetch("` + host.URL + `/token", { headers: { Authorization: "Bearer " + context.secrets.REFRESHED } });
  if (!response.ok) throw new Error("the host says " + await response.text() + " to " + context.secrets.REFRESHED);
  await context.secrets.set(context.input.secret, (await response.json()).access_token);
}`
	scope := client.Scope{}
	secrets := s.Client.Secrets(scope)
	if _, err := secrets.Create(t.Context(), "REFRESHED", client.SecretSpec{Value: client.StringValue(first), AllowedHosts: []string{host.URL}}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Client.Scripts(scope).Put(t.Context(), "refresh", client.ScriptSpec{Source: source}, ""); err != nil {
		t.Fatal(err)
	}
	want(t, s, http.StatusOK, request{"PATCH", "/v1/secrets/REFRESHED", `{"rotation":{"every":"24h","script":"refresh","keep":0}}`, nil})
	get := func() client.Secret {
		t.Helper()
		secret, err := secrets.Get(t.Context(), "REFRESHED")
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	pass := func(after time.Duration) {
		t.Helper()
		now = now.Add(after)
		if err := s.Rotator.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		pass(24 * time.Hour)
		if secret := get(); secret.Version != i+2 || secret.RotationState.Last == nil || secret.RotationState.Failures != 0 || len(secret.AllowedHosts) != 1 {
			t.Fatalf("%+v %+v", secret, secret.RotationState)
		}
	}
	versions, err := secrets.Versions(t.Context(), "REFRESHED")
	if err != nil || versions[0].Status != "ENABLED" || versions[1].Status != "DISABLED" || versions[3].Status != "DISABLED" {
		t.Errorf("%+v %v", versions, err)
	}

	// A failure is told, and holds nothing of the values.
	broken = true
	pass(24 * time.Hour)
	state := get().RotationState
	if state.Failures != 1 || !strings.Contains(state.Error, "script refresh: ") || !strings.Contains(state.Error, "***") || strings.Contains(state.Error, "token-of-the-host") {
		t.Errorf("%+v", state)
	}
	metrics := string(want(t, s, http.StatusOK, request{method: "GET", path: "/metrics"}).Body)
	for _, line := range []string{`reticent_secret_rotations_total{outcome="rotated"} 3`, `reticent_secret_rotations_total{outcome="failed"} 1`, "reticent_secret_rotations_failing 1"} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("the metrics have no %s", line)
		}
	}

	// The script is in use, the audit log has every rotation.
	wantProblem(t, s, http.StatusConflict, "in_use", request{"DELETE", "/v1/scripts/refresh", "", nil})
	log := string(want(t, s, http.StatusOK, request{method: "GET", path: "/v1/audit?action=secret.rotate&outcome=ok"}).Body)
	if got := strings.Count(log, `"secret.rotate"`); got != 3 {
		t.Errorf("%d rotations in the audit log", got)
	}
	if found := apitest.Leak(s.Log.String(), map[string][]apitest.Disguise{"token": apitest.Disguises(first), "next": apitest.Disguises("token-of-the-host-00000003")}); found != "" {
		t.Errorf("the log shows %s", found)
	}
}
