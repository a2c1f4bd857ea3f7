package audit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/reticent/reticent/secretstore/kv"
)

// Prune deletes entries that are older than the retention, as far as they are whole. The chain then begins
// later, which the head knows and an entry says.
func (l *Log) Prune(ctx context.Context) error {
	for {
		more := false
		_, err := l.kv.Update(ctx, func(tx kv.WriteTx) error {
			more = false
			h, err := l.head(tx)
			if err != nil {
				return err
			}
			rows, err := tx.List(entryPrefix, entryKey(h.First-1), batchEntries)
			if err != nil {
				return err
			}
			cutoff, pruned := l.now().Add(-l.retention), int64(0)
			check := NewVerifier(h.FirstPrev)
			check.seq, check.n = h.First-1, 1
			for _, row := range rows {
				e, err := check.Add(row.Value)
				if err != nil { // what is broken stays, to be looked into
					return fmt.Errorf("audit log: entry %s: %w; see reticent audit verify", row.Key, err)
				}
				// The last one stays: there is always an entry that the head is of.
				if !e.Time.Before(cutoff) || e.Seq == h.Last {
					break
				}
				if err := tx.Delete(row.Key); err != nil {
					return err
				}
				h.First, h.FirstPrev = e.Seq+1, e.Hash
				pruned++
			}
			if pruned == 0 {
				return nil
			}
			more = pruned == batchEntries
			if err := l.putHead(tx, h); err != nil {
				return err
			}
			return l.Append(tx, Entry{Principal: "server", Action: "audit.prune", Outcome: OK, Count: pruned})
		})
		if err != nil || !more {
			return err
		}
	}
}

// Restart begins a new chain after the entries that there are, where the head is
// not to be had any more. What was before cannot be verified again, and the first
// entry of the new chain says that.
func (l *Log) Restart(ctx context.Context) error {
	_, err := l.kv.Update(ctx, func(tx kv.WriteTx) error {
		if _, err := l.head(tx); !errors.Is(err, ErrTampered) {
			return err // it is there
		}
		last := int64(0)
		for after := ""; ; {
			rows, err := tx.List(entryPrefix, after, batchEntries)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				break
			}
			after = rows[len(rows)-1].Key
			for _, row := range rows {
				if n, err := strconv.ParseInt(strings.TrimPrefix(row.Key, entryPrefix), 10, 64); err == nil && row.Key == entryKey(n) {
					last = n
				}
			}
		}
		if err := l.putHead(tx, Head{First: last + 1, Last: last, FirstPrev: genesis, Hash: genesis}); err != nil {
			return err
		}
		return l.Append(tx, Entry{Principal: "server", Action: "audit.restart", Outcome: OK})
	})
	return err
}
