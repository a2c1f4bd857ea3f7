package secretstore

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/reticent/reticent/secretstore/kv"
)

// Patch is a JSON merge patch (RFC 7396) of a secret's metadata: what is absent
// stays, null resets. Where it widens a limit it needs the value again: who may
// change metadata does not thereby learn what a secret opens.
type Patch struct {
	Value             *Value               `json:"value"`
	ValueBase64       *Base64Value         `json:"value_base64"`
	Generate          *Generate            `json:"generate"`
	Description       Optional[string]     `json:"description"`
	Tags              Optional[tags]       `json:"tags"`
	AllowedHosts      Optional[[]string]   `json:"allowed_hosts"`
	AllowedIn         Optional[[]string]   `json:"allowed_in"`
	Release           Optional[bool]       `json:"release"`
	Plain             Optional[[]string]   `json:"plain"`
	UseInPlaceholders Optional[bool]       `json:"use_in_placeholders"`
	ExpiresAt         Optional[*time.Time] `json:"expires_at"`
	// Rotation is merged into the plan that there is.
	Rotation Optional[json.RawMessage] `json:"rotation"`

	WriteOptions `json:"-"`
}

// tags are merged key by key; null removes one.
type tags map[string]*string

// Optional is a member of a merge patch: absent, null or a value.
type Optional[T any] struct {
	Present bool
	Value   T // the zero T for null
}

// UnmarshalJSON is called for members that are present.
func (o *Optional[T]) UnmarshalJSON(b []byte) error {
	o.Present = true
	if bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		return nil
	}
	return json.Unmarshal(b, &o.Value)
}

// PatchSecret changes metadata. Narrowing a limit narrows all versions; widening
// one, with the value, adds a version that has the wider limit and leaves the
// older versions as they were.
func (s *Store) PatchSecret(ctx context.Context, by Principal, scope Scope, name string, p Patch, ifMatch string) (Secret, error) {
	if err := s.authorize(by, "secret.update", scope, name); err != nil {
		return Secret{}, err
	}
	if err := p.check(); err != nil {
		return Secret{}, err
	}
	var v *version
	if given := (Given{Value: p.Value, ValueBase64: p.ValueBase64, Generate: p.Generate}); !given.none() {
		made, err := s.version(by, scope, name, given, "")
		if err != nil {
			return Secret{}, err
		}
		v = &made
	}
	out, err := s.changeSecret(ctx, act{by, "secret.update", scope, name}, ifMatch, p.WriteOptions, func(tx kv.WriteTx, r *secretRecord) error {
		before := r.Tags
		p.apply(r)
		if err := s.authorizeTags(by, scope, before, r.Tags); err != nil {
			return err
		}
		if err := r.check(); err != nil {
			return err
		}
		if err := s.patchLimits(tx, scope, name, r, p, v); err != nil {
			return err
		}
		if err := s.patchPlan(by, scope, r, p.Rotation); err != nil {
			return err
		}
		r.applied(p.Set, v != nil)
		return nil
	})
	return s.shown(by, out), err
}

// patchPlan merges a patch into the plan of r, on the permissions of who wants it
// so. Null takes the plan away.
func (s *Store) patchPlan(by Principal, scope Scope, r *secretRecord, patch Optional[json.RawMessage]) error {
	if !patch.Present {
		return nil
	}
	if patch.Value == nil {
		return s.plan(by, scope, r, nil)
	}
	var current RotationPlan
	if r.Rotation != nil {
		current = r.Rotation.Plan
	}
	merged, err := MergePatch(current, patch.Value)
	if err != nil {
		return err
	}
	var next RotationPlan
	if err := Decode(merged, &next); err != nil {
		return err
	}
	return s.plan(by, scope, r, &next)
}

// apply patches what belongs to the secret.
func (p Patch) apply(r *secretRecord) {
	if p.Description.Present {
		r.Description = p.Description.Value
	}
	if p.ExpiresAt.Present {
		r.ExpiresAt = p.ExpiresAt.Value
	}
	if p.Tags.Present {
		merged := make(map[string]string)
		if p.Tags.Value != nil {
			for k, v := range r.Tags {
				merged[k] = v
			}
		}
		for k, v := range p.Tags.Value {
			if v == nil {
				delete(merged, k)
			} else {
				merged[k] = *v
			}
		}
		r.Tags = merged
	}
}

// limits gives the limits that the patch asks for.
func (p Patch) limits(l limits) limits {
	if p.AllowedHosts.Present {
		l.AllowedHosts = p.AllowedHosts.Value
	}
	if p.AllowedIn.Present {
		l.AllowedIn = p.AllowedIn.Value
	}
	if p.Release.Present {
		l.Release = p.Release.Value
	}
	if p.Plain.Present {
		l.Plain = p.Plain.Value
	}
	if p.UseInPlaceholders.Present {
		l.UseInPlaceholders = p.UseInPlaceholders.Value
	}
	return l
}

// patchLimits changes the limits of the versions of r and, if a value was given,
// adds it.
func (s *Store) patchLimits(tx kv.WriteTx, scope Scope, name string, r *secretRecord, p Patch, given *version) error {
	current := r.newest().Limits
	wanted := p.limits(current)
	if _, err := wanted.parse(); err != nil {
		return err
	}
	if given == nil && !wanted.within(current) {
		return fail(ErrValueRequired, "widening allowed_hosts, allowed_in, release, plain or use_in_placeholders needs the secret's value in the same request")
	}
	for i := range r.Versions {
		narrowed, err := r.Versions[i].Limits.intersect(wanted)
		if err != nil {
			return err
		}
		r.Versions[i].Limits = narrowed
	}
	if given == nil {
		r.newest().Limits = wanted
		return nil
	}
	v := *given
	v.limits = wanted
	_, err := s.addVersion(tx, scope, name, r, v)
	return err
}
