package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// The files of a data directory.
const (
	stateFile = "state.db"
	keyFile   = "key.json"
)

// openData opens the state in a data directory and its key file, and makes both
// in a new one. A key is never made for state that exists: it could not open
// anything, and whoever lost the real one has to be told.
func openData(dir, keyPath string) (kv.Store, *envelope.Keyring, error) {
	if keyPath == "" {
		keyPath = filepath.Join(dir, keyFile)
	}
	statePath := filepath.Join(dir, stateFile)
	_, err := os.Stat(statePath)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return nil, nil, err
	}
	keys, err := envelope.OpenFile(keyPath)
	if errors.Is(err, fs.ErrNotExist) {
		if !fresh {
			return nil, nil, hint(fmt.Errorf("%s exists and its key file %s does not", statePath, keyPath),
				"put the key file back, or name it with --key-file; without it no secret can be read")
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, nil, err
		}
		keys, err = envelope.CreateFile(keyPath)
	}
	if err != nil {
		return nil, nil, err
	}
	state, err := bolt.Open(statePath, bolt.Options{})
	if errors.Is(err, bolt.ErrInUse) {
		err = hint(err, "is another `reticent serve` running on "+dir+"?")
	}
	if err != nil {
		return nil, nil, err
	}
	return state, keys, nil
}
