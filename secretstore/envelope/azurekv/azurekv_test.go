package azurekv_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"

	"github.com/reticent/reticent/secretstore/envelope/azurekv"
	"github.com/reticent/reticent/secretstore/envelope/roottest"
)

const token = "eyJ0-example-access-token"

// credential gives the token for the resource that the vault asks for.
type credential struct{ t *testing.T }

func (c credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if len(o.Scopes) != 1 || o.Scopes[0] != "https://vault.azure.net/.default" {
		c.t.Errorf("scopes %v", o.Scopes)
	}
	return azcore.AccessToken{Token: token, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// vault answers as Azure Key Vault does. It has two versions of the key and wraps with
// the newer one.
type vault struct {
	*roottest.Service
	t *testing.T

	mu     sync.Mutex
	keys   map[string]*rsa.PrivateKey
	newest string
}

func (v *vault) renew() {
	v.mu.Lock()
	defer v.mu.Unlock()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		v.t.Fatal(err)
	}
	v.newest = fmt.Sprintf("%032x", len(v.keys)+1)
	v.keys[v.newest] = key
}

// ServeHTTP is http.Handler's.
func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fail := func(status int, code string) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": code, "message": code}})
	}
	if r.Header.Get("Authorization") != "Bearer "+token {
		w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.windows.net/11112222-3333-4444-5555-666677778888", resource="https://vault.azure.net"`)
		fail(http.StatusUnauthorized, "Unauthorized")
		return
	}
	if status := v.Failing(); status != 0 {
		fail(status, "Forbidden")
		return
	}
	var q struct{ Alg, Value string }
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Alg != "RSA-OAEP-256" {
		v.t.Errorf("%v, algorithm %q", err, q.Alg)
	}
	b, err := base64.RawURLEncoding.DecodeString(q.Value)
	if err != nil {
		v.t.Error(err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/keys/reticent/"), "/")
	version := parts[0]
	var out []byte
	switch operation := parts[len(parts)-1]; operation {
	case "wrapkey":
		if len(parts) == 1 || version == "" {
			version = v.newest
		}
		out, err = rsa.EncryptOAEP(sha256.New(), rand.Reader, &v.keys[version].PublicKey, b, nil)
	case "unwrapkey":
		if v.keys[version] == nil {
			fail(http.StatusNotFound, "KeyNotFound")
			return
		}
		out, err = rsa.DecryptOAEP(sha256.New(), nil, v.keys[version], b, nil)
	default:
		v.t.Errorf("%s %s", r.Method, r.URL.Path)
	}
	if err != nil {
		fail(http.StatusBadRequest, "BadParameter")
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"kid": "https://" + r.Host + "/keys/reticent/" + version, "value": base64.RawURLEncoding.EncodeToString(out)})
}

func (v *vault) root(server *httptest.Server, name string) *azurekv.Root {
	v.t.Helper()
	o := azkeys.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: server.Client(), Retry: policy.RetryOptions{MaxRetries: -1}}, DisableChallengeResourceVerification: true}
	root, err := azurekv.NewWith("azure-kv://"+server.Listener.Addr().String()+"/keys/"+name, credential{v.t}, &o)
	if err != nil {
		v.t.Fatal(err)
	}
	return root
}

func TestRoot(t *testing.T) {
	v := &vault{Service: roottest.NewService(), t: t, keys: make(map[string]*rsa.PrivateKey)}
	v.renew()
	server := httptest.NewTLSServer(v)
	defer server.Close()
	root := v.root(server, "reticent")

	// What one version wrapped opens when there is a newer one, and then not without it.
	key := make([]byte, 32)
	wrapped, err := root.Wrap(t.Context(), key, nil)
	if err != nil {
		t.Fatal(err)
	}
	old := v.newest
	v.renew()
	if _, err := root.Unwrap(t.Context(), wrapped, nil); err != nil {
		t.Errorf("with a newer version there: %v", err)
	}
	again, err := v.root(server, "reticent/"+old).Wrap(t.Context(), key, nil)
	if err != nil || !strings.Contains(string(again), old) {
		t.Errorf("with a version given: %s, %v", again, err)
	}
	v.mu.Lock()
	delete(v.keys, old)
	v.mu.Unlock()
	if _, err := root.Unwrap(t.Context(), wrapped, nil); err == nil {
		t.Error("unwrapped without the version that wrapped")
	}
	roottest.Run(t, v.Service, &renewing{root, v}, false)
}

// renewing has the vault lose all versions when its service's key is replaced.
type renewing struct {
	*azurekv.Root
	v *vault
}

// Unwrap is envelope.Root's.
func (r *renewing) Unwrap(ctx context.Context, wrapped, associated []byte) ([]byte, error) {
	if _, err := r.v.Decrypt(replaced, nil); err != nil {
		r.v.mu.Lock()
		clear(r.v.keys)
		r.v.mu.Unlock()
	}
	return r.Root.Unwrap(ctx, wrapped, associated)
}

// replaced opens until the service's key is replaced.
var replaced = roottest.NewService().Encrypt([]byte("x"), nil)

func TestNew(t *testing.T) {
	for _, uri := range []string{"azure-kv://", "azure-kv://v.vault.azure.net", "azure-kv://v.vault.azure.net/secrets/k", "azure-kv://u@v/keys/k", "https://v/keys/k"} {
		if _, err := azurekv.NewWith(uri, credential{t}, nil); err == nil {
			t.Errorf("%s is taken", uri)
		}
	}
}
