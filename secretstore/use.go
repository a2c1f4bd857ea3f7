package secretstore

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"github.com/reticent/reticent/secretstore/kv"
)

// KindTest is the kind of a [Reference] to something that is not stored: a test
// run.
const KindTest Kind = "test"

// Use is one use of a secret: an evaluation of something that refers to it.
type Use struct {
	At time.Time `json:"at"`
	// By is the principal's ID.
	By string `json:"by"`
	Reference
}

// usage is the last use of one secret. All states share it, and evaluations write
// it without a lock; flushUses brings it to disk.
type usage struct {
	last, stored atomic.Pointer[Use]
}

// touch notes a use of every secret that the names meant.
func (p pinned) touch(by Principal, what Reference) {
	if len(p.used) == 0 {
		return
	}
	use := &Use{At: time.Now().UTC().Truncate(time.Millisecond), By: by.ID, Reference: what}
	for _, u := range p.used {
		u.last.Store(use)
	}
}

// Used notes that a document was evaluated: as the last use of every secret that
// it refers to. It touches no disk.
func (s *Store) Used(by Principal, doc *Document) { doc.touch(by, doc.reference()) }

func (d *Document) reference() Reference {
	return Reference{Kind: d.Kind, Scope: d.Scope.Path(), Name: d.Name}
}

// useRecord is the last use of a secret as it is stored.
type useRecord struct {
	// ID is that of the secret: a new one of the same name has not been used.
	ID  string `json:"id"`
	Use Use    `json:"use"`
}

func useKey(scope Scope, name string) string { return "use:" + scope.Path() + ":" + name }

// writeUses writes the last uses down every UseInterval until ctx ends, and once
// more then.
func (s *Store) writeUses(ctx context.Context) {
	defer close(s.usesDone)
	tick := time.NewTicker(UseInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.flushUses()
			return
		}
		s.flushUses()
	}
}

// maxUsesFlushed is how many uses one transaction writes.
const maxUsesFlushed = 1000

// flushUses writes down what was used since the last time. What fails is tried
// again the next time: the log of uses is the audit log, and this is a help.
func (s *Store) flushUses() {
	type dirty struct {
		*secret
		use *Use
	}
	var all []dirty
	for _, byName := range s.state.Load().secrets {
		for _, x := range byName {
			if use := x.used.last.Load(); use != x.used.stored.Load() {
				all = append(all, dirty{x, use})
			}
		}
	}
	for len(all) > 0 {
		chunk := all[:min(len(all), maxUsesFlushed)]
		all = all[len(chunk):]
		_, err := s.kv.Update(context.Background(), func(tx kv.WriteTx) error {
			for _, d := range chunk {
				r, err := getSecret(tx, d.scope, d.name)
				if errors.Is(err, ErrNotFound) || err == nil && r.ID != d.record.ID {
					continue // deleted meanwhile
				}
				if err := errors.Join(err, put(tx, useKey(d.scope, d.name), useRecord{d.record.ID, *d.use})); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			s.log.Warn("the last use of secrets could not be written down", "error", err)
			return
		}
		for _, d := range chunk {
			d.used.stored.Store(d.use)
		}
	}
}

// applyUse takes over a stored use: at the start, and another node's.
func (b *builder) applyUse(rest string, c kv.Change) error {
	scope, name, err := splitScopeName(rest)
	if err != nil || c.Deleted {
		return err
	}
	var row useRecord
	if err := json.Unmarshal(c.Value, &row); err != nil {
		return err
	}
	x := b.st.secrets[scope][name]
	if x == nil || x.record.ID != row.ID {
		return nil
	}
	if last := x.used.last.Load(); last == nil || last.At.Before(row.Use.At) {
		// What an evaluation notes in between is noted by the next one again.
		x.used.stored.Store(&row.Use)
		x.used.last.Store(&row.Use)
	}
	return nil
}
