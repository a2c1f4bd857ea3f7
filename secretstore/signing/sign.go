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

// Sign makes the signature of a message in the form of RFC 7518: an HMAC's bytes,
// an RSA signature, r and s of ECDSA one after the other. Only PS* draw random
// numbers: ECDSA's are those of RFC 6979.
func (k *Key) Sign(name Algorithm, message []byte) ([]byte, error) {
	a, err := k.fit(name)
	if err != nil {
		return nil, err
	}
	if !k.Private() {
		return nil, fmt.Errorf("%s: a public key does not sign; give the private one", name)
	}
	switch a.kind {
	case Symmetric:
		return k.mac(a, message), nil
	case Ed25519:
		return k.private.Sign(nil, message, crypto.Hash(0))
	case RSA:
		private := k.private.(*rsa.PrivateKey)
		if a.pss {
			return rsa.SignPSS(rand.Reader, private, a.hash, sum(a.hash, message), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPKCS1v15(nil, private, a.hash, sum(a.hash, message))
	}
	der, err := k.private.Sign(nil, sum(a.hash, message), a.hash)
	if err != nil {
		return nil, err
	}
	return FromDER(a.kind, der)
}

// Verify reports whether a signature in the form of Sign is one of the message.
// The error says why the key is none for the algorithm.
func (k *Key) Verify(name Algorithm, message, signature []byte) (bool, error) {
	a, err := k.fit(name)
	if err != nil {
		return false, err
	}
	switch a.kind {
	case Symmetric:
		return hmac.Equal(k.mac(a, message), signature), nil
	case Ed25519:
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(k.public.(ed25519.PublicKey), message, signature), nil
	case RSA:
		public := k.public.(*rsa.PublicKey)
		if a.pss {
			return rsa.VerifyPSS(public, a.hash, sum(a.hash, message), signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil, nil
		}
		return rsa.VerifyPKCS1v15(public, a.hash, sum(a.hash, message), signature) == nil, nil
	}
	der, err := ToDER(a.kind, signature)
	if err != nil {
		return false, nil // no signature of this curve is as long
	}
	return ecdsa.VerifyASN1(k.public.(*ecdsa.PublicKey), sum(a.hash, message), der), nil
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
