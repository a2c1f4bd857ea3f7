package interop_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

const doorKey = "interop-door-key-5d3a9f1c77"

// doorPolicies are what the clients ask.
var doorPolicies = map[string]client.PolicySpec{
	"door": {Language: "rego", Source: "package door\n\ndefault allow := false\n\nallow if input.key == data.secrets.DOOR\n\nkey := data.secrets.DOOR\n\nname := \"front\"\n\nfirst := input[0]"},
	"main": {Language: "rego", Source: "package system\n\nmain := {\"hello\": input.user}", Decision: "system/main"},
	"clash": {Language: "rego", Decision: "clash/x",
		Source: "package clash\n\nx := input.x\n\nx := 2 if input.also"},
}

// door starts a server that has them.
func door(t *testing.T) *apitest.Server {
	t.Helper()
	s := apitest.Start(t, apitest.Options{InProcess: true})
	put(t, s.URL+"/v1/secrets/DOOR", s.Token, map[string]any{"value": doorKey})
	for name, p := range doorPolicies {
		if _, _, err := s.Client.Policies(client.Scope{}).Put(t.Context(), name, p, ""); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestClientsFromNPM installs OPA's clients for JavaScript and runs them against a
// server, to which they are given no more than another base URL.
func TestClientsFromNPM(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatal("npm is missing: `make node` installs it with Node.js")
	}
	s := door(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/npm")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	run := func(command string, args ...string) string {
		cmd := exec.CommandContext(ctx, command, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "BASE="+s.URL+"/opa", "TOKEN="+s.Token, "KEY="+doorKey)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", command, args, err, out)
		}
		return string(out)
	}
	run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	out := run("node", "clients.js")
	if !strings.Contains(out, "@open-policy-agent/opa: ok") || !strings.Contains(out, "@styra/opa: ok") {
		t.Error(out)
	}
	if strings.Contains(s.Log.String(), doorKey) {
		t.Error("the log has the secret")
	}
}
