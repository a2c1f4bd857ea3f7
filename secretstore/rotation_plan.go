package secretstore

import (
	"slices"
	"time"
)

// RotationPlan is a plan to give a secret a new value again and again.
type RotationPlan struct {
	// Every is how long after the newest version was written the next one is due;
	// BeforeExpiry how long before the secret expires. A plan has one of them, as
	// time.ParseDuration reads it, of at least MinRotationPeriod.
	Every        string `json:"every,omitempty"`
	BeforeExpiry string `json:"before_expiry,omitempty"`
	// Generate has the server make the value; Script names a script, as the secret's
	// scope sees it, that calls context.secrets.set. A plan has one of them.
	Generate *Generate `json:"generate,omitempty"`
	Script   string    `json:"script,omitempty"`
	// Keep is how many of the versions before the newest stay enabled, for what was
	// made with them to verify; DefaultRotationKeep if nil.
	Keep *int `json:"keep,omitempty"`
}

// RotationState is how a plan is going.
type RotationState struct {
	// Last is when the plan last gave the secret a value, nil for never, and Next
	// when it will, or will try again.
	Last *time.Time `json:"last"`
	Next *time.Time `json:"next"`
	// Failures is how often it failed since there was a new version, and Error how
	// the last time, masked.
	Failures int    `json:"failures"`
	Error    string `json:"error,omitempty"`
	// Author is who made the plan, on whose permissions it stands.
	Author string `json:"author"`
}

// rotationRecord is a plan as it is stored.
type rotationRecord struct {
	Plan   RotationPlan `json:"plan"`
	Author Principal    `json:"author"`
	// Limits are those of the secret when the plan was made. Values that it makes do
	// not get wider ones: who widens them with a value that he knows would get the
	// next, which he does not know.
	Limits   limits     `json:"limits"`
	Last     *time.Time `json:"last,omitempty"`
	Retry    *time.Time `json:"retry,omitempty"`
	Failures int        `json:"failures,omitempty"`
	Error    string     `json:"error,omitempty"`
}

// plan makes p the plan of r, nil for none, on the permissions of who wants it so.
func (s *Store) plan(by Principal, scope Scope, r *secretRecord, p *RotationPlan) error {
	if p == nil {
		r.Rotation = nil
		return nil
	}
	if err := s.checkRotation(by, scope, r, *p); err != nil {
		return err
	}
	next := rotationRecord{Plan: *p, Author: by, Limits: r.newest().Limits}
	if r.Rotation != nil {
		next.Last = r.Rotation.Last
	}
	r.Rotation = &next
	return nil
}

func (s *Store) checkRotation(by Principal, scope Scope, r *secretRecord, p RotationPlan) error {
	if (p.Every == "") == (p.BeforeExpiry == "") {
		return fail(ErrInvalid, "rotation: give one of every and before_expiry")
	}
	if period, err := time.ParseDuration(p.Every + p.BeforeExpiry); err != nil || period < MinRotationPeriod {
		return fail(ErrInvalid, `rotation: every and before_expiry are durations like "720h", of at least %s (MinRotationPeriod)`, MinRotationPeriod)
	}
	if p.BeforeExpiry != "" && r.ExpiresAt == nil {
		return fail(ErrInvalid, "rotation/before_expiry: the secret does not expire; give expires_at, or rotation/every")
	}
	if p.Keep != nil && (*p.Keep < 0 || *p.Keep > MaxVersions) {
		return fail(ErrInvalid, "rotation/keep: a number from 0 to %d (MaxVersions)", MaxVersions)
	}
	switch {
	case (p.Generate == nil) == (p.Script == ""):
		return fail(ErrInvalid, "rotation: give one of generate and script")
	case p.Script != "" && scope.Service != "":
		return fail(ErrInvalid, "rotation/script: scripts cannot write the secrets of a service")
	case p.Script != "":
		_, err := s.FindDocument(by, KindScript, scope, p.Script)
		return err
	case len(r.Versions) > 0 && r.newest().Structured:
		return fail(ErrInvalid, "rotation/generate: the server makes no structured values; use a script")
	}
	encoding, err := p.Generate.check()
	if err == nil && encoding != r.Encoding {
		err = fail(ErrInvalid, "rotation/generate: what the kind %s makes has the encoding %s, and the secret has %s", p.Generate.Kind, encoding, r.Encoding)
	}
	return err
}

// due says when the plan of r, which has one, wants the next value.
func (r *secretRecord) due() time.Time {
	p := r.Rotation.Plan
	period, err := time.ParseDuration(p.Every + p.BeforeExpiry)
	if err != nil {
		return time.Time{} // it was checked when it was written
	}
	at := r.newest().CreatedAt.Add(period)
	if p.BeforeExpiry != "" {
		if r.ExpiresAt == nil {
			// Whoever took the expiry away has no more use for the plan.
			return r.newest().CreatedAt.AddDate(1000, 0, 0)
		}
		at = r.ExpiresAt.Add(-period)
	}
	if retry := r.Rotation.Retry; retry != nil && retry.After(at) {
		at = *retry
	}
	return at
}

// rotated completes a rotation that has just added the newest version: the expiry
// moves by the time that the version before had, and older versions beyond those
// to keep are disabled.
func (r *secretRecord) rotated(now time.Time) {
	newest := r.newest()
	if before := r.before(newest); before != nil && r.ExpiresAt != nil {
		if lifetime := r.ExpiresAt.Sub(before.CreatedAt); lifetime > 0 {
			at := newest.CreatedAt.Add(lifetime)
			r.ExpiresAt = &at
		}
	}
	left := DefaultRotationKeep
	if keep := r.Rotation.Plan.Keep; keep != nil {
		left = *keep
	}
	for i := range slices.Backward(r.Versions) {
		v := &r.Versions[i]
		if v.Version >= newest.Version || v.Status != Enabled {
			continue
		}
		if left--; left < 0 {
			v.Status = Disabled
		}
	}
	r.Rotation.Last = &now
}

// settled forgets the failures of a plan: there is a new version.
func (r *secretRecord) settled() {
	if r.Rotation != nil {
		r.Rotation.Failures, r.Rotation.Error, r.Rotation.Retry = 0, "", nil
	}
}

// rotationState gives what the API tells of a plan.
func (r *secretRecord) rotationState() (*RotationPlan, *RotationState) {
	if r.Rotation == nil {
		return nil, nil
	}
	next := r.due()
	return &r.Rotation.Plan, &RotationState{
		Last: r.Rotation.Last, Next: &next, Failures: r.Rotation.Failures, Error: r.Rotation.Error, Author: r.Rotation.Author.ID,
	}
}

// RotatedBy gives the secrets whose plans run a script.
func (s *Store) RotatedBy(scope Scope, script string) []Reference {
	st := s.state.Load()
	var out []Reference
	for at, byName := range st.secrets {
		for name, x := range byName {
			if p := x.record.Rotation; p == nil || p.Plan.Script != script {
				continue
			}
			if doc := st.findDocument(KindScript, at, script); doc != nil && doc.Scope == scope {
				out = append(out, Reference{Kind: KindSecret, Scope: at.Path(), Name: name})
			}
		}
	}
	slices.SortFunc(out, Reference.compare)
	return out
}
