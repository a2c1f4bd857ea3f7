// Package hcvault keeps a database's keyring under a key of the transit engine of
// HashiCorp Vault or OpenBao.
//
// It protects the keyring from whoever has the database and no token that may
// decrypt with the key. The token and the certificates are those of Vault's own
// variables, VAULT_TOKEN, VAULT_CACERT, VAULT_NAMESPACE and so on. The key must be one for
// authenticated encryption (aes256-gcm96, the default, or chacha20-poly1305), without
// derivation; what it encrypts is in the associated data.
package hcvault

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/hashicorp/vault/api"
	"github.com/tink-crypto/tink-go-hcvault/v2/integration/hcvault"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/reticent/reticent/secretstore/envelope"
)

// Scheme begins the URI of such a key; the host and the path of the key follow. It is
// https always.
const Scheme = "hcvault://"

// Root is a key of a transit engine.
type Root struct {
	uri  string
	aead tink.AEAD
}

// New makes the root of a URI, such as hcvault://vault.example.com:8200/transit/keys/reticent.
// It calls nobody.
func New(uri string) (*Root, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || !strings.HasPrefix(uri, Scheme) {
		return nil, fmt.Errorf("key %s: it has the form %sHOST:PORT/transit/keys/NAME", uri, Scheme)
	}
	c := api.DefaultConfig()
	if c.Error != nil {
		return nil, fmt.Errorf("key %s: configuration of Vault: %w", uri, c.Error)
	}
	c.Address = "https://" + u.Host
	// The calls take no context: the client's own timeout bounds each, and there is one
	// more after a failure of the server.
	c.Timeout, c.MaxRetries = envelope.RootTimeout/2, 1
	client, err := api.NewClient(c)
	if err != nil {
		return nil, fmt.Errorf("key %s: configuration of Vault: %w", uri, err)
	}
	aead, err := hcvault.NewAEAD(u.EscapedPath(), client.Logical())
	if err != nil {
		return nil, fmt.Errorf("key %s: the path has the form /transit/keys/NAME: %w", uri, err)
	}
	return &Root{uri, aead}, nil
}

// Name implements envelope.Root.
func (r *Root) Name() string { return r.uri }

// Wrap implements envelope.Root.
func (r *Root) Wrap(_ context.Context, key, associated []byte) ([]byte, error) {
	return r.aead.Encrypt(key, associated)
}

// Unwrap implements envelope.Root.
func (r *Root) Unwrap(_ context.Context, wrapped, associated []byte) ([]byte, error) {
	return r.aead.Decrypt(wrapped, associated)
}
