package bolt

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/reticent/reticent/secretstore/kv"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// Store is a [kv.Store] in one file. Updates run one at a time, and never twice.
type Store struct {
	db      *bbolt.DB
	history *history
	writer  chan struct{} // holds an element while somebody writes
	// unscrubbed is set while free pages may hold what was deleted: at first, since
	// the last process may have been killed before it had overwritten them. The
	// writer has it.
	unscrubbed bool

	closing  chan struct{} // closed when Close begins
	close    sync.Once
	closeErr error
}

var _ kv.Store = (*Store)(nil)

func newStore(db *bbolt.DB, h *history) *Store {
	return &Store{
		db:      db,
		history: h,
		writer:  make(chan struct{}, 1),
		closing: make(chan struct{}),

		unscrubbed: true,
	}
}

// View implements [kv.Store].
func (s *Store) View(ctx context.Context, fn func(kv.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	bt, err := s.begin(false)
	if err != nil {
		return err
	}
	defer func() { _ = bt.Rollback() }()
	t, err := newTx(bt)
	if err != nil {
		return err
	}
	defer func() { t.done = true }()
	return fn(t)
}

// Update implements [kv.Store]. Waiting for another writer ends with ctx.
func (s *Store) Update(ctx context.Context, fn func(kv.WriteTx) error) (int64, error) {
	select {
	case s.writer <- struct{}{}:
	case <-s.closing:
		return 0, kv.ErrClosed
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-s.writer }()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return s.update(ctx, fn)
}

// update is Update for whoever holds the writer's place.
func (s *Store) update(ctx context.Context, fn func(kv.WriteTx) error) (int64, error) {
	bt, err := s.begin(true)
	if err != nil {
		return 0, err
	}
	defer func() { _ = bt.Rollback() }() // does nothing after a commit
	base, err := newTx(bt)
	if err != nil {
		return 0, err
	}
	t := &writeTx{tx: *base, touched: make(map[string]touch)}
	defer func() { t.done = true }()
	if err := fn(t); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	batch := kv.Batch{Revision: t.revision + 1, Changes: t.changes()}
	if len(batch.Changes) == 0 {
		return t.revision, nil
	}
	if err := writeRevision(bt, batch.Revision); err != nil {
		return 0, err
	}
	if err := bt.Commit(); err != nil {
		return 0, fmt.Errorf("database: commit: %w", err)
	}
	s.history.add(batch)
	s.unscrubbed = s.unscrubbed || slices.ContainsFunc(batch.Changes, func(c kv.Change) bool { return c.Deleted })
	if s.unscrubbed {
		// The commit stands whatever comes of it, and the next one tries again.
		done, err := scrub(s.db)
		s.unscrubbed = !done || err != nil
	}
	return batch.Revision, nil
}

func (s *Store) begin(writable bool) (*bbolt.Tx, error) {
	bt, err := s.db.Begin(writable)
	switch {
	case errors.Is(err, bbolterrors.ErrDatabaseNotOpen):
		return nil, kv.ErrClosed
	case err != nil:
		return nil, fmt.Errorf("database: begin: %w", err)
	}
	return bt, nil
}

// Watch implements [kv.Store].
func (s *Store) Watch(ctx context.Context, after int64) iter.Seq2[kv.Batch, error] {
	return func(yield func(kv.Batch, error) bool) {
		for at := after; ; {
			b, err := s.history.next(ctx, at)
			if !yield(b, err) || err != nil {
				return
			}
			at = b.Revision
		}
	}
}

// Revision implements [kv.Store].
func (s *Store) Revision(ctx context.Context) (revision int64, err error) {
	err = s.View(ctx, func(t kv.Tx) error {
		revision = t.Revision()
		return nil
	})
	return revision, err
}

// Close implements [kv.Store].
func (s *Store) Close() error {
	s.close.Do(func() {
		close(s.closing)
		s.writer <- struct{}{} // and never let go of
		s.history.close()
		s.closeErr = s.db.Close()
	})
	return s.closeErr
}
