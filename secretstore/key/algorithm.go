package key

import (
	"fmt"
	"slices"

	"github.com/reticent/reticent/secretstore/signing"
)

// managements are the algorithms by which the key of a token is managed (RFC 7518
// section 4). RSA1_5 is not among them, since its padding tells, nor are passwords.
var managements = []string{
	"RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512",
	"ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW",
	"A128KW", "A192KW", "A256KW", "dir",
}

// encryptions are the algorithms by which the content of a token is encrypted
// (RFC 7518 section 5).
var encryptions = []string{"A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"}

// managing gives the managements that go with a key, the usual one first.
func managing(k *signing.Key) []string {
	switch k.Kind() {
	case signing.RSA:
		return managements[:3]
	case signing.P256, signing.P384, signing.P521:
		return managements[3:7]
	case signing.Symmetric:
		return []string{fmt.Sprintf("A%dKW", 8*len(k.Secret())), "dir"}
	}
	return nil
}

// usualSigning are the signature algorithms that keys have if they name none.
var usualSigning = map[signing.Kind]string{
	signing.Symmetric: "HS256", signing.RSA: "RS256", signing.P256: "ES256", signing.P384: "ES384", signing.P521: "ES512", signing.Ed25519: "EdDSA",
}

// algorithmsOf gives the algorithms of a document that go with a key, in its order.
func (d *Document) algorithmsOf(k *signing.Key) []string {
	if d.Use == Encryption {
		fitting := managing(k)
		if len(d.Algorithms) == 0 {
			return fitting[:min(len(fitting), 1)]
		}
		return slices.DeleteFunc(slices.Clone(d.Algorithms), func(a string) bool { return !slices.Contains(fitting, a) })
	}
	if len(d.Algorithms) == 0 {
		return []string{usualSigning[k.Kind()]}
	}
	return slices.DeleteFunc(slices.Clone(d.Algorithms), func(a string) bool {
		return k.Fits(signing.Algorithm(a)) != nil || tooShort(k, a)
	})
}

// tooShort reports whether a key has fewer bytes than the digest of an HMAC, which
// RFC 7518 section 3.2 does not allow.
func tooShort(k *signing.Key, algorithm string) bool {
	return k.Kind() == signing.Symmetric && len(k.Secret()) < signing.Algorithm(algorithm).Hash().Size()
}
