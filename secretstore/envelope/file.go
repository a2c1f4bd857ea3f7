package envelope

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// MaxKeyFileBytes bounds a key file, which has some 300 bytes for each key.
const MaxKeyFileBytes = 64 << 10

// OpenFile reads a keyring from the key file at path. It refuses a file that
// anybody but its owner can open, and says what to type.
func OpenFile(path string) (*Keyring, error) {
	text, err := ReadPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("key file %q: %w", path, err)
	}
	defer clear(text)
	k, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("key file %q: %w", path, err)
	}
	return k, nil
}

// CreateFile makes a keyring of one new key and the key file at path. There is
// never half a file at path, whenever the machine stops, and a file that is
// there already is never overwritten: that is an error that is [fs.ErrExist]. The
// directory has to exist.
func CreateFile(path string) (*Keyring, error) {
	k, err := Generate()
	if err == nil {
		err = FileHolder{path}.Create(context.Background(), k)
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

// ReadPrivate reads a file of at most MaxKeyFileBytes if it is its owner's alone. It asks the open file,
// which nobody can swap for another in between.
func ReadPrivate(path string) (text []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("other users of this machine can open it (mode %04o): type: chmod 600 %q", mode, path)
	}
	if info.Size() > MaxKeyFileBytes {
		return nil, fmt.Errorf("larger than MaxKeyFileBytes (%d)", MaxKeyFileBytes)
	}
	text = make([]byte, info.Size())
	if _, err := io.ReadFull(f, text); err != nil {
		clear(text)
		return nil, fmt.Errorf("read: %w", err)
	}
	return text, nil
}

// writeNew writes and syncs a file beside path and then gives it that name, which
// fails if there is one already.
func writeNew(path string, text []byte) error { return write(path, text, linkNew) }

// replace is writeNew that takes the place of a file.
func replace(path string, text []byte) error { return write(path, text, os.Rename) }

func linkNew(from, to string) error {
	return errors.Join(os.Link(from, to), os.Remove(from))
}

func write(path string, text []byte, move func(from, to string) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".key-*") // with mode 0600 and O_EXCL
	if err != nil {
		return withoutPath(err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return withoutPath(errors.Join(err, os.Remove(f.Name())))
	}
	if err := move(f.Name(), path); err != nil {
		_ = os.Remove(f.Name()) // it may have moved away
		return withoutPath(err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// withoutPath leaves the path out of an error that gets it anyway.
func withoutPath(err error) error {
	if e := new(fs.PathError); errors.As(err, &e) {
		return fmt.Errorf("%s: %w", e.Op, e.Err)
	}
	if e := new(os.LinkError); errors.As(err, &e) {
		return fmt.Errorf("%s: %w", e.Op, e.Err)
	}
	return err
}
