package hcvault_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/envelope/hcvault"
	"github.com/reticent/reticent/secretstore/envelope/roottest"
)

const token = "hvs.CAESIJ-example-token"

// transit answers as the transit engine of Vault does.
func transit(t *testing.T, s *roottest.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail := func(status int, message string) {
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string][]string{"errors": {message}})
		}
		if r.Header.Get("X-Vault-Token") != token {
			fail(403, "permission denied")
			return
		}
		if status := s.Failing(); status != 0 {
			fail(status, http.StatusText(status))
			return
		}
		var q struct {
			Plaintext  []byte `json:"plaintext"`
			Ciphertext string `json:"ciphertext"`
			Associated []byte `json:"associated_data"`
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		var data map[string]any
		switch r.Method + " " + r.URL.Path {
		case "PUT /v1/team/transit/encrypt/reticent":
			data = map[string]any{"ciphertext": "vault:v1:" + base64.StdEncoding.EncodeToString(s.Encrypt(q.Plaintext, q.Associated)), "key_version": 1}
		case "PUT /v1/team/transit/decrypt/reticent":
			text, ok := strings.CutPrefix(q.Ciphertext, "vault:v1:")
			b, err := base64.StdEncoding.DecodeString(text)
			if err == nil && ok {
				b, err = s.Decrypt(b, q.Associated)
			}
			if err != nil || !ok {
				fail(400, "cipher: message authentication failed")
				return
			}
			data = map[string]any{"plaintext": b}
		default:
			fail(404, "no handler for route "+r.URL.Path)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "r", "data": data})
	})
}

func serve(t *testing.T, s *roottest.Service) string {
	t.Helper()
	server := httptest.NewTLSServer(transit(t, s))
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_CACERT", ca)
	t.Setenv("VAULT_TOKEN", token)
	return "hcvault://" + server.Listener.Addr().String()
}

func TestRoot(t *testing.T) {
	s := roottest.NewService()
	root, err := hcvault.New(serve(t, s) + "/team/transit/keys/reticent")
	if err != nil {
		t.Fatal(err)
	}
	roottest.Run(t, s, root, true)
}

func TestRefused(t *testing.T) {
	s := roottest.NewService()
	at := serve(t, s)
	wrap := func() error {
		root, err := hcvault.New(at + "/team/transit/keys/reticent")
		if err != nil {
			t.Fatal(err)
		}
		_, err = root.Wrap(t.Context(), make([]byte, 32), nil)
		return err
	}
	t.Setenv("VAULT_TOKEN", "another")
	if err := wrap(); err == nil || !strings.Contains(err.Error(), "permission denied") || strings.Contains(err.Error(), "another") {
		t.Errorf("with another token: %v", err)
	}
	t.Setenv("VAULT_TOKEN", token)
	t.Setenv("VAULT_CACERT", "")
	if err := wrap(); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with a certificate of nobody known: %v", err)
	}
	for _, uri := range []string{"hcvault://", "hcvault://host", "hcvault://host/transit/encrypt/k", "hcvault://u:p@host/transit/keys/k", "https://host/transit/keys/k"} {
		if _, err := hcvault.New(uri); err == nil {
			t.Errorf("%s is taken", uri)
		}
	}
}
