package manager_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore/manager"
)

// fakeVault answers as Vault does: logins, tokens with leases, namespaces, KV of both
// versions.
type fakeVault struct {
	*vendor
	namespace, mount string
	engine           int

	mu      sync.Mutex
	secrets map[string][]map[string]any // versions
	deleted map[string]bool
	expiry  map[string]time.Time
	tokens  map[string]time.Time // valid until
	logins  int
	lease   int
	// what logs in
	roleID, secretID, role, jwt string
}

func newFakeVault(t testing.TB, engine int) *fakeVault {
	v := &fakeVault{vendor: newVendor(t), engine: engine, mount: "secret", secrets: map[string][]map[string]any{}, deleted: map[string]bool{},
		expiry: map[string]time.Time{}, tokens: map[string]time.Time{}, lease: 3600}
	v.handler = v.answer
	return v
}

func (v *fakeVault) set(name, key, value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	next := map[string]any{key: value}
	if all := v.secrets[name]; len(all) > 0 {
		for k, x := range all[len(all)-1] {
			if k != key {
				next[k] = x
			}
		}
	}
	v.secrets[name] = append(v.secrets[name], next)
	v.deleted[name] = false
}

func (v *fakeVault) remove(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.deleted[name] = true
}

func (v *fakeVault) expire(name string, at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.expiry[name] = at
}

// revoke has all tokens end.
func (v *fakeVault) revoke() {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.tokens)
}

func (v *fakeVault) fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]string{"errors": {message}})
}

func (v *fakeVault) answer(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if r.Header.Get("X-Vault-Request") != "true" {
		v.fail(w, 400, "required header is missing")
		return
	}
	if r.Header.Get("X-Vault-Namespace") != v.namespace {
		v.fail(w, 404, "no handler for route")
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	if strings.HasPrefix(path, "auth/") {
		v.login(w, r, path)
		return
	}
	if until, ok := v.tokens[r.Header.Get("X-Vault-Token")]; !ok || time.Now().After(until) {
		v.fail(w, 403, "permission denied")
		return
	}
	prefix := v.mount + "/"
	if v.engine == 2 {
		prefix += "data/"
	}
	name, ok := strings.CutPrefix(path, prefix)
	versions := v.secrets[name]
	if !ok || len(versions) == 0 || v.engine == 1 && v.deleted[name] {
		v.fail(w, 404, "")
		return
	}
	data := versions[len(versions)-1]
	out := map[string]any{"request_id": "r", "lease_duration": 2764800, "data": data}
	if v.engine == 2 {
		meta := map[string]any{"created_time": "2026-01-02T03:04:05.678901234Z", "deletion_time": "", "destroyed": false, "version": len(versions), "custom_metadata": nil}
		if at := v.expiry[name]; !at.IsZero() {
			meta["deletion_time"] = at.UTC().Format(time.RFC3339Nano)
		}
		if v.deleted[name] {
			meta["deletion_time"] = "2026-01-02T03:04:05.678901234Z"
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(404) // with a body, as Vault does
			_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "r", "data": map[string]any{"data": nil, "metadata": meta}})
			return
		}
		out["data"] = map[string]any{"data": data, "metadata": meta}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

func (v *fakeVault) login(w http.ResponseWriter, r *http.Request, path string) {
	var q map[string]string
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		v.fail(w, 400, "no JSON")
		return
	}
	ok := false
	switch path {
	case "auth/approle/login":
		ok = v.secretID != "" && q["role_id"] == v.roleID && q["secret_id"] == v.secretID
	case "auth/jwt/login", "auth/kubernetes/login":
		ok = v.jwt != "" && q["role"] == v.role && q["jwt"] == v.jwt
	}
	if !ok {
		v.fail(w, 400, "invalid role or secret ID")
		return
	}
	v.logins++
	token := fmt.Sprintf("hvs.token-%d", v.logins)
	v.tokens[token] = time.Now().Add(time.Duration(v.lease) * time.Second)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "r", "auth": map[string]any{"client_token": token, "lease_duration": v.lease, "renewable": true, "policies": []string{"default"}}})
}

// vaultSpec is a manager of a fake Vault by a token.
func vaultSpec(w *world, v *fakeVault) map[string]any {
	w.secret("VAULT_TOKEN", "hvs.root-token-of-the-test", v.URL)
	v.tokens["hvs.root-token-of-the-test"] = time.Now().Add(time.Hour)
	return map[string]any{"kind": "vault", "timeout_ms": 500, "vault": map[string]any{"address": v.URL, "engine": v.engine, "auth": map[string]any{"method": "token", "secret": "VAULT_TOKEN"}}}
}

// TestVaultAuth logs in by every method, and again when the lease ends or the token is
// revoked.
func TestVaultAuth(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("jwt.of.the.pod-3141\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]map[string]any{
		"approle":            {"method": "approle", "role_id": "role-1", "secret": "CREDENTIAL"},
		"jwt":                {"method": "jwt", "role": "app", "secret": "CREDENTIAL"},
		"kubernetes":         {"method": "kubernetes", "role": "app"},
		"kubernetes by name": {"method": "kubernetes", "role": "app", "secret": "CREDENTIAL"},
	}
	for name, auth := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("VAULT_TOKEN", "hvs.of-the-environment")
			t.Setenv("VAULT_NAMESPACE", "of-the-environment")
			w := open(t, manager.Local{Implicit: true, TokenFile: file})
			v := newFakeVault(t, 2)
			v.namespace, v.mount, v.roleID, v.secretID, v.role, v.jwt = "team/a", "kv/team", "role-1", "credential-of-the-test-2718", "app", "credential-of-the-test-2718"
			if name == "kubernetes" {
				v.jwt = "jwt.of.the.pod-3141"
			}
			w.secret("CREDENTIAL", "credential-of-the-test-2718", v.URL)
			v.set("db/main", "password", "the password of the database")
			w.manager("vault", map[string]any{"kind": "vault", "vault": map[string]any{"address": v.URL, "namespace": "team/a", "mount": "kv/team", "auth": auth}})
			w.is("vault/db/main/password", "the password of the database")
			clearAll(t, w)
			w.is("vault/db/main/password", "the password of the database")
			if v.logins != 1 {
				t.Errorf("%d logins for two fetches", v.logins)
			}
			v.revoke()
			clearAll(t, w)
			w.is("vault/db/main/password", "the password of the database")
			w.clock.advance(time.Hour)
			clearAll(t, w)
			w.is("vault/db/main/password", "the password of the database")
			if v.logins != 3 {
				t.Errorf("%d logins after a revocation and the end of a lease, not 3", v.logins)
			}
		})
	}
}

// TestVaultExpiredToken shows that a token that is over denies, and that a new value
// of the secret has the manager work again at once.
func TestVaultExpiredToken(t *testing.T) {
	w := open(t, manager.Local{})
	v := newFakeVault(t, 2)
	v.set("db", "password", "the password of the database")
	w.manager("vault", vaultSpec(w, v))
	v.revoke()
	w.missing("vault/db/password")
	if h, err := w.Health(admin, platform, "vault"); err != nil || h.State != "failing" || h.LastError != "denied" {
		t.Errorf("the health is %+v, %v", h, err)
	}
	v.mu.Lock()
	v.tokens["hvs.the-next-token-of-the-test"] = time.Now().Add(time.Hour)
	v.mu.Unlock()
	w.secret("VAULT_TOKEN", "hvs.the-next-token-of-the-test", v.URL)
	w.is("vault/db/password", "the password of the database")
}

func clearAll(t testing.TB, w *world) {
	t.Helper()
	if err := w.Clear(t.Context(), admin, platform, "vault", ""); err != nil {
		t.Fatal(err)
	}
}

// TestVaultDeletionTime has a version end before the time that a value is kept for.
func TestVaultDeletionTime(t *testing.T) {
	w := open(t, manager.Local{})
	v := newFakeVault(t, 2)
	v.set("db", "password", first)
	v.expire("db", w.clock.now().Add(time.Minute))
	w.manager("vault", vaultSpec(w, v))
	w.is("vault/db/password", first)
	v.set("db", "password", second)
	v.expire("db", w.clock.now().Add(time.Hour))
	w.clock.advance(time.Minute)
	w.is("vault/db/password", second)
}
