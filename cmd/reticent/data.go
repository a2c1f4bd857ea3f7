package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/envelope/keyuri"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/kv/bolt"
)

// The files of a data directory.
const (
	stateFile = "state.db"
	keyFile   = "key.json"
)

// data are the state in a data directory and the keys that open it.
type data struct {
	kv     kv.Store
	keys   *envelope.Keyring
	holder envelope.Holder
	opener keyuri.Opener
}

// openData opens the state in a data directory with the key of a URI, the key file in
// the directory for "", and makes both in a new one. A key is never made for state that
// exists: it could not open anything, and whoever lost the real one has to be told.
func openData(ctx context.Context, dir, uri string, ask func(fresh bool) ([]byte, error)) (d data, err error) {
	statePath := filepath.Join(dir, stateFile)
	_, err = os.Stat(statePath)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return d, err
	}
	if uri == "" {
		uri = "file:" + filepath.Join(dir, keyFile)
	}
	if _, ok := keyuri.File(uri); ok {
		// Before the database, which then isn't touched.
		if err := d.unlockByFile(ctx, dir, uri, fresh); err != nil {
			return d, err
		}
	}
	if d.kv, err = openState(dir); err != nil {
		return d, err
	}
	d.opener = keyuri.Opener{KV: d.kv, Prompt: func() ([]byte, error) { return ask(fresh) }}
	if d.keys == nil {
		err = d.unlock(ctx, uri, fresh)
	}
	if err != nil {
		err = errors.Join(err, d.kv.Close())
		if fresh {
			err = errors.Join(err, os.Remove(statePath))
		}
	}
	return d, err
}

func openState(dir string) (kv.Store, error) {
	state, err := bolt.Open(filepath.Join(dir, stateFile), bolt.Options{})
	if errors.Is(err, bolt.ErrInUse) {
		err = hint(err, "is another `reticent serve` running on "+dir+"?")
	}
	if err != nil {
		return nil, err
	}
	return state, nil
}

// unlockByFile reads the key file, or makes one for a new database.
func (d *data) unlockByFile(ctx context.Context, dir, uri string, fresh bool) (err error) {
	if d.holder, err = d.opener.Open(ctx, uri); err != nil {
		return err
	}
	d.keys, err = d.holder.Load(ctx)
	if !errors.Is(err, envelope.ErrNoKeyring) {
		return err
	}
	if !fresh {
		return hint(fmt.Errorf("%s exists and its key file %s does not", filepath.Join(dir, stateFile), strings.TrimPrefix(d.holder.Name(), "file:")),
			"put the key file back, or name it with --key; without it no secret can be read")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return d.makeKey(ctx)
}

// unlock reads the keyring in the database, or makes one in a new database.
func (d *data) unlock(ctx context.Context, uri string, fresh bool) (err error) {
	if d.holder, err = d.opener.Open(ctx, uri); err != nil {
		return err
	}
	d.keys, err = d.holder.Load(ctx)
	if !errors.Is(err, envelope.ErrNoKeyring) {
		return err
	}
	if fresh {
		return d.makeKey(ctx)
	}
	names, err := envelope.Names(ctx, d.kv)
	where := strings.Join(names, ", ")
	if where == "" {
		where = "a key file"
	}
	return errors.Join(err, hint(fmt.Errorf("the database is not under the key %s, and nothing was changed; its keys are kept under %s", d.holder.Name(), where),
		"start with --key and the URI of that one; `reticent key rotate --to` moves a running server to another"))
}

func (d *data) makeKey(ctx context.Context) (err error) {
	if d.keys, err = envelope.Generate(); err != nil {
		return err
	}
	return d.holder.Create(ctx, d.keys)
}
