package key

import (
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/signing"
)

// The formats of a signature.
const (
	// FormatJWS is a token: JWS in compact serialization (RFC 7515 section 3.1).
	FormatJWS = "jws"
	// FormatRaw is the signature alone, in the form of RFC 7518 section 3.
	FormatRaw = "raw"
)

// SignRequest asks for a signature.
type SignRequest struct {
	Content
	// Format is FormatJWS, or FormatRaw; "" means FormatJWS.
	Format string `json:"format"`
	// Algorithm is one of the key's that goes with its newest version; "" is the
	// first.
	Algorithm string `json:"algorithm"`
	// Type is the "typ" of a token; "" is "JWT" if there are claims, else none.
	Type string `json:"type"`
}

// Signed is a signature.
type Signed struct {
	// Token has FormatJWS.
	Token string `json:"token,omitempty"`
	// Signature is base64url without padding, of FormatRaw.
	Signature string `json:"signature,omitempty"`
	Algorithm string `json:"algorithm"`
	KeyID     string `json:"kid"`
	Version   int    `json:"version"`
}

// Sign signs with the newest enabled version of a key's secret.
func (s *Service) Sign(by secretstore.Principal, scope secretstore.Scope, id string, q SignRequest) (Signed, error) {
	r, err := s.find(by, scope, id, Sign)
	if err != nil {
		return Signed{}, err
	}
	payload, given, err := q.bytes()
	switch {
	case err != nil:
		return Signed{}, err
	case !given:
		return Signed{}, invalid("payload, payload_base64 or claims is missing")
	case q.Format != "" && q.Format != FormatJWS && q.Format != FormatRaw:
		return Signed{}, invalid("/format: use jws or raw")
	case len(q.Type) > MaxTypeLength:
		return Signed{}, invalid("/type: longer than %d characters (MaxTypeLength)", MaxTypeLength)
	}
	v, err := r.newest()
	if err != nil {
		return Signed{}, err
	}
	if q.Algorithm == "" {
		q.Algorithm = v.algorithms[0]
	}
	if !slices.Contains(v.algorithms, q.Algorithm) {
		return Signed{}, invalid("/algorithm: version %d of the key's secret signs with %v", v.number, v.algorithms)
	}
	out := Signed{Algorithm: q.Algorithm, KeyID: v.kid, Version: v.number}
	if q.Format == FormatRaw {
		signature, err := v.sign(q.Algorithm, payload)
		out.Signature = base64.RawURLEncoding.EncodeToString(signature)
		return out, err
	}
	if q.Type == "" && q.Claims != nil {
		q.Type = "JWT"
	}
	protected, err := json.Marshal(struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
		Type      string `json:"typ,omitempty"`
	}{q.Algorithm, v.kid, q.Type})
	if err != nil {
		return Signed{}, err
	}
	message := base64.RawURLEncoding.EncodeToString(protected) + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := v.sign(q.Algorithm, []byte(message))
	out.Token = message + "." + base64.RawURLEncoding.EncodeToString(signature)
	return out, err
}

func (v *version) sign(algorithm string, message []byte) ([]byte, error) {
	if !v.key.Private() {
		w := *v
		w.problem = "it is a public key, which does not sign"
		return nil, w.unusable()
	}
	return v.key.Sign(signing.Algorithm(algorithm), message)
}
