package bolt_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

func TestWaitingWriterEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, newPath(t), bolt.Options{})
	writing, finish, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		_, err := s.Update(t.Context(), func(tx kv.WriteTx) error {
			close(writing)
			<-finish
			return tx.Put("first", nil)
		})
		done <- err
	}()
	<-writing
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	_, err := s.Update(ctx, func(kv.WriteTx) error {
		t.Error("the second writer ran beside the first")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("second writer: %v", err)
	}
	close(finish)
	if err := <-done; err != nil {
		t.Errorf("first writer: %v", err)
	}
}

// TestUpdateDuringClose closes while a writer is at work: its commit counts.
func TestUpdateDuringClose(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := mustOpen(t, path, bolt.Options{})
	closed := make(chan error)
	_, err := s.Update(t.Context(), func(tx kv.WriteTx) error {
		go func() { closed <- s.Close() }()
		return tx.Put("k", []byte("v"))
	})
	if err := errors.Join(err, <-closed); err != nil {
		t.Fatal(err)
	}
	err = mustOpen(t, path, bolt.Options{}).View(t.Context(), func(tx kv.Tx) error {
		_, err := tx.Get("k")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRevisionsGrowByOneAcrossRestarts(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	for want := int64(1); want <= 5; want++ {
		s := mustOpen(t, path, bolt.Options{})
		if got := put(t, s, "k", "v"); got != want {
			t.Errorf("revision %d, want %d", got, want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWatchFromBeforeRestart(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := mustOpen(t, path, bolt.Options{})
	revision := put(t, s, "k", "v")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, path, bolt.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, err := range s.Watch(ctx, revision-1) {
		if !errors.Is(err, kv.ErrCompacted) {
			t.Errorf("watch from before the restart: %v, want ErrCompacted", err)
		}
	}
	want := put(t, s, "k", "w")
	for batch, err := range s.Watch(ctx, revision) {
		if err != nil || batch.Revision != want {
			t.Errorf("watch from the restart: revision %d, %v; want %d", batch.Revision, err, want)
		}
		break
	}
}
