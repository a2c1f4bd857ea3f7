package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// format is the version of the layout of the file, see the package comment.
const format = "1"

var (
	dataBucket  = []byte("data")
	metaBucket  = []byte("meta")
	formatKey   = []byte("format")
	revisionKey = []byte("revision")
)

// ErrInUse says that another process has the database file open.
var ErrInUse = errors.New("another process uses this database: stop it, or give this server a data directory of its own")

// Open opens the database file at path, making it, and the directories above
// it, if they are missing. The file is for its owner alone, and the directory
// that holds it is closed to users who share no group with it: if they are not,
// Open fails and says what to type. If another process has the file open, Open
// waits for Options.LockTimeout and then fails with [ErrInUse].
func Open(path string, options Options) (*Store, error) {
	options = options.withDefaults()
	s, err := open(path, options)
	if err != nil {
		return nil, fmt.Errorf("database %q: %w", path, err)
	}
	return s, nil
}

func open(path string, options Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, os.FileMode(0o600), &bbolt.Options{
		Timeout:         options.LockTimeout,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: initialMapBytes,
		OpenFile:        openFile,
	})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, ErrInUse
	}
	if err != nil {
		return nil, err
	}
	revision, err := prepare(db, dir)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return newStore(db, newHistory(revision, options)), nil
}

// prepare lays a new file out, checks an old one, and returns its revision.
func prepare(db *bbolt.DB, dir string) (revision int64, err error) {
	// An old file is only read: a server that then finds that it has the wrong
	// key has touched nothing.
	fresh := false
	err = db.View(func(t *bbolt.Tx) error {
		if fresh = t.Bucket(metaBucket) == nil; fresh {
			return nil
		}
		if got := string(t.Bucket(metaBucket).Get(formatKey)); got != format {
			return fmt.Errorf("file has format %q and this version of the server reads format %q", got, format)
		}
		revision, err = readRevision(t)
		return err
	})
	if err == nil && fresh {
		err = db.Update(layOut)
	}
	if err != nil {
		return 0, err
	}
	return revision, syncDir(dir)
}

func layOut(t *bbolt.Tx) error {
	meta, err := t.CreateBucket(metaBucket)
	if err != nil {
		return err
	}
	if _, err := t.CreateBucket(dataBucket); err != nil {
		return err
	}
	if err := meta.Put(formatKey, []byte(format)); err != nil {
		return err
	}
	return writeRevision(t, 0)
}
