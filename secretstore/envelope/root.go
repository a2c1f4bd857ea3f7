package envelope

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"

	"github.com/reticent/reticent/secretstore/kv"
)

// RootTimeout bounds one call of a key management service, with all its retries.
const RootTimeout = 15 * time.Second

// Root is a key outside of the database under which its keyring is kept: one of a
// key management service, or a passphrase. It is asked when a server starts and when
// a key is rotated, and never by an evaluation.
type Root interface {
	// Name is the URI of the key; it is no secret.
	Name() string
	// Wrap encrypts a key of 32 bytes, bound to the associated data where the service
	// can do that.
	Wrap(ctx context.Context, key, associated []byte) ([]byte, error)
	// Unwrap decrypts what Wrap gave.
	Unwrap(ctx context.Context, wrapped, associated []byte) ([]byte, error)
}

// RowPrefix begins the keys of the rows that hold keyrings; the name of the root
// follows.
const RowPrefix = "meta:kek:"

// RowHolder keeps the keyring in a row of the database, encrypted under a key of its
// own that a [Root] wraps. It holds the keyring only in memory.
type RowHolder struct {
	kv   kv.Store
	root Root
}

// NewRowHolder makes the holder of the keyring under a root.
func NewRowHolder(db kv.Store, root Root) RowHolder { return RowHolder{db, root} }

// row is a keyring as it is stored. None of it is secret.
type row struct {
	Key        string    `json:"key"`         // name of the root
	WrappedKey []byte    `json:"wrapped_key"` // as the root gave it
	Keyring    []byte    `json:"keyring"`     // nonce, ciphertext and tag of the text of a key file
	UpdatedAt  time.Time `json:"updated_at"`
}

// keyringLabel begins the associated data of a keyring and of the key around it.
const keyringLabel = "reticent keyring v1"

// Name implements [Holder].
func (h RowHolder) Name() string { return h.root.Name() }

func (h RowHolder) key() string { return RowPrefix + h.root.Name() }

func (h RowHolder) associated() []byte { return appendFields(nil, keyringLabel, h.root.Name()) }

// Load implements [Holder].
func (h RowHolder) Load(ctx context.Context) (*Keyring, error) {
	var raw []byte
	err := h.kv.View(ctx, func(tx kv.Tx) (err error) {
		raw, err = tx.Get(h.key())
		return err
	})
	if errors.Is(err, kv.ErrNotFound) {
		return nil, fmt.Errorf("key %s: %w", h.Name(), ErrNoKeyring)
	}
	if err != nil {
		return nil, err
	}
	var r row
	if json.Unmarshal(raw, &r) != nil {
		return nil, fmt.Errorf("row %s: not what the server wrote", h.key())
	}
	key, err := h.ask(ctx, "unwrap", r.WrappedKey, h.root.Unwrap)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	cipher, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, fmt.Errorf("row %s: its key %w", h.key(), ErrTampered)
	}
	text, err := cipher.Decrypt(r.Keyring, h.associated())
	if err != nil {
		return nil, fmt.Errorf("row %s %w", h.key(), ErrTampered)
	}
	defer clear(text)
	k, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("row %s: %w", h.key(), err)
	}
	return k, nil
}

// Create implements [Holder].
func (h RowHolder) Create(ctx context.Context, k *Keyring) error { return h.Replace(ctx, k) }

// Replace implements [Holder].
func (h RowHolder) Replace(ctx context.Context, k *Keyring) error {
	text, err := k.encode()
	if err != nil {
		return err
	}
	defer clear(text)
	key := make([]byte, dataKeyBytes)
	defer clear(key)
	_, _ = rand.Read(key) // never fails
	cipher, err := subtle.NewAESGCM(key)
	if err != nil {
		return fmt.Errorf("encrypt keyring: %w", err)
	}
	r := row{Key: h.Name(), UpdatedAt: time.Now().UTC().Truncate(time.Second)}
	if r.Keyring, err = cipher.Encrypt(text, h.associated()); err != nil {
		return fmt.Errorf("encrypt keyring: %w", err)
	}
	if r.WrappedKey, err = h.ask(ctx, "wrap", key, h.root.Wrap); err != nil {
		return err
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode keyring: %w", err)
	}
	_, err = h.kv.Update(ctx, func(tx kv.WriteTx) error { return tx.Put(h.key(), raw) })
	return err
}

// Forget implements [Holder].
func (h RowHolder) Forget(ctx context.Context) error {
	_, err := h.kv.Update(ctx, func(tx kv.WriteTx) error { return tx.Delete(h.key()) })
	return err
}

// ask has the root do something, for a bounded time: not every client that a root is
// made of heeds a context.
func (h RowHolder) ask(ctx context.Context, what string, b []byte, do func(ctx context.Context, b, associated []byte) ([]byte, error)) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, RootTimeout)
	defer cancel()
	type answer struct {
		out []byte
		err error
	}
	answers := make(chan answer, 1)
	go func(b []byte) {
		defer clear(b)
		out, err := do(ctx, b, h.associated())
		answers <- answer{out, err}
	}(bytes.Clone(b))
	a := answer{}
	select {
	case a = <-answers:
	case <-ctx.Done():
		a.err = fmt.Errorf("no answer within %s (RootTimeout): %w", RootTimeout, ctx.Err())
	}
	if a.err != nil {
		return nil, fmt.Errorf("key %s: %s: %w", h.Name(), what, a.err)
	}
	return a.out, nil
}

// Names gives the names of the roots that a database has keyrings under.
func Names(ctx context.Context, db kv.Store) (names []string, err error) {
	err = db.View(ctx, func(tx kv.Tx) error {
		names = nil
		entries, err := tx.List(RowPrefix, "", 0)
		for _, e := range entries {
			names = append(names, e.Key[len(RowPrefix):])
		}
		return err
	})
	return names, err
}
