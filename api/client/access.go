package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// GrantSpec is a grant as it is written: a role, or permissions.
type GrantSpec struct {
	Subject     string   `json:"subject"`
	Role        string   `json:"role,omitempty"`
	Permissions []string `json:"permissions,omitempty"`
	Kinds       []string `json:"kinds,omitempty"`
	Names       string   `json:"names,omitempty"`
	Tag         string   `json:"tag,omitempty"`
	Description string   `json:"description,omitempty"`
}

// Grant is a grant.
type Grant struct {
	Meta
	GrantSpec
}

// Grants gives the grants of a scope.
func (c *Client) Grants(s Scope) Collection[Grant, *Grant] {
	return Collection[Grant, *Grant]{reader[Grant, *Grant]{c, s, "grants"}}
}

// GroupSpec is a group as it is written.
type GroupSpec struct {
	Members     []string `json:"members"`
	Description string   `json:"description,omitempty"`
}

// Group is a group.
type Group struct {
	Meta
	GroupSpec
}

// Groups gives the groups, which are the platform's.
func (c *Client) Groups() Collection[Group, *Group] {
	return Collection[Group, *Group]{reader[Group, *Group]{c, Scope{}, "groups"}}
}

// TokenSpec is an API token that is asked for.
type TokenSpec struct {
	// Role is empty for a token that has what grants give it.
	Role        string     `json:"role,omitempty"`
	Description string     `json:"description,omitempty"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
}

// Token is what the server tells of an API token.
type Token struct {
	ID          string     `json:"id"`
	Subject     string     `json:"subject"`
	Scope       string     `json:"scope"`
	Role        string     `json:"role,omitempty"`
	Description string     `json:"description"`
	CreatedAt   time.Time  `json:"created_at"`
	CreatedBy   string     `json:"created_by,omitempty"`
	ExpiresAt   *time.Time `json:"expires_at"`
	Expired     bool       `json:"expired"`
	// Value is the token, in the answer to its creation only.
	Value string `json:"token,omitempty"`
	ETag  string `json:"-"`
}

func (t *Token) setETag(etag string) { t.ETag = etag }

// Tokens are the API tokens of a scope, by ID.
type Tokens struct {
	reader[Token, *Token]
}

// Tokens gives the API tokens of a scope.
func (c *Client) Tokens(s Scope) Tokens {
	return Tokens{reader[Token, *Token]{c, s, "tokens"}}
}

// Create makes a token. Its Value is given this once.
func (x Tokens) Create(ctx context.Context, spec TokenSpec) (Token, error) {
	token, _, err := x.send(ctx, call{method: http.MethodPost, path: x.scope.path(x.kind), body: spec})
	return token, err
}

// Expire sets the time when a token ends, nil for never. One that has passed ends
// it at once, and leaves what was stored with it as it is.
func (x Tokens) Expire(ctx context.Context, id string, at *time.Time, ifMatch string) (Token, error) {
	token, _, err := x.send(ctx, call{method: http.MethodPatch, path: x.scope.path(x.kind, id), body: map[string]any{"expires_at": at}, ifMatch: ifMatch})
	return token, err
}

// Revoke deletes a token. Where what was stored with it would deny from then on,
// the error has the code "in_use" unless force is set.
func (x Tokens) Revoke(ctx context.Context, id, ifMatch string, force bool) error {
	in := call{method: http.MethodDelete, path: x.scope.path(x.kind, id), ifMatch: ifMatch}
	if force {
		in.query = url.Values{"force": {"true"}}
	}
	_, err := x.c.do(ctx, in, nil)
	return err
}

// IssuerSpec is an issuer of tokens as it is written.
type IssuerSpec struct {
	Issuer        string          `json:"issuer"`
	Audiences     []string        `json:"audiences"`
	JWKSURL       string          `json:"jwks_url,omitempty"`
	JWKS          json.RawMessage `json:"jwks,omitempty"`
	Algorithms    []string        `json:"algorithms,omitempty"`
	Types         []string        `json:"types,omitempty"`
	SubjectClaim  string          `json:"subject_claim,omitempty"`
	GroupsClaim   string          `json:"groups_claim,omitempty"`
	LeewaySeconds *int            `json:"leeway_seconds,omitempty"`
	Description   string          `json:"description,omitempty"`
}

// Issuer is an issuer of tokens.
type Issuer struct {
	Meta
	IssuerSpec
}

// Issuers gives the issuers, which are the platform's.
func (c *Client) Issuers() Collection[Issuer, *Issuer] {
	return Collection[Issuer, *Issuer]{reader[Issuer, *Issuer]{c, Scope{}, "issuers"}}
}
