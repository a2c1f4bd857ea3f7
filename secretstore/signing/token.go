package signing

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/reticent/reticent/secretstore/strictjson"
)

// Token is a JSON Web Signature in the compact form (RFC 7515 section 7.1), taken
// apart and not verified.
type Token struct {
	Header Header
	// Signed is what the signature is of.
	Signed string
	// Payload and Signature are decoded.
	Payload, Signature []byte
}

// Header is what is read of the protected header of a token: its members alg, enc,
// kid and typ, empty where they are not there.
type Header struct{ Algorithm, Encryption, KeyID, Type string }

// ParseToken takes a token apart, strictly: nothing of it may be read in two ways.
func ParseToken(text string) (*Token, bool) {
	parts, ok := TokenParts(text, 3)
	if !ok {
		return nil, false
	}
	header, ok := ParseHeader(parts[0])
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	signature, err2 := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if !ok || err != nil || err2 != nil {
		return nil, false
	}
	return &Token{Header: header, Signed: text[:len(parts[0])+1+len(parts[1])], Payload: payload, Signature: signature}, true
}

// TokenParts gives the n parts of a token in a compact form. Line breaks, which
// Go's base64 passes over, are in none.
func TokenParts(text string, n int) ([]string, bool) {
	parts := strings.SplitN(text, ".", n+1)
	return parts, len(parts) == n && !strings.ContainsAny(text, "\r\n")
}

// ParseHeader reads the protected header of a token, its first part. What changes
// what a token means and is not known here is refused: critical extensions (RFC
// 7515 section 4.1.11), payloads that are not encoded, and compression, whose size
// tells of the content.
func ParseHeader(part string) (Header, bool) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return Header{}, false
	}
	var all map[string]json.RawMessage
	if strictjson.Unmarshal(text, &all) != nil {
		return Header{}, false
	}
	for _, name := range []string{"crit", "b64", "zip"} {
		if _, there := all[name]; there {
			return Header{}, false
		}
	}
	// By their exact names: a reader that folds cases would find others.
	var h Header
	for name, into := range map[string]*string{"alg": &h.Algorithm, "enc": &h.Encryption, "kid": &h.KeyID, "typ": &h.Type} {
		raw, there := all[name]
		if there && (len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, into) != nil) { // null is no text
			return Header{}, false
		}
	}
	return h, h.Algorithm != ""
}

// IsType compares the type of a token with one that is asked for. "application/"
// may be left out in both (RFC 7515 section 4.1.9).
func (h Header) IsType(name string) bool {
	short := func(s string) string { return strings.TrimPrefix(strings.ToLower(s), "application/") }
	return short(h.Type) == short(name)
}
