package key

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/signing"
)

// Use is what a key is for, as RFC 7517 section 4.2 has it.
type Use string

// The uses.
const (
	Signing    Use = "sig"
	Encryption Use = "enc"
)

// Operation is what a key does, as RFC 7517 section 4.3 has it.
type Operation string

// The operations.
const (
	Sign    Operation = "sign"
	Verify  Operation = "verify"
	Encrypt Operation = "encrypt"
	Decrypt Operation = "decrypt"
)

var operations = map[Use][]Operation{Signing: {Sign, Verify}, Encryption: {Encrypt, Decrypt}}

// Document is a key as it is stored.
type Document struct {
	// Secret is the name of the secret, looked up from the key's scope.
	Secret string `json:"secret"`
	// Use is what the key is for; "" means Signing.
	Use Use `json:"use"`
	// Algorithms are those that the key takes part in, by the names of RFC 7518: the
	// first that goes with the kind of a version makes tokens, all of them are
	// verified and decrypted. Empty means the usual one of each kind.
	Algorithms []string `json:"algorithms"`
	// Encryption is the content encryption of tokens that are made, "" means A256GCM,
	// or with dir that of the key's size.
	Encryption string `json:"encryption,omitempty"`
	// Operations are what the key may do; empty means everything of its use.
	Operations []Operation `json:"operations"`
	// Description is for people.
	Description string `json:"description"`
}

var idGrammar = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// CheckID makes sure that an ID is one: names with dots between them, such as
// am.services.oauth2.stateless.signing.HMAC.
func CheckID(id string) error {
	if len(id) > MaxIDLength || !idGrammar.MatchString(id) {
		return invalid("the ID of a key has 1 to %d characters (MaxIDLength) of A-Z, a-z, 0-9, _ and -, with single dots between", MaxIDLength)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return &secretstore.Failure{Class: secretstore.ErrInvalid, Message: fmt.Sprintf(format, args...)}
}

// check makes sure of a document and completes it.
func check(_ context.Context, _ secretstore.Scope, _ string, d *Document) (secretstore.References, error) {
	if d.Use == "" {
		d.Use = Signing
	}
	if d.Algorithms == nil {
		d.Algorithms = []string{}
	}
	if d.Operations == nil {
		d.Operations = []Operation{}
	}
	if err := d.check(); err != nil {
		return secretstore.References{}, err
	}
	return secretstore.References{Secrets: []string{d.Secret}}, nil
}

func (d *Document) check() error {
	if d.Secret == "" {
		return invalid("/secret: the name of a secret is expected")
	}
	if err := secretstore.CheckName(secretstore.Name(d.Secret)); err != nil {
		return invalid("/secret: %s", err.Error())
	}
	allowed, ok := operations[d.Use]
	if !ok {
		return invalid("/use: use sig or enc")
	}
	for i, o := range d.Operations {
		if !slices.Contains(allowed, o) {
			return invalid("/operations/%d: a key for %s has the operations %v", i, d.Use, allowed)
		}
	}
	if len(d.Algorithms) > MaxAlgorithms {
		return invalid("/algorithms: more than %d (MaxAlgorithms)", MaxAlgorithms)
	}
	for i, a := range d.Algorithms {
		if d.Use == Signing && !signing.Algorithm(a).Known() {
			return invalid("/algorithms/%d: use HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA", i)
		}
		if d.Use == Encryption && !slices.Contains(managements, a) {
			return invalid("/algorithms/%d: use %s", i, strings.Join(managements, ", "))
		}
	}
	switch {
	case d.Encryption != "" && d.Use != Encryption:
		return invalid("/encryption: only a key for enc has it")
	case d.Encryption != "" && !slices.Contains(encryptions, d.Encryption):
		return invalid("/encryption: use %s", strings.Join(encryptions, ", "))
	case len(d.Description) > secretstore.MaxDescriptionBytes:
		return invalid("/description: longer than %d bytes (MaxDescriptionBytes)", secretstore.MaxDescriptionBytes)
	}
	return nil
}

// does reports whether the key may do an operation.
func (d *Document) does(o Operation) bool {
	if len(d.Operations) == 0 {
		return slices.Contains(operations[d.Use], o)
	}
	return slices.Contains(d.Operations, o)
}
