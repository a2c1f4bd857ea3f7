package host

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// encoding is one of Node's encodings of bytes as text.
type encoding string

const (
	encodingUTF8      encoding = "utf8"
	encodingHex       encoding = "hex"
	encodingBase64    encoding = "base64"
	encodingBase64URL encoding = "base64url"
	encodingLatin1    encoding = "latin1"
	encodingASCII     encoding = "ascii"
	encodingUTF16     encoding = "utf16le"
)

var encodings = map[string]encoding{
	"utf8": encodingUTF8, "utf-8": encodingUTF8, "hex": encodingHex, "base64": encodingBase64, "base64url": encodingBase64URL,
	"latin1": encodingLatin1, "binary": encodingLatin1, "ascii": encodingASCII,
	"utf16le": encodingUTF16, "utf-16le": encodingUTF16, "ucs2": encodingUTF16, "ucs-2": encodingUTF16,
}

// encoding reads the name of an encoding; undefined is UTF-8.
func (h *Host) encoding(v goja.Value) encoding {
	if v == nil || isNullish(v) {
		return encodingUTF8
	}
	name := h.key(v).String()
	e, ok := encodings[strings.ToLower(name)]
	if !ok {
		panic(h.coded("TypeError", "ERR_UNKNOWN_ENCODING", "Unknown encoding: "+name))
	}
	return e
}

// bytesOfText gives the bytes that text stands for in an encoding, as Node reads
// it: what is not in the encoding is left out. They are text if the surrogates in
// them stand for whole characters.
func (h *Host) bytesOfText(s goja.String, e encoding) (b string, text bool) {
	if t, held := h.sealedText(s); held {
		h.mustBeWhole(s)
		return h.bytesOfSealed(t, e)
	}
	switch e {
	case encodingHex:
		return decodeHex(s.String()), false
	case encodingBase64, encodingBase64URL:
		return decodeBase64(s.String()), false
	case encodingLatin1, encodingASCII:
		out := make([]byte, s.Length())
		for i := range out {
			out[i] = byte(s.CharAt(i))
		}
		return string(out), false
	case encodingUTF16:
		out := make([]byte, 0, 2*s.Length())
		for i := range s.Length() {
			c := s.CharAt(i)
			out = append(out, byte(c), byte(c>>8))
		}
		return string(out), false
	}
	return strings.ToValidUTF8(s.String(), "\uFFFD"), true
}

// bytesOfSealed does that for a sealed string.
func (h *Host) bytesOfSealed(s string, e encoding) (b string, text bool) {
	if e == encodingUTF8 {
		return s, true
	}
	for _, f := range encoders[e] {
		b, err := h.bridge.Underive(f, s)
		var refused *seal.Error
		if errors.As(err, &refused) && refused.Code == seal.CodeInspected {
			continue // made by another, or by none
		}
		h.must(err)
		return b, false
	}
	h.refuse("decoding it as "+string(e), "store the decoded value")
	return "", false
}

// encoders are the functions whose results may be decoded, sealed.
var encoders = map[encoding][]seal.Func{
	encodingHex:       {seal.Hex},
	encodingBase64:    {seal.Base64, seal.Base64RawURL, seal.Base64URL},
	encodingBase64URL: {seal.Base64RawURL, seal.Base64URL, seal.Base64},
}

// textOf gives bytes as text in an encoding. text says whether the surrogates in
// them stand for whole characters.
func (h *Host) textOf(b string, e encoding, text bool) goja.Value {
	held := h.holds(b)
	switch e {
	case encodingHex:
		return h.vm.ToValue(h.hexOf(b))
	case encodingBase64:
		return h.vm.ToValue(h.base64Of(b))
	case encodingBase64URL:
		if !held {
			return h.vm.ToValue(base64.RawURLEncoding.EncodeToString([]byte(b)))
		}
		return h.vm.ToValue(h.deriveBytes(seal.Base64RawURL, b))
	}
	if held && (e != encodingUTF8 || !text) {
		h.refuse("reading bytes as "+string(e), "use toString('hex') or toString('base64')")
	}
	switch e {
	case encodingLatin1, encodingASCII:
		units := make([]uint16, len(b))
		for i := range units {
			units[i] = uint16(b[i])
			if e == encodingASCII {
				units[i] &= 0x7f
			}
		}
		return goja.StringFromUTF16(units)
	case encodingUTF16:
		return goja.StringFromUTF16(utf16Of(b))
	}
	return h.vm.ToValue(decodeUTF8(b))
}

// utf16Of gives the code units of UTF-16LE; half of one at the end is left out.
func utf16Of(b string) []uint16 {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return units
}

func (h *Host) hexOf(b string) string {
	if h.holds(b) {
		return h.deriveBytes(seal.Hex, b)
	}
	return hex.EncodeToString([]byte(b))
}

func (h *Host) base64Of(b string) string {
	if h.holds(b) {
		return h.deriveBytes(seal.Base64, b)
	}
	return base64.StdEncoding.EncodeToString([]byte(b))
}

// deriveBytes gives what f makes of sealed bytes.
func (h *Host) deriveBytes(f seal.Func, b string) string {
	out, err := h.bridge.Derive(f, b)
	h.must(err)
	return out
}

// decodeHex decodes pairs of digits up to the first that is none.
func decodeHex(s string) string {
	n := 0
	for n+1 < len(s) && isHexDigit(s[n]) && isHexDigit(s[n+1]) {
		n += 2
	}
	b, _ := hex.DecodeString(s[:n])
	return string(b)
}

func isHexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// decodeBase64 decodes both alphabets up to the first "=", and leaves out what is
// in neither.
func decodeBase64(s string) string {
	s, _, _ = strings.Cut(s, "=")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '+', r == '/':
			return r
		}
		return -1
	}, s)
	if len(s)%4 == 1 {
		s = s[:len(s)-1]
	}
	b, _ := base64.RawStdEncoding.DecodeString(s)
	return string(b)
}
