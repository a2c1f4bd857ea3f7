package secretstore

import (
	"fmt"
	"slices"
	"time"

	"github.com/reticent/reticent/secretstore/seal"
)

// Status is that of a version of a secret.
type Status string

// The statuses of a version.
const (
	Enabled   Status = "ENABLED"
	Disabled  Status = "DISABLED"
	Destroyed Status = "DESTROYED"
)

// Secret is what the API tells of a secret: everything but its value.
type Secret struct {
	Name              string            `json:"name"`
	Scope             string            `json:"scope"`
	Encoding          Encoding          `json:"encoding"`
	Description       string            `json:"description"`
	Tags              map[string]string `json:"tags"`
	AllowedHosts      []string          `json:"allowed_hosts"`
	AllowedIn         []string          `json:"allowed_in"`
	Release           bool              `json:"release"`
	Plain             []string          `json:"plain"`
	UseInPlaceholders bool              `json:"use_in_placeholders"`
	ExpiresAt         *time.Time        `json:"expires_at"`
	// DerivedFrom are the secrets that the value was computed from by a script, as
	// "NAME" or "projects/p/NAME"; one that is gone, or that the scope does not
	// see, is "?".
	DerivedFrom []string `json:"derived_from"`
	// Rotation is the plan that gives it new values, if any, and RotationState how
	// that is going; it changes without the ETag.
	Rotation      *RotationPlan  `json:"rotation,omitempty"`
	RotationState *RotationState `json:"rotation_state,omitempty"`
	// Version is the newest one.
	Version int `json:"version"`
	// PublicKey is the public half of the newest version, as PKIX PEM, where the
	// server made the key. What the key of somebody else is stays untold.
	PublicKey string `json:"public_key,omitempty"`
	// Fingerprint is a random id of the newest version. It tells that a value
	// was written, and nothing of the value.
	Fingerprint string `json:"fingerprint"`
	// Set is the set of manifests that the secret belongs to (see [WriteOptions]),
	// and AppliedFingerprint that of the version that was written, or found, when
	// they were applied. Another Fingerprint says that somebody changed the value.
	Set                string   `json:"set,omitempty"`
	AppliedFingerprint string   `json:"applied_fingerprint,omitempty"`
	Weak               bool     `json:"weak"`
	Warnings           []string `json:"warnings"`
	// UsedBy are the documents that refer to the secret, at most MaxReferences.
	UsedBy []Reference `json:"used_by"`
	// LastUsed is the last evaluation of something that refers to it, or nil.
	LastUsed  *Use      `json:"last_used"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// ETag is random per stored state; it goes into the header of that name.
	ETag string `json:"-"`
}

// Version is what the API tells of a version.
type Version struct {
	Version     int    `json:"version"`
	Status      Status `json:"status"`
	Fingerprint string `json:"fingerprint"`
	Weak        bool   `json:"weak"`
	// PublicKey is the public half, as PKIX PEM, where the server made the key.
	PublicKey string    `json:"public_key,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

// limits say where a version's value may go. They belong to the version: who
// writes a new value may open it to a host, and does not open the old ones.
type limits struct {
	AllowedHosts      []string `json:"allowed_hosts,omitempty"`
	AllowedIn         []string `json:"allowed_in,omitempty"`
	Release           bool     `json:"release,omitempty"`
	Plain             []string `json:"plain,omitempty"`
	UseInPlaceholders bool     `json:"use_in_placeholders"`
}

// parse gives the limits as sealing has them.
func (l limits) parse() (seal.Limits, error) {
	var out seal.Limits
	if len(l.AllowedHosts) > MaxHosts {
		return out, fail(ErrInvalid, "allowed_hosts has more than %d entries (MaxHosts)", MaxHosts)
	}
	for i, h := range l.AllowedHosts {
		rule, err := seal.ParseHostRule(h)
		if err != nil {
			return out, fail(ErrInvalid, "allowed_hosts/%d: %s", i, err.Error())
		}
		out.Hosts = append(out.Hosts, rule)
	}
	for i, in := range l.AllowedIn {
		p, err := seal.ParsePosition(in)
		if err != nil {
			return out, fail(ErrInvalid, "allowed_in/%d: %s", i, err.Error())
		}
		out.In = append(out.In, p)
	}
	return out, nil
}

// within reports whether l allows nothing that o does not.
func (l limits) within(o limits) bool {
	a, err := l.parse()
	if err != nil {
		return false
	}
	b, err := o.parse()
	if err != nil {
		return false
	}
	return a.Within(b) && (!l.Release || o.Release) && (!l.UseInPlaceholders || o.UseInPlaceholders) &&
		!slices.ContainsFunc(l.Plain, func(p string) bool { return !slices.Contains(o.Plain, p) })
}

// equal reports whether l and o allow the same.
func (l limits) equal(o limits) bool { return l.within(o) && o.within(l) }

// intersect gives what both l and o allow.
func (l limits) intersect(o limits) (limits, error) {
	a, err := l.parse()
	if err != nil {
		return limits{}, err
	}
	b, err := o.parse()
	if err != nil {
		return limits{}, err
	}
	return limitsOf(a.Intersect(b), limits{
		Release:           l.Release && o.Release,
		UseInPlaceholders: l.UseInPlaceholders && o.UseInPlaceholders,
		Plain:             slices.DeleteFunc(slices.Clone(l.Plain), func(p string) bool { return !slices.Contains(o.Plain, p) }),
	}), nil
}

func limitsOf(s seal.Limits, l limits) limits {
	l.AllowedHosts, l.AllowedIn = nil, nil
	for _, h := range s.Hosts {
		l.AllowedHosts = append(l.AllowedHosts, h.String())
	}
	for _, in := range s.In {
		l.AllowedIn = append(l.AllowedIn, string(in))
	}
	return l
}

// secretRecord is a secret as it is stored, without values.
type secretRecord struct {
	ID          string            `json:"id"`
	ETag        string            `json:"etag"`
	Encoding    Encoding          `json:"encoding"`
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	ExpiresAt   *time.Time        `json:"expires_at,omitempty"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
	Versions    []versionRecord   `json:"versions"`
	Rotation    *rotationRecord   `json:"rotation,omitempty"`
	Set         string            `json:"set,omitempty"`
	Applied     string            `json:"applied,omitempty"` // a fingerprint
}

// versionRecord is a version as it is stored, without its value.
type versionRecord struct {
	Version     int       `json:"version"`
	Status      Status    `json:"status"`
	Fingerprint string    `json:"fingerprint"`
	Structured  bool      `json:"structured,omitempty"`
	Weak        bool      `json:"weak,omitempty"`
	Limits      limits    `json:"limits"`
	CreatedAt   time.Time `json:"created_at"`
	// LongWeak are the JSON pointers of the strings of the value, plain ones too,
	// that are weak for another reason than being short or a number.
	LongWeak []string `json:"long_weak,omitempty"`
	// PublicKey is that of a key that the server made.
	PublicKey string `json:"public_key,omitempty"`
	computed
}

// computed says how a script made a value of secrets; all of it is empty for one
// that somebody wrote.
type computed struct {
	// DerivedFrom are the IDs of the secrets.
	DerivedFrom []string `json:"derived_from,omitempty"`
	// Encoded is set when an encoding of one of them went in.
	Encoded bool `json:"encoded,omitempty"`
	// Bound is a bound of its size that depends on no plaintext ([seal.Run.Bound]).
	Bound int `json:"bound,omitempty"`
}

// is reports whether secrets, or what a host answered, went in.
func (c computed) is() bool { return c.Bound > 0 || c.Encoded || len(c.DerivedFrom) > 0 }

// newest gives the newest version that is not destroyed; there always is one.
func (r *secretRecord) newest() *versionRecord {
	for i := len(r.Versions) - 1; i > 0; i-- {
		if r.Versions[i].Status != Destroyed {
			return &r.Versions[i]
		}
	}
	return &r.Versions[0]
}

// before gives the newest version that is older than v and not destroyed, or
// nil.
func (r *secretRecord) before(v *versionRecord) *versionRecord {
	for i := len(r.Versions) - 1; i >= 0; i-- {
		if o := &r.Versions[i]; o.Version < v.Version && o.Status != Destroyed {
			return o
		}
	}
	return nil
}

// current gives the version that scripts and policies use: the newest enabled
// one, or nil.
func (r *secretRecord) current() *versionRecord {
	for i := len(r.Versions) - 1; i >= 0; i-- {
		if r.Versions[i].Status == Enabled {
			return &r.Versions[i]
		}
	}
	return nil
}

func (r *secretRecord) version(n int) *versionRecord {
	for i := range r.Versions {
		if r.Versions[i].Version == n {
			return &r.Versions[i]
		}
	}
	return nil
}

// metadata gives what the API tells.
func (r *secretRecord) metadata(scope Scope, name string) Secret {
	v := r.newest()
	in := v.Limits.AllowedIn
	if len(in) == 0 {
		for _, p := range seal.DefaultIn {
			in = append(in, string(p))
		}
	}
	out := Secret{
		Name: name, Scope: scope.Path(), Encoding: r.Encoding, Description: r.Description,
		Tags: r.Tags, AllowedHosts: orEmpty(v.Limits.AllowedHosts), AllowedIn: in,
		Release: v.Limits.Release, Plain: orEmpty(v.Limits.Plain), UseInPlaceholders: v.Limits.UseInPlaceholders,
		ExpiresAt: r.ExpiresAt, DerivedFrom: orEmpty(v.DerivedFrom), Version: v.Version,
		Fingerprint: v.Fingerprint, Set: r.Set, AppliedFingerprint: r.Applied, PublicKey: v.PublicKey, Weak: v.Weak, Warnings: r.warnings(v, time.Now()),
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ETag: r.ETag,
	}
	out.Rotation, out.RotationState = r.rotationState()
	if out.Tags == nil {
		out.Tags = map[string]string{}
	}
	return out
}

// warnings say what deserves a look.
func (r *secretRecord) warnings(v *versionRecord, now time.Time) []string {
	out := []string{}
	if v.Weak {
		out = append(out, weakWarning)
		if len(v.Limits.AllowedHosts) > 0 {
			out = append(out, weakHostsWarning)
		}
	}
	switch r.expiry(now) {
	case expired:
		out = append(out, "expired: evaluations that need it end with secret_unavailable; add a version and move expires_at")
	case expiring:
		out = append(out, fmt.Sprintf("expires in %d hours: add a version and move expires_at", int(r.ExpiresAt.Sub(now).Hours())))
	}
	return out
}

// The states of a secret with regard to its expires_at.
const (
	lasting = iota
	expiring
	expired
)

func (r *secretRecord) expiry(now time.Time) int {
	switch {
	case r.ExpiresAt == nil || r.ExpiresAt.Sub(now) > ExpiryWarning:
		return lasting
	case now.Before(*r.ExpiresAt):
		return expiring
	}
	return expired
}

const weakWarning = "weak: shorter than 16 characters, digits only or dictionary words; comparisons with it are limited, " +
	"and it is neither sealed into inputs nor searched for in what goes out"

const weakHostsWarning = "weak and sent out: a host that repeats what it is sent can be used to guess it, and nothing counts that"

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
