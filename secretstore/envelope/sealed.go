package envelope

import (
	"crypto/rand"
	"fmt"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
)

// dataKeyBytes is the size of a data key, for AES-256.
const dataKeyBytes = 32

// Sealed is an encrypted value as it is stored. None of it is secret. In JSON it
// takes some 200 bytes and four thirds of the plaintext's length.
type Sealed struct {
	KEK        string `json:"kek"`        // id of the key that wraps the data key
	DataKey    []byte `json:"data_key"`   // wrapped, as Tink writes it
	Ciphertext []byte `json:"ciphertext"` // nonce, ciphertext and tag
}

// Seal encrypts a value with a new data key, for one use by what it belongs to.
func (k *Keyring) Seal(value plaintext.Value, associated Associated) (Sealed, error) {
	return k.seal(plaintext.Open(value), associated.use())
}

// Open decrypts a value. It fails with [ErrWrongKey] or [ErrTampered], which name
// the secret and none of its bytes.
func (k *Keyring) Open(s Sealed, associated Associated) (plaintext.Value, error) {
	b, err := k.open(s, associated.use())
	if err != nil {
		return plaintext.Value{}, err
	}
	defer clear(b)
	return plaintext.New(b), nil
}

func (k *Keyring) seal(b []byte, u use) (Sealed, error) {
	dataKey := make([]byte, dataKeyBytes)
	defer clear(dataKey)
	_, _ = rand.Read(dataKey) // never fails
	cipher, err := subtle.NewAESGCM(dataKey)
	if err != nil {
		return Sealed{}, fmt.Errorf("%s: data key: %w", u.name, err)
	}
	ciphertext, err := cipher.Encrypt(b, u.fields)
	if err != nil {
		return Sealed{}, fmt.Errorf("%s: encrypt: %w", u.name, err)
	}
	s := Sealed{Ciphertext: ciphertext}
	return s, s.wrap(k.keys.Load(), dataKey, u)
}

// wrap has the primary KEK wrap the data key.
func (s *Sealed) wrap(keys *ring, dataKey []byte, u use) (err error) {
	s.KEK = keys.primary
	if s.DataKey, err = keys.wrap.Encrypt(dataKey, u.dataKeyFields(keys.primary)); err != nil {
		return fmt.Errorf("%s: wrap data key: %w", u.name, err)
	}
	return nil
}

// Rewrap gives a value wrapped by the primary KEK, and whether that changed
// anything. It leaves the ciphertext as it is and fails as Open does, of which
// what authenticates the data key is a part.
func (k *Keyring) Rewrap(s Sealed, associated Associated) (Sealed, bool, error) {
	return k.rewrap(s, associated.use())
}

// RewrapCheck is Rewrap for what NewCheck sealed.
func (k *Keyring) RewrapCheck(s Sealed) (Sealed, bool, error) {
	return k.rewrap(s, checkUse())
}

func (k *Keyring) rewrap(s Sealed, u use) (Sealed, bool, error) {
	keys := k.keys.Load()
	if s.KEK == keys.primary {
		return s, false, nil
	}
	dataKey, err := s.dataKey(keys, u)
	if err != nil {
		return Sealed{}, false, err
	}
	defer clear(dataKey)
	out := Sealed{Ciphertext: s.Ciphertext}
	if err := out.wrap(keys, dataKey, u); err != nil {
		return Sealed{}, false, err
	}
	return out, true, nil
}

// dataKey unwraps the data key. What Tink says, which is no more than that it
// failed, is left out.
func (s Sealed) dataKey(keys *ring, u use) ([]byte, error) {
	if !keys.has(s.KEK) {
		return nil, fmt.Errorf("%s: %w", u.name, ErrWrongKey)
	}
	dataKey, err := keys.wrap.Decrypt(s.DataKey, u.dataKeyFields(s.KEK))
	if err != nil {
		return nil, fmt.Errorf("%s: data key %w", u.name, ErrTampered)
	}
	return dataKey, nil
}

func (k *Keyring) open(s Sealed, u use) ([]byte, error) {
	dataKey, err := s.dataKey(k.keys.Load(), u)
	if err != nil {
		return nil, err
	}
	defer clear(dataKey)
	cipher, err := subtle.NewAESGCM(dataKey)
	if err != nil {
		return nil, fmt.Errorf("%s: data key %w", u.name, ErrTampered)
	}
	b, err := cipher.Decrypt(s.Ciphertext, u.fields)
	if err != nil {
		return nil, fmt.Errorf("%s: ciphertext %w", u.name, ErrTampered)
	}
	return b, nil
}
