package secretstore

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/kv"
)

// errSuperseded ends a rotation of a secret that got another value, or another
// plan, meanwhile.
var errSuperseded = errors.New("the secret was changed meanwhile")

// dueRotation is a secret whose plan wants a value, as it was found.
type dueRotation struct {
	scope  Scope
	name   string
	record secretRecord
}

// dueRotations gives the secrets whose time has come.
func (s *Store) dueRotations() []dueRotation {
	var out []dueRotation
	now := s.now()
	for scope, byName := range s.state.Load().secrets {
		for name, x := range byName {
			if x.record.Rotation != nil && !x.record.due().After(now) {
				out = append(out, dueRotation{scope, name, x.record})
			}
		}
	}
	return out
}

// RunScript runs a script for a plan, and gives an error, masked, if it fails.
type RunScript func(ctx context.Context, by Principal, scope Scope, name string, input json.RawMessage) error

// followPlan gives a secret its next value, on the permissions that the author of its
// plan has now. Two nodes that do it at once give it one.
func (s *Store) followPlan(ctx context.Context, d dueRotation, run RunScript) error {
	plan := d.record.Rotation
	if err := s.authorize(plan.Author, "secret.rotate", d.scope, d.name); err != nil {
		return err
	}
	if !d.record.newest().Limits.within(plan.Limits) {
		return fail(ErrForbidden, "the limits of the secret are wider than when its plan was made; make the plan again, by a patch of rotation, if its values may have them")
	}
	if plan.Plan.Generate != nil {
		v, err := s.version(plan.Author, d.scope, d.name, Given{Generate: plan.Plan.Generate}, "")
		if err != nil {
			return err
		}
		return s.completeRotation(ctx, d, &v)
	}
	input, err := marshal(map[string]string{"secret": d.name, "scope": d.scope.Path()})
	if err != nil {
		return err
	}
	if err := run(ctx, plan.Author, d.scope, plan.Plan.Script, input); err != nil {
		s.audit.Note(act{plan.Author, "secret.rotate", d.scope, d.name}.entry(ctx, audit.Failed))
		return err
	}
	return s.completeRotation(ctx, d, nil)
}

// completeRotation adds a version, or finds the one that a script added.
func (s *Store) completeRotation(ctx context.Context, d dueRotation, made *version) error {
	_, err := s.changeSecret(ctx, act{d.record.Rotation.Author, "secret.rotate", d.scope, d.name}, "", WriteOptions{}, func(tx kv.WriteTx, r *secretRecord) error {
		changed := r.ID != d.record.ID || r.newest().Fingerprint != d.record.newest().Fingerprint
		switch {
		case r.Rotation == nil, made != nil && changed:
			return errSuperseded
		case made == nil && !changed:
			return fail(ErrInvalid, "the script %s ended well and did not set the secret", d.record.Rotation.Plan.Script)
		case made != nil:
			v := *made
			v.limits = r.newest().Limits
			if _, err := s.addVersion(tx, d.scope, d.name, r, v); err != nil {
				return err
			}
		}
		r.rotated(s.now())
		return nil
	})
	return err
}

// failRotation notes that a rotation failed, and when it is tried again. It leaves
// the ETag: nobody wrote anything.
func (s *Store) failRotation(ctx context.Context, d dueRotation, cause error) (failures int, err error) {
	err = s.update(ctx, func(tx kv.WriteTx) error {
		r, err := getSecret(tx, d.scope, d.name)
		if errors.Is(err, ErrNotFound) || err == nil && (r.ID != d.record.ID || r.Rotation == nil) {
			return nil // there is nothing to tell of any more
		}
		if err != nil {
			return err
		}
		r.Rotation.Failures++
		retry := s.now().Add(backoff(r.Rotation.Failures))
		r.Rotation.Retry, r.Rotation.Error = &retry, rotationError(cause)
		failures = r.Rotation.Failures
		return put(tx, secretKey(d.scope, d.name), r)
	})
	return failures, err
}

// backoff is how long to wait after so many failures.
func backoff(failures int) time.Duration {
	d := MinRotationBackoff
	for range failures - 1 {
		if d *= 2; d >= MaxRotationBackoff {
			return MaxRotationBackoff
		}
	}
	return d
}

// rotationError is what is told of a failure: what was written for people to read,
// shortened.
func rotationError(err error) string {
	text := "the server failed; its log has more"
	if f, ok := errors.AsType[*Failure](err); ok {
		text = f.Message
	} else if errors.Is(err, context.DeadlineExceeded) {
		text = "it took too long (MaxRotationTime)"
	}
	return strings.ToValidUTF8(text[:min(len(text), MaxRotationErrorBytes)], "")
}

// FailingRotations counts the secrets whose plans failed since they last had a new
// version.
func (s *Store) FailingRotations() (n int) {
	for _, byName := range s.state.Load().secrets {
		for _, x := range byName {
			if p := x.record.Rotation; p != nil && p.Failures > 0 {
				n++
			}
		}
	}
	return n
}
