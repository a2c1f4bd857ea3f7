package key

import (
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"github.com/reticent/reticent/secretstore/strictjson"
)

// Content is what is signed or encrypted, in one of three forms.
type Content struct {
	// Payload is text.
	Payload *string `json:"payload,omitempty"`
	// PayloadBase64 is base64 (RFC 4648 section 4) of bytes.
	PayloadBase64 *string `json:"payload_base64,omitempty"`
	// Claims are those of a JSON Web Token (RFC 7519), an object.
	Claims json.RawMessage `json:"claims,omitempty"`
}

// bytes gives the bytes that a request means. There are none in the request if ok
// is false.
func (c Content) bytes() (b []byte, ok bool, err error) {
	given := 0
	if c.Payload != nil {
		given++
		b = []byte(*c.Payload)
	}
	if c.PayloadBase64 != nil {
		given++
		if b, err = base64.StdEncoding.Strict().DecodeString(*c.PayloadBase64); err != nil {
			return nil, true, invalid("/payload_base64: base64 (RFC 4648 section 4) is expected")
		}
	}
	if c.Claims != nil {
		given++
		if _, is := claimsOf(c.Claims); !is {
			return nil, true, invalid("/claims: an object is expected")
		}
		b = c.Claims
	}
	switch {
	case given > 1:
		return nil, true, invalid("give one of payload, payload_base64 and claims")
	case len(b) > MaxPayloadBytes:
		return nil, true, invalid("the payload is larger than %d bytes (MaxPayloadBytes)", MaxPayloadBytes)
	}
	return b, given == 1, nil
}

// contentOf gives bytes in the form that fits.
func contentOf(b []byte) Content {
	if _, ok := claimsOf(b); ok {
		return Content{Claims: b}
	}
	if utf8.Valid(b) {
		text := string(b)
		return Content{Payload: &text}
	}
	text := base64.StdEncoding.EncodeToString(b)
	return Content{PayloadBase64: &text}
}

// claimsOf reads an object of claims.
func claimsOf(b []byte) (map[string]json.RawMessage, bool) {
	var claims map[string]json.RawMessage
	err := strictjson.Unmarshal(b, &claims)
	return claims, err == nil && claims != nil
}
