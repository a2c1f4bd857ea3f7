package seal

import (
	"crypto/sha256"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

// Set is the static sealing set of a script or policy: the secrets that it
// names, each pinned to a version. It is immutable and may be shared.
type Set struct {
	names   []string
	secrets map[string]*Secret
	missing map[string]bool
	leaves  []*leaf
	index   map[*Tree]int
	strong  map[[sha256.Size]byte]int
	match   *matcher
}

// NewSet makes a set of the secrets by the names under which the artefact
// refers to them; missing are the names for which there is no usable secret.
func NewSet(secrets map[string]*Secret, missing []string) *Set {
	s := &Set{
		secrets: secrets, missing: make(map[string]bool),
		index: make(map[*Tree]int), strong: make(map[[sha256.Size]byte]int),
	}
	s.names = sortedKeys(secrets)
	for _, name := range missing {
		s.missing[name] = true
	}
	// Equal plaintexts share a leaf, and so a surrogate. Weak ones do not: by a
	// secret with every PIN in it, its author would see which one is another's.
	// Stored encodings do not: equal to its source is what needs no escape.
	for _, name := range s.names {
		secret := secrets[name]
		secret.Value.walk("", func(path string, t *Tree) {
			digest := sha256.Sum256(plaintext.Open(*t.leaf))
			i, ok := s.strong[digest]
			shares := !t.weak && !secret.Encoded
			if !ok || !shares {
				i = len(s.leaves)
				if shares {
					s.strong[digest] = i
				}
				s.leaves = append(s.leaves, &leaf{value: *t.leaf, digest: digest, strong: !t.weak, key: readKey(*t.leaf)})
			}
			s.leaves[i].sources = append(s.leaves[i].sources, source{secret: secret, path: path, weak: t.weak})
			s.index[t] = i
		})
	}
	// Of equal plaintexts the first is found: one that compares with its source.
	var strong, encoded []pattern
	for i, l := range s.leaves {
		switch p := (pattern{value: l.value, id: i}); {
		case !l.strong:
		case l.encoded():
			encoded = append(encoded, p)
		default:
			strong = append(strong, p)
		}
	}
	s.match = newMatcher(append(strong, encoded...))
	return s
}

// Names are the names of the secrets in the set, in order, without the missing
// ones.
func (s *Set) Names() []string { return s.names }

// Empty reports whether the artefact names no secret at all.
func (s *Set) Empty() bool { return len(s.names) == 0 && len(s.missing) == 0 }

// Exact reports whether a secret is one string that sealing puts its surrogate in
// the place of wherever it is the whole of a string, and nothing else: then two
// sealed forms, one of them the surrogate, are equal exactly if the plaintexts
// are, and an engine may compare them natively. Weak secrets are not sealed into
// the input, structures are no string.
func (s *Set) Exact(name string) bool {
	secret, ok := s.secrets[name]
	if !ok || secret.Value.leaf == nil {
		return false
	}
	l := s.leaves[s.index[secret.Value]]
	return l.strong && !l.encoded()
}

// MissingNames are the names that have no usable secret, in order.
func (s *Set) MissingNames() []string { return sortedKeys(s.missing) }

// Missing gives secret_unavailable for the first name that has no usable
// secret, or nil. An engine that can't tell when a secret is read (Rego, where
// an undefined operand makes `not` true) refuses the evaluation on it.
func (s *Set) Missing() *Error {
	for _, name := range sortedKeys(s.missing) {
		return Unavailable(name)
	}
	return nil
}
