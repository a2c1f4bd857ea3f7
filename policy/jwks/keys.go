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
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

// Keys are the keys of a set that verify signatures. They are immutable.
type Keys struct{ keys []key }

// key is a public key with the algorithms that it may verify.
type key struct {
	id         string
	algorithms []string
	public     any
}

// Algorithms are those that a public key can verify, by their JWS names
// (RFC 7518 section 3.1, RFC 8037).
var Algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// MinRSABits is the size of the smallest RSA key that is taken, in bits
// (RFC 7518 section 3.3).
const MinRSABits = 2048

var (
	errNotSet  = errors.New("this is no JSON Web Key Set (RFC 7517)")
	errPrivate = errors.New("a JWKS that holds private or symmetric keys gives them to everybody who can read it; write public keys, or put the key into a secret")
	errNoKeys  = errors.New("the JWKS has no key that verifies signatures")
	errMany    = fmt.Errorf("the JWKS has more than %d keys (MaxKeys)", MaxKeys)
	errSmall   = fmt.Errorf("the JWKS has an RSA key of less than %d bits (MinRSABits)", MinRSABits)
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
		if err := jwk.Export(k, &parsed.public); err != nil {
			continue
		}
		if parsed.algorithms, err = algorithmsOf(parsed.public); err != nil {
			return nil, err
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

// algorithmsOf gives the algorithms that a key can verify.
func algorithmsOf(public any) ([]string, error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < MinRSABits {
			return nil, errSmall
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, nil
	case *ecdsa.PublicKey:
		switch k.Curve.Params().BitSize {
		case 256:
			return []string{"ES256"}, nil
		case 384:
			return []string{"ES384"}, nil
		case 521:
			return []string{"ES512"}, nil
		}
	case ed25519.PublicKey:
		return []string{"EdDSA"}, nil
	}
	return nil, nil
}

// Verify reports whether one of the keys signed a token in the compact form
// (RFC 7515 section 7.1), whose header says algorithm and, where id is not
// empty, key id. A key of another id is not tried: a set may hold keys of several
// issuers.
func (k *Keys) Verify(token, algorithm, id string) bool {
	alg, ok := jwa.LookupSignatureAlgorithm(algorithm)
	if !ok {
		return false
	}
	for _, candidate := range k.keys {
		if id != "" && candidate.id != "" && id != candidate.id || !slices.Contains(candidate.algorithms, algorithm) {
			continue
		}
		if _, err := jws.Verify([]byte(token), jws.WithKey(alg, candidate.public)); err == nil {
			return true
		}
	}
	return false
}
