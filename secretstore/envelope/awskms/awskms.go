// Package awskms keeps a database's keyring under a key of AWS Key Management
// Service.
//
// It protects the keyring from whoever has the database and no permission kms:Decrypt
// on the key. Credentials are those of the AWS SDK: environment, shared files, web
// identity, or the metadata of the machine; they need kms:Encrypt and kms:Decrypt.
// The key must be a symmetric one, and its encryption context has what it encrypts.
package awskms

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	tinkkms "github.com/tink-crypto/tink-go-awskms/v3/integration/awskms"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Scheme begins the URI of such a key; its ARN follows.
const Scheme = "aws-kms://"

// Root is a key of AWS KMS.
type Root struct {
	uri  string
	aead tink.AEADWithContext
}

// New makes the root of a URI, such as
// aws-kms://arn:aws:kms:eu-central-1:111122223333:key/1234abcd-…. It calls nobody.
func New(ctx context.Context, uri string) (*Root, error) {
	id := strings.TrimPrefix(uri, Scheme)
	at, err := arn.Parse(id)
	if err != nil || at.Service != "kms" || at.Region == "" || id == uri {
		return nil, fmt.Errorf("key %s: after %s comes the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID", uri, Scheme)
	}
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(at.Region))
	if err != nil {
		return nil, fmt.Errorf("key %s: configuration of AWS: %w", uri, err)
	}
	aead, err := tinkkms.NewAEADWithContext(ctx, id, tinkkms.WithKMS(kms.NewFromConfig(c)))
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", uri, err)
	}
	return &Root{uri, aead}, nil
}

// Name implements envelope.Root.
func (r *Root) Name() string { return r.uri }

// Wrap implements envelope.Root.
func (r *Root) Wrap(ctx context.Context, key, associated []byte) ([]byte, error) {
	return r.aead.EncryptWithContext(ctx, key, associated)
}

// Unwrap implements envelope.Root.
func (r *Root) Unwrap(ctx context.Context, wrapped, associated []byte) ([]byte, error) {
	return r.aead.DecryptWithContext(ctx, wrapped, associated)
}
