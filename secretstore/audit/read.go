package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/reticent/reticent/secretstore/kv"
)

func sortByTime(all []Entry) {
	slices.SortStableFunc(all, func(a, b Entry) int { return a.Time.Compare(b.Time) })
}

// Page is a page of entries.
type Page struct {
	Entries []Entry
	// Next is the Seq to go on from, 0 at the end.
	Next int64
}

// Read gives up to limit entries that match, from an entry on: the oldest first,
// or backwards, the newest first. From 0 is the end that it begins at. What was
// noted before is in it. Where a filter leaves few, a page may have less, and a
// Next.
func (l *Log) Read(ctx context.Context, from int64, backwards bool, limit int, match func(*Entry) bool) (Page, error) {
	if err := l.flush(ctx); err != nil {
		return Page{}, err
	}
	var page Page
	err := l.kv.View(ctx, func(tx kv.Tx) error {
		page = Page{}
		h, err := l.head(tx)
		if err != nil {
			return err
		}
		at := from
		switch {
		case at == 0 && backwards:
			at = h.Last
		case !backwards:
			at = max(at, h.First)
		}
		at = min(at, h.Last+1)
		for scanned := 0; at >= h.First && at <= h.Last; {
			low, high := at, min(at+batchEntries-1, h.Last)
			if backwards {
				low, high = max(at-batchEntries+1, h.First), at
			}
			rows, err := tx.List(entryPrefix, entryKey(low-1), int(high-low+1))
			if err != nil {
				return err
			}
			if backwards {
				slices.Reverse(rows)
			}
			for _, row := range rows {
				var e Entry
				if err := json.Unmarshal(row.Value, &e); err != nil {
					return fmt.Errorf("audit log: entry %s cannot be read; see reticent audit verify", row.Key)
				}
				if (len(page.Entries) == limit || scanned == MaxScanned) && e.Seq != from {
					page.Next = e.Seq
					return nil
				}
				scanned++
				if match(&e) {
					page.Entries = append(page.Entries, e)
				}
			}
			if at = high + 1; backwards {
				at = low - 1
			}
		}
		return nil
	})
	return page, err
}

// Head gives the head, with all in it that was noted before.
func (l *Log) Head(ctx context.Context) (h Head, err error) {
	if err := l.flush(ctx); err != nil {
		return Head{}, err
	}
	err = l.kv.View(ctx, func(tx kv.Tx) error {
		h, err = l.head(tx)
		return err
	})
	return h, err
}
