// Package jwks holds public keys that verify signatures: those of a JSON Web Key
// Set (RFC 7517), read from a document or fetched from a URL.
//
// # How it fits
//
// Package validator asks [Keys] for the keys of a token. A [Cache] fetches sets
// by way of package egress, in the background: an evaluation takes what was
// fetched last and never waits for a network.
//
// # What it protects
//
// Those who rely on a decision. Keys that could be used to sign (private and
// symmetric ones) are refused: a policy can be read by anybody who may see it. A
// set that cannot be fetched is used as it last was, for [MaxStale] at most, and
// one that never could be fetched verifies nothing.
package jwks

import (
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/reticent/reticent/secretstore/signing"
)

// Keys are the keys of a set that verify signatures. They are immutable.
type Keys struct{ keys []key }

// key is a public key with the algorithms that it may verify.
type key struct {
	id         string
	algorithms []string
	public     *signing.Key
}

// Algorithms are those that a public key can verify, by their JWS names
// (RFC 7518 section 3.1, RFC 8037).
var Algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

var (
	errNotSet  = errors.New("this is no JSON Web Key Set (RFC 7517)")
	errPrivate = errors.New("a JWKS that holds private or symmetric keys gives them to everybody who can read it; write public keys, or put the key into a secret")
	errNoKeys  = errors.New("the JWKS has no key that verifies signatures")
	errMany    = fmt.Errorf("the JWKS has more than %d keys (MaxKeys)", MaxKeys)
)

// Parse reads a set. Keys that are not for signatures, and those of kinds that
// nothing here verifies, are left out. No error repeats a part of the text.
func Parse(text []byte) (*Keys, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("the JWKS is larger than %d bytes (MaxBytes)", MaxBytes)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errNotSet
	}
	if len(set.Keys) > MaxKeys {
		return nil, errMany
	}
	out := &Keys{}
	for _, raw := range set.Keys {
		k, err := jwk.ParseKey(raw)
		if err != nil {
			continue // RFC 7517 section 5: what is not understood is ignored
		}
		if private, err := jwk.IsPrivateKey(k); err == nil && private {
			return nil, errPrivate
		}
		if k.KeyType() == jwa.OctetSeq() {
			return nil, errPrivate
		}
		if use, ok := k.KeyUsage(); ok && use != "sig" {
			continue
		}
		parsed := key{}
		parsed.id, _ = k.KeyID()
		var public any
		if err := jwk.Export(k, &public); err != nil {
			continue
		}
		if parsed.public, err = signing.New(public); err != nil {
			switch public.(type) {
			case *rsa.PublicKey, ed25519.PublicKey: // of a kind that is known, and unsafe
				return nil, fmt.Errorf("the JWKS has %w", err)
			}
			continue
		}
		for _, a := range parsed.public.Kind().Algorithms() {
			parsed.algorithms = append(parsed.algorithms, string(a))
		}
		if alg, ok := k.Algorithm(); ok {
			name := alg.String()
			parsed.algorithms = slices.DeleteFunc(parsed.algorithms, func(a string) bool { return a != name })
		}
		if len(parsed.algorithms) > 0 {
			out.keys = append(out.keys, parsed)
		}
	}
	if len(out.keys) == 0 {
		return nil, errNoKeys
	}
	return out, nil
}

// Verify reports whether one of the keys signed a token. A key of another id than
// the token's is not tried: a set may hold keys of several issuers.
func (k *Keys) Verify(token *signing.Token) bool {
	algorithm, id := token.Header.Algorithm, token.Header.KeyID
	for _, candidate := range k.keys {
		if id != "" && candidate.id != "" && id != candidate.id || !slices.Contains(candidate.algorithms, algorithm) {
			continue
		}
		if ok, err := candidate.public.Verify(signing.Algorithm(algorithm), []byte(token.Signed), token.Signature); err == nil && ok {
			return true
		}
	}
	return false
}
