package envelope

import "errors"

// These errors come from opening what is sealed.
var (
	// ErrWrongKey says that a value is sealed under a KEK that the keyring does
	// not have: most likely the key belongs to another database.
	ErrWrongKey = errors.New("sealed under another key-encryption key: is this the key of this database?")

	// ErrTampered says that a value is not what was sealed: it was changed, or
	// moved here from elsewhere.
	ErrTampered = errors.New("does not authenticate: the stored value was changed or belongs to something else")
)
