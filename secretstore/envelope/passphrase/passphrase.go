// Package passphrase keeps a database's keyring under a passphrase, by Argon2id
// (RFC 9106).
//
// It protects the keyring from whoever has the database and can guess: each guess
// costs him [Memory] and some tenth of a second. It does not make a short passphrase
// long: hence [MinBytes]. The parameters and the salt are stored beside what they
// encrypt; who changes them gets another key, with which nothing opens.
package passphrase

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"golang.org/x/crypto/argon2"
)

// What a new key is derived with: the second recommendation of RFC 9106, section 4.
const (
	Time    = 3          // passes
	Memory  = 64 << 10   // KiB
	Threads = 4          // lanes
	MaxTime = 64         // passes that are accepted of a database
	MaxKiB  = 1024 << 10 // memory that is accepted of a database
)

const (
	// MinBytes is the shortest passphrase.
	MinBytes = 16
	// MaxBytes is the longest.
	MaxBytes = 4096

	saltBytes = 16
	keyBytes  = 32
)

// ErrWrong says that nothing opens with the passphrase.
var ErrWrong = errors.New("the passphrase is wrong, or what it opens was changed")

// Root is a passphrase.
type Root struct{ read func() ([]byte, error) }

// New makes a root of a passphrase that read gives, each time it is needed: it is
// kept no longer than for the derivation.
func New(read func() ([]byte, error)) *Root { return &Root{read} }

// Name implements envelope.Root. Where the passphrase comes from is no part of it.
func (*Root) Name() string { return "passphrase" }

// wrapped is a key as it is stored.
type wrapped struct {
	Algorithm  string `json:"algorithm"`
	Time       uint32 `json:"time"`
	KiB        uint32 `json:"kib"`
	Threads    uint8  `json:"threads"`
	Salt       []byte `json:"salt"`
	Ciphertext []byte `json:"ciphertext"` // nonce, ciphertext and tag, AES-256-GCM
}

// Wrap implements envelope.Root.
func (r *Root) Wrap(_ context.Context, key, associated []byte) ([]byte, error) {
	w := wrapped{Algorithm: "argon2id", Time: Time, KiB: Memory, Threads: Threads, Salt: make([]byte, saltBytes)}
	_, _ = rand.Read(w.Salt) // never fails
	cipher, err := r.cipher(w)
	if err != nil {
		return nil, err
	}
	if w.Ciphertext, err = cipher.Encrypt(key, associated); err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

// Unwrap implements envelope.Root.
func (r *Root) Unwrap(_ context.Context, b, associated []byte) ([]byte, error) {
	var w wrapped
	if json.Unmarshal(b, &w) != nil || w.Algorithm != "argon2id" || len(w.Salt) != saltBytes {
		return nil, errors.New("the parameters that are stored with it are not those of Argon2id")
	}
	if w.Time < 1 || w.Time > MaxTime || w.Threads < 1 || w.KiB < 8 || w.KiB > MaxKiB {
		return nil, fmt.Errorf("the parameters that are stored with it are over MaxTime (%d) or MaxKiB (%d)", MaxTime, MaxKiB)
	}
	cipher, err := r.cipher(w)
	if err != nil {
		return nil, err
	}
	key, err := cipher.Decrypt(w.Ciphertext, associated)
	if err != nil {
		return nil, ErrWrong
	}
	return key, nil
}

func (r *Root) cipher(w wrapped) (*subtle.AESGCM, error) {
	phrase, err := r.read()
	if err != nil {
		return nil, err
	}
	defer clear(phrase)
	if len(phrase) < MinBytes || len(phrase) > MaxBytes {
		return nil, fmt.Errorf("a passphrase has %d (MinBytes) to %d bytes (MaxBytes)", MinBytes, MaxBytes)
	}
	key := argon2.IDKey(phrase, w.Salt, w.Time, w.KiB, w.Threads, keyBytes)
	defer clear(key)
	return subtle.NewAESGCM(key)
}
