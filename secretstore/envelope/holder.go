package envelope

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// ErrNoKeyring says that a holder has no keyring yet.
var ErrNoKeyring = errors.New("there is no keyring")

// Holder is where the keyring of a database is kept: a key file (see [FileHolder]),
// or a row of the database itself that a key outside of it wraps (see [RowHolder]).
type Holder interface {
	// Name is the URI of the key, for rows, errors and people. It is no secret.
	Name() string
	// Load gives the keyring; the error is ErrNoKeyring where there is none.
	Load(ctx context.Context) (*Keyring, error)
	// Create keeps a keyring where there is none, or none that a database uses.
	Create(ctx context.Context, k *Keyring) error
	// Replace keeps a keyring in place of the one that is there, whole or not at all.
	Replace(ctx context.Context, k *Keyring) error
	// Forget is told that the database is not under this key any more.
	Forget(ctx context.Context) error
}

// FileHolder keeps the keyring in a key file, in clear text.
type FileHolder struct{ path string }

// NewFileHolder makes the holder of the key file at path.
func NewFileHolder(path string) (FileHolder, error) {
	path, err := filepath.Abs(path)
	return FileHolder{path}, err
}

// Name implements [Holder].
func (h FileHolder) Name() string { return "file:" + h.path }

// Load implements [Holder].
func (h FileHolder) Load(context.Context) (*Keyring, error) {
	k, err := OpenFile(h.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", err, ErrNoKeyring)
	}
	return k, err
}

// Create implements [Holder]. It never overwrites a file.
func (h FileHolder) Create(_ context.Context, k *Keyring) error { return h.write(k, writeNew) }

// Replace implements [Holder].
func (h FileHolder) Replace(_ context.Context, k *Keyring) error { return h.write(k, replace) }

func (h FileHolder) write(k *Keyring, how func(path string, text []byte) error) error {
	text, err := k.encode()
	if err == nil {
		err = how(h.path, text)
		clear(text)
	}
	if err != nil {
		return fmt.Errorf("key file %q: %w", h.path, err)
	}
	return nil
}

// Forget implements [Holder]. The file stays: its owner deletes it, when no backup of
// the database needs it any more.
func (h FileHolder) Forget(context.Context) error { return nil }
