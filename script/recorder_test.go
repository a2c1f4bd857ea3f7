package script

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
	"github.com/reticent/reticent/secretstore/seal"
)

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
func recordsIn(t *testing.T, db kv.Store) (out []*Execution) {
	t.Helper()
	err := db.View(t.Context(), func(tx kv.Tx) error {
		entries, err := tx.List(executionPrefix, "", 0)
		for _, e := range entries {
			x, err := decodeExecution(e.Value)
			if err != nil {
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

// TestRecorderNeverWaits adds more than there is room for while the disk does
// not answer. The rest is dropped and counted, and what was taken is written.
func TestRecorderNeverWaits(t *testing.T) {
	db := openKV(t)
	gate, dropped := make(chan struct{}), 0
	r, err := NewRecorder(t.Context(), RecorderConfig{KV: stuck{db, gate}, Dropped: func(n int) { dropped += n }})
	if err != nil {
		t.Fatal(err)
	}
	const more = MaxQueuedExecutions + maxBatch + 1000
	for range more {
		r.Add(&Execution{Started: time.Now(), Script: "s"})
	}
	close(gate)
	r.Close()
	if n := len(recordsIn(t, db)); dropped == 0 || n+dropped != more {
		t.Errorf("%d written and %d dropped of %d", n, dropped, more)
	}
}

// TestRecorderSweeps keeps so many records, for so long.
func TestRecorderSweeps(t *testing.T) {
	db := openKV(t)
	now := time.Now()
	start := func(keep time.Duration, most int) *Recorder {
		r, err := NewRecorder(t.Context(), RecorderConfig{KV: db, Keep: keep, Max: most})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := start(time.Hour, 1000)
	for i := range 20 {
		r.Add(&Execution{Started: now.Add(-time.Duration(i) * time.Minute), Script: fmt.Sprint(i)})
	}
	r.Close()
	start(time.Hour, 15).Close() // sweeps at its start
	if got := recordsIn(t, db); len(got) != 15 || got[0].Script != "0" || got[14].Script != "14" {
		t.Errorf("%d are left", len(got))
	}
	start(9*time.Minute+30*time.Second, 1000).Close()
	if got := recordsIn(t, db); len(got) != 10 {
		t.Errorf("%d are young enough", len(got))
	}
	r = start(time.Hour, 16)
	for i := range 100 { // more than it keeps, while it runs
		r.Add(&Execution{Started: now.Add(time.Duration(i) * time.Second), Script: "later"})
		if err := r.sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r.Close()
	if got := recordsIn(t, db); len(got) > 16+16/8 || got[0].Script != "later" {
		t.Errorf("%d are left of 110", len(got))
	}
}

// TestRecordIsBounded leaves out what is too large, and writes that down.
func TestRecordIsBounded(t *testing.T) {
	large := strings.Repeat("x", MaxExecutionBytes)
	for want, x := range map[string]*Execution{
		"":                     {Output: "small"},
		"output":               {Output: large, Input: "small"},
		"output input":         {Output: "small", Input: large},
		"output input console": {Console: []ConsoleLine{{Text: large}}},
	} {
		b, err := encodeExecution(x)
		if err != nil || len(b) > MaxExecutionBytes {
			t.Errorf("%s: %d bytes, %v", want, len(b), err)
			continue
		}
		got, err := decodeExecution(b)
		if err != nil || strings.Join(got.Omitted, " ") != want || want == "output" && got.Input != "small" {
			t.Errorf("%s: %v %v", want, got.Omitted, err)
		}
	}
	if _, err := encodeExecution(&Execution{Principal: large}); err == nil {
		t.Error("a record of any size is written")
	}
	if _, err := decodeExecution([]byte("{")); err == nil || errors.Is(err, kv.ErrNotFound) {
		t.Error(err)
	}
}

func TestRedact(t *testing.T) {
	const m = seal.Mask
	in := map[string]any{
		"Authorization": "Bearer x", "proxy_authorization": "x", "COOKIE": []any{"a", "b"}, "set-cookie": map[string]any{"a": 1.0}, "X-Api-Key": "k",
		"password": "p", "user.passwd": "p", "clientSecret": "s", "access_token": "t", "APIKEY": 5.0, "private_key": "x", "sessionId": "s", "otp": "1",
		"name": "ann", "key": "KeyOfNothing", "code_of_conduct": "x", "authority": "x", "compass": "north",
		"nested": []any{map[string]any{"Token": "x", "a": "DPoP eyJ"}, "basic dTpw", "basically", "Bearer"},
		"raw":    []any{[]any{"Authorization", "x", "y"}, []any{"authorization", "x"}, []any{"accept", "x"}},
		"fields": []any{map[string]any{"name": "password", "value": "x", "Values": []any{"y"}, "id": "i"}, map[string]any{"k": "host", "v": "h"}, map[string]any{"header": "Cookie", "v": "c"}},
	}
	want := map[string]any{
		"Authorization": m, "proxy_authorization": m, "COOKIE": m, "set-cookie": m, "X-Api-Key": m,
		"password": m, "user.passwd": m, "clientSecret": m, "access_token": m, "APIKEY": m, "private_key": m, "sessionId": m, "otp": m,
		"name": "ann", "key": "KeyOfNothing", "code_of_conduct": "x", "authority": "x", "compass": "north",
		"nested": []any{map[string]any{"Token": m, "a": m}, m, "basically", "Bearer"},
		"raw":    []any{[]any{"Authorization", "x", "y"}, []any{"authorization", m}, []any{"accept", "x"}},
		"fields": []any{map[string]any{"name": "password", "value": m, "Values": m, "id": "i"}, map[string]any{"k": "host", "v": "h"}, map[string]any{"header": "Cookie", "v": m}},
	}
	if diff := cmp.Diff(want, Redact(in)); diff != "" {
		t.Error(diff)
	}
	if in["Authorization"] != "Bearer x" {
		t.Error("the input itself was changed")
	}
}
