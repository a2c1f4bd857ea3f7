package seal

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// view is a text with an encoding taken off, and where each of its bytes stood.
type view struct {
	text    string
	starts  []int32 // of each byte of text, and of its end; nil when nothing moved
	encoded bool
	json    bool // the only encoding was that of JSON strings
	depth   int
}

// at gives the position in the original text of position i of the view.
func (v view) at(i int) int {
	if v.starts == nil {
		return i
	}
	return int(v.starts[i])
}

// each calls fn with a text as it is and with the encodings taken off in which a
// host commonly repeats what it was sent, two of them one in the other as well.
// It holds as many views at a time as there are layers: each is five times as
// large as the text.
func (v view) each(fn func(view)) {
	fn(v)
	if v.depth == maxLayers {
		return
	}
	for _, d := range decoders {
		if !strings.Contains(v.text, d.mark) {
			continue
		}
		next := v.decoded(d.decode)
		next.json = d.json && !v.encoded
		if next.text != v.text {
			next.each(fn)
		}
	}
}

// maxLayers is how many encodings are taken off.
const maxLayers = 2

// decoders take one encoding off. What none of mark is in has none.
var decoders = []struct {
	mark   string
	decode func(string) (string, int)
	json   bool
}{
	{mark: "%", decode: unpercent},
	{mark: "+", decode: unform},
	{mark: `\`, decode: unescape, json: true},
}

// decoded applies decode at every position: it gives the bytes that the text
// there stands for and how long it is; 0 means that nothing is encoded there.
func (v view) decoded(decode func(string) (string, int)) view {
	var b strings.Builder
	starts := make([]int32, 0, len(v.text)+1)
	for i := 0; i < len(v.text); {
		s, n := decode(v.text[i:])
		if n == 0 {
			s, n = v.text[i:i+1], 1
		}
		for range len(s) {
			starts = append(starts, int32(v.at(i)))
		}
		b.WriteString(s)
		i += n
	}
	return view{text: b.String(), starts: append(starts, int32(v.at(len(v.text)))), encoded: true, depth: v.depth + 1}
}

func unpercent(s string) (string, int) {
	if len(s) < 3 || s[0] != '%' {
		return "", 0
	}
	n, err := strconv.ParseUint(s[1:3], 16, 8)
	if err != nil {
		return "", 0
	}
	return string([]byte{byte(n)}), 3
}

func unform(s string) (string, int) {
	if s[0] == '+' {
		return " ", 1
	}
	return unpercent(s)
}

// unescape reads one escape of a JSON string (RFC 8259 section 7).
func unescape(s string) (string, int) {
	if len(s) < 2 || s[0] != '\\' {
		return "", 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return s[1:2], 2
	case 'b':
		return "\b", 2
	case 'f':
		return "\f", 2
	case 'n':
		return "\n", 2
	case 'r':
		return "\r", 2
	case 't':
		return "\t", 2
	case 'u':
		return unescapeUnicode(s)
	}
	return "", 0
}

func unescapeUnicode(s string) (string, int) {
	high, ok := hex4(s)
	if !ok {
		return "", 0
	}
	if utf16.IsSurrogate(high) {
		if low, ok := hex4(s[6:]); ok {
			if c := utf16.DecodeRune(high, low); c != utf8.RuneError {
				return string(c), 12
			}
		}
	}
	return string(high), 6
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
