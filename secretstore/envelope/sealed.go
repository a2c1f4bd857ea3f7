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
	wrapped, err := k.wrap.Encrypt(dataKey, u.dataKeyFields(k.primary))
	if err != nil {
		return Sealed{}, fmt.Errorf("%s: wrap data key: %w", u.name, err)
	}
	return Sealed{KEK: k.primary, DataKey: wrapped, Ciphertext: ciphertext}, nil
}

// open leaves out what Tink says, which is no more than that it failed.
func (k *Keyring) open(s Sealed, u use) ([]byte, error) {
	if !k.has(s.KEK) {
		return nil, fmt.Errorf("%s: %w", u.name, ErrWrongKey)
	}
	dataKey, err := k.wrap.Decrypt(s.DataKey, u.dataKeyFields(s.KEK))
	if err != nil {
		return nil, fmt.Errorf("%s: data key %w", u.name, ErrTampered)
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
