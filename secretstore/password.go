package secretstore

import (
	"crypto/rand"
	"math/big"
	"slices"
	"strings"
)

// classes are the characters of a password, by class, in the order of the
// default. Symbols are those that neither a shell in double quotes, nor a URL's
// user information, nor JSON gives a meaning.
var classes = []struct{ name, characters string }{
	{"lower", "abcdefghijklmnopqrstuvwxyz"},
	{"upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
	{"digits", "0123456789"},
	{"symbols", "-_.~=+,;()*"},
}

// password draws a password: uniformly among those of its length that have a
// character of each class.
func (g Generate) password() (generated, error) {
	length := g.Length
	if length == 0 {
		length = DefaultPasswordLength
	}
	if length < MinPasswordLength || length > MaxGeneratedBytes {
		return generated{}, fail(ErrInvalid, "generate/length: a number from %d (MinPasswordLength) to %d (MaxGeneratedBytes)", MinPasswordLength, MaxGeneratedBytes)
	}
	wanted, err := g.alphabets()
	if err != nil {
		return generated{}, err
	}
	alphabet := strings.Join(wanted, "")
	if len(alphabet) < minAlphabet {
		return generated{}, fail(ErrInvalid, "generate: a password is drawn from at least %d characters", minAlphabet)
	}
	for {
		password := draw(alphabet, length)
		if hasEach(password, wanted) {
			return generated{value: StringValue(password), encoding: Generic}, nil
		}
	}
}

// minAlphabet lets a password of the least length have more than 50 bits, and is
// what the digits alone have.
const minAlphabet = 10

// alphabets gives the characters of each class that is wanted.
func (g Generate) alphabets() ([]string, error) {
	names := g.Classes
	if names == nil {
		names = []string{"lower", "upper", "digits"}
	}
	var out []string
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, fail(ErrInvalid, "generate/classes: give each once")
		}
		characters := ""
		for _, class := range classes {
			if class.name == name {
				characters = class.characters
			}
		}
		if characters == "" {
			return nil, fail(ErrInvalid, "generate/classes: use lower, upper, digits and symbols")
		}
		characters = strings.Map(func(r rune) rune {
			if strings.ContainsRune(g.Exclude, r) {
				return -1
			}
			return r
		}, characters)
		if characters == "" {
			return nil, fail(ErrInvalid, "generate/exclude: nothing is left of the class %s", name)
		}
		out = append(out, characters)
	}
	return out, nil
}

func draw(alphabet string, length int) string {
	var b strings.Builder
	size := big.NewInt(int64(len(alphabet)))
	for range length {
		i, _ := rand.Int(rand.Reader, size) // never fails
		b.WriteByte(alphabet[i.Int64()])
	}
	return b.String()
}

func hasEach(password string, alphabets []string) bool {
	for _, a := range alphabets {
		if !strings.ContainsAny(password, a) {
			return false
		}
	}
	return true
}
