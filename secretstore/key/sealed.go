package key

import (
	"errors"
	"slices"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// Sealed is a key as one run of a script operates with it: its versions are pinned,
// what it is given may be sealed, and what it gives is sealed as rule 4 of package
// seal's outputs has it. It is safe for concurrent use.
type Sealed struct {
	service *Service
	by      secretstore.Principal
	doc     *secretstore.Document
	ring    *ring
}

// Sealed looks a key up from a scope. The error is a [seal.Error] or a
// [secretstore.Failure].
func (s *Service) Sealed(by secretstore.Principal, scope secretstore.Scope, id string) (*Sealed, error) {
	doc, err := s.Store.FindDocument(by, secretstore.KindKey, scope, id)
	if err != nil {
		return nil, err
	}
	r, err := s.ring(doc)
	if err != nil {
		return nil, err
	}
	return &Sealed{service: s, by: by, doc: doc, ring: r}, nil
}

// Algorithms are those of all versions that are keys, that of the newest first.
func (k *Sealed) Algorithms() []string {
	out := []string{}
	for _, v := range k.ring.versions {
		for _, a := range v.algorithms {
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

// KeyID is the kid of the newest version, "" where that is no key.
func (k *Sealed) KeyID() string { return k.ring.versions[0].kid }

// may notes an operation, or refuses it.
func (k *Sealed) may(o Operation) error {
	if !k.ring.does(o) {
		return seal.Errorf(seal.CodeKey, "the key does not %s: its use and its operations say so", o)
	}
	k.service.Store.Used(k.by, k.doc)
	k.service.Store.Operated(k.by, k.doc, string(o))
	return nil
}

// Sign signs with the newest version; an empty algorithm is its first.
func (k *Sealed) Sign(run *seal.Run, algorithm, message string) (string, error) {
	if err := k.may(Sign); err != nil {
		return "", err
	}
	v, err := k.ring.newest()
	if err != nil {
		return "", err
	}
	if algorithm == "" {
		algorithm = v.algorithms[0]
	}
	if !slices.Contains(v.algorithms, algorithm) {
		return "", seal.Errorf(seal.CodeKey, "version %d of the key's secret signs with %v", v.number, v.algorithms)
	}
	return run.SignWith(v.sealed, seal.Algorithm(algorithm), message)
}

// Verify verifies with every version that kid and algorithm do not rule out; either
// may be empty.
func (k *Sealed) Verify(run *seal.Run, kid, algorithm, message, signature string) (bool, error) {
	if err := k.may(Verify); err != nil {
		return false, err
	}
	for _, v := range k.ring.candidates(kid, algorithm) {
		for _, a := range v.algorithms {
			if algorithm != "" && a != algorithm {
				continue
			}
			if ok, err := run.VerifyWith(v.sealed, seal.Algorithm(a), message, signature); ok || err != nil {
				return ok, err
			}
		}
	}
	return false, nil
}

// Encrypt makes a JWE of a payload with the newest version.
func (k *Sealed) Encrypt(run *seal.Run, payload, kind string) (string, error) {
	if err := k.may(Encrypt); err != nil {
		return "", err
	}
	v, err := k.ring.newest()
	switch {
	case err != nil:
		return "", err
	case len(payload) > MaxPayloadBytes:
		return "", seal.Errorf(seal.CodeKey, "the payload is larger than %d bytes (MaxPayloadBytes)", MaxPayloadBytes)
	case len(kind) > MaxTypeLength:
		return "", seal.Errorf(seal.CodeKey, "the type is longer than %d characters (MaxTypeLength)", MaxTypeLength)
	}
	encryption, err := k.ring.encryption(v)
	if err != nil {
		return "", err
	}
	return run.SealWith(v.sealed, "encrypt "+kind, payload, func(b []byte) ([]byte, error) {
		return v.encrypt(b, encryption, kind)
	})
}

// Decrypt gives what is in a JWE that a version decrypts.
func (k *Sealed) Decrypt(run *seal.Run, token string) (string, error) {
	if err := k.may(Decrypt); err != nil {
		return "", err
	}
	text, ok, err := run.Opened(token, func(token string) ([]byte, bool) {
		payload, err := k.ring.decrypt(token)
		return payload.bytes, err == nil
	})
	if err != nil {
		return "", err
	}
	if !ok {
		return "", errUndecryptable
	}
	return text, nil
}

// errUndecryptable is the same whatever is wrong with a token.
var errUndecryptable = seal.Errorf(CodeUndecryptable, "the token is none that an enabled version of the key decrypts")

// Refused gives what a run is told of a key that it cannot have.
func Refused(id string, err error) *seal.Error {
	var refused *seal.Error
	var failure *secretstore.Failure
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &failure) && failure.Class == secretstore.ErrForbidden:
		return seal.Errorf(CodeForbidden, "whoever stored the script may not use key %s", id)
	}
	return seal.Errorf(CodeUnavailable, "key %s is absent in this scope; create it", id)
}

// The codes of keys that a run cannot have.
const (
	CodeUnavailable seal.Code = "key_unavailable"
	CodeForbidden   seal.Code = "key_forbidden"
)
