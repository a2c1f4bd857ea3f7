package record_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
	"github.com/reticent/reticent/secretstore/record"
)

// happened is what the tests record.
type happened struct {
	ID, What string
	Omitted  []string
}

func on(at time.Time, what string) *happened { return &happened{ID: record.NewID(at), What: what} }

func open(t *testing.T, db kv.Store, keep time.Duration, most int, dropped func(int)) *record.Log[happened] {
	t.Helper()
	l, err := record.Open(t.Context(), record.Config[happened]{
		KV: db, Prefix: "happened:", What: "what happened", ID: func(x *happened) string { return x.ID },
		Encode: func(x *happened) ([]byte, error) {
			switch x.What {
			case "not to be kept":
				return nil, nil
			case "fails":
				return nil, fmt.Errorf("it fails")
			}
			return json.Marshal(x)
		},
		Keep: keep, Max: most, Log: slog.New(slog.DiscardHandler), Dropped: dropped,
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// stuck is a store whose writes wait until they are let go.
type stuck struct {
	kv.Store
	gate chan struct{}
}

func (s stuck) Update(ctx context.Context, fn func(kv.WriteTx) error) (int64, error) {
	<-s.gate
	return s.Store.Update(ctx, fn)
}

func openKV(t *testing.T) kv.Store {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// recordsIn gives all records, the newest first.
func recordsIn(t *testing.T, db kv.Store) (out []happened) {
	t.Helper()
	err := db.View(t.Context(), func(tx kv.Tx) error {
		entries, err := tx.List("happened:", "", 0)
		for _, e := range entries {
			var x happened
			if err := json.Unmarshal(e.Value, &x); err != nil {
				return err
			}
			out = append(out, x)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLogNeverWaits adds more than there is room for while the disk does not
// answer. The rest is dropped and counted, and what was taken is written.
func TestLogNeverWaits(t *testing.T) {
	db := openKV(t)
	gate, dropped := make(chan struct{}), 0
	l := open(t, stuck{db, gate}, time.Hour, 100_000, func(n int) { dropped += n })
	const more = record.MaxQueued + 2000
	for range more {
		l.Add(on(time.Now(), "something"))
	}
	close(gate)
	l.Close()
	if n := len(recordsIn(t, db)); dropped == 0 || n+dropped != more {
		t.Errorf("%d written and %d dropped of %d", n, dropped, more)
	}
}

// TestLogSweeps keeps so many records, for so long.
func TestLogSweeps(t *testing.T) {
	db := openKV(t)
	now := time.Now()
	start := func(keep time.Duration, most int) *record.Log[happened] { return open(t, db, keep, most, func(int) {}) }
	l := start(time.Hour, 1000)
	for i := range 20 {
		l.Add(on(now.Add(-time.Duration(i)*time.Minute), fmt.Sprint(i)))
	}
	l.Close()
	start(time.Hour, 15).Close() // sweeps at its start
	if got := recordsIn(t, db); len(got) != 15 || got[0].What != "0" || got[14].What != "14" {
		t.Errorf("%d are left", len(got))
	}
	start(9*time.Minute+30*time.Second, 1000).Close()
	if got := recordsIn(t, db); len(got) != 10 {
		t.Errorf("%d are young enough", len(got))
	}
	l = start(time.Hour, 16)
	for i := range 100 { // more than it keeps, while it runs
		l.Add(on(now.Add(time.Duration(i)*time.Second), "later"))
		if err := l.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	if got := recordsIn(t, db); len(got) > 16+16/8 || got[0].What != "later" {
		t.Errorf("%d are left of 110", len(got))
	}
}

// TestLogReads gives records back, and counts as lost only what could not be
// written.
func TestLogReads(t *testing.T) {
	dropped := 0
	l := open(t, openKV(t), time.Hour, 1000, func(n int) { dropped += n })
	defer l.Close()
	now := time.Now()
	last := on(now.Add(time.Second), "last")
	for _, x := range []*happened{on(now, "first"), on(now, "not to be kept"), on(now, "fails"), last} {
		l.Add(x)
	}
	var got []string
	if err := l.Scan(t.Context(), "", func(x *happened) bool { got = append(got, x.What); return true }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"last", "first"}, got); diff != "" || dropped != 1 {
		t.Error(diff, dropped)
	}
	got = nil
	if err := l.Scan(t.Context(), last.ID, func(x *happened) bool { got = append(got, x.What); return false }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"first"}, got); diff != "" {
		t.Error(diff)
	}
	if x, err := l.Get(t.Context(), last.ID); err != nil || x == nil || x.What != "last" {
		t.Error(x, err)
	}
	for _, id := range []string{"", "x", last.ID + "0", record.NewID(now)} {
		if x, err := l.Get(t.Context(), id); err != nil || x != nil {
			t.Errorf("%q gives %v, %v", id, x, err)
		}
	}
}

// TestEncode leaves out what is too large, part by part, and says so.
func TestEncode(t *testing.T) {
	const limit = 200
	for _, c := range []struct {
		what string
		want []string
	}{{"small", nil}, {strings.Repeat("x", limit), []string{"what"}}} {
		x := on(time.Now(), c.what)
		b, err := record.Encode(x, limit, &x.Omitted, record.Part{Name: "what", Drop: func() { x.What = "" }})
		if diff := cmp.Diff(c.want, x.Omitted); diff != "" || err != nil || len(b) > limit {
			t.Error(diff, err, len(b))
		}
	}
	if _, err := record.Encode(strings.Repeat("x", limit), limit, nil); err == nil {
		t.Error("a record of any size is written")
	}
}
