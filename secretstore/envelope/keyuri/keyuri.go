// Package keyuri makes of a URI the holder of a database's keyring: the one place that
// knows all kinds of keys.
//
//	file:PATH                         a key file
//	passphrase:file:PATH              a passphrase in a file that is its owner's alone
//	passphrase:env:NAME               a passphrase in an environment variable
//	passphrase:prompt                 a passphrase that the terminal is asked for
//	aws-kms://ARN                     AWS KMS
//	gcp-kms://projects/…/cryptoKeys/K Google Cloud KMS
//	azure-kv://VAULT/keys/NAME        Azure Key Vault
//	hcvault://HOST/transit/keys/NAME  Vault or OpenBao
//
// No URI holds a secret: a passphrase is never an argument.
package keyuri

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/envelope/awskms"
	"github.com/reticent/reticent/secretstore/envelope/azurekv"
	"github.com/reticent/reticent/secretstore/envelope/gcpkms"
	"github.com/reticent/reticent/secretstore/envelope/hcvault"
	"github.com/reticent/reticent/secretstore/envelope/passphrase"
	"github.com/reticent/reticent/secretstore/kv"
)

// Forms names the kinds of URIs, for errors and help.
const Forms = "file:PATH, passphrase:file:PATH, passphrase:env:NAME, passphrase:prompt, aws-kms://ARN, gcp-kms://NAME, azure-kv://VAULT/keys/NAME or hcvault://HOST/transit/keys/NAME"

// File gives the path of the key file that a URI means, and whether it means one.
func File(uri string) (path string, ok bool) { return strings.CutPrefix(uri, "file:") }

// Opener makes holders.
type Opener struct {
	// KV is the database whose keyring is held.
	KV kv.Store
	// Prompt asks for a passphrase; nil where nobody can be asked.
	Prompt func() ([]byte, error)
}

// Open makes the holder of a URI. It asks no key management service.
func (o Opener) Open(ctx context.Context, uri string) (envelope.Holder, error) {
	if path, ok := File(uri); ok {
		if path == "" {
			return nil, fmt.Errorf("key %s: it has the form file:PATH", uri)
		}
		return envelope.NewFileHolder(path)
	}
	root, err := o.root(ctx, uri)
	if err != nil {
		return nil, err
	}
	return envelope.NewRowHolder(o.KV, root), nil
}

func (o Opener) root(ctx context.Context, uri string) (envelope.Root, error) {
	scheme, rest, _ := strings.Cut(uri, ":")
	switch scheme + ":" {
	case "passphrase:":
		read, err := o.passphrase(rest)
		if err != nil {
			return nil, err
		}
		return passphrase.New(read), nil
	case awskms.Scheme[:len(awskms.Scheme)-2]:
		return awskms.New(ctx, uri)
	case gcpkms.Scheme[:len(gcpkms.Scheme)-2]:
		return gcpkms.New(ctx, uri)
	case azurekv.Scheme[:len(azurekv.Scheme)-2]:
		return azurekv.New(uri)
	case hcvault.Scheme[:len(hcvault.Scheme)-2]:
		return hcvault.New(uri)
	}
	return nil, fmt.Errorf("no such kind of key; a key is %s", Forms)
}

// passphrase gives what reads a passphrase from where the rest of a URI says. A line
// end after it is no part of it.
func (o Opener) passphrase(from string) (func() ([]byte, error), error) {
	kind, name, _ := strings.Cut(from, ":")
	switch {
	case kind == "file" && name != "":
		return func() ([]byte, error) {
			text, err := envelope.ReadPrivate(name)
			if err != nil {
				return nil, fmt.Errorf("passphrase file %q: %w", name, err)
			}
			return bytes.TrimRight(text, "\r\n"), nil
		}, nil
	case kind == "env" && name != "":
		return func() ([]byte, error) {
			text, ok := os.LookupEnv(name)
			if !ok {
				return nil, fmt.Errorf("the environment has no variable %s, which the passphrase is to be in", name)
			}
			return []byte(text), nil
		}, nil
	case from == "prompt" && o.Prompt != nil:
		return o.Prompt, nil
	case from == "prompt":
		return nil, fmt.Errorf("there is no terminal to ask for the passphrase: give it in a file, passphrase:file:PATH")
	}
	return nil, fmt.Errorf("a passphrase comes from a file (passphrase:file:PATH), a variable (passphrase:env:NAME) or the terminal (passphrase:prompt), and is never an argument")
}
