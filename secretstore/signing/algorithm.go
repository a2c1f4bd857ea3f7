package signing

import (
	"crypto"
	"slices"

	// The hash functions of the algorithms.
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
)

// Algorithm is the name of a signature algorithm of JSON Web Signature: RFC 7518
// section 3.1 and, for EdDSA, RFC 8037.
type Algorithm string

// The algorithms. There is no "none": it signs nothing.
const (
	HS256 Algorithm = "HS256"
	HS384 Algorithm = "HS384"
	HS512 Algorithm = "HS512"
	RS256 Algorithm = "RS256"
	RS384 Algorithm = "RS384"
	RS512 Algorithm = "RS512"
	PS256 Algorithm = "PS256"
	PS384 Algorithm = "PS384"
	PS512 Algorithm = "PS512"
	ES256 Algorithm = "ES256"
	ES384 Algorithm = "ES384"
	ES512 Algorithm = "ES512"
	EdDSA Algorithm = "EdDSA"
)

// Kind is what type of key a key is, and of an elliptic curve which.
type Kind string

// The kinds of keys.
const (
	Symmetric Kind = "oct"
	RSA       Kind = "RSA"
	P256      Kind = "P-256"
	P384      Kind = "P-384"
	P521      Kind = "P-521"
	Ed25519   Kind = "Ed25519"
)

type algorithm struct {
	kind Kind
	hash crypto.Hash // 0 for EdDSA, which hashes itself
	pss  bool
}

var algorithms = map[Algorithm]algorithm{
	HS256: {kind: Symmetric, hash: crypto.SHA256},
	HS384: {kind: Symmetric, hash: crypto.SHA384},
	HS512: {kind: Symmetric, hash: crypto.SHA512},
	RS256: {kind: RSA, hash: crypto.SHA256},
	RS384: {kind: RSA, hash: crypto.SHA384},
	RS512: {kind: RSA, hash: crypto.SHA512},
	PS256: {kind: RSA, hash: crypto.SHA256, pss: true},
	PS384: {kind: RSA, hash: crypto.SHA384, pss: true},
	PS512: {kind: RSA, hash: crypto.SHA512, pss: true},
	ES256: {kind: P256, hash: crypto.SHA256},
	ES384: {kind: P384, hash: crypto.SHA384},
	ES512: {kind: P521, hash: crypto.SHA512},
	EdDSA: {kind: Ed25519},
}

// Known reports whether a is one of the algorithms.
func (a Algorithm) Known() bool {
	_, ok := algorithms[a]
	return ok
}

// Kind is the kind of key that the algorithm takes, "" for one that is unknown.
func (a Algorithm) Kind() Kind { return algorithms[a].kind }

// Hash is the algorithm's hash function, 0 for EdDSA and for one that is unknown.
func (a Algorithm) Hash() crypto.Hash { return algorithms[a].hash }

// Algorithms gives the algorithms that take a kind of key, in order.
func (k Kind) Algorithms() []Algorithm {
	var out []Algorithm
	for name, a := range algorithms {
		if a.kind == k {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
