package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
)

// Scheme is how a message is signed with an RSA or ECDSA key where no algorithm of
// JSON Web Signature says so. Ed25519 keys take none.
type Scheme struct {
	Hash crypto.Hash
	// PSS is RSASSA-PSS instead of RSASSA-PKCS1-v1_5.
	PSS bool
	// Salt is the length of PSS's salt: rsa.PSSSaltLengthEqualsHash,
	// rsa.PSSSaltLengthAuto (verifying: any; signing: the longest), or bytes.
	Salt int
}

// Sign makes the signature of a message in the form of RFC 7518: an HMAC's bytes,
// an RSA signature, r and s of ECDSA one after the other. Only PS* draw random
// numbers: ECDSA's are those of RFC 6979.
func (k *Key) Sign(name Algorithm, message []byte) ([]byte, error) {
	a, err := k.fit(name)
	if err != nil {
		return nil, err
	}
	if a.kind == Symmetric {
		return k.mac(a, message), nil
	}
	return k.SignWith(a.scheme(), message)
}

func (a algorithm) scheme() Scheme {
	return Scheme{Hash: a.hash, PSS: a.pss, Salt: rsa.PSSSaltLengthEqualsHash}
}

// SignWith signs with a private key.
func (k *Key) SignWith(s Scheme, message []byte) ([]byte, error) {
	switch private := k.private.(type) {
	case nil:
		return nil, errors.New("a public key does not sign; give the private one")
	case ed25519.PrivateKey:
		return private.Sign(nil, message, crypto.Hash(0))
	case *rsa.PrivateKey:
		if s.PSS {
			return rsa.SignPSS(rand.Reader, private, s.Hash, sum(s.Hash, message), &rsa.PSSOptions{SaltLength: s.Salt})
		}
		return rsa.SignPKCS1v15(nil, private, s.Hash, sum(s.Hash, message))
	}
	der, err := k.private.Sign(nil, sum(s.Hash, message), s.Hash)
	if err != nil {
		return nil, err
	}
	return FromDER(k.kind, der)
}

// Verify reports whether a signature in the form of Sign is one of the message.
// The error says why the key is none for the algorithm.
func (k *Key) Verify(name Algorithm, message, signature []byte) (bool, error) {
	a, err := k.fit(name)
	if err != nil {
		return false, err
	}
	if a.kind == Symmetric {
		return hmac.Equal(k.mac(a, message), signature), nil
	}
	return k.VerifyWith(a.scheme(), message, signature), nil
}

// VerifyWith verifies with a public key or a private one's public half.
func (k *Key) VerifyWith(s Scheme, message, signature []byte) bool {
	switch public := k.public.(type) {
	case ed25519.PublicKey:
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(public, message, signature)
	case *rsa.PublicKey:
		if s.PSS {
			return rsa.VerifyPSS(public, s.Hash, sum(s.Hash, message), signature, &rsa.PSSOptions{SaltLength: s.Salt}) == nil
		}
		return rsa.VerifyPKCS1v15(public, s.Hash, sum(s.Hash, message), signature) == nil
	case *ecdsa.PublicKey:
		der, err := ToDER(k.kind, signature)
		return err == nil && ecdsa.VerifyASN1(public, sum(s.Hash, message), der)
	}
	return false
}

// Fits gives an error if the key is none for the algorithm.
func (k *Key) Fits(name Algorithm) error {
	_, err := k.fit(name)
	return err
}

// fit holds each algorithm to its one kind of key.
func (k *Key) fit(name Algorithm) (algorithm, error) {
	a, ok := algorithms[name]
	switch {
	case !ok:
		return a, errors.New("no such algorithm; use HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA")
	case a.kind != k.kind:
		return a, fmt.Errorf("%s takes a key of type %s, and this one is of type %s", name, a.kind, k.kind)
	}
	return a, nil
}

func (k *Key) mac(a algorithm, message []byte) []byte {
	m := hmac.New(a.hash.New, k.secret)
	m.Write(message)
	return m.Sum(nil)
}

func sum(h crypto.Hash, message []byte) []byte {
	d := h.New()
	d.Write(message)
	return d.Sum(nil)
}
