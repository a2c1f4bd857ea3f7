package envelope

import (
	"crypto/rand"
	"fmt"
	"io"
	"strconv"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keyring holds the key-encryption keys: the primary one wraps data keys, every
// one unwraps what it has wrapped. It is safe for concurrent use, and printing
// it prints no key.
type Keyring struct {
	wrap    tink.AEAD
	primary string
	ids     map[uint32]string // from Tink's id of a key, unique in a keyset, to ours
	handle  *keyset.Handle
}

// ID returns the id of the primary KEK, the one that Seal uses. It is random and
// no secret.
func (k *Keyring) ID() string { return k.primary }

// Format writes the id of the primary KEK, whatever the verb.
func (k *Keyring) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "keyring "+strconv.Quote(k.primary))
}

// has reports whether the keyring holds the KEK.
func (k *Keyring) has(id string) bool {
	for _, have := range k.ids {
		if have == id {
			return true
		}
	}
	return false
}

// generate makes a keyring of one new KEK.
func generate() (*Keyring, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	primary, err := handle.Primary()
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	return newKeyring(handle, map[uint32]string{primary.KeyID(): "kek_" + rand.Text()})
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
	return &Keyring{wrap: wrap, primary: ids[primary.KeyID()], ids: ids, handle: handle}, nil
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
