package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/reticent/reticent/secretstore/kv"
)

// Report says whether the chain is whole.
type Report struct {
	Intact bool `json:"intact"`
	// Entries are those that were looked at.
	Entries int64 `json:"entries"`
	Head    Head  `json:"head"`
	// Problem says what is wrong, and At with which entry, if there is one.
	Problem string `json:"problem,omitempty"`
	At      int64  `json:"at,omitempty"`
}

// Verifier checks entries one after the other.
type Verifier struct {
	seq  int64  // of the last one, 0 before the first
	prev string // its hash
	n    int64
}

// NewVerifier makes a Verifier of a chain whose first entry follows another; that
// has the hash prev, or "" for any.
func NewVerifier(prev string) *Verifier { return &Verifier{prev: prev} }

// Add checks the next entry, as JSON. The error says what is wrong with it.
func (v *Verifier) Add(raw []byte) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return e, errors.New("it is no audit entry")
	}
	hash, err := digest(raw)
	switch {
	case err != nil:
		return e, err
	case hash != e.Hash:
		return e, errors.New("it was changed: its hash is not that of its content")
	case v.n > 0 && e.Seq != v.seq+1:
		return e, fmt.Errorf("it follows entry %d: entries were taken out, added or moved", v.seq)
	case v.prev != "" && e.Prev != v.prev:
		return e, errors.New("it does not follow the entry before it: the chain was rewritten")
	}
	v.seq, v.prev, v.n = e.Seq, e.Hash, v.n+1
	return e, nil
}

// Verify checks every entry against the ones before and the last against the
// sealed head. The error is that of reading, not of what is wrong.
func (l *Log) Verify(ctx context.Context) (Report, error) {
	_ = l.flush(ctx) // a log that was tampered with takes no entries
	var r Report
	err := l.kv.View(ctx, func(tx kv.Tx) (err error) {
		if r.Head, err = l.head(tx); err != nil {
			return err
		}
		// Rows beyond the head, and before it, are nobody's.
		beyond, err := tx.List(entryPrefix, entryKey(r.Head.Last), 1)
		if err == nil && len(beyond) > 0 {
			r.Problem, r.At = "there are entries after the head: they were added", r.Head.Last+1
		}
		return err
	})
	if errors.Is(err, ErrTampered) {
		return Report{Problem: err.Error()}, nil
	}
	if err != nil || r.Problem != "" {
		return r, err
	}
	v := NewVerifier(r.Head.FirstPrev)
	v.seq, v.n = r.Head.First-1, 1
	for next := r.Head.First; next <= r.Head.Last; {
		var rows []kv.Entry
		err := l.kv.View(ctx, func(tx kv.Tx) (err error) {
			rows, err = tx.List(entryPrefix, entryKey(next-1), int(min(batchEntries, r.Head.Last-next+1)))
			return err
		})
		if err != nil {
			return r, err
		}
		if len(rows) == 0 {
			r.Problem, r.At = "entries are missing up to the head", next
			return r, nil
		}
		for _, row := range rows {
			e, err := v.Add(row.Value)
			if err == nil && row.Key != entryKey(e.Seq) {
				err = errors.New("it is not where it belongs")
			}
			if err != nil {
				r.Problem, r.At = err.Error(), next
				return r, nil
			}
			r.Entries++
			next = e.Seq + 1
		}
	}
	if v.prev != r.Head.Hash {
		r.Problem, r.At = "the last entry is not the one that the head is sealed to: the chain was rewritten", r.Head.Last
		return r, nil
	}
	r.Intact = true
	return r, nil
}
