package kv

import "errors"

// These errors come from transactions.
var (
	// ErrNotFound says that a key does not exist.
	ErrNotFound = errors.New("key not found")

	// ErrEmptyKey says that something was to be written under the empty key.
	ErrEmptyKey = errors.New("key is empty")

	// ErrTxDone says that a transaction was used after its function returned.
	ErrTxDone = errors.New("transaction is over")
)

// These errors come from the store and its watches.
var (
	// ErrCompacted says that commits which a watcher has not seen are no longer
	// kept. The watcher must read its state again.
	ErrCompacted = errors.New("revision is compacted: read the state again and watch from there")

	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("store is closed")
)
