package secretstore

import (
	"fmt"
	"time"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/seal"
)

// KeyVersion is an enabled version of a secret, as a key uses it.
type KeyVersion struct {
	Version int
	// ID is random, and the version's alone.
	ID string
	// Value is the text of the secret.
	Value      plaintext.Value
	Encoding   Encoding
	Structured bool
	Weak       bool
	// Secret is the version as a run has it, with its limits.
	Secret *seal.Secret
	// Computed is set when a script made the value of other secrets.
	Computed  bool
	CreatedAt time.Time
}

// KeySecret is the secret that a key means.
type KeySecret struct {
	// Versions are the enabled ones, newest first; there is at least one.
	Versions []KeyVersion
	// ExpiresAt ends the use of all of them; nil is never.
	ExpiresAt *time.Time
}

// KeySecret gives the secret that a key, a document that refers to just one, means
// from its scope: those too that no placeholder may have. The error is a
// [seal.Error] if there is none, or if who stored the key may not use it. A version
// that does not open is logged and left out.
func (s *Store) KeySecret(doc *Document) (KeySecret, error) {
	if refused := doc.Forbidden(); refused != nil {
		return KeySecret{}, refused
	}
	if doc.Kind != KindKey || len(doc.names) != 1 {
		return KeySecret{}, fmt.Errorf("the %s %s refers to %d secrets and is no key", doc.Kind, doc.Name, len(doc.names))
	}
	name := doc.names[0]
	x := s.state.Load().findSecret(doc.Scope, name)
	if !x.usableBy(KindKey, time.Now()) {
		return KeySecret{}, seal.Unavailable(name)
	}
	out := KeySecret{ExpiresAt: x.record.ExpiresAt}
	for i := len(x.record.Versions) - 1; i >= 0; i-- {
		v := &x.record.Versions[i]
		if v.Status != Enabled {
			continue
		}
		value, err := x.value(s, v)
		var secret *seal.Secret
		if err == nil {
			secret, err = x.decrypt(s, v)
		}
		if err != nil {
			s.log.Error("a secret cannot be opened and is unavailable", "scope", x.scope.Path(), "name", x.name, "version", v.Version, "error", err)
			continue
		}
		out.Versions = append(out.Versions, KeyVersion{
			Version: v.Version, ID: v.Fingerprint, Value: value.Value, Secret: secret, Encoding: x.record.Encoding,
			Structured: v.Structured, Weak: v.Weak, Computed: v.computed.is(), CreatedAt: v.CreatedAt,
		})
	}
	if len(out.Versions) == 0 {
		return KeySecret{}, seal.Unavailable(name)
	}
	return out, nil
}
