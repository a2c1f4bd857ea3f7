package apitest

import (
	"crypto/md5"  //nolint:gosec // a disguise
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Disguise is a form in which a secret could leave a server, and what to call it
// when it did.
type Disguise struct{ Form, Text string }

// minDisguise is the length of the shortest text that is looked for: a shorter
// one stands in a response by chance.
const minDisguise = 8

// Disguises gives the forms of a secret that are looked for in everything that a
// server writes.
func Disguises(s string) []Disguise {
	var out []Disguise
	add := func(form, text string) {
		if len(text) >= minDisguise {
			out = append(out, Disguise{form, text})
		}
	}
	add("raw", s)
	half := len(s) / 2
	add("first half", s[:half])
	add("second half", s[half:])
	add("reversed", Reversed(s))
	add("upper case", strings.ToUpper(s))
	add("lower case", strings.ToLower(s))
	add("rot13", rot13(s))
	add("hex", hex.EncodeToString([]byte(s)))
	add("hex in capitals", strings.ToUpper(hex.EncodeToString([]byte(s))))
	for offset := range 3 {
		add(fmt.Sprintf("base64 at offset %d", offset), base64At(base64.RawStdEncoding, s, offset))
		add(fmt.Sprintf("base64url at offset %d", offset), base64At(base64.RawURLEncoding, s, offset))
	}
	add("base64 reversed", Reversed(base64.StdEncoding.EncodeToString([]byte(s))))
	add("percent-encoded", EveryByte(s, "%%%02X"))
	add("percent-encoded in small letters", EveryByte(s, "%%%02x"))
	add("percent-encoded as in a query", url.QueryEscape(s))
	add("percent-encoded as in a path", url.PathEscape(s))
	asJSON, _ := json.Marshal(s) // a string always has JSON
	add("JSON", string(asJSON))
	add("JSON escapes", EveryRune(s, `\u%04x`, ""))
	add("JSON escapes in capitals", EveryRune(s, `\u%04X`, ""))
	for _, separator := range []string{",", " ", ", ", "\n"} {
		add("character codes", EveryRune(s, "%d", separator))
	}
	for _, d := range digests(s) {
		add("digest in hex", hex.EncodeToString(d))
		add("digest in capital hex", strings.ToUpper(hex.EncodeToString(d)))
		add("digest in base64", base64.RawStdEncoding.EncodeToString(d))
		add("digest in base64url", base64.RawURLEncoding.EncodeToString(d))
	}
	slices.SortFunc(out, func(a, b Disguise) int { return strings.Compare(a.Text, b.Text) })
	return slices.CompactFunc(out, func(a, b Disguise) bool { return a.Text == b.Text })
}

// Leak names the first form of one of the secrets that stands in a text, "" if
// there is none.
func Leak(text string, secrets map[string][]Disguise) string {
	for name, forms := range secrets {
		for _, d := range forms {
			if strings.Contains(text, d.Text) {
				return fmt.Sprintf("%s (%s)", name, d.Form)
			}
		}
	}
	return ""
}

// base64At gives what base64 makes of s behind offset other bytes, without the
// characters that depend on what stands before and behind it.
func base64At(e *base64.Encoding, s string, offset int) string {
	whole := e.EncodeToString([]byte(strings.Repeat("\x00", offset) + s))
	from := []int{0, 2, 3}[offset]
	if (offset+len(s))%3 != 0 {
		whole = whole[:len(whole)-1]
	}
	return whole[from:]
}

// Reversed turns a text round.
func Reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

func rot13(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, s)
}

// EveryByte writes each byte of a text in a format of package fmt.
func EveryByte(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

// EveryRune writes each character of a text in a format of package fmt.
func EveryRune(s, format, separator string) string {
	var parts []string
	for _, r := range s {
		parts = append(parts, fmt.Sprintf(format, r))
	}
	return strings.Join(parts, separator)
}

func digests(s string) [][]byte {
	a, b := md5.Sum([]byte(s)), sha1.Sum([]byte(s)) //nolint:gosec // disguises
	c, d := sha256.Sum256([]byte(s)), sha512.Sum512([]byte(s))
	return [][]byte{a[:], b[:], c[:], d[:]}
}
