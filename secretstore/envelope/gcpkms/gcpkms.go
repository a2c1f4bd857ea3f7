// Package gcpkms keeps a database's keyring under a key of Google Cloud Key
// Management Service.
//
// It protects the keyring from whoever has the database and may not use the key.
// Credentials are Google's application default credentials; they need
// cloudkms.cryptoKeyVersions.useToEncrypt and useToDecrypt. The key must be one for
// symmetric encryption; what it encrypts is in the additional authenticated data, and
// the checksums of both ways are compared.
package gcpkms

import (
	"context"
	"fmt"
	"regexp"

	tinkkms "github.com/tink-crypto/tink-go-gcpkms/v2/integration/gcpkms"
	"github.com/tink-crypto/tink-go/v2/tink"
	"google.golang.org/api/option"
	"google.golang.org/api/transport/http"

	"github.com/reticent/reticent/secretstore/envelope"
)

// Scheme begins the URI of such a key; its resource name follows.
const Scheme = "gcp-kms://"

const scope = "https://www.googleapis.com/auth/cloudkms"

var keyName = regexp.MustCompile(`^gcp-kms://projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$`)

// Root is a key of Google Cloud KMS.
type Root struct {
	uri  string
	aead tink.AEAD
}

// New makes the root of a URI, such as
// gcp-kms://projects/P/locations/L/keyRings/R/cryptoKeys/K. It calls nobody. The
// options are those of Google's clients; none is needed.
func New(ctx context.Context, uri string, options ...option.ClientOption) (*Root, error) {
	if !keyName.MatchString(uri) {
		return nil, fmt.Errorf("key %s: it has the form %sprojects/P/locations/L/keyRings/R/cryptoKeys/K", uri, Scheme)
	}
	options = append([]option.ClientOption{option.WithScopes(scope)}, options...)
	// The calls take no context: the client's own timeout bounds them.
	client, _, err := http.NewClient(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("key %s: credentials: %w", uri, err)
	}
	client.Timeout = envelope.RootTimeout
	options = append(options, option.WithHTTPClient(client))
	c, err := tinkkms.NewClient(ctx, uri, tinkkms.WithTransport(tinkkms.TransportREST), tinkkms.WithGoogleAPIClientOptions(options...))
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", uri, err)
	}
	aead, err := c.GetAEAD(uri)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", uri, err)
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
