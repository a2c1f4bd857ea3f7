package validator

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/jwks"
)

// MaxTokenBytes is the size of the largest token, in bytes.
const MaxTokenBytes = 16 << 10

// The reasons of a jwt not to hold.
const (
	tokenMissing = iota
	tokenInvalid
	tokenNoKeys
	tokenExpired
	tokenEarly
	tokenIssuer
	tokenAudience
	tokenIncomplete
)

var tokenReasons = []string{
	"a token is needed",
	"a token with a valid signature is needed",
	"the token cannot be verified, since its keys could not be fetched",
	"the token has expired or does not say when it does",
	"the token is not valid yet",
	"the token is of another issuer",
	"the token is for another audience",
	"the token lacks a claim that is needed",
}

// parsedToken is a JSON Web Token (RFC 7519) in the compact form.
type parsedToken struct {
	text      string
	signed    string
	signature []byte
	algorithm string
	keyID     string
	typ       string
	claims    map[string]any
}

// parseToken takes a token apart, strictly. In a header it has `Bearer` in front
// (RFC 6750 section 2.1).
func parseToken(text string, inHeader bool) (*parsedToken, bool) {
	const bearer = "bearer "
	if inHeader && len(text) > len(bearer) && strings.EqualFold(text[:len(bearer)], bearer) {
		text = text[len(bearer):]
	}
	parts := strings.Split(text, ".")
	if len(text) > MaxTokenBytes || len(parts) != 3 {
		return nil, false
	}
	header, ok := decodeObject(parts[0])
	if !ok {
		return nil, false
	}
	claims, ok := decodeObject(parts[1])
	if !ok {
		return nil, false
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return nil, false
	}
	// What is critical and not understood makes a token invalid (RFC 7515 section
	// 4.1.11), and nothing is understood.
	if _, critical := header["crit"]; critical {
		return nil, false
	}
	p := &parsedToken{text: text, signed: parts[0] + "." + parts[1], signature: signature, claims: claims}
	for name, to := range map[string]*string{"alg": &p.algorithm, "kid": &p.keyID, "typ": &p.typ} {
		if v, there := header[name]; there {
			if *to, ok = v.(string); !ok {
				return nil, false
			}
		}
	}
	return p, true
}

func decodeObject(text string) (map[string]any, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, false
	}
	v, err := jsonvalue.Decode(raw)
	if err != nil {
		return nil, false
	}
	o, ok := v.(map[string]any)
	return o, ok
}

// typed compares the type, whose `application/` may be left out (RFC 7515
// section 4.1.9).
func (t *jwt) typed(typ string) bool {
	short := func(s string) string { return strings.TrimPrefix(strings.ToLower(s), "application/") }
	return t.typ == "" || short(t.typ) == short(typ)
}

// claims checks the registered claims (RFC 7519 section 4.1).
func (t *jwt) claims(e *evaluation, claims map[string]any) (reason int, ok bool) {
	now := e.time()
	expires, ok := moment(claims["exp"])
	if _, text := claims["exp"].(string); !ok || text || !now.Before(expires.Add(t.leeway)) {
		return tokenExpired, false
	}
	for _, name := range []string{"nbf", "iat"} {
		v, there := claims[name]
		if !there {
			continue
		}
		at, ok := moment(v)
		if _, text := v.(string); !ok || text || at.After(now.Add(t.leeway)) {
			return tokenEarly, false
		}
	}
	issuer, _ := claims["iss"].(string)
	if t.issuer != nil && !slices.Contains(t.issuer, issuer) {
		return tokenIssuer, false
	}
	if t.audience != nil && !t.addressed(claims["aud"]) {
		return tokenAudience, false
	}
	for _, name := range t.required {
		if claims[name] == nil {
			return tokenIncomplete, false
		}
	}
	return 0, true
}

// addressed reports whether the token is for one of the audiences.
func (t *jwt) addressed(aud any) bool {
	list, ok := aud.([]any)
	if !ok {
		list = []any{aud}
	}
	return slices.ContainsFunc(list, func(v any) bool {
		s, ok := v.(string)
		return ok && slices.Contains(t.audience, s)
	})
}

// parseKeys reads a JWKS that has been decoded.
func parseKeys(v any) (*jwks.Keys, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jwks.Parse(text)
}

// bindKeys finds the key sets.
func (p *Policy) bindKeys() {
	for _, set := range p.program.keySets {
		source := KeySource(func() *jwks.Keys { return nil })
		switch {
		case set.inline != nil:
			source = func() *jwks.Keys { return set.inline }
		case set.url != "":
			if p.env.KeySet != nil {
				source = p.env.KeySet(set.url)
			}
		case p.unavailable == nil:
			name := p.program.variables[set.variable]
			keys, err := parseKeys(p.variables[set.variable])
			if err != nil {
				p.unavailable = variableUnusable(name, err)
			}
			source = func() *jwks.Keys { return keys }
		}
		p.keySets = append(p.keySets, source)
	}
}
