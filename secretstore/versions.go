package secretstore

import (
	"context"

	"github.com/reticent/reticent/secretstore/kv"
)

// AddVersion adds a value to a secret, with the limits of the newest version. To
// who may use the secret it tells that the newest version has the value already,
// and adds nothing: it gives that version, and false.
func (s *Store) AddVersion(ctx context.Context, by Principal, scope Scope, name string, given Given, ifMatch string) (Version, bool, error) {
	if err := s.authorize(by, "secret.add_version", scope, name); err != nil {
		return Version{}, false, err
	}
	v, err := s.version(by, scope, name, given, "")
	if err != nil {
		return Version{}, false, err
	}
	var out Version
	var added bool
	_, err = s.changeSecret(ctx, act{by, "secret.add_version", scope, name}, ifMatch, WriteOptions{}, func(tx kv.WriteTx, r *secretRecord) error {
		v := v
		v.limits = r.newest().Limits
		added, err = s.addVersion(tx, scope, name, r, v)
		out = r.newest().metadata()
		return err
	})
	return out, added, err
}

// Versions lists the versions of a secret, newest first, destroyed ones too.
func (s *Store) Versions(by Principal, scope Scope, name string) ([]Version, error) {
	if err := s.authorize(by, "secret.list_versions", scope, name); err != nil {
		return nil, err
	}
	st := s.state.Load()
	if err := st.checkScope(scope); err != nil {
		return nil, err
	}
	secret := st.secrets[scope][name]
	if secret == nil {
		return nil, noSecret(scope, name)
	}
	var out []Version
	for i := len(secret.record.Versions) - 1; i >= 0; i-- {
		out = append(out, secret.record.Versions[i].metadata())
	}
	return out, nil
}

// SetVersionStatus enables or disables a version. The newest cannot be disabled,
// so that a secret always has an enabled version. ifMatch is the secret's ETag.
func (s *Store) SetVersionStatus(ctx context.Context, by Principal, scope Scope, name string, n int, status Status, ifMatch string) (Version, error) {
	if err := s.authorize(by, "secret.change_version", scope, name); err != nil {
		return Version{}, err
	}
	var out Version
	_, err := s.changeSecret(ctx, act{by, "secret.change_version", scope, name}, ifMatch, WriteOptions{}, func(_ kv.WriteTx, r *secretRecord) error {
		v := r.version(n)
		switch {
		case v == nil:
			return fail(ErrNotFound, "secret %s has no version %d", name, n)
		case status != Enabled && status != Disabled:
			return fail(ErrInvalid, "status is ENABLED or DISABLED")
		case v.Status == Destroyed:
			return fail(ErrInvalid, "version %d is destroyed; its value is gone", n)
		case status == Disabled && v == r.newest():
			return fail(ErrInvalid, "the newest version cannot be disabled; add a version first")
		}
		v.Status = status
		out = v.metadata()
		return nil
	})
	return out, err
}

// DestroyVersion erases the value of a version and its data key. The version
// stays listed. The newest cannot be destroyed while the one before it is not
// enabled, so that a secret always has an enabled version. ifMatch is the
// secret's ETag.
func (s *Store) DestroyVersion(ctx context.Context, by Principal, scope Scope, name string, n int, ifMatch string) error {
	if err := s.authorize(by, "secret.destroy_version", scope, name); err != nil {
		return err
	}
	_, err := s.changeSecret(ctx, act{by, "secret.destroy_version", scope, name}, ifMatch, WriteOptions{}, func(tx kv.WriteTx, r *secretRecord) error {
		v := r.version(n)
		switch {
		case v == nil:
			return fail(ErrNotFound, "secret %s has no version %d", name, n)
		case v.Status == Destroyed:
			return nil
		}
		if previous := r.before(v); v == r.newest() && (previous == nil || previous.Status != Enabled) {
			return fail(ErrInvalid, "version %d is the newest and the one before it is not enabled; enable that, add a version, or delete the secret", n)
		}
		v.Status = Destroyed
		return tx.Delete(valueKey(scope, name, n))
	})
	return err
}

func (v *versionRecord) metadata() Version {
	return Version{Version: v.Version, Status: v.Status, Fingerprint: v.Fingerprint, Weak: v.Weak, PublicKey: v.PublicKey, CreatedAt: v.CreatedAt}
}

// changeSecret changes a secret that exists and gives it as it then is.
func (s *Store) changeSecret(ctx context.Context, a act, ifMatch string, o WriteOptions, change func(kv.WriteTx, *secretRecord) error) (Secret, error) {
	scope, name := a.scope, a.name
	var out Secret
	err := s.commit(ctx, a, o, func(tx kv.WriteTx) error {
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
		if err := change(tx, r); err != nil {
			return err
		}
		out, err = s.saveSecret(tx, scope, name, r)
		return err
	})
	return out, err
}
