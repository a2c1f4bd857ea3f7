package manager

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Directory is a directory of files, one for each secret, as Kubernetes mounts them:
// links into a directory that is replaced as a whole when a secret changes. The last
// line break of a file is not part of the secret. With keys, a secret is a directory
// of files, one for each key.
type Directory struct {
	// Path is absolute.
	Path string `json:"path"`
}

func (d *Directory) check() ([]string, error) {
	if !filepath.IsAbs(d.Path) || filepath.Clean(d.Path) != d.Path {
		return nil, invalid("/directory/path: a clean absolute path is expected")
	}
	return nil, nil
}

func (d *Directory) local() bool { return true }

// directory reads files below a root, which links may not lead out of.
type directory struct {
	path  string
	keyed bool
}

// Fetch implements Source.
func (d directory) Fetch(_ context.Context, name string) (Fetched, error) {
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return Fetched{}, ofFile(err)
	}
	defer func() { _ = root.Close() }()
	if !d.keyed {
		text, version, err := read(root, filepath.FromSlash(name))
		return Fetched{Text: text, Version: version}, err
	}
	return d.fetchKeys(root, filepath.FromSlash(name))
}

func (d directory) fetchKeys(root *os.Root, name string) (Fetched, error) {
	entries, err := fs.ReadDir(root.FS(), filepath.ToSlash(name))
	if err != nil {
		return Fetched{}, ofFile(err)
	}
	out, stamp := Fetched{Keys: make(map[string]string)}, sha256.New()
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "..") {
			continue // what Kubernetes links to
		}
		text, version, err := read(root, filepath.Join(name, e.Name()))
		if errors.Is(err, ErrNotFound) {
			continue // a directory
		}
		if err != nil {
			return Fetched{}, err
		}
		out.Keys[e.Name()] = text
		fmt.Fprintln(stamp, e.Name(), version)
		if out.size() > MaxManagedBytes {
			return Fetched{}, ErrTooLarge
		}
	}
	out.Version = hex.EncodeToString(stamp.Sum(nil)[:8])
	return out, nil
}

func read(root *os.Root, name string) (text, version string, err error) {
	f, err := root.Open(name)
	if err != nil {
		return "", "", ofFile(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", "", ofFile(err)
	}
	if !info.Mode().IsRegular() {
		return "", "", ErrNotFound
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxManagedBytes+1))
	if err != nil {
		return "", "", ofFile(err)
	}
	if len(b) > MaxManagedBytes {
		return "", "", ErrTooLarge
	}
	text = strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if text == "" {
		return "", "", ErrNotFound
	}
	return text, info.ModTime().UTC().Format("2006-01-02T15:04:05.000000000Z"), nil
}

func ofFile(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNotFound
	case errors.Is(err, fs.ErrPermission):
		return ErrDenied
	}
	return fmt.Errorf("%w: the file cannot be read", ErrUnreachable)
}
