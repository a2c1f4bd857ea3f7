package envelope

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"strconv"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keyring holds the key-encryption keys: the primary one wraps data keys, every
// one unwraps what it has wrapped. It is safe for concurrent use, and printing
// it prints no key. A rotation replaces its keys in place, so that all who have it
// wrap with the new one from then on.
type Keyring struct {
	keys atomic.Pointer[ring]
}

// ring is what a keyring has at a moment.
type ring struct {
	wrap    tink.AEAD
	primary string
	ids     map[uint32]string // from Tink's id of a key, unique in a keyset, to ours
	handle  *keyset.Handle
}

// ID returns the id of the primary KEK, the one that Seal uses. It is random and
// no secret.
func (k *Keyring) ID() string { return k.keys.Load().primary }

// Len returns how many KEKs there are: one, but for the time of a rotation.
func (k *Keyring) Len() int { return len(k.keys.Load().ids) }

// Format writes the id of the primary KEK, whatever the verb.
func (k *Keyring) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "keyring "+strconv.Quote(k.ID()))
}

// Has reports whether the keyring holds the KEK of an id.
func (k *Keyring) Has(id string) bool { return k.keys.Load().has(id) }

func (r *ring) has(id string) bool {
	for _, have := range r.ids {
		if have == id {
			return true
		}
	}
	return false
}

// Next gives a keyring of the same KEKs and a new one, which is its primary.
func (k *Keyring) Next() (*Keyring, error) {
	r := k.keys.Load()
	m := keyset.NewManagerFromHandle(r.handle)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	ids := maps.Clone(r.ids)
	ids[id] = newID()
	return keyringOf(m, ids)
}

// Primary gives a keyring of the primary KEK alone.
func (k *Keyring) Primary() (*Keyring, error) {
	r := k.keys.Load()
	m := keyset.NewManagerFromHandle(r.handle)
	ids := make(map[uint32]string)
	for tinkID, id := range r.ids {
		if id == r.primary {
			ids[tinkID] = id
			continue
		}
		if err := m.Delete(tinkID); err != nil {
			return nil, fmt.Errorf("drop key %q: %w", id, err)
		}
	}
	return keyringOf(m, ids)
}

// Become gives the keyring the KEKs of another.
func (k *Keyring) Become(other *Keyring) { k.keys.Store(other.keys.Load()) }

func keyringOf(m *keyset.Manager, ids map[uint32]string) (*Keyring, error) {
	handle, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("keyset: %w", err)
	}
	return newKeyring(handle, ids)
}

func newID() string { return "kek_" + rand.Text() }

// Generate makes a keyring of one new KEK, which is kept nowhere yet.
func Generate() (*Keyring, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	primary, err := handle.Primary()
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	return newKeyring(handle, map[uint32]string{primary.KeyID(): newID()})
}

// newKeyring checks that each key is a KEK as this package makes them, and has
// an id of its own.
func newKeyring(handle *keyset.Handle, ids map[uint32]string) (*Keyring, error) {
	primary, err := handle.Primary()
	if err != nil {
		return nil, fmt.Errorf("keyset: %w", err)
	}
	seen := make(map[string]bool)
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("keyset: %w", err)
		}
		id := ids[entry.KeyID()]
		if id == "" || seen[id] {
			return nil, fmt.Errorf("keyset: key %d has no id of its own", entry.KeyID())
		}
		seen[id] = true
		if err := checkKey(entry); err != nil {
			return nil, fmt.Errorf("keyset: key %d: %w", entry.KeyID(), err)
		}
	}
	if len(seen) != len(ids) {
		return nil, fmt.Errorf("keyset: %d ids for %d keys", len(ids), len(seen))
	}
	wrap, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("keyset: %w", err)
	}
	k := new(Keyring)
	k.keys.Store(&ring{wrap: wrap, primary: ids[primary.KeyID()], ids: ids, handle: handle})
	return k, nil
}

func checkKey(entry *keyset.Entry) error {
	parameters, ok := entry.Key().Parameters().(*aesgcm.Parameters)
	switch {
	case !ok || parameters.KeySizeInBytes() != dataKeyBytes || parameters.Variant() != aesgcm.VariantTink:
		return fmt.Errorf("not a key for AES-256-GCM with Tink's prefix")
	case entry.KeyStatus() != keyset.Enabled:
		return fmt.Errorf("not enabled")
	}
	return nil
}
