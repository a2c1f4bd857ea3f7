package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// scrub overwrites the free pages of the file: bbolt writes what changes to other
// pages and leaves the old ones as they were, with what was deleted in them.
//
// The caller is the writer, with nothing uncommitted. A page that is free now is
// in no state that the file can fall back to after a crash: that is the last
// commit, which is synced. Readers of older states may still need some, and then
// nothing is done and done is false.
func scrub(db *bbolt.DB) (done bool, err error) {
	// The transaction changes nothing and is never committed. It has bbolt let go
	// of the pages that no reader needs any more, and holds further ones off.
	t, err := db.Begin(true)
	if err != nil {
		return false, fmt.Errorf("database: begin: %w", err)
	}
	defer func() { _ = t.Rollback() }()
	// Who begins to read from here on reads the last commit.
	if db.Stats().OpenTxN > 0 {
		return false, nil
	}
	file, err := os.OpenFile(db.Path(), os.O_RDWR, 0)
	if err != nil {
		return false, fmt.Errorf("database: overwrite free pages: %w", err)
	}
	err = errors.Join(overwriteFree(t, file, db.Info().PageSize), file.Close())
	if err != nil {
		return false, fmt.Errorf("database: overwrite free pages: %w", err)
	}
	return true, nil
}

func overwriteFree(t *bbolt.Tx, file *os.File, size int) error {
	zeros, page := make([]byte, size), make([]byte, size)
	for id := int64(2); id < t.Size()/int64(size); id++ { // 0 and 1 are the meta pages
		info, err := t.Page(int(id))
		if err != nil {
			return err
		}
		if info == nil || info.Type != "free" {
			continue
		}
		if _, err := file.ReadAt(page, id*int64(size)); err != nil {
			return err
		}
		if bytes.Equal(page, zeros) {
			continue
		}
		if _, err := file.WriteAt(zeros, id*int64(size)); err != nil {
			return err
		}
	}
	return file.Sync()
}
