package key

import (
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwe"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/signing"
)

// EncryptRequest asks for a token that only the key decrypts.
type EncryptRequest struct {
	Content
	// Type is the "typ" of the token; "" is "JWT" if there are claims, else none.
	Type string `json:"type"`
}

// Encrypted is a token: JWE in compact serialization (RFC 7516 section 3.1).
type Encrypted struct {
	Token      string `json:"token"`
	Algorithm  string `json:"algorithm"`
	Encryption string `json:"encryption"`
	KeyID      string `json:"kid"`
	Version    int    `json:"version"`
}

// DecryptRequest asks for what is in a token.
type DecryptRequest struct {
	Token string `json:"token"`
}

// Decrypted is what was in a token.
type Decrypted struct {
	Content
	KeyID   string `json:"kid"`
	Version int    `json:"version"`
}

// Encrypt encrypts with the newest enabled version of a key's secret.
func (s *Service) Encrypt(by secretstore.Principal, scope secretstore.Scope, id string, q EncryptRequest) (Encrypted, error) {
	r, err := s.find(by, scope, id, Encrypt)
	if err != nil {
		return Encrypted{}, err
	}
	payload, given, err := q.bytes()
	switch {
	case err != nil:
		return Encrypted{}, err
	case !given:
		return Encrypted{}, invalid("payload, payload_base64 or claims is missing")
	case len(q.Type) > MaxTypeLength:
		return Encrypted{}, invalid("/type: longer than %d characters (MaxTypeLength)", MaxTypeLength)
	}
	v, err := r.newest()
	if err != nil {
		return Encrypted{}, err
	}
	out := Encrypted{Algorithm: v.algorithms[0], KeyID: v.kid, Version: v.number}
	if out.Encryption, err = r.encryption(v); err != nil {
		return Encrypted{}, err
	}
	if q.Type == "" && q.Claims != nil {
		q.Type = "JWT"
	}
	token, err := v.encrypt(payload, out.Encryption, q.Type)
	out.Token = string(token)
	return out, err
}

// encryption gives the content encryption of tokens that a version makes. With dir,
// where there is no key between, it is that of the key's size.
func (r *ring) encryption(v *version) (string, error) {
	wanted := r.Document.Encryption
	if v.algorithms[0] == "dir" {
		of := fmt.Sprintf("A%dGCM", 8*len(v.key.Secret()))
		if wanted != "" && wanted != of {
			return "", seal.Errorf(seal.CodeKey, "version %d of the secret: with dir a key of its size goes with %s", v.number, of)
		}
		return of, nil
	}
	if wanted == "" {
		wanted = "A256GCM"
	}
	return wanted, nil
}

func (v *version) encrypt(payload []byte, encryption, kind string) ([]byte, error) {
	headers := jwe.NewHeaders()
	err := headers.Set(jwe.KeyIDKey, v.kid)
	if err == nil && kind != "" {
		err = headers.Set(jwe.TypeKey, kind)
	}
	if err != nil {
		return nil, fmt.Errorf("header of a token: %w", err)
	}
	management, ok := jwa.LookupKeyEncryptionAlgorithm(v.algorithms[0])
	content, ok2 := jwa.LookupContentEncryptionAlgorithm(encryption)
	if !ok || !ok2 {
		return nil, seal.Errorf(seal.CodeKey, "the algorithm is not supported")
	}
	key := any(v.key.Secret())
	if public := v.key.Public(); public != nil {
		key = public
	}
	token, err := jwe.Encrypt(payload, jwe.WithKey(management, key), jwe.WithContentEncryption(content), jwe.WithProtectedHeaders(headers))
	if err != nil {
		// What the library says may tell of the key.
		return nil, seal.Errorf(seal.CodeKey, "version %d of the secret does not encrypt", v.number)
	}
	return token, nil
}

// Decrypt decrypts with every enabled version of a key's secret. The error is the
// same whatever is wrong with a token.
func (s *Service) Decrypt(by secretstore.Principal, scope secretstore.Scope, id string, q DecryptRequest) (Decrypted, error) {
	r, err := s.find(by, scope, id, Decrypt)
	switch {
	case err != nil:
		return Decrypted{}, err
	case q.Token == "" || len(q.Token) > MaxTokenBytes:
		return Decrypted{}, invalid("/token: a token of at most %d bytes (MaxTokenBytes) is expected", MaxTokenBytes)
	}
	found, err := r.decrypt(q.Token)
	if err != nil {
		return Decrypted{}, err
	}
	return Decrypted{Content: contentOf(found.bytes), KeyID: found.by.kid, Version: found.by.number}, nil
}

// opened is what was in a token, and the version that it was encrypted to.
type opened struct {
	bytes []byte
	by    *version
}

// decrypt tries the versions that a token may be for.
func (r *ring) decrypt(token string) (opened, error) {
	if p, ok := signing.TokenParts(token, 5); ok && len(token) <= MaxTokenBytes {
		if h, ok := signing.ParseHeader(p[0]); ok && slices.Contains(encryptions, h.Encryption) {
			for _, v := range r.candidates(h.KeyID, h.Algorithm) {
				if payload, ok := v.decrypt(token, h); ok {
					return opened{payload, v}, nil
				}
			}
		}
	}
	return opened{}, errUndecryptable
}

// CodeUndecryptable: a token is none that the key decrypts.
const CodeUndecryptable seal.Code = "token_undecryptable"

func (v *version) decrypt(token string, h signing.Header) ([]byte, bool) {
	management, ok := jwa.LookupKeyEncryptionAlgorithm(h.Algorithm)
	if !ok || !v.key.Private() {
		return nil, false
	}
	key := any(v.key.Secret())
	if signer := v.key.Signer(); signer != nil {
		key = signer
	}
	payload, err := jwe.Decrypt([]byte(token), jwe.WithKey(management, key), jwe.WithCritValidation(true))
	return payload, err == nil
}
