package validator

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/jwks"
	"github.com/reticent/reticent/secretstore/signing"
)

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

// parseToken takes a token apart. In a header it has `Bearer` in front (RFC 6750
// section 2.1).
func parseToken(text string, inHeader bool) (t *signing.Token, claims map[string]any, ok bool) {
	const bearer = "bearer "
	if inHeader && len(text) > len(bearer) && strings.EqualFold(text[:len(bearer)], bearer) {
		text = text[len(bearer):]
	}
	if len(text) > jwks.MaxTokenBytes {
		return nil, nil, false
	}
	if t, ok = signing.ParseToken(text); !ok {
		return nil, nil, false
	}
	v, err := jsonvalue.Decode(t.Payload)
	if err != nil {
		return nil, nil, false
	}
	claims, ok = v.(map[string]any)
	return t, claims, ok
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
