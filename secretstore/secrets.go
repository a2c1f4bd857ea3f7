package secretstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/seal"
)

// Spec is a whole secret as a request writes it, value included.
type Spec struct {
	Value             *Value            `json:"value"`
	ValueBase64       *Base64Value      `json:"value_base64"`
	Generate          *Generate         `json:"generate"`
	Encoding          Encoding          `json:"encoding"`
	Description       string            `json:"description"`
	Tags              map[string]string `json:"tags"`
	AllowedHosts      []string          `json:"allowed_hosts"`
	AllowedIn         []string          `json:"allowed_in"`
	Release           bool              `json:"release"`
	Plain             []string          `json:"plain"`
	UseInPlaceholders *bool             `json:"use_in_placeholders"`
	ExpiresAt         *time.Time        `json:"expires_at"`
	Rotation          *RotationPlan     `json:"rotation"`

	WriteOptions `json:"-"`
}

func (spec Spec) given() Given {
	return Given{Value: spec.Value, ValueBase64: spec.ValueBase64, Generate: spec.Generate}
}

func (spec Spec) limits() limits {
	return limits{
		AllowedHosts: spec.AllowedHosts, AllowedIn: spec.AllowedIn, Release: spec.Release,
		Plain: spec.Plain, UseInPlaceholders: spec.UseInPlaceholders == nil || *spec.UseInPlaceholders,
	}
}

// apply puts what a spec says of the secret, not of a version, into r.
func (spec Spec) apply(r *secretRecord) error {
	r.Description, r.Tags, r.ExpiresAt = spec.Description, spec.Tags, spec.ExpiresAt
	return r.check()
}

func (r *secretRecord) check() error {
	if len(r.Description) > MaxDescriptionBytes {
		return fail(ErrInvalid, "description is longer than %d bytes (MaxDescriptionBytes)", MaxDescriptionBytes)
	}
	if len(r.Tags) > MaxTags {
		return fail(ErrInvalid, "there are more than %d tags (MaxTags)", MaxTags)
	}
	return nil
}

// CreateSecret stores a new secret; it fails with ErrExists if there is one.
func (s *Store) CreateSecret(ctx context.Context, by Principal, scope Scope, name string, spec Spec) (Secret, error) {
	secret, _, err := s.writeSecret(ctx, by, "secret.create", scope, name, spec, precondition{absent: true})
	return secret, err
}

// PutSecret replaces a secret's metadata and adds a version, or creates it.
func (s *Store) PutSecret(ctx context.Context, by Principal, scope Scope, name string, spec Spec, ifMatch string) (Secret, bool, error) {
	return s.writeSecret(ctx, by, "secret.put", scope, name, spec, precondition{etag: ifMatch})
}

func (s *Store) writeSecret(ctx context.Context, by Principal, action string, scope Scope, name string, spec Spec, pre precondition) (Secret, bool, error) {
	if err := s.authorize(by, action, scope, name); err != nil {
		return Secret{}, false, err
	}
	if err := CheckName(name); err != nil {
		return Secret{}, false, err
	}
	v, err := s.version(by, scope, name, spec.given(), spec.Encoding)
	if err != nil {
		return Secret{}, false, err
	}
	if err := spec.check(); err != nil {
		return Secret{}, false, err
	}
	v.limits = spec.limits()
	var out Secret
	var created bool
	err = s.commit(ctx, act{by, action, scope, name}, spec.WriteOptions, func(tx kv.WriteTx) error {
		if err := scopeExists(tx, scope); err != nil {
			return err
		}
		r, err := getSecret(tx, scope, name)
		created = errors.Is(err, ErrNotFound)
		if err != nil && !created {
			return err
		}
		if created {
			if r, err = s.newSecret(tx, scope, name, v.encoding); err != nil {
				return err
			}
		}
		if err := pre.check(!created, r.ETag, "secret "+name); err != nil {
			return err
		}
		if err := s.authorizeWrite(by, KindSecret, scope, name, created); err != nil {
			return err
		}
		if err := s.authorizeTags(by, scope, r.Tags, spec.Tags); err != nil {
			return err
		}
		if err := spec.apply(r); err != nil {
			return err
		}
		if _, err := s.addVersion(tx, scope, name, r, v); err != nil {
			return err
		}
		if err := s.plan(by, scope, r, spec.Rotation); err != nil {
			return err
		}
		r.applied(spec.Set, true)
		out, err = s.saveSecret(tx, scope, name, r)
		return err
	})
	return s.shown(by, out), created, err
}

// newSecret makes the record of a secret that does not exist.
func (s *Store) newSecret(tx kv.Tx, scope Scope, name string, encoding Encoding) (*secretRecord, error) {
	if other := alias(name); other != "" {
		switch _, err := tx.Get(secretKey(scope, other)); {
		case err == nil:
			return nil, fail(ErrExists, "secret %s exists in %s, and %s is another name of it", other, scope, name)
		case !errors.Is(err, kv.ErrNotFound):
			return nil, err
		}
	}
	return &secretRecord{ID: randomID(), Encoding: encoding, CreatedAt: s.now()}, nil
}

// addVersion encrypts a value and adds it to r as the newest version. Where that
// has the value and the limits already it adds nothing.
func (s *Store) addVersion(tx kv.WriteTx, scope Scope, name string, r *secretRecord, v version) (added bool, err error) {
	if _, err := v.limits.parse(); err != nil {
		return false, err
	}
	if r.Encoding != v.encoding {
		return false, fail(ErrInvalid, "secret %s has the encoding %s, which stays as it is", name, r.Encoding)
	}
	if len(r.Versions) > 0 && v.same == r.newest().Fingerprint && v.limits.equal(r.newest().Limits) {
		return false, nil
	}
	if len(r.Versions) >= MaxVersions {
		if err := tx.Delete(valueKey(scope, name, r.Versions[0].Version)); err != nil {
			return false, err
		}
		r.Versions = r.Versions[1:]
	}
	tree, err := v.value.tree(v.limits.Plain, seal.AsRecorded(v.longWeak))
	if err != nil {
		return false, err
	}
	r.settled()
	n := 1
	if len(r.Versions) > 0 {
		n = r.Versions[len(r.Versions)-1].Version + 1
	}
	sealed, err := s.keys.Seal(v.value.Value, associated(scope, name, n))
	if err != nil {
		return false, fmt.Errorf("encrypt secret: %w", err)
	}
	r.Versions = append(r.Versions, versionRecord{
		Version: n, Status: Enabled, Fingerprint: randomID(), Structured: v.value.structured,
		Weak: tree.Weak(), LongWeak: v.longWeak, PublicKey: v.publicKey, Limits: v.limits, computed: v.computed, CreatedAt: s.now(),
	})
	return true, put(tx, valueKey(scope, name, n), sealed)
}

func associated(scope Scope, name string, version int) envelope.Associated {
	return envelope.Associated{Scope: scope.Path(), Name: name, Version: version}
}

// saveSecret stores r under a new ETag.
func (s *Store) saveSecret(tx kv.WriteTx, scope Scope, name string, r *secretRecord) (Secret, error) {
	r.ETag, r.UpdatedAt = randomID(), s.now()
	return s.state.Load().metadata(scope, name, r), put(tx, secretKey(scope, name), r)
}

func getSecret(tx kv.Tx, scope Scope, name string) (*secretRecord, error) {
	raw, err := tx.Get(secretKey(scope, name))
	if errors.Is(err, kv.ErrNotFound) {
		return nil, noSecret(scope, name)
	}
	if err != nil {
		return nil, err
	}
	var r secretRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("secret record of %s: %w", name, err)
	}
	return &r, nil
}

func noSecret(scope Scope, name string) error {
	return fail(ErrNotFound, "there is no secret %s in %s", name, scope)
}

func secretKey(scope Scope, name string) string { return "secret:" + scope.Path() + ":" + name }

func valueKey(scope Scope, name string, version int) string {
	return fmt.Sprintf("value:%s:%s:%08d", scope.Path(), name, version)
}

// Secret gives the metadata of a secret of the scope itself.
func (s *Store) Secret(by Principal, scope Scope, name string) (Secret, error) {
	if err := s.authorize(by, "secret.get", scope, name); err != nil {
		return Secret{}, err
	}
	st := s.state.Load()
	if err := st.checkScope(scope); err != nil {
		return Secret{}, err
	}
	secret := st.secrets[scope][name]
	if secret == nil {
		return Secret{}, noSecret(scope, name)
	}
	return s.shown(by, st.metadata(scope, name, &secret.record)), nil
}

// Secrets lists the secrets of the scope itself, by name.
func (s *Store) Secrets(by Principal, scope Scope, page PageRequest) (Page[Secret], error) {
	if err := s.authorize(by, "secret.list", scope, ""); err != nil {
		return Page[Secret]{}, err
	}
	st := s.state.Load()
	if err := st.checkScope(scope); err != nil {
		return Page[Secret]{}, err
	}
	return pageOf(st.secrets[scope], page, s.shows(by, KindSecret, scope), func(name string, secret *secret) Secret {
		return s.shown(by, st.metadata(scope, name, &secret.record))
	})
}

// DeleteSecret deletes a secret with all versions. Where documents that see it
// refer to it, it fails with ErrInUse unless force is set.
func (s *Store) DeleteSecret(ctx context.Context, by Principal, scope Scope, name, ifMatch string, force bool) error {
	if err := s.authorize(by, "secret.delete", scope, name); err != nil {
		return err
	}
	return s.write(ctx, act{by, "secret.delete", scope, name}, func(tx kv.WriteTx) error {
		if err := scopeExists(tx, scope); err != nil {
			return err
		}
		r, err := getSecret(tx, scope, name)
		if err != nil {
			return err
		}
		if err := (precondition{etag: ifMatch}).check(true, r.ETag, "secret "+name); err != nil {
			return err
		}
		if used := s.state.Load().usedBy(scope, name); len(used) > 0 && !force {
			return &Failure{Class: ErrInUse, UsedBy: s.visible(by, used),
				Message: fmt.Sprintf("secret %s is referred to by %d documents; change them first or delete with ?force=true", name, len(used))}
		}
		return removeSecret(tx, scope, name, r)
	})
}

// removeSecret deletes a secret with its values.
func removeSecret(tx kv.WriteTx, scope Scope, name string, r *secretRecord) error {
	for _, v := range r.Versions {
		if err := tx.Delete(valueKey(scope, name, v.Version)); err != nil {
			return err
		}
	}
	return errors.Join(tx.Delete(useKey(scope, name)), tx.Delete(secretKey(scope, name)))
}
