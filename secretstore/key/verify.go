package key

import (
	"encoding/base64"
	"encoding/json"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/signing"
)

// VerifyRequest asks whether a signature is one of the key: of a token, or of a
// payload by itself.
type VerifyRequest struct {
	// Token is a JWS in compact serialization.
	Token string `json:"token"`
	Content
	// Signature is base64url without padding, of the payload.
	Signature string `json:"signature"`
	// Algorithm is that of Signature; "" is any of the key's.
	Algorithm string `json:"algorithm"`
}

// The reasons of what is not valid.
const (
	// NotSigned: no enabled version has signed it, or it is no token.
	NotSigned = "signature"
	// Expired: the "exp" of its claims has come.
	Expired = "expired"
	// NotYetValid: the "nbf" of its claims has not come.
	NotYetValid = "not_yet_valid"
	// BadClaims: its "exp" or "nbf" is no number.
	BadClaims = "claims"
)

// Verified says whether a signature is valid, and what was signed if so.
type Verified struct {
	Valid bool `json:"valid"`
	// Reason says why it is not.
	Reason string `json:"reason,omitempty"`
	Content
	Algorithm string `json:"algorithm,omitempty"`
	KeyID     string `json:"kid,omitempty"`
	Version   int    `json:"version,omitempty"`
}

// Verify verifies with every enabled version of a key's secret. A token whose
// payload is an object is valid between its "nbf" and its "exp" (RFC 7519).
func (s *Service) Verify(by secretstore.Principal, scope secretstore.Scope, id string, q VerifyRequest) (Verified, error) {
	r, err := s.find(by, scope, id, Verify)
	if err != nil {
		return Verified{}, err
	}
	payload, given, err := q.bytes()
	switch {
	case err != nil:
		return Verified{}, err
	case given == (q.Token != "") || given != (q.Signature != "") || !given && q.Algorithm != "":
		return Verified{}, invalid("give a token, or a payload and its signature")
	case len(q.Token) > MaxTokenBytes:
		return Verified{}, invalid("/token: larger than %d bytes (MaxTokenBytes)", MaxTokenBytes)
	}
	if given {
		signature, err := base64.RawURLEncoding.Strict().DecodeString(q.Signature)
		if err != nil {
			return Verified{Reason: NotSigned}, nil
		}
		return r.verify("", q.Algorithm, payload, signature), nil
	}
	return s.verifyToken(r, q.Token), nil
}

func (s *Service) verifyToken(r *ring, token string) Verified {
	t, ok := signing.ParseToken(token)
	if !ok {
		return Verified{Reason: NotSigned}
	}
	out := r.verify(t.Header.KeyID, t.Header.Algorithm, []byte(t.Signed), t.Signature)
	if !out.Valid {
		return out
	}
	if claims, is := claimsOf(t.Payload); is {
		if reason := s.untimely(claims); reason != "" {
			return Verified{Reason: reason}
		}
	}
	out.Content = contentOf(t.Payload)
	return out
}

func (r *ring) verify(kid, algorithm string, message, signature []byte) Verified {
	for _, v := range r.candidates(kid, algorithm) {
		for _, a := range v.algorithms {
			if algorithm != "" && a != algorithm {
				continue
			}
			if ok, err := v.key.Verify(signing.Algorithm(a), message, signature); err == nil && ok {
				return Verified{Valid: true, Algorithm: a, KeyID: v.kid, Version: v.number}
			}
		}
	}
	return Verified{Reason: NotSigned}
}

// untimely says why the claims do not hold now, or "".
func (s *Service) untimely(claims map[string]json.RawMessage) string {
	now := float64(s.now().UnixMilli()) / 1000
	for name, reason := range map[string]string{"exp": Expired, "nbf": NotYetValid} {
		raw, there := claims[name]
		if !there {
			continue
		}
		var at *float64
		if json.Unmarshal(raw, &at) != nil || at == nil {
			return BadClaims
		}
		if late := now >= *at; late == (name == "exp") {
			return reason
		}
	}
	return ""
}
