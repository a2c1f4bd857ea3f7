package bolt_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore/kv/bolt"
	"go.etcd.io/bbolt"
)

func TestOpenMakesPrivateFiles(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	path := filepath.Join(base, "a", "b", "reticent.db")
	mustOpen(t, path, bolt.Options{})
	for p, want := range map[string]os.FileMode{
		filepath.Join(base, "a"): 0o700,
		filepath.Dir(path):       0o700,
		path:                     0o600,
	} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", p, got, want)
		}
	}
}

func TestOpenRefusesOpenFiles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		dir, file os.FileMode
		want      string // part of the error, "" for none
	}{
		{"private", 0o700, 0o600, ""},
		{"group may enter the directory", 0o750, 0o600, ""},
		{"everybody may enter the directory", 0o755, 0o600, ""},
		{"everybody may write to the directory", 0o703, 0o600, "chmod 700"},
		{"group may read the file", 0o700, 0o640, "chmod 600"},
		{"everybody may read the file", 0o700, 0o604, "chmod 600"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			if err := mustOpen(t, path, bolt.Options{}).Close(); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Chmod(path, test.file), os.Chmod(filepath.Dir(path), test.dir)); err != nil {
				t.Fatal(err)
			}
			s, err := bolt.Open(path, bolt.Options{})
			if err == nil {
				err = s.Close()
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestOpenInUse(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	first := mustOpen(t, path, bolt.Options{})
	_, err := bolt.Open(path, bolt.Options{LockTimeout: time.Millisecond})
	if !errors.Is(err, bolt.ErrInUse) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want ErrInUse with the path", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, path, bolt.Options{LockTimeout: time.Millisecond})
}

func TestOpenRefusesForeignFiles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		make func(path string) error
	}{
		{"not a database", func(path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600)
		}},
		{"a later format", func(path string) error { return setMeta(path, "format", "2") }},
		{"no revision", func(path string) error { return setMeta(path, "revision", "1") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			if err := mustOpen(t, path, bolt.Options{}).Close(); err != nil {
				t.Fatal(err)
			}
			if err := test.make(path); err != nil {
				t.Fatal(err)
			}
			if _, err := bolt.Open(path, bolt.Options{}); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error with the path", err)
			}
			// The lock is not left behind.
			if _, err := bolt.Open(path, bolt.Options{LockTimeout: time.Millisecond}); errors.Is(err, bolt.ErrInUse) {
				t.Error("the failed Open holds the file")
			}
		})
	}
}

func setMeta(path, key, value string) error {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte(key), []byte(value))
	})
	return errors.Join(err, db.Close())
}
