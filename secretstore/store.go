package secretstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/seal"
)

// Config is what a Store is made of.
type Config struct {
	// KV holds the state. The Store closes it.
	KV kv.Store
	// Keys encrypt the values.
	Keys *envelope.Keyring
	// Holder is where Keys are kept. Without one they cannot be rotated.
	Holder envelope.Holder
	// Holders gives the holder of a key's URI, for a rotation to another key.
	Holders func(ctx context.Context, uri string) (envelope.Holder, error)
	// KeysTo are the URIs of keys that a rotation may move to. Who administers the
	// server by its API must not choose freely: the keyring is sent there, with the
	// credentials of the server.
	KeysTo []string
	// Log receives what the store has to say; never a value. Nil discards.
	Log *slog.Logger
	// Found counts, by secret, plaintexts that the net under the masking caught.
	Found func(name string)
	// Random draws surrogates; nil means crypto/rand. Only tests fix it, to
	// compare two servers byte by byte.
	Random io.Reader
	// Now is the time that versions and plans go by; nil means time.Now. Only tests
	// set it.
	Now func() time.Time
	// AuditRetention is how long audit entries are kept; 0 means
	// audit.DefaultRetention. AuditRestart begins a new chain where the head of the
	// one that there is cannot be verified any more.
	AuditRetention time.Duration
	AuditRestart   bool
}

// Store is the secret store. It is safe for concurrent use.
type Store struct {
	kv     kv.Store
	keys   *envelope.Keyring
	log    *slog.Logger
	guard  *seal.Guard
	found  func(name string)
	random io.Reader
	clock  func() time.Time
	audit  *audit.Log
	kek    kek

	managers atomic.Pointer[Managers]

	state  atomic.Pointer[state]
	cancel context.CancelFunc
	done   chan struct{}

	stopUses context.CancelFunc
	usesDone chan struct{}

	applying sync.Mutex // held while the next state is made

	mu          sync.Mutex
	subscribers []func(Change)
	revision    int64         // of the last commit that subscribers were told of
	applied     chan struct{} // closed and replaced when revision grows
	failed      error         // why the store can no longer follow its commits
	expiry      *time.Timer
}

// Open reads all state and starts to follow commits. A key that is not the one
// that the values were encrypted with is told and nothing is touched.
func Open(ctx context.Context, c Config) (*Store, error) {
	s := &Store{
		kv: c.KV, keys: c.Keys, log: c.Log, found: c.Found, random: c.Random, clock: c.Now,
		guard: seal.NewGuard(), applied: make(chan struct{}), done: make(chan struct{}),
		usesDone: make(chan struct{}),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.kek.holder, s.kek.holders, s.kek.allowed = c.Holder, c.Holders, c.KeysTo
	under, err := s.resumeRotation(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.checkKey(ctx); err != nil {
		return nil, err
	}
	st, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	s.audit = audit.New(audit.Config{KV: c.KV, Keys: c.Keys, Retention: c.AuditRetention, Log: s.log})
	if c.AuditRestart {
		if err := s.audit.Restart(ctx); err != nil {
			s.audit.Close()
			return nil, err
		}
	}
	s.swap(st, Change{})
	follow, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.follow(follow, st.revision)
	uses, stop := context.WithCancel(context.Background())
	s.stopUses = stop
	go s.writeUses(uses)
	if under != nil {
		s.startRotation(*under)
	}
	return s, nil
}

// Close stops the store and closes its state.
func (s *Store) Close() error {
	s.kek.stopped()
	s.stopUses()
	<-s.usesDone
	s.audit.Close()
	s.cancel()
	<-s.done
	s.mu.Lock()
	if s.expiry != nil {
		s.expiry.Stop()
	}
	s.mu.Unlock()
	return s.kv.Close()
}

// Subscribe calls fn after each change, before the write that made it returns.
// fn must be quick and must not write. It is called at once with everything.
func (s *Store) Subscribe(fn func(Change)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscribers = append(s.subscribers, fn)
	all := Change{}
	for _, byName := range s.state.Load().docs {
		for _, doc := range byName {
			all.Changed = append(all.Changed, doc)
		}
	}
	fn(all)
}

// follow applies every commit, this node's and others', in order.
func (s *Store) follow(ctx context.Context, after int64) {
	defer close(s.done)
	for {
		var err error
		for batch, e := range s.kv.Watch(ctx, after) {
			if err = e; err != nil {
				break
			}
			after = batch.Revision
			s.apply(batch)
		}
		if errors.Is(err, kv.ErrCompacted) {
			var st *state
			if st, err = s.load(ctx); err == nil {
				s.replace(st)
				after = st.revision
				continue
			}
		}
		if ctx.Err() == nil {
			s.log.Error("the store no longer follows its state; restart the server", "error", err)
		}
		s.mu.Lock()
		s.failed = fmt.Errorf("store is closed or cannot follow its state: %w", errors.Join(err, ctx.Err()))
		close(s.applied)
		s.applied = nil
		s.mu.Unlock()
		return
	}
}

// update commits fn and returns when the commit is in the snapshot.
func (s *Store) update(ctx context.Context, fn func(kv.WriteTx) error) error {
	revision, err := s.kv.Update(ctx, fn)
	if err != nil {
		var limit *kv.LimitError
		if errors.As(err, &limit) {
			return fail(ErrTooLarge, "%s", limit.Error())
		}
		return err
	}
	for {
		s.mu.Lock()
		reached, applied, failed := s.revision, s.applied, s.failed
		s.mu.Unlock()
		if reached >= revision {
			return nil
		}
		if failed != nil {
			return failed
		}
		select {
		case <-applied:
		case <-ctx.Done():
			// The write is durable; only its visibility was not waited for.
			return ctx.Err()
		}
	}
}

// swap makes st the state and wakes the writers that wait for it.
func (s *Store) swap(st *state, change Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Subscribers first see the state and then the writer returns, so that the
	// next evaluation uses what was written.
	s.state.Store(st)
	for _, fn := range s.subscribers {
		fn(change)
	}
	s.wake(st.revision)
	s.scheduleExpiry(st)
}

// advance notes a commit that changed nothing of the state.
func (s *Store) advance(revision int64) {
	next := *s.state.Load()
	next.revision = revision
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Store(&next)
	s.wake(revision)
}

// wake lets those go on who wait for a revision. s.mu is held.
func (s *Store) wake(revision int64) {
	if revision > s.revision {
		s.revision = revision
		close(s.applied)
		s.applied = make(chan struct{})
	}
}

func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Millisecond) }

// randomID gives an unguessable id of 130 bits in lower-case letters and digits.
func randomID() string {
	return strings.ToLower(rand.Text())
}
