package secretstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/kv"
)

// KEK tells of the server's key-encryption key; none of it is secret.
type KEK struct {
	// ID is the one that wraps now.
	ID string `json:"id"`
	// Key is the URI of what it is kept in or under.
	Key string `json:"key"`
	// Rotation is the one that goes on, or the last one since the start.
	Rotation *Rotation `json:"rotation,omitempty"`
}

// Rotation is the replacement of the key-encryption key by a new one.
type Rotation struct {
	// KEK is the ID of the new one, From and To are the URIs of what the old and the
	// new one are kept in or under.
	KEK       string    `json:"kek"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	StartedAt time.Time `json:"started_at"`
	StartedBy string    `json:"started_by"`
	// Rewrapped counts the rows that were wrapped anew since the start of the server,
	// of at most Total.
	Rewrapped  int        `json:"rewrapped"`
	Total      int        `json:"total"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	// Problem is why it does not go on; it is tried again every RotationRetry.
	Problem string `json:"problem,omitempty"`
}

// kek is what a Store knows of its key-encryption key.
type kek struct {
	holder  envelope.Holder
	holders func(ctx context.Context, uri string) (envelope.Holder, error)
	allowed []string // what a rotation may move to

	begin sync.Mutex // held while a rotation begins

	mu       sync.Mutex
	rotation *Rotation
	stop     context.CancelFunc
	done     chan struct{} // of the rotation that goes on
}

// rotationKey is the row of a rotation that goes on.
const rotationKey = "meta:rotation"

var rotationBinding = envelope.Associated{Scope: "meta", Name: "rotation", Version: 1}

// rotationRow is a rotation, sealed under the old key and under the new one: whoever
// has either may know where the other is, and nobody else can say.
type rotationRow struct {
	Old envelope.Sealed `json:"old"`
	New envelope.Sealed `json:"new"`
}

// KEK tells of the key-encryption key.
func (s *Store) KEK(by Principal) (KEK, error) {
	if err := s.authorize(by, "kek.get", Scope{}, ""); err != nil {
		return KEK{}, err
	}
	return s.aboutKEK(), nil
}

func (s *Store) aboutKEK() KEK {
	s.kek.mu.Lock()
	defer s.kek.mu.Unlock()
	out := KEK{ID: s.keys.ID()}
	if s.kek.holder != nil {
		out.Key = s.kek.holder.Name()
	}
	if s.kek.rotation != nil {
		r := *s.kek.rotation
		out.Rotation = &r
	}
	return out
}

// RotateKEK makes a new key-encryption key, at the key of a URI, or where the old one
// is for "", and has all that is wrapped wrapped anew in the background. When it
// returns, what is written is under the new one, and a server that starts again goes
// on. The old one is dropped at the end.
func (s *Store) RotateKEK(ctx context.Context, by Principal, to string) (KEK, error) {
	if err := s.authorize(by, "kek.rotate", Scope{}, ""); err != nil {
		return KEK{}, err
	}
	s.kek.begin.Lock()
	defer s.kek.begin.Unlock()
	at := s.aboutKEK()
	if at.Rotation != nil && at.Rotation.FinishedAt == nil {
		return KEK{}, fail(ErrInUse, "a rotation to %s goes on; wait for its end", at.Rotation.To)
	}
	holder := s.kek.holder
	if holder == nil {
		return KEK{}, fail(ErrInvalid, "this server does not keep its key and cannot rotate it")
	}
	save := holder.Replace
	switch {
	case to == "" || to == holder.Name():
		to = holder.Name()
	case !slices.Contains(s.kek.allowed, to):
		return KEK{}, fail(ErrInvalid, "/to: the server was not started with --key-to for this key")
	default:
		other, err := s.kek.holders(ctx, to)
		if err != nil {
			return KEK{}, fail(ErrInvalid, "/to: %s", err.Error())
		}
		if save = other.Replace; other.Name() != holder.Name() {
			save = other.Create
		}
		holder = other
	}
	next, err := s.keys.Next()
	if err != nil {
		return KEK{}, err
	}
	// The new key is safe before anything is under it, beside the old ones, so that the
	// new place is good for a start from here on.
	if err := save(ctx, next); err != nil {
		return KEK{}, fail(ErrUnavailable, "the new key cannot be kept, and nothing was changed: %s", err.Error())
	}
	r := Rotation{KEK: next.ID(), From: s.kek.holder.Name(), To: to, StartedAt: s.now(), StartedBy: by.ID}
	row, err := s.sealRotation(r, next)
	if err != nil {
		return KEK{}, err
	}
	err = s.write(ctx, act{by, "kek.rotate", Scope{}, next.ID()}, func(tx kv.WriteTx) error { return put(tx, rotationKey, row) })
	if err != nil {
		return KEK{}, err
	}
	s.keys.Become(next)
	s.startRotation(underWay{r, holder})
	return s.aboutKEK(), nil
}

func (s *Store) sealRotation(r Rotation, next *envelope.Keyring) (row rotationRow, err error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return row, fmt.Errorf("encode rotation: %w", err)
	}
	text := plaintext.New(raw)
	if row.Old, err = s.keys.Seal(text, rotationBinding); err != nil {
		return row, err
	}
	row.New, err = next.Seal(text, rotationBinding)
	return row, err
}

// underWay is a rotation that goes on, and where the new key is kept.
type underWay struct {
	Rotation
	to envelope.Holder
}

// resumeRotation gives the keyring the keys of a rotation that was under way when the
// server stopped, wherever they are, and gives that rotation, or nil. It writes nothing.
func (s *Store) resumeRotation(ctx context.Context) (*underWay, error) {
	var row rotationRow
	err := s.kv.View(ctx, func(tx kv.Tx) error {
		raw, err := tx.Get(rotationKey)
		if err == nil && json.Unmarshal(raw, &row) != nil {
			err = errors.New("not what the server wrote")
		}
		return err
	})
	if errors.Is(err, kv.ErrNotFound) {
		if s.kek.holder == nil || s.keys.Len() == 1 {
			return nil, nil
		}
		// A new key was made, and the server stopped before it said so.
		name := s.kek.holder.Name()
		return &underWay{Rotation{KEK: s.keys.ID(), From: name, To: name, StartedAt: s.now(), StartedBy: "server"}, s.kek.holder}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("row %s: %w", rotationKey, err)
	}
	sealed := row.New
	if !s.keys.Has(sealed.KEK) {
		sealed = row.Old
	}
	text, err := s.keys.Open(sealed, rotationBinding)
	if err != nil {
		return nil, s.wrongKey(ctx, err)
	}
	out := underWay{to: s.kek.holder}
	if err := json.Unmarshal(plaintext.Open(text), &out.Rotation); err != nil {
		return nil, fmt.Errorf("row %s: %w", rotationKey, err)
	}
	if s.kek.holder == nil {
		return nil, fmt.Errorf("a rotation of the key to %s is under way, and this server does not keep its key", out.To)
	}
	if s.keys.Has(out.KEK) {
		return &out, nil
	}
	// This is a start with the old key.
	if out.to, err = s.kek.holders(ctx, out.To); err == nil {
		var other *envelope.Keyring
		if other, err = out.to.Load(ctx); err == nil && !other.Has(out.KEK) {
			err = errors.New("it does not have the key that was made there")
		}
		if err == nil {
			s.keys.Become(other)
			return &out, nil
		}
	}
	return nil, fmt.Errorf("a rotation of the key from %s to %s is under way, nothing was changed; both are needed to go on, or the new one alone: %w", out.From, out.To, err)
}

// startRotation has a rotation go on in the background until Close.
func (s *Store) startRotation(r underWay) {
	ctx, stop := context.WithCancel(context.Background())
	s.kek.mu.Lock()
	defer s.kek.mu.Unlock()
	s.kek.rotation, s.kek.stop, s.kek.done = &r.Rotation, stop, make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		for {
			err := s.rotate(ctx, r)
			if err == nil || ctx.Err() != nil {
				return
			}
			s.log.Error("the rotation of the key does not go on and is tried again", "to", r.To, "error", err)
			s.kek.note(func(now *Rotation) { now.Problem = err.Error() })
			select {
			case <-time.After(RotationRetry):
			case <-ctx.Done():
				return
			}
		}
	}(s.kek.done)
}

// note changes what is told of the rotation.
func (k *kek) note(change func(*Rotation)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(k.rotation)
}

// stopped ends the rotation that goes on; the next start resumes it.
func (k *kek) stopped() {
	k.mu.Lock()
	stop, done := k.stop, k.done
	k.mu.Unlock()
	if stop != nil {
		stop()
		<-done
	}
}

// rotate wraps all rows anew, keeps the new key alone, and drops the old one.
func (s *Store) rotate(ctx context.Context, r underWay) error {
	if err := s.rewrapAll(ctx); err != nil {
		return err
	}
	alone, err := s.keys.Primary()
	if err != nil {
		return err
	}
	if alone.ID() != r.KEK {
		return fmt.Errorf("the key that wraps is %s, not the new one", alone.ID())
	}
	if err := r.to.Replace(ctx, alone); err != nil {
		return err
	}
	err = s.write(ctx, act{Principal{ID: "server"}, "kek.drop", Scope{}, r.KEK}, func(tx kv.WriteTx) error {
		rows, err := tx.List(envelope.RowPrefix, "", 0)
		for _, e := range rows {
			if err == nil && e.Key != envelope.RowPrefix+r.to.Name() {
				err = tx.Delete(e.Key)
			}
		}
		return errors.Join(err, tx.Delete(rotationKey))
	})
	if err != nil {
		return err
	}
	s.keys.Become(alone)
	now := s.now()
	s.kek.note(func(told *Rotation) {
		s.kek.holder = r.to
		told.FinishedAt, told.Problem = &now, ""
	})
	s.log.Info("the key was rotated", "kek", r.KEK, "key", r.to.Name())
	return nil
}

// wrongKey explains that a key does not open the database.
func (s *Store) wrongKey(ctx context.Context, err error) error {
	where := "start with the key that was made with it"
	if names, e := envelope.Names(ctx, s.kv); e == nil && len(names) > 0 {
		where = "its keyring is kept under " + strings.Join(names, ", ")
	}
	name := "the key"
	if s.kek.holder != nil {
		name = "the key " + s.kek.holder.Name()
	}
	return fmt.Errorf("%s does not belong to this database, nothing was changed; %s: %w", name, where, err)
}
