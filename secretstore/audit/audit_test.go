package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// fixture is a log on a database that a test can change behind its back.
type fixture struct {
	*audit.Log
	kv kv.Store

	mu  sync.Mutex
	now time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	dir := t.TempDir()
	db, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := envelope.CreateFile(filepath.Join(dir, "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{kv: db, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	f.Log = audit.New(audit.Config{KV: db, Keys: keys, Retention: 24 * time.Hour, Now: f.clock})
	t.Cleanup(func() {
		f.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) update(t *testing.T, fn func(kv.WriteTx) error) {
	t.Helper()
	if _, err := f.kv.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// acts appends entries of n acts.
func (f *fixture) acts(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		f.update(t, func(tx kv.WriteTx) error {
			return f.Append(tx, audit.Entry{Principal: "token:a", Action: "secret.update", Name: fmt.Sprint("K", i), Outcome: audit.OK})
		})
	}
}

func (f *fixture) all(t *testing.T) []audit.Entry {
	t.Helper()
	page, err := f.Read(t.Context(), 0, false, 100_000, func(*audit.Entry) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	return page.Entries
}

func (f *fixture) report(t *testing.T) audit.Report {
	t.Helper()
	r, err := f.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const head = "audithead:"

func key(seq int) string { return fmt.Sprintf("audit:%020d", seq) }

// TestTampering changes the database behind the log's back, as one who has it and
// not the key could, and makes sure that each change is found.
func TestTampering(t *testing.T) {
	rewrite := func(tx kv.WriteTx, seq int, change func(*audit.Entry)) error {
		raw, err := tx.Get(key(seq))
		if err != nil {
			return err
		}
		var e audit.Entry
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		change(&e)
		if raw, err = json.Marshal(e); err != nil {
			return err
		}
		return tx.Put(key(seq), raw)
	}
	rehash := func(e *audit.Entry) { e.Hash, _ = e.Digest() }
	for _, x := range []struct {
		name   string
		change func(tx kv.WriteTx) error
		at     int64
		want   string
	}{
		{"an entry is edited", func(tx kv.WriteTx) error {
			return rewrite(tx, 4, func(e *audit.Entry) { e.Principal = "token:b" })
		}, 4, "it was changed"},
		{"an entry is edited and hashed again", func(tx kv.WriteTx) error {
			return rewrite(tx, 4, func(e *audit.Entry) { e.Principal = "token:b"; rehash(e) })
		}, 5, "does not follow"},
		{"an entry gets a member", func(tx kv.WriteTx) error {
			raw, err := tx.Get(key(4))
			if err != nil {
				return err
			}
			return tx.Put(key(4), []byte(`{"note":"x",`+string(raw[1:])))
		}, 4, "it was changed"},
		{"an entry is deleted", func(tx kv.WriteTx) error { return tx.Delete(key(4)) }, 4, "follows entry 3"},
		{"the first entry is deleted", func(tx kv.WriteTx) error { return tx.Delete(key(1)) }, 1, "follows entry 0"},
		{"the last entry is deleted", func(tx kv.WriteTx) error { return tx.Delete(key(9)) }, 9, "missing up to the head"},
		{"all entries are deleted", func(tx kv.WriteTx) error {
			for i := range 9 {
				if err := tx.Delete(key(i + 1)); err != nil {
					return err
				}
			}
			return nil
		}, 1, "missing up to the head"},
		{"two entries change places", func(tx kv.WriteTx) error {
			a, err := tx.Get(key(3))
			if err != nil {
				return err
			}
			b, err := tx.Get(key(4))
			if err != nil {
				return err
			}
			if err := tx.Put(key(3), b); err != nil {
				return err
			}
			return tx.Put(key(4), a)
		}, 3, "follows entry 2"},
		{"the chain is written anew from an entry on", func(tx kv.WriteTx) error {
			prev := ""
			for i := 4; i <= 9; i++ {
				err := rewrite(tx, i, func(e *audit.Entry) {
					if e.Name = "OTHER"; prev != "" {
						e.Prev = prev
					}
					rehash(e)
					prev = e.Hash
				})
				if err != nil {
					return err
				}
			}
			return nil
		}, 9, "the chain was rewritten"},
		{"an entry is added", func(tx kv.WriteTx) error {
			raw, err := tx.Get(key(9))
			if err != nil {
				return err
			}
			var e audit.Entry
			if err := json.Unmarshal(raw, &e); err != nil {
				return err
			}
			e.Seq, e.Prev = 10, e.Hash
			rehash(&e)
			if raw, err = json.Marshal(e); err != nil {
				return err
			}
			return tx.Put(key(10), raw)
		}, 10, "after the head"},
		{"the head is taken away", func(tx kv.WriteTx) error { return tx.Delete(head) }, 0, "the head of the audit log"},
		{"the head is no head", func(tx kv.WriteTx) error { return tx.Put(head, []byte(`{}`)) }, 0, "the head of the audit log"},
		{"the head is edited", func(tx kv.WriteTx) error {
			raw, err := tx.Get(head)
			if err != nil {
				return err
			}
			i := strings.LastIndexAny(string(raw), "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
			raw[i] ^= 1
			return tx.Put(head, raw)
		}, 0, "the head of the audit log"},
		{"a text that is no entry", func(tx kv.WriteTx) error { return tx.Put(key(4), []byte("x")) }, 4, "no audit entry"},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := newFixture(t)
			f.acts(t, 9)
			if r := f.report(t); !r.Intact || r.Entries != 9 || r.Head.Last != 9 {
				t.Fatalf("before: %+v", r)
			}
			f.update(t, x.change)
			if r := f.report(t); r.Intact || r.At != x.at || !strings.Contains(r.Problem, x.want) {
				t.Errorf("%+v, want %q at %d", r, x.want, x.at)
			}
		})
	}
}

// TestAnActIsNotDoneUnlogged makes sure that a transaction fails with its entry.
func TestAnActIsNotDoneUnlogged(t *testing.T) {
	f := newFixture(t)
	f.acts(t, 2)
	f.update(t, func(tx kv.WriteTx) error { return tx.Delete(head) })
	_, err := f.kv.Update(t.Context(), func(tx kv.WriteTx) error {
		if err := tx.Put("thing", []byte("done")); err != nil {
			return err
		}
		return f.Append(tx, audit.Entry{Action: "thing.put", Outcome: audit.OK})
	})
	if err == nil || !strings.Contains(err.Error(), "--audit-restart") {
		t.Errorf("error %v", err)
	}
	err = f.kv.View(t.Context(), func(tx kv.Tx) error { _, err := tx.Get("thing"); return err })
	if err == nil {
		t.Error("it was done all the same")
	}

	// A new chain says that it is one, and what was before is no part of it.
	if err := f.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.acts(t, 1)
	if all := f.all(t); len(all) != 2 || all[0].Action != "audit.restart" || all[0].Seq != 3 || !f.report(t).Intact {
		t.Errorf("%+v, %+v", all, f.report(t))
	}
	if err := f.Restart(t.Context()); err != nil || len(f.all(t)) != 2 {
		t.Errorf("a log that is whole was begun anew: %v", err)
	}
}

// TestNotes adds up what is alike, in the order of its first act.
func TestNotes(t *testing.T) {
	f := newFixture(t)
	f.Note(audit.Entry{Principal: "token:a", Action: "policy.execute", Name: "P", Outcome: audit.Allow, RequestID: "r1", Secrets: []string{"K"}})
	f.pass(time.Second)
	f.Note(audit.Entry{Principal: "token:a", Action: "policy.execute", Name: "P", Outcome: audit.Deny, RequestID: "r2"})
	f.pass(time.Second)
	f.Note(audit.Entry{Principal: "token:a", Action: "policy.execute", Name: "P", Outcome: audit.Allow, RequestID: "r3"})
	at, until := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 12, 0, 2, 0, time.UTC)
	want := []audit.Entry{
		{Seq: 1, Time: at, Until: &until, Principal: "token:a", Action: "policy.execute", Name: "P", Outcome: audit.Allow, Secrets: []string{"K"}, Count: 2},
		{Seq: 2, Time: at.Add(time.Second), Principal: "token:a", Action: "policy.execute", Name: "P", Outcome: audit.Deny, RequestID: "r2", Count: 1},
	}
	got := f.all(t)
	for i := range got {
		got[i].Prev, got[i].Hash = "", ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestNotesAreBounded makes sure that a flood of different acts is counted, and
// neither kept whole nor lost.
func TestNotesAreBounded(t *testing.T) {
	f := newFixture(t)
	for i := range audit.MaxPending + 500 {
		f.Note(audit.Entry{Principal: fmt.Sprint("token:", i), Action: "secret.get", Outcome: audit.Refused})
	}
	var entries, acts int64
	for from := int64(0); ; {
		page, err := f.Read(t.Context(), from, false, 1000, func(*audit.Entry) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			entries++
			acts += e.Count
		}
		if from = page.Next; from == 0 {
			break
		}
	}
	if entries > audit.MaxPending+100 || acts != audit.MaxPending+500 || !f.report(t).Intact {
		t.Errorf("%d entries of %d acts", entries, acts)
	}
}

// TestNotesSurviveAFullDisk keeps what cannot be written and writes it later.
func TestNotesSurviveAFullDisk(t *testing.T) {
	f := newFixture(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		f.Note(audit.Entry{Action: "policy.execute", Name: "P", Outcome: audit.Allow})
		if err := f.Flush(ended); err == nil {
			t.Fatal("it was written")
		}
	}
	if all := f.all(t); len(all) != 1 || all[0].Count != 3 {
		t.Errorf("%+v", all)
	}
}

// TestPruning deletes what is too old, and the rest is a chain still.
func TestPruning(t *testing.T) {
	f := newFixture(t)
	f.acts(t, 5)
	f.pass(23 * time.Hour)
	f.acts(t, 3)
	f.pass(2 * time.Hour)
	if err := f.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, r := f.all(t), f.report(t)
	if len(all) != 4 || all[0].Seq != 6 || all[3].Action != "audit.prune" || all[3].Count != 5 || !r.Intact || r.Head.First != 6 || r.Entries != 4 {
		t.Errorf("%+v, %+v", all, r)
	}
	if err := f.Prune(t.Context()); err != nil || len(f.all(t)) != 4 {
		t.Errorf("pruned twice: %v", err)
	}
	f.update(t, func(tx kv.WriteTx) error { return tx.Delete(key(6)) })
	if r := f.report(t); r.Intact || r.At != 6 {
		t.Errorf("the first entry that is kept was deleted: %+v", r)
	}
	f.pass(1000 * time.Hour)
	if err := f.Prune(t.Context()); err == nil || f.report(t).Intact {
		t.Errorf("pruning hides what was deleted: %v", err)
	}
}

// TestReading pages in both orders.
func TestReading(t *testing.T) {
	f := newFixture(t)
	f.acts(t, 25)
	for _, backwards := range []bool{false, true} {
		var seen []int64
		for from, pages := int64(0), 0; ; pages++ {
			page, err := f.Read(t.Context(), from, backwards, 4, func(e *audit.Entry) bool { return e.Seq%2 == 1 })
			if err != nil || len(page.Entries) > 4 {
				t.Fatal(err, len(page.Entries))
			}
			for _, e := range page.Entries {
				seen = append(seen, e.Seq)
			}
			if from = page.Next; from == 0 {
				break
			}
		}
		if len(seen) != 13 || backwards && (seen[0] != 25 || seen[12] != 1) || !backwards && (seen[0] != 1 || seen[12] != 25) {
			t.Errorf("backwards %t: %v", backwards, seen)
		}
	}
	if page, err := f.Read(t.Context(), 1000, false, 10, func(*audit.Entry) bool { return true }); err != nil || len(page.Entries) != 0 {
		t.Errorf("past the end: %+v, %v", page, err)
	}
}

// FuzzVerifier gives it any line: it refuses it, or the line is an entry whose hash
// is right.
func FuzzVerifier(f *testing.F) {
	f.Add(`{"seq":1,"hash":""}`)
	f.Add(`{"seq":1,"seq":2}`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, line string) {
		e, err := audit.NewVerifier("").Add([]byte(line))
		if err == nil && len(e.Hash) != 64 {
			t.Errorf("%q is taken", line)
		}
	})
}
