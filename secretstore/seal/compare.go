package seal

import (
	"crypto/sha256"
	"crypto/subtle"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Equal is the comparison boundary: it reports whether the plaintexts of a and
// b are equal, in a time that does not depend on where they differ. Misses on
// weak secrets are counted; past the limit the error is comparison_limited. A
// secret compared with an encoding of itself is refused, since the answer would
// tell its alphabet or its length.
func (r *Run) Equal(a, b string) (bool, error) {
	if a == b {
		return true, nil
	}
	if l := r.strongLeaf(a); l != nil && !MayHold(b) {
		return l.equal(b), nil
	}
	if l := r.strongLeaf(b); l != nil && !MayHold(a) {
		return l.equal(a), nil
	}
	inA, inB := r.origins(a), r.origins(b)
	if len(inA) == 0 && len(inB) == 0 {
		return false, nil
	}
	if encodingOfOther(inA, inB) {
		return false, inspected("comparing a secret with an encoding of itself", "compare values of the same form")
	}
	return r.guarded([]guess{{inA, a, b}, {inB, b, a}}, func() (bool, error) {
		x, err := r.resolve(a)
		if err != nil {
			return false, err
		}
		y, err := r.resolve(b)
		if err != nil {
			return false, err
		}
		return equalBytes(x, y), nil
	})
}

// strongLeaf gives the plaintext that s is the whole surrogate of, if it is a
// strong one of the set: the comparison that nearly all are.
func (r *Run) strongLeaf(s string) *leaf {
	if len(s) != surrogateChars {
		return nil
	}
	for i, token := range r.tokens {
		if token == s && r.set.leaves[i].strong {
			return r.set.leaves[i]
		}
	}
	return nil
}

func (l *leaf) equal(s string) bool {
	digest := sha256.Sum256([]byte(s))
	return subtle.ConstantTimeCompare(digest[:], l.digest[:]) == 1
}

// equalBytes compares digests, so that a difference in length takes no other
// time than a difference in content.
func equalBytes(x, y []byte) bool {
	dx, dy := sha256.Sum256(x), sha256.Sum256(y)
	return subtle.ConstantTimeCompare(dx[:], dy[:]) == 1
}

// EqualNumber reports whether the plaintext of s, read as JavaScript's `==`
// reads a string beside a number (ECMA-262 StringToNumber), is n.
func (r *Run) EqualNumber(s string, n float64) (bool, error) {
	number := strconv.FormatFloat(n, 'g', -1, 64)
	return r.guarded([]guess{{r.origins(s), s, number}}, func() (bool, error) {
		b, err := r.resolve(s)
		if err != nil {
			return false, err
		}
		return stringToNumber(string(b)) == n, nil
	})
}

// Index gives the byte index of needle in haystack, or -1, where that does not
// look inside a secret: in front of the first secret of the haystack, or a
// whole strong secret in a haystack without one.
func (r *Run) Index(haystack, needle string) (int, error) {
	hay, sharp := r.origins(haystack), r.origins(needle)
	at := strings.Index(haystack, needle)
	if len(hay) == 0 && len(sharp) == 0 {
		return at, nil
	}
	if len(hay) > 0 {
		if at >= 0 && len(sharp) == 0 && at+len(needle) <= r.literalPrefix(haystack) {
			return at, nil
		}
		return 0, inspected("searching in a secret", "compare the whole value with === instead")
	}
	return r.indexOf(haystack, needle, sharp)
}

// Contains is Index for callers that do not need the place: an occurrence that
// the sealed forms show is one whatever the secrets are.
func (r *Run) Contains(haystack, needle string) (bool, error) {
	if strings.Contains(haystack, needle) && r.Holds(needle) {
		return true, nil
	}
	at, err := r.Index(haystack, needle)
	return at >= 0, err
}

func (r *Run) indexOf(haystack, needle string, sharp []*origin) (int, error) {
	// One long haystack holds any number of guesses at a weak secret.
	for _, o := range sharp {
		for _, s := range o.sources {
			if s.weak {
				return 0, inspected("searching for the weak secret "+s.name(), "compare whole values with === instead")
			}
		}
	}
	v, err := r.Resolve(needle)
	if err != nil {
		return 0, err
	}
	// strings.Index would take the longer the more of the secret the text begins
	// with.
	for _, m := range newMatcher([]pattern{{value: v}}).find(haystack, false) {
		return m.start, nil
	}
	return -1, nil
}

func (r *Run) literalPrefix(s string) int {
	n := len(s)
	r.each(s, func(start, _ int, _ string, _ *origin) bool {
		n = start
		return false
	})
	return n
}

func (r *Run) origins(s string) []*origin {
	if !MayHold(s) {
		return nil
	}
	var out []*origin
	r.each(s, func(_, _ int, _ string, o *origin) bool {
		out = append(out, o)
		return true
	})
	return out
}

// encoded reports whether an encoding of a secret stands in s.
func (r *Run) encoded(s string) bool {
	return slices.ContainsFunc(r.origins(s), func(o *origin) bool { return o.encoded })
}

// encodingOfOther reports whether one side has an encoding of a secret that the
// other side has in another form.
func encodingOfOther(a, b []*origin) bool {
	for _, x := range a {
		for _, y := range b {
			if x != y && (x.encoded || y.encoded || otherAlphabet(x, y)) && share(x, y) {
				return true
			}
		}
	}
	return false
}

// otherAlphabet reports whether two are base64 in two forms, of digests and the
// like: they are equal if no + and no / stand in them, a bit of the digest each
// time. Hex is as long as neither.
func otherAlphabet(x, y *origin) bool {
	base64 := func(o *origin) bool { return functions[o.by].uniform && o.by != Hex }
	return x.by != y.by && base64(x) && base64(y)
}

func share(x, y *origin) bool {
	for _, s := range x.sources {
		for _, t := range y.sources {
			if s.related(t) {
				return true
			}
		}
	}
	return false
}

// related reports whether two sources have a plaintext in common: the same one,
// or one that a script computed them from.
func (s source) related(t source) bool {
	if s.secret.ID == t.secret.ID && s.path == t.path {
		return true
	}
	if len(s.secret.From) == 0 && len(t.secret.From) == 0 {
		return false
	}
	other := t.secret.ids()
	return slices.ContainsFunc(s.secret.ids(), func(id string) bool { return slices.Contains(other, id) })
}

var (
	decimal  = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)
	prefixed = regexp.MustCompile(`^0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)$`)
)

// whiteSpace is what ECMA-262 trims: WhiteSpace and LineTerminator.
const whiteSpace = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

func stringToNumber(s string) float64 {
	s = strings.Trim(s, whiteSpace)
	switch {
	case s == "":
		return 0
	case s == "Infinity" || s == "+Infinity":
		return math.Inf(1)
	case s == "-Infinity":
		return math.Inf(-1)
	case decimal.MatchString(s):
		f, _ := strconv.ParseFloat(s, 64) // out of range gives the infinity that JavaScript gives
		return f
	case prefixed.MatchString(s):
		n, ok := new(big.Int).SetString(s, 0)
		if !ok {
			return math.NaN()
		}
		f, _ := new(big.Float).SetInt(n).Float64()
		return f
	}
	return math.NaN()
}
