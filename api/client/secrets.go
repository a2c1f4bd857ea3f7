package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Generate orders a value that the server makes and nobody ever sees. What is zero
// has the default of the kind; package secretstore has the kinds.
type Generate struct {
	Kind    string   `json:"kind"`
	Length  int      `json:"length,omitempty"`
	Classes []string `json:"classes,omitempty"`
	Exclude string   `json:"exclude,omitempty"`
	Bytes   int      `json:"bytes,omitempty"`
	Bits    int      `json:"bits,omitempty"`
	Curve   string   `json:"curve,omitempty"`
}

// Given is a new value of a secret: one of the three.
type Given struct {
	Value       *Value    `json:"value,omitempty"`
	ValueBase64 *Value    `json:"value_base64,omitempty"`
	Generate    *Generate `json:"generate,omitempty"`
}

// SecretSpec is a secret as it is written. One of Value, ValueBase64 and Generate
// is needed.
type SecretSpec struct {
	Value             *Value            `json:"value,omitempty"`
	ValueBase64       *Value            `json:"value_base64,omitempty"`
	Generate          *Generate         `json:"generate,omitempty"`
	Encoding          string            `json:"encoding,omitempty"`
	Description       string            `json:"description,omitempty"`
	Tags              map[string]string `json:"tags,omitempty"`
	AllowedHosts      []string          `json:"allowed_hosts,omitempty"`
	AllowedIn         []string          `json:"allowed_in,omitempty"`
	Release           bool              `json:"release,omitempty"`
	Plain             []string          `json:"plain,omitempty"`
	UseInPlaceholders *bool             `json:"use_in_placeholders,omitempty"`
	ExpiresAt         *time.Time        `json:"expires_at,omitempty"`
	Rotation          *Rotation         `json:"rotation,omitempty"`
}

// Rotation is a plan to give a secret new values: one of Every and BeforeExpiry,
// durations such as "720h", and one of Generate and Script.
type Rotation struct {
	Every        string    `json:"every,omitempty"`
	BeforeExpiry string    `json:"before_expiry,omitempty"`
	Generate     *Generate `json:"generate,omitempty"`
	Script       string    `json:"script,omitempty"`
	// Keep is how many older versions stay enabled; nil has the server's default.
	Keep *int `json:"keep,omitempty"`
}

// RotationState is how a plan is going.
type RotationState struct {
	Last     *time.Time `json:"last"`
	Next     *time.Time `json:"next"`
	Failures int        `json:"failures"`
	Error    string     `json:"error,omitempty"`
	// Author is the principal on whose permissions the plan stands.
	Author string `json:"author"`
}

// SecretPatch is a JSON merge patch of a secret's metadata: a nil member is
// absent and stays, a pointer to nil or to an empty value resets. Widening a
// limit needs a value.
type SecretPatch struct {
	Value             *Value              `json:"value,omitempty"`
	ValueBase64       *Value              `json:"value_base64,omitempty"`
	Generate          *Generate           `json:"generate,omitempty"`
	Description       *string             `json:"description,omitempty"`
	Tags              *map[string]*string `json:"tags,omitempty"`
	AllowedHosts      *[]string           `json:"allowed_hosts,omitempty"`
	AllowedIn         *[]string           `json:"allowed_in,omitempty"`
	Release           *bool               `json:"release,omitempty"`
	Plain             *[]string           `json:"plain,omitempty"`
	UseInPlaceholders *bool               `json:"use_in_placeholders,omitempty"`
	ExpiresAt         **time.Time         `json:"expires_at,omitempty"`
	// Rotation is merged into the plan that there is; null takes it away.
	Rotation json.RawMessage `json:"rotation,omitempty"`
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
	Rotation          *Rotation         `json:"rotation,omitempty"`
	RotationState     *RotationState    `json:"rotation_state,omitempty"`
	Version           int               `json:"version"`
	// PublicKey is the public half of a key that the server made, as PEM.
	PublicKey string `json:"public_key"`
	// Fingerprint is a random id of the newest version: it tells that a value
	// was written since, and nothing of the value.
	Fingerprint string `json:"fingerprint"`
	// Set is the set of manifests that it belongs to, if any, and AppliedFingerprint
	// the fingerprint when they were applied last.
	Set                string   `json:"set,omitempty"`
	AppliedFingerprint string   `json:"applied_fingerprint,omitempty"`
	Weak               bool     `json:"weak"`
	Warnings           []string `json:"warnings"`
	// UsedBy are the things that refer to it.
	UsedBy []Reference `json:"used_by"`
	// LastUsed is the last evaluation of one, or nil.
	LastUsed  *Use      `json:"last_used"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	ETag      string    `json:"-"`
}

func (s *Secret) setETag(etag string) { s.ETag = etag }

// Version is the metadata of a version of a secret.
type Version struct {
	Version     int    `json:"version"`
	Status      string `json:"status"`
	Fingerprint string `json:"fingerprint"`
	Weak        bool   `json:"weak"`
	// PublicKey is the public half of a key that the server made, as PEM.
	PublicKey string    `json:"public_key"`
	CreatedAt time.Time `json:"created_at"`
}

// Use is an evaluation of something that refers to a secret.
type Use struct {
	At time.Time `json:"at"`
	// By is the principal.
	By string `json:"by"`
	Reference
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

// FileResult says what a file of secrets changed, by name.
type FileResult struct {
	Created   []string `json:"created"`
	Updated   []string `json:"updated"`
	Unchanged []string `json:"unchanged"`
	Deleted   []string `json:"deleted"`
}

// PutFile stores a secrets.json, an object of names and values, as a whole. With
// replace the secrets that it does not have are deleted, with force those too
// that something refers to.
func (x Secrets) PutFile(ctx context.Context, file Value, replace, force bool) (FileResult, error) {
	in := call{method: http.MethodPut, path: x.scope.path(x.kind + ".json"), body: file, query: url.Values{}}
	if replace {
		in.query.Set("mode", "replace")
	}
	if force {
		in.query.Set("force", "true")
	}
	var out FileResult
	_, err := x.c.do(ctx, in, &out)
	return out, err
}

// Versions lists the versions of a secret, newest first.
func (x Secrets) Versions(ctx context.Context, name string) ([]Version, error) {
	var page Page[Version]
	_, err := x.c.do(ctx, call{method: http.MethodGet, path: x.scope.path(x.kind, name, "versions")}, &page)
	return page.Items, err
}

// AddVersion adds a value to a secret that exists. Where the newest version has
// it already, added is false and that version is given. ifMatch is the secret's
// ETag, here and below.
func (x Secrets) AddVersion(ctx context.Context, name string, given Given, ifMatch string) (v Version, added bool, err error) {
	response, err := x.c.do(ctx, call{method: http.MethodPost, path: x.scope.path(x.kind, name, "versions"), body: given, ifMatch: ifMatch}, &v)
	return v, err == nil && response.StatusCode == http.StatusCreated, err
}

// SetVersionStatus makes a version "ENABLED" or "DISABLED".
func (x Secrets) SetVersionStatus(ctx context.Context, name string, version int, status, ifMatch string) (Version, error) {
	var v Version
	_, err := x.c.do(ctx, call{method: http.MethodPatch, path: x.version(name, version), body: map[string]string{"status": status}, ifMatch: ifMatch}, &v)
	return v, err
}

// DestroyVersion erases the value of a version.
func (x Secrets) DestroyVersion(ctx context.Context, name string, version int, ifMatch string) error {
	_, err := x.c.do(ctx, call{method: http.MethodDelete, path: x.version(name, version), ifMatch: ifMatch}, nil)
	return err
}

func (x Secrets) version(name string, n int) string {
	return x.scope.path(x.kind, name, "versions", strconv.Itoa(n))
}
