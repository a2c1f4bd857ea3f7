package egress

import (
	"crypto/subtle"
	"encoding/base64"
	"html"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/reticent/reticent/secretstore/seal"
)

// Package seal finds what was sent in what comes back, raw and in one layer of
// encoding. It can't find what a host decoded although nobody had encoded it (a
// "+" of the secret that a form parser made a space), layers over layers, nor a
// part of a secret URL. An author could ask an echoing host for these on
// purpose. So the sealed response is looked at once more, with all encodings
// taken off on both sides, and is refused if it still repeats a secret.

// mayRepeat notes, for the plaintext of a surrogate, what the host must not
// answer. A host reads "a&b" in a query as two values, and takes the user and the
// password out of Basic authentication.
func (o *outbound) mayRepeat(value string) {
	o.mustNotRepeat(value)
	for piece := range strings.SplitSeq(value, "&") {
		o.mustNotRepeat(piece)
	}
	if decoded, err := base64.StdEncoding.DecodeString(value); err == nil && len(decoded) > 0 {
		_, password, _ := strings.Cut(string(decoded), ":")
		o.mustNotRepeat(password)
		o.mayRepeat(string(decoded)) // shorter by a quarter each time
	}
}

// mayRepeatURL notes the parts of a secret URL.
func (o *outbound) mayRepeatURL(l location) {
	o.mustNotRepeat(l.path)
	for segment := range strings.SplitSeq(l.path, "/") {
		o.mustNotRepeat(segment)
	}
	for pair := range strings.SplitSeq(l.query, "&") {
		_, value, _ := strings.Cut(pair, "=")
		o.mustNotRepeat(pair)
		o.mustNotRepeat(value)
	}
}

// mustNotRepeat leaves out what is so short that it can stand in a response by
// chance.
func (o *outbound) mustNotRepeat(s string) {
	if folded := fold(s); len(folded) >= seal.MinStrongLength && !slices.Contains(o.repeats, folded) {
		o.repeats = append(o.repeats, folded)
	}
}

// repeated reports whether a sealed text that a host sent still repeats a
// secret.
func (o *outbound) repeated(text string) bool {
	if len(o.repeats) == 0 || len(text) < seal.MinStrongLength {
		return false
	}
	folded := fold(text)
	return slices.ContainsFunc(o.repeats, func(form string) bool { return contains(folded, form) })
}

func (o *outbound) repeatedInHeader(h http.Header) bool {
	for _, values := range h {
		if slices.ContainsFunc(values, o.repeated) {
			return true
		}
	}
	return false
}

var multiplier = rand.Uint64() | 1

// contains is strings.Contains in a time that does not depend on how much of
// form the text has: an author who fills an echo with guesses could measure it.
func contains(text, form string) bool {
	n := len(form)
	if len(text) < n {
		return false
	}
	var want, got, power uint64 = 0, 0, 1
	for i := range n {
		want = want*multiplier + uint64(form[i])
		got = got*multiplier + uint64(text[i])
		power *= multiplier
	}
	for i := n; ; i++ {
		if got == want && subtle.ConstantTimeCompare([]byte(text[i-n:i]), []byte(form)) == 1 {
			return true
		}
		if i == len(text) {
			return false
		}
		got = got*multiplier + uint64(text[i]) - power*uint64(text[i-n])
	}
}

// maxLayers is how many times a host is thought to encode what it repeats.
const maxLayers = 4

// fold takes the encodings of JSON, forms, URLs and HTML off, and the difference
// between character sets.
func fold(s string) string {
	for range maxLayers {
		next := html.UnescapeString(formDecode(jsonDecode(s)))
		if next == s {
			break
		}
		s = next
	}
	return asciiOnly(s)
}

// asciiOnly gives one sign for each run of bytes that are not ASCII. A host that
// takes Latin-1 for UTF-8, or the other way round, spells such characters anew or
// loses them, and repeats the rest.
func asciiOnly(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch {
		case s[i] < utf8.RuneSelf:
			b.WriteByte(s[i])
		case i == 0 || s[i-1] < utf8.RuneSelf:
			b.WriteByte(0x80) // which nothing else is folded to
		}
	}
	return b.String()
}

// repeatedInName reports whether a secret stands in the name of a header, of
// which net/http changes the capitals.
func (o *outbound) repeatedInName(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(o.repeats, func(form string) bool { return contains(name, strings.ToLower(form)) })
}

// formDecode undoes application/x-www-form-urlencoded and leaves what is not
// encoded as it is.
func formDecode(s string) string {
	if !strings.ContainsAny(s, "+%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s) && hexDigit(s[i+1]) && hexDigit(s[i+2]):
			c, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			b.WriteByte(byte(c))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// jsonDecode undoes the escapes of JSON strings wherever they stand.
func jsonDecode(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if r, n := unicodeEscape(s[i:]); n > 0 {
			b.WriteRune(r)
			i += n - 1
			continue
		}
		i++
		if at := strings.IndexByte("bfnrt", s[i]); at >= 0 {
			b.WriteByte("\b\f\n\r\t"[at])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// unicodeEscape reads \uXXXX, or two that are a surrogate pair of UTF-16, and
// gives the length of what it read.
func unicodeEscape(s string) (rune, int) {
	r, ok := codeUnit(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := codeUnit(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
	}
	return r, 6
}

func codeUnit(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
