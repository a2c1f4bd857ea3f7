// Package seal puts surrogates in the place of secrets, and takes them out
// again at the few boundaries where a secret may be used.
//
// It protects plaintext from everybody who writes, calls or reads what an
// engine evaluates: the author of a script or a policy, its caller, and the
// readers of responses, logs and records. The engines (JavaScript in package
// script, Rego and validators in package policy) are users of this package and
// it knows none of them.
//
// # Words
//
// A plaintext is a secret's value. A surrogate is the text that stands for one
// in a run: "rsv_" and 32 random characters that carry no bit of the plaintext.
// Sealing puts surrogates in, resolving takes them out, inside this package and
// package egress only. Masking writes "***" for each on the way out.
//
// # How it fits
//
// package secretstore builds a [Set] for each stored script or policy: the
// secrets that it names, fixed before a run. [Set.NewRun] draws surrogates.
// The engine evaluates over strings that may hold them. Concatenation is just
// concatenation; comparing ([Run.Equal]), encoding ([Run.Derive]), keyed
// hashing and signing ([Run.MAC], [Run.Sign], [Run.Verify]) and sending (package egress) are calls of the host. What
// comes out goes through [Run.MaskValue].
//
// Strings whose sealed forms are identical have identical plaintexts. The
// converse does not hold, which is why every comparison that touches a
// surrogate must come here.
package seal

import (
	"crypto/sha256"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/signing"
)

// Mask is what stands for a secret in everything that goes out.
const Mask = plaintext.Mask

// Secret is one version of one secret, as a set holds it.
type Secret struct {
	// ID names the secret across scopes and versions, for counting misses.
	ID string
	// Name is what an artefact calls it and what a masked response names.
	Name string
	// Value is its plaintext, by field.
	Value *Tree
	// Limits say where the plaintext may go.
	Limits Limits
	// Base64 says that the value is a string of canonical base64 (RFC 4648 section
	// 4), which was checked when it was stored: it may be decoded as a whole.
	Base64 bool
	// Release allows outputs keyed with this secret to come out plain.
	Release bool
	// From are the IDs of the secrets that a script computed the value from,
	// directly or through others; a guess at it is one at them.
	From []string
	// Encoded is set when an encoding of one of them went in.
	Encoded bool
	// Bound is [Run.Bound] of what a script computed the value as, 0 for a value that
	// somebody wrote, which has [MaxSecretBytes] at most.
	Bound int
	// Hidden is set for a secret that the run's scope cannot see and whose
	// plaintext a host may nevertheless answer with: it is masked without a
	// name and goes nowhere.
	Hidden bool
}

// Limits say where a plaintext may go. The zero value means nowhere.
type Limits struct {
	// Hosts are the hosts that it may be sent to.
	Hosts []HostRule
	// In are the places of a request in which it may stand. Empty means
	// [DefaultIn].
	In []Position
}

// ids are the secrets that a guess at s is one at.
func (s *Secret) ids() []string { return append([]string{s.ID}, s.From...) }

// leaf is one distinct plaintext of a set.
type leaf struct {
	value   plaintext.Value
	digest  [sha256.Size]byte // of value
	strong  bool
	sources []source
	key     func() (*signing.Key, error) // reads it as a key, once
}

// source is a place that a plaintext comes from.
type source struct {
	secret *Secret
	path   string // ".field.0", "" for a whole string
	weak   bool
}

// is reports whether o is the same place, in another copy of the secret too.
func (s source) is(o source) bool {
	return s.secret.ID == o.secret.ID && s.secret.Hidden == o.secret.Hidden && s.path == o.path
}

// name is what a masked response calls the source.
func (s source) name() string {
	if s.secret.Hidden {
		return ""
	}
	return s.secret.Name + s.path
}
