package seal

import (
	"crypto/rand"
	"encoding/base32"
	"io"
	"strings"
)

const (
	prefix = "rsv_"
	// randomBytes are 160 bits: nobody guesses a live surrogate.
	randomBytes    = 20
	randomChars    = randomBytes * 8 / 5
	surrogateChars = len(prefix) + randomChars
)

// Lower-case alphanumerics survive JSON, URLs, headers, trim and toLowerCase.
var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newSurrogate draws a surrogate. A nil source is crypto/rand; a test gives a
// fixed one to compare two servers byte by byte.
func newSurrogate(source io.Reader) string {
	if source == nil {
		source = rand.Reader
	}
	var b [randomBytes]byte
	if _, err := io.ReadFull(source, b[:]); err != nil {
		panic("seal: no randomness: " + err.Error())
	}
	var out [surrogateChars]byte
	copy(out[:], prefix)
	alphabet.Encode(out[len(prefix):], b[:])
	return string(out[:])
}

// MayHold reports whether s could hold a surrogate: a cheap check that never
// misses one.
func MayHold(s string) bool { return strings.Contains(s, prefix) }

// next finds the first text at or after from that has the form of a surrogate.
func next(s string, from int) (start int, ok bool) {
	for from+surrogateChars <= len(s) {
		i := strings.Index(s[from:], prefix)
		if i < 0 || from+i+surrogateChars > len(s) {
			return 0, false
		}
		from += i
		if wellFormed(s[from+len(prefix) : from+surrogateChars]) {
			return from, true
		}
		from++
	}
	return 0, false
}

func wellFormed(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
