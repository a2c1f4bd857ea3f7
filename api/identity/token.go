package identity

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/reticent/reticent/policy/jwks"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/signing"
	"github.com/reticent/reticent/secretstore/strictjson"
)

// trusted is an issuer with its keys.
type trusted struct {
	name string
	Issuer
	keys func() *jwks.Keys
}

// token is a token and what it claims.
type token struct {
	*signing.Token
	claims map[string]any
}

// parse takes a token apart, strictly.
func parse(text string) (token, bool) {
	if len(text) > jwks.MaxTokenBytes {
		return token{}, false
	}
	t, ok := signing.ParseToken(text)
	if !ok {
		return token{}, false
	}
	out := token{Token: t}
	return out, strictjson.Unmarshal(t.Payload, &out.claims) == nil && out.claims != nil
}

// principal verifies a token and gives who it stands for.
func (i *trusted) principal(t token, now time.Time) (secretstore.Principal, bool) {
	none := secretstore.Principal{}
	if !slices.Contains(i.algorithms(), t.Header.Algorithm) || !i.typed(t.Header) {
		return none, false
	}
	if iss, _ := t.claims["iss"].(string); iss != i.Issuer.Issuer || !i.addressed(t.claims["aud"]) || !i.inTime(t.claims, now) {
		return none, false
	}
	keys := i.keys()
	if keys == nil || !keys.Verify(t.Token) {
		return none, false
	}
	subject, _ := claim(t.claims, i.SubjectClaim, "sub").(string)
	return named(i.name, subject, texts(claim(t.claims, i.GroupsClaim, "groups")))
}

// named makes a principal of what an issuer says. A name that cannot be one is
// nobody's; a group that cannot be one is left out.
func named(issuer, subject string, groups []string) (secretstore.Principal, bool) {
	p := secretstore.Principal{ID: "user:" + issuer + ":" + subject}
	if access.CheckSubject(p.ID) != nil || len(groups) > MaxGroups {
		return secretstore.Principal{}, false
	}
	for _, g := range groups {
		if g = "group:" + issuer + ":" + g; access.CheckSubject(g) == nil && !slices.Contains(p.Groups, g) {
			p.Groups = append(p.Groups, g)
		}
	}
	slices.Sort(p.Groups)
	return p, true
}

func (i *trusted) typed(h signing.Header) bool {
	return len(i.Types) == 0 || slices.ContainsFunc(i.Types, h.IsType)
}

func (i *trusted) addressed(aud any) bool {
	return slices.ContainsFunc(texts(aud), func(a string) bool { return slices.Contains(i.Audiences, a) })
}

// inTime checks exp, which has to be there, nbf and iat (RFC 7519 section 4.1).
func (i *trusted) inTime(claims map[string]any, now time.Time) bool {
	seconds := func(name string) (at time.Time, there, ok bool) {
		v, there := claims[name]
		n, ok := v.(float64)
		if ok = ok && n >= 0 && n < 1<<40; !ok {
			return time.Time{}, there, false
		}
		return time.Unix(int64(n), 0), there, true
	}
	if exp, _, ok := seconds("exp"); !ok || !now.Before(exp.Add(i.leeway())) {
		return false
	}
	for _, name := range []string{"nbf", "iat"} {
		if at, there, ok := seconds(name); there && (!ok || now.Add(i.leeway()).Before(at)) {
			return false
		}
	}
	return true
}

// claim gives a claim by its name or by a JSON pointer.
func claim(claims map[string]any, name, otherwise string) any {
	if name == "" {
		name = otherwise
	}
	if !strings.HasPrefix(name, "/") {
		return claims[name]
	}
	var at any = claims
	for token := range jsontext.Pointer(name).Tokens() {
		members, _ := at.(map[string]any)
		at = members[token]
	}
	return at
}

// texts gives a string, or the strings of a list.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}
