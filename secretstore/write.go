package secretstore

import (
	"context"
	"errors"

	"github.com/reticent/reticent/secretstore/kv"
)

// WriteOptions are what a write may have besides what is written.
type WriteOptions struct {
	// Note is what the author says of the version, where versions are kept.
	Note string
	// Set is the name of a set of manifests that what is written belongs to from
	// then on: what applies files knows by it what is its own to delete. A write
	// that names none leaves what is written where it is.
	Set string
	// Preview has everything decided, checked and answered as if it were written,
	// and nothing written.
	Preview bool
}

// check makes sure of the note and the name of the set.
func (o WriteOptions) check() error {
	if len(o.Note) > MaxNoteBytes {
		return fail(ErrInvalid, "a note is longer than %d bytes (MaxNoteBytes)", MaxNoteBytes)
	}
	if o.Set == "" {
		return nil
	}
	return CheckName(o.Set)
}

// setOr gives the set of something that was in another.
func (o WriteOptions) setOr(old string) string {
	if o.Set != "" {
		return o.Set
	}
	return old
}

// applied notes that r was applied as a part of a set, "" for none. Where no value
// was written and none was before, what is there is where it begins.
func (r *secretRecord) applied(set string, written bool) {
	if set == "" {
		return
	}
	r.Set = set
	if written || r.Applied == "" {
		r.Applied = r.newest().Fingerprint
	}
}

var errPreview = errors.New("nothing is written: it was a preview")

// commit is write, or for a preview a transaction that is taken back, of which the
// audit log has nothing.
func (s *Store) commit(ctx context.Context, a act, o WriteOptions, fn func(kv.WriteTx) error) error {
	if !o.Preview {
		return s.write(ctx, a, fn)
	}
	err := s.update(ctx, func(tx kv.WriteTx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errPreview
	})
	if errors.Is(err, errPreview) {
		return nil
	}
	return err
}
