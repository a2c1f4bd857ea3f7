package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// KeySpec is a key as it is written. Empty lists have the server's defaults.
type KeySpec struct {
	Secret      string   `json:"secret"`
	Use         string   `json:"use,omitempty"`
	Algorithms  []string `json:"algorithms,omitempty"`
	Encryption  string   `json:"encryption,omitempty"`
	Operations  []string `json:"operations,omitempty"`
	Description string   `json:"description,omitempty"`
}

// Key is a key, by its ID.
type Key struct {
	Meta
	KeySpec
}

// KeyVersion is an enabled version of a key's secret.
type KeyVersion struct {
	Version    int       `json:"version"`
	KeyID      string    `json:"kid"`
	Algorithms []string  `json:"algorithms"`
	Active     bool      `json:"active"`
	Problem    string    `json:"problem"`
	CreatedAt  time.Time `json:"created_at"`
}

// Content is what is signed or encrypted: one of the three.
type Content struct {
	Payload       *string         `json:"payload,omitempty"`
	PayloadBase64 *string         `json:"payload_base64,omitempty"`
	Claims        json.RawMessage `json:"claims,omitempty"`
}

// SignRequest asks for a token, or with the format "raw" for a signature.
type SignRequest struct {
	Content
	Format    string `json:"format,omitempty"`
	Algorithm string `json:"algorithm,omitempty"`
	Type      string `json:"type,omitempty"`
}

// Signed is a token or a signature.
type Signed struct {
	Token     string `json:"token,omitempty"`
	Signature string `json:"signature,omitempty"`
	Algorithm string `json:"algorithm"`
	KeyID     string `json:"kid"`
	Version   int    `json:"version"`
}

// VerifyRequest has a token, or a content and its signature.
type VerifyRequest struct {
	Token string `json:"token,omitempty"`
	Content
	Signature string `json:"signature,omitempty"`
	Algorithm string `json:"algorithm,omitempty"`
}

// Verified says whether a signature is valid, and if not why.
type Verified struct {
	Valid  bool   `json:"valid"`
	Reason string `json:"reason,omitempty"`
	Content
	Algorithm string `json:"algorithm,omitempty"`
	KeyID     string `json:"kid,omitempty"`
	Version   int    `json:"version,omitempty"`
}

// EncryptRequest asks for a token that only the key decrypts.
type EncryptRequest struct {
	Content
	Type string `json:"type,omitempty"`
}

// Encrypted is a token.
type Encrypted struct {
	Token      string `json:"token"`
	Algorithm  string `json:"algorithm"`
	Encryption string `json:"encryption"`
	KeyID      string `json:"kid"`
	Version    int    `json:"version"`
}

// Decrypted is what was in a token.
type Decrypted struct {
	Content
	KeyID   string `json:"kid"`
	Version int    `json:"version"`
}

// Keys are the keys of a scope.
type Keys struct {
	Collection[Key, *Key]
}

// Keys gives the keys of a scope.
func (c *Client) Keys(s Scope) Keys {
	return Keys{Collection[Key, *Key]{reader[Key, *Key]{c, s, "keys"}}}
}

// Versions lists the enabled versions of a key's secret, newest first.
func (x Keys) Versions(ctx context.Context, id string) ([]KeyVersion, error) {
	var page Page[KeyVersion]
	_, err := x.c.do(ctx, call{method: http.MethodGet, path: x.scope.path(x.kind, id, "versions")}, &page)
	return page.Items, err
}

// Sign signs with a key that the scope sees.
func (x Keys) Sign(ctx context.Context, id string, q SignRequest) (Signed, error) {
	var out Signed
	err := x.operate(ctx, id, "sign", q, &out)
	return out, err
}

// Verify verifies with a key that the scope sees.
func (x Keys) Verify(ctx context.Context, id string, q VerifyRequest) (Verified, error) {
	var out Verified
	err := x.operate(ctx, id, "verify", q, &out)
	return out, err
}

// Encrypt encrypts to a key that the scope sees.
func (x Keys) Encrypt(ctx context.Context, id string, q EncryptRequest) (Encrypted, error) {
	var out Encrypted
	err := x.operate(ctx, id, "encrypt", q, &out)
	return out, err
}

// Decrypt decrypts with a key that the scope sees.
func (x Keys) Decrypt(ctx context.Context, id, token string) (Decrypted, error) {
	var out Decrypted
	err := x.operate(ctx, id, "decrypt", map[string]string{"token": token}, &out)
	return out, err
}

// KeySet gives the JSON Web Key Set of a scope.
func (c *Client) KeySet(ctx context.Context, s Scope) (set json.RawMessage, err error) {
	_, err = c.do(ctx, call{method: http.MethodGet, path: s.path("jwks.json")}, &set)
	return set, err
}

func (x Keys) operate(ctx context.Context, id, operation string, request, out any) error {
	_, err := x.c.do(ctx, call{method: http.MethodPost, path: x.scope.path(x.kind, id, operation), body: request}, out)
	return err
}
