package gcpkms_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/api/option"

	"github.com/reticent/reticent/secretstore/envelope/gcpkms"
	"github.com/reticent/reticent/secretstore/envelope/roottest"
)

const (
	keyName = "projects/p/locations/global/keyRings/r/cryptoKeys/reticent"
	token   = "ya29.example-access-token"
)

// google is a token endpoint and a KMS.
type google struct {
	*roottest.Service
	t   *testing.T
	key *rsa.PrivateKey
}

// ServeHTTP is http.Handler's.
func (g google) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/token" {
		g.token(w, r)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+token {
		g.fail(w, http.StatusUnauthorized, "UNAUTHENTICATED")
		return
	}
	if status := g.Failing(); status != 0 {
		g.fail(w, status, "PERMISSION_DENIED")
		return
	}
	var q struct {
		Plaintext, Ciphertext, AdditionalAuthenticatedData                   string
		PlaintextCrc32c, CiphertextCrc32c, AdditionalAuthenticatedDataCrc32c *string
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		g.t.Error(err)
	}
	associated := g.checked(q.AdditionalAuthenticatedData, q.AdditionalAuthenticatedDataCrc32c)
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/" + keyName + ":encrypt":
		out := g.Encrypt(g.checked(q.Plaintext, q.PlaintextCrc32c), associated)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"name": keyName + "/cryptoKeyVersions/1", "ciphertext": base64.StdEncoding.EncodeToString(out), "ciphertextCrc32c": sum(out),
			"verifiedPlaintextCrc32c": true, "verifiedAdditionalAuthenticatedDataCrc32c": true,
		})
	case "POST /v1/" + keyName + ":decrypt":
		out, err := g.Decrypt(g.checked(q.Ciphertext, q.CiphertextCrc32c), associated)
		if err != nil {
			g.fail(w, http.StatusBadRequest, "INVALID_ARGUMENT")
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"plaintext": base64.StdEncoding.EncodeToString(out), "plaintextCrc32c": sum(out)})
	default:
		g.t.Errorf("%s %s", r.Method, r.URL.Path)
	}
}

func (g google) fail(w http.ResponseWriter, status int, reason string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": status, "message": reason, "status": reason}})
}

func sum(b []byte) string {
	return strconv.FormatUint(uint64(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))), 10)
}

// checked decodes a field and compares its checksum, which must be there.
func (g google) checked(text string, crc *string) []byte {
	b, err := base64.URLEncoding.DecodeString(text)
	if err != nil || crc == nil || *crc != sum(b) {
		g.t.Errorf("field %q: %v, checksum %v", text, err, crc)
	}
	return b
}

// token gives an access token for a signed assertion of the service account (RFC 7523).
func (g google) token(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		g.t.Errorf("grant type %q", r.PostFormValue("grant_type"))
	}
	parts := strings.Split(r.PostFormValue("assertion"), ".")
	if len(parts) != 3 {
		g.t.Fatalf("assertion %q", parts)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		g.t.Error(err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&g.key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
		g.t.Errorf("assertion: %v", err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !strings.Contains(string(claims), "https://www.googleapis.com/auth/cloudkms") {
		g.t.Errorf("claims %s, %v", claims, err)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600})
}

func TestRoot(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s := roottest.NewService()
	server := httptest.NewServer(google{s, t, key})
	defer server.Close()
	account, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "reticent@p.iam.gserviceaccount.com", "private_key_id": "k1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": server.URL + "/token",
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "account.json")
	if err := os.WriteFile(file, account, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	root, err := gcpkms.New(t.Context(), gcpkms.Scheme+keyName, option.WithEndpoint(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	roottest.Run(t, s, root, true)
}

func TestNew(t *testing.T) {
	for _, uri := range []string{"gcp-kms://", "gcp-kms://k", "gcp-kms://" + keyName + "/cryptoKeyVersions/1", keyName} {
		if _, err := gcpkms.New(t.Context(), uri); err == nil {
			t.Errorf("%s is taken", uri)
		}
	}
}
