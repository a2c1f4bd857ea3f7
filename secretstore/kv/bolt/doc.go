// Package bolt is the kv backend for a single server: all state in one bbolt
// file.
//
// It protects acknowledged commits from a crash of the server or the machine:
// each commit is on disk, with fsync, before Update returns. It protects the
// file from other users of the machine by its mode, and from a second server by
// a lock. It does not encrypt: whoever can read the file reads what was put. What
// was deleted is overwritten before Update returns, so that the file does not
// keep it in free pages. Copies that the disk or the file system makes by itself
// are out of its reach.
//
// # The file
//
// The bucket "data" holds the keys as they are. The bucket "meta" holds
//
//	format    the version of this layout, a decimal number
//	revision  the revision of the last commit, 8 bytes, big-endian
//
// Revisions grow by one. The commits that Watch gives are kept in memory, the
// latest few; after a restart a watcher reads the state again.
package bolt
