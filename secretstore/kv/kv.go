// Package kv is the small transactional key-value store with watch that all
// durable state of the server lives in.
//
// It protects acknowledged writes from crashes and from each other: a commit
// is whole or absent, a transaction sees one moment, and whoever keeps state in
// memory learns of every commit, in order, or learns that it has to reload. It
// protects nothing from a reader of the file below it: what must stay secret is
// encrypted before it comes here, see package envelope.
//
// There is one interface, [Store], with a backend per package: kv/bolt keeps
// the state in one file. Package kvtest is the conformance suite that each
// backend passes. The interface promises nothing that a distributed store with
// optimistic transactions, etcd for one, could not keep: hence the limits on a
// transaction, the functions that may run twice, and the revisions that grow
// but not always by one.
//
// # Keys
//
// Keys are flat, non-empty byte strings in a Go string, ordered bytewise. They
// need not be UTF-8. Structure, such as "secret/project/name", is the caller's.
//
// # Isolation
//
// Transactions are serializable: the outcome of any set of transactions is that
// of running them one after the other, in the order of their revisions. This
// covers what a transaction did not find as well: two that each make sure that
// a prefix is empty and then put a key there cannot both commit.
package kv

import (
	"context"
	"iter"
)

// Store is a transactional key-value store. It is safe for concurrent use.
//
// After Close every method fails with [ErrClosed].
type Store interface {
	// View runs fn on a consistent snapshot of the last commit or a later one,
	// and returns its error. fn must not call the Store again, as that can
	// deadlock, and should be short, as it can hold writers up.
	View(ctx context.Context, fn func(Tx) error) error

	// Update runs fn and commits what it wrote, atomically and durably, and
	// returns the revision of that commit: greater than that of every commit
	// before it. Where fn changed nothing there is no commit, and Update
	// returns the current revision. Putting the value that a key has already
	// is a change, deleting a key that does not exist is none.
	//
	// If fn fails or panics, or ctx ends before the commit begins, nothing is
	// written, and the error of fn is returned as it is. Any other error
	// leaves open whether the commit took place: read to find out.
	//
	// fn may run again if its commit conflicts with another. It therefore has
	// no effects besides the transaction, sets what it captures anew on each
	// run, and does not call the Store.
	//
	// Before Update returns, its batch is ready for every Watch: a watcher
	// that asks then gets it without any further event. Whether a watcher has
	// asked, let alone acted on it, Update does not know.
	Update(ctx context.Context, fn func(WriteTx) error) (revision int64, err error)

	// Watch gives every commit after the revision `after`, in order, none
	// twice, and each whole in one Batch; it then waits for more. It ends with
	// an error, always, which is the last pair: [ErrCompacted] if the commits
	// that come next are no longer kept (the watcher was too slow or `after`
	// is too old: read everything again and watch from that revision),
	// [ErrClosed], or the error of ctx.
	//
	// Watching from the Revision of a View, what that View saw and what Watch
	// gives add up: nothing is missing and nothing is given twice. A View may
	// see a commit shortly before Watch gives it. An `after` in the future
	// waits for the commits after it.
	//
	// A watcher never holds a writer up. Batches are the watcher's own.
	Watch(ctx context.Context, after int64) iter.Seq2[Batch, error]

	// Revision returns the revision of the last commit, 0 if there was none.
	Revision(ctx context.Context) (int64, error)

	// Close waits for the transactions under way and releases the store. It
	// ends every Watch. Closing twice is no error.
	Close() error
}

// Tx reads from a snapshot. It is for one goroutine, and ends when the function
// that got it returns; its methods then fail with [ErrTxDone]. Everything that
// it returned is the caller's to keep and to change.
type Tx interface {
	// Get returns the value of key, or an error that is [ErrNotFound].
	Get(key string) ([]byte, error)

	// List returns the entries whose key starts with prefix and is greater
	// than after, in the order of their keys: at most limit of them, or all if
	// limit is 0 or less. To page, pass "" and then the last key of each page.
	List(prefix, after string, limit int) ([]Entry, error)

	// Revision returns the revision of the last commit in the snapshot.
	Revision() int64
}

// WriteTx is a [Tx] that also writes, and reads what it has written.
type WriteTx interface {
	Tx

	// Put sets the value of key. It keeps a copy of value. A key, a value or a
	// transaction that is too large is a [LimitError].
	Put(key string, value []byte) error

	// Delete removes key. It is no error if there is none.
	Delete(key string) error
}

// Entry is a key and its value.
type Entry struct {
	Key   string
	Value []byte
}

// Batch is one commit: its revision and all that it changed.
type Batch struct {
	Revision int64
	Changes  []Change // one for each key, in the order of the keys
}

// Change is what a commit did to one key.
type Change struct {
	Key     string
	Value   []byte // nil if Deleted
	Deleted bool
}
