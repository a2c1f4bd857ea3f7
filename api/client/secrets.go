package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// SecretSpec is a secret as it is written. One of Value and ValueBase64 is
// needed.
type SecretSpec struct {
	Value             *Value            `json:"value,omitempty"`
	ValueBase64       *Value            `json:"value_base64,omitempty"`
	Encoding          string            `json:"encoding,omitempty"`
	Description       string            `json:"description,omitempty"`
	Tags              map[string]string `json:"tags,omitempty"`
	AllowedHosts      []string          `json:"allowed_hosts,omitempty"`
	AllowedIn         []string          `json:"allowed_in,omitempty"`
	Release           bool              `json:"release,omitempty"`
	Plain             []string          `json:"plain,omitempty"`
	UseInPlaceholders *bool             `json:"use_in_placeholders,omitempty"`
	ExpiresAt         *time.Time        `json:"expires_at,omitempty"`
}

// SecretPatch is a JSON merge patch of a secret's metadata: a nil member is
// absent and stays, a pointer to nil or to an empty value resets. Widening a
// limit needs Value or ValueBase64.
type SecretPatch struct {
	Value             *Value              `json:"value,omitempty"`
	ValueBase64       *Value              `json:"value_base64,omitempty"`
	Description       *string             `json:"description,omitempty"`
	Tags              *map[string]*string `json:"tags,omitempty"`
	AllowedHosts      *[]string           `json:"allowed_hosts,omitempty"`
	AllowedIn         *[]string           `json:"allowed_in,omitempty"`
	Release           *bool               `json:"release,omitempty"`
	Plain             *[]string           `json:"plain,omitempty"`
	UseInPlaceholders *bool               `json:"use_in_placeholders,omitempty"`
	ExpiresAt         **time.Time         `json:"expires_at,omitempty"`
}

// Secret is the metadata of a secret. There is no way to get its value.
type Secret struct {
	Name              string            `json:"name"`
	Scope             string            `json:"scope"`
	Encoding          string            `json:"encoding"`
	Description       string            `json:"description"`
	Tags              map[string]string `json:"tags"`
	AllowedHosts      []string          `json:"allowed_hosts"`
	AllowedIn         []string          `json:"allowed_in"`
	Release           bool              `json:"release"`
	Plain             []string          `json:"plain"`
	UseInPlaceholders bool              `json:"use_in_placeholders"`
	ExpiresAt         *time.Time        `json:"expires_at"`
	DerivedFrom       []string          `json:"derived_from"`
	Version           int               `json:"version"`
	// Fingerprint is a random id of the newest version: it tells that a value
	// was written since, and nothing of the value.
	Fingerprint string    `json:"fingerprint"`
	Weak        bool      `json:"weak"`
	Warnings    []string  `json:"warnings"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	ETag        string    `json:"-"`
}

func (s *Secret) setETag(etag string) { s.ETag = etag }

// Version is the metadata of a version of a secret.
type Version struct {
	Version     int       `json:"version"`
	Status      string    `json:"status"`
	Fingerprint string    `json:"fingerprint"`
	Weak        bool      `json:"weak"`
	CreatedAt   time.Time `json:"created_at"`
}

// Secrets are the secrets of a scope.
type Secrets struct {
	reader[Secret, *Secret]
}

// Secrets gives the secrets of a scope.
func (c *Client) Secrets(s Scope) Secrets {
	return Secrets{reader[Secret, *Secret]{c, s, "secrets"}}
}

// Create stores a new secret.
func (x Secrets) Create(ctx context.Context, name string, spec SecretSpec) (Secret, error) {
	body := struct {
		Name string `json:"name"`
		SecretSpec
	}{name, spec}
	secret, _, err := x.send(ctx, call{method: http.MethodPost, path: x.scope.path(x.kind), body: body})
	return secret, err
}

// Put replaces a secret's metadata and adds a version, or creates it. ifMatch is
// an ETag, "*" or "".
func (x Secrets) Put(ctx context.Context, name string, spec SecretSpec, ifMatch string) (secret Secret, created bool, err error) {
	return x.send(ctx, call{method: http.MethodPut, path: x.scope.path(x.kind, name), body: spec, ifMatch: ifMatch})
}

// Patch changes metadata.
func (x Secrets) Patch(ctx context.Context, name string, patch SecretPatch, ifMatch string) (Secret, error) {
	secret, _, err := x.send(ctx, call{method: http.MethodPatch, path: x.scope.path(x.kind, name), body: patch, ifMatch: ifMatch})
	return secret, err
}

// Delete deletes a secret. Where it is in use, the error is a *Problem with the
// code "in_use" unless force is set.
func (x Secrets) Delete(ctx context.Context, name, ifMatch string, force bool) error {
	in := call{method: http.MethodDelete, path: x.scope.path(x.kind, name), ifMatch: ifMatch}
	if force {
		in.query = url.Values{"force": {"true"}}
	}
	_, err := x.c.do(ctx, in, nil)
	return err
}

// Versions lists the versions of a secret, newest first.
func (x Secrets) Versions(ctx context.Context, name string) ([]Version, error) {
	var page Page[Version]
	_, err := x.c.do(ctx, call{method: http.MethodGet, path: x.scope.path(x.kind, name, "versions")}, &page)
	return page.Items, err
}

// AddVersion adds a value to a secret that exists. ifMatch is the secret's ETag.
func (x Secrets) AddVersion(ctx context.Context, name string, value *Value, ifMatch string) (Version, error) {
	var v Version
	body := map[string]*Value{"value": value}
	_, err := x.c.do(ctx, call{method: http.MethodPost, path: x.scope.path(x.kind, name, "versions"), body: body, ifMatch: ifMatch}, &v)
	return v, err
}

// SetVersionStatus makes a version "ENABLED" or "DISABLED".
func (x Secrets) SetVersionStatus(ctx context.Context, name string, version int, status string) (Version, error) {
	var v Version
	_, err := x.c.do(ctx, call{method: http.MethodPatch, path: x.version(name, version), body: map[string]string{"status": status}}, &v)
	return v, err
}

// DestroyVersion erases the value of a version.
func (x Secrets) DestroyVersion(ctx context.Context, name string, version int) error {
	_, err := x.c.do(ctx, call{method: http.MethodDelete, path: x.version(name, version)}, nil)
	return err
}

func (x Secrets) version(name string, n int) string {
	return x.scope.path(x.kind, name, "versions", strconv.Itoa(n))
}
