// Package kvtest is the conformance suite of package kv: what every backend has
// to pass, so that the server behaves the same on each of them.
//
// It protects the promises in the documentation of kv.Store from backends, and
// the code above from relying on one backend's ways: it assumes nothing that is
// not written there, such as revisions that grow by one.
package kvtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/reticent/reticent/secretstore/kv"
)

// Backend is what the suite has to know of a backend.
type Backend struct {
	// Open returns a new and empty store that nobody else uses. The suite
	// closes it.
	Open func(t *testing.T) kv.Store

	// Reopen closes s and opens what it stored again.
	Reopen func(t *testing.T, s kv.Store) kv.Store

	// Compact makes s forget all commits before the current revision, and may
	// make commits under keys that start with "compact/" to do so.
	Compact func(t *testing.T, s kv.Store)
}

// Run runs the suite, each test with a store of its own.
func Run(t *testing.T, backend Backend) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Backend)
	}{
		{"CRUD", testCRUD},
		{"EmptyValue", testEmptyValue},
		{"BinaryKeys", testBinaryKeys},
		{"List", testList},
		{"ListSeesOwnWrites", testListSeesOwnWrites},
		{"Paging", testPaging},
		{"ValuesAreCopies", testValuesAreCopies},
		{"Limits", testLimits},
		{"LargestTransaction", testLargestTransaction},
		{"ErrorWritesNothing", testErrorWritesNothing},
		{"PanicWritesNothing", testPanicWritesNothing},
		{"TxDone", testTxDone},
		{"Snapshot", testSnapshot},
		{"Increments", testIncrements},
		{"NoWriteSkew", testNoWriteSkew},
		{"NoPhantoms", testNoPhantoms},
		{"Revisions", testRevisions},
		{"Context", testContext},
		{"Closed", testClosed},
		{"Reopen", testReopen},
		{"WatchPast", testWatchPast},
		{"WatchWholeBatches", testWatchWholeBatches},
		{"WatchWaits", testWatchWaits},
		{"WatchFuture", testWatchFuture},
		{"WatchFromSnapshot", testWatchFromSnapshot},
		{"WatchCompacted", testWatchCompacted},
		{"WatchFallsBehind", testWatchFallsBehind},
		{"WatchBatchesAreCopies", testWatchBatchesAreCopies},
		{"WatchContext", testWatchContext},
		{"WatchClosed", testWatchClosed},
		{"Model", testModel},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, backend)
		})
	}
}

// patience is how long a test waits for what has to happen before it fails.
const patience = 30 * time.Second

func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func open(t *testing.T, b Backend) kv.Store {
	t.Helper()
	s := b.Open(t)
	closeLater(t, s)
	return s
}

func closeLater(t *testing.T, s kv.Store) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

// write commits a line of words such as "put k v" or "delete k", three or two a
// write, and returns the revision.
func write(t *testing.T, s kv.Store, script string) int64 {
	t.Helper()
	revision, err := s.Update(patient(t), func(tx kv.WriteTx) error { return apply(tx, script) })
	if err != nil {
		t.Fatalf("update %q: %v", script, err)
	}
	return revision
}

func apply(tx kv.WriteTx, script string) error {
	words := strings.Fields(script)
	for len(words) > 0 {
		switch words[0] {
		case "put":
			if err := tx.Put(words[1], []byte(words[2])); err != nil {
				return err
			}
			words = words[3:]
		case "delete":
			if err := tx.Delete(words[1]); err != nil {
				return err
			}
			words = words[2:]
		default:
			return fmt.Errorf("script: unknown word %q", words[0])
		}
	}
	return nil
}

// dump renders entries as "k=v k=v".
func dump(entries []kv.Entry) string {
	words := make([]string, len(entries))
	for i, e := range entries {
		words[i] = e.Key + "=" + string(e.Value)
	}
	return strings.Join(words, " ")
}

// render renders changes as "k=v -k".
func render(changes []kv.Change) string {
	words := make([]string, len(changes))
	for i, c := range changes {
		if words[i] = c.Key + "=" + string(c.Value); c.Deleted {
			words[i] = "-" + c.Key
		}
	}
	return strings.Join(words, " ")
}

func list(t *testing.T, s kv.Store, prefix, after string, limit int) string {
	t.Helper()
	var got string
	view(t, s, func(tx kv.Tx) error {
		entries, err := tx.List(prefix, after, limit)
		got = dump(entries)
		return err
	})
	return got
}

func view(t *testing.T, s kv.Store, fn func(kv.Tx) error) {
	t.Helper()
	if err := s.View(patient(t), fn); err != nil {
		t.Fatalf("view: %v", err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
