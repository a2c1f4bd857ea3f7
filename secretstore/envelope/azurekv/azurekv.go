// Package azurekv keeps a database's keyring under an RSA key of Azure Key Vault.
//
// It protects the keyring from whoever has the database and may not unwrap with the
// key. Credentials are those of the Azure SDK's default chain: environment, workload
// identity, managed identity, the Azure command line; they need the operations wrapKey
// and unwrapKey. Wrapping is RSA-OAEP with SHA-256, which binds nothing besides the
// key that it wraps: the keyring around it is bound by package envelope.
package azurekv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// Scheme begins the URI of such a key; what its identifier has after https:// follows.
const Scheme = "azure-kv://"

var keyID = regexp.MustCompile(`^azure-kv://([^/@?#]+)/keys/([0-9A-Za-z-]+)(?:/([0-9a-f]+))?$`)

// Root is a key of Azure Key Vault.
type Root struct {
	uri, name, version string
	client             *azkeys.Client
}

// New makes the root of a URI, such as azure-kv://NAME.vault.azure.net/keys/reticent; with
// a version at the end it wraps with that one, without with the newest. It calls
// nobody.
func New(uri string) (*Root, error) {
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, fmt.Errorf("key %s: credentials: %w", uri, err)
	}
	return NewWith(uri, credential, nil)
}

// NewWith is New with a credential and options of one's own.
func NewWith(uri string, credential azcore.TokenCredential, options *azkeys.ClientOptions) (*Root, error) {
	m := keyID.FindStringSubmatch(uri)
	if m == nil {
		return nil, fmt.Errorf("key %s: it has the form %sVAULT.vault.azure.net/keys/NAME", uri, Scheme)
	}
	client, err := azkeys.NewClient("https://"+m[1], credential, options)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", uri, err)
	}
	return &Root{uri, m[2], m[3], client}, nil
}

// wrapped is a key as it is stored: the version that wrapped it is needed to unwrap.
type wrapped struct {
	Version string `json:"version"`
	Value   []byte `json:"value"`
}

// Name implements envelope.Root.
func (r *Root) Name() string { return r.uri }

var algorithm = azkeys.EncryptionAlgorithmRSAOAEP256

// Wrap implements envelope.Root.
func (r *Root) Wrap(ctx context.Context, key, _ []byte) ([]byte, error) {
	out, err := r.client.WrapKey(ctx, r.name, r.version, azkeys.KeyOperationParameters{Algorithm: &algorithm, Value: key}, nil)
	if err != nil {
		return nil, err
	}
	if out.KID == nil || out.KID.Name() != r.name || out.KID.Version() == "" {
		return nil, errors.New("the answer of the key vault names no version of the key")
	}
	return json.Marshal(wrapped{out.KID.Version(), out.Result})
}

// Unwrap implements envelope.Root.
func (r *Root) Unwrap(ctx context.Context, b, _ []byte) ([]byte, error) {
	var w wrapped
	if json.Unmarshal(b, &w) != nil || w.Version == "" || strings.Trim(w.Version, "0123456789abcdef") != "" {
		return nil, errors.New("what is stored is not what the key vault gave")
	}
	out, err := r.client.UnwrapKey(ctx, r.name, w.Version, azkeys.KeyOperationParameters{Algorithm: &algorithm, Value: w.Value}, nil)
	if err != nil {
		return nil, err
	}
	return out.Result, nil
}
