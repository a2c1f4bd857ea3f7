package envelope

import (
	"crypto/subtle"
	"fmt"
)

// checkText is what a key check seals. Its content does not matter.
const checkText = "reticent key check"

// NewCheck seals a constant, to be stored in a new database. Opening it with
// [Keyring.Check] tells whether a keyring belongs to the database before any
// secret is needed.
func (k *Keyring) NewCheck() (Sealed, error) {
	return k.seal([]byte(checkText), checkUse())
}

// Check opens what NewCheck sealed. It fails with [ErrWrongKey] if the keyring is
// not that of the database, and with [ErrTampered] if it says so and is not.
func (k *Keyring) Check(s Sealed) error {
	b, err := k.open(s, checkUse())
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(b, []byte(checkText)) != 1 {
		return fmt.Errorf("key check: content %w", ErrTampered)
	}
	return nil
}
