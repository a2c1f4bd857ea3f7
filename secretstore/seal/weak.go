package seal

import (
	"strings"

	"github.com/trustelem/zxcvbn"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
)

const (
	// MinStrongLength is the length in bytes below which a secret is weak.
	MinStrongLength = 16
	// minGuesses is the number of guesses, by zxcvbn's estimate (Wheeler,
	// USENIX Security 2016), below which a secret counts as made of dictionary
	// words, repetitions or keyboard runs.
	minGuesses = 1e12
	// estimated is how many bytes the estimate looks at: it is quadratic, and
	// what is strong in its first bytes stays so.
	estimated = 64
)

// Weak reports whether a plaintext could be found by guessing, or could stand
// in ordinary text by chance: fewer than [MinStrongLength] bytes, digits only,
// or dictionary words. Weak secrets are never sealed into an input nor searched
// for in what goes out, and comparisons with them are limited.
func Weak(v plaintext.Value) bool {
	if shortOrDigits(v) {
		return true
	}
	b := plaintext.Open(v)
	// A character cut in half would count as weak.
	head := strings.ToValidUTF8(string(b[:min(len(b), estimated)]), "")
	return zxcvbn.PasswordStrength(head, nil).Guesses < minGuesses
}

func shortOrDigits(v plaintext.Value) bool {
	b := plaintext.Open(v)
	if len(b) < MinStrongLength {
		return true
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
