package egress

import (
	"net/http"
	"slices"
	"strings"

	"github.com/reticent/reticent/secretstore/seal"
)

// Package seal finds what was sent in what comes back, raw and encoded. It
// can't find what a host decoded although nobody had encoded it (a "+" of the
// secret that a form parser made a space), nor a part of a secret URL. An
// author could ask an echoing host for these on purpose, so a response that
// repeats one is refused.

// mayRepeat notes, for a resolved text, the forms in which a host may repeat
// the secrets of it.
func (o *outbound) mayRepeat(resolved string) {
	o.repeats = append(o.repeats, unlike(resolved, formDecode(resolved))...)
	for piece := range strings.SplitSeq(resolved, "&") {
		o.repeats = append(o.repeats, unlike(resolved, piece, formDecode(piece))...)
	}
}

// mayRepeatURL notes the parts of a secret URL.
func (o *outbound) mayRepeatURL(l location) {
	parts := append([]string{l.path, l.query}, strings.Split(l.path, "/")...)
	for pair := range strings.SplitSeq(l.query, "&") {
		_, value, _ := strings.Cut(pair, "=")
		parts = append(parts, pair, value)
	}
	for _, part := range parts {
		o.repeats = append(o.repeats, unlike("", part, formDecode(part))...)
	}
}

// unlike gives those forms that differ from s and are long enough not to stand
// in a response by chance.
func unlike(s string, forms ...string) []string {
	var out []string
	for _, form := range forms {
		if form != s && len(form) >= seal.MinStrongLength {
			out = append(out, form)
		}
	}
	return out
}

// repeated reports whether a sealed text that a host sent still holds one of the
// forms.
func (o *outbound) repeated(text string) bool {
	if len(o.repeats) == 0 {
		return false
	}
	decoded := formDecode(text)
	for _, form := range o.repeats {
		if strings.Contains(text, form) || strings.Contains(decoded, form) {
			return true
		}
	}
	return false
}

func (o *outbound) repeatedInHeader(h http.Header) bool {
	for _, values := range h {
		if slices.ContainsFunc(values, o.repeated) {
			return true
		}
	}
	return false
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
			b.WriteByte(hexValue(s[i+1])<<4 | hexValue(s[i+2]))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func hexValue(c byte) byte {
	if c >= 'A' {
		return c&^0x20 - 'A' + 10
	}
	return c - '0'
}
