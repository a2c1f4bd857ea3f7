package seal

import (
	"crypto/md5"  //nolint:gosec // webhooks and digests of old services still use it
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Func is a function of one string that a host offers to engines: total on
// secrets, so that whether it fails tells nothing, and injective (digests as
// good as), so that a comparison of its results decides as one of its arguments.
type Func string

// The functions. Of a string with surrogates they give a string with derived
// surrogates, which stand for exactly the bytes that plaintext would have given.
const (
	Base64       Func = "base64"        // RFC 4648 section 4, of the UTF-8 bytes
	Base64URL    Func = "base64url"     // RFC 4648 section 5, padded
	Base64RawURL Func = "base64rawurl"  // RFC 4648 section 5, not padded
	Btoa         Func = "btoa"          // base64 of the Latin-1 bytes, WHATWG HTML; of a secret that has others, of the UTF-8 bytes
	Hex          Func = "hex"           // lower case, of the UTF-8 bytes
	Component    Func = "encodeURIComp" // ECMA-262 encodeURIComponent
	URI          Func = "encodeURI"     // ECMA-262 encodeURI
	Form         Func = "form"          // WHATWG URL, application/x-www-form-urlencoded
	URLPath      Func = "urlPath"       // percent-encoding for a path, WHATWG URL, and what would end one
	URLQuery     Func = "urlQuery"      // for the query of a special URL, likewise
	URLFragment  Func = "urlFragment"   // for a fragment
	QueryEscape  Func = "queryEscape"   // Go's url.QueryEscape, Rego's urlquery.encode
	JSONString   Func = "jsonString"    // the inside of a JSON string, as JSON.stringify
	GoJSONString Func = "goJSONString"  // the inside of a JSON string, as encoding/json and Rego's json.marshal
	MD5          Func = "md5"           // hex digests
	SHA1         Func = "sha1"
	SHA256       Func = "sha256"
	SHA384       Func = "sha384"
	SHA512       Func = "sha512"
	// DER is X.509's form of an ECDSA signature (RFC 3279 section 2.2.3), of what
	// Run.Sign gave for ES256, ES384 or ES512 and of nothing else.
	DER Func = "der"
)

type function struct {
	apply func([]byte) ([]byte, error)
	// local functions map each part of a string by itself, so that only the
	// surrogates are derived and the text around them stays readable.
	local bool
	// opaque results show nothing of the argument's form.
	opaque bool
	// growth bounds the length of a result by that of an argument of
	// MaxSecretBytes or more.
	growth int
	// uniform: what it gives of an argument of known length is of known length, and
	// shows nothing of it.
	uniform bool
	// text: it would give the same for bytes that differ, were they no text.
	text bool
}

var functions = map[Func]function{
	Base64:       {apply: encoding(base64.StdEncoding), growth: 2, uniform: true},
	Base64URL:    {apply: encoding(base64.URLEncoding), growth: 2, uniform: true},
	Base64RawURL: {apply: encoding(base64.RawURLEncoding), growth: 2, uniform: true},
	Btoa:         {apply: btoa, growth: 2},
	Hex:          {apply: func(b []byte) ([]byte, error) { return hex.AppendEncode(nil, b), nil }, local: true, growth: 2, uniform: true},
	Component:    {apply: percent("-_.!~*'()", false), local: true, growth: 3},
	URI:          {apply: percent("-_.!~*'();/?:@&=+$,#", false), local: true, growth: 3},
	Form:         {apply: percent("-_.*", true), local: true, growth: 3},
	URLPath:      {apply: percent("!$%&'()*+,-./:;=@[]^_|~", false), local: true, growth: 3},
	URLQuery:     {apply: percent("!$%&()*+,-./:;=?@[\\]^_`{|}~", false), local: true, growth: 3},
	URLFragment:  {apply: percent("!#$%&'()*+,-./:;=?@[\\]^_{|}~", false), local: true, growth: 3},
	QueryEscape:  {apply: func(b []byte) ([]byte, error) { return []byte(url.QueryEscape(string(b))), nil }, local: true, growth: 3},
	JSONString:   {apply: jsonString, local: true, growth: 6},
	GoJSONString: {apply: goJSONString, local: true, growth: 6, text: true},
	MD5:          {apply: digest(func(b []byte) []byte { d := md5.Sum(b); return d[:] }), opaque: true, growth: 1},  //nolint:gosec // see above
	SHA1:         {apply: digest(func(b []byte) []byte { d := sha1.Sum(b); return d[:] }), opaque: true, growth: 1}, //nolint:gosec // see above
	SHA256:       {apply: digest(func(b []byte) []byte { d := sha256.Sum256(b); return d[:] }), opaque: true, growth: 1},
	SHA384:       {apply: digest(func(b []byte) []byte { d := sha512.Sum384(b); return d[:] }), opaque: true, growth: 1},
	SHA512:       {apply: digest(func(b []byte) []byte { d := sha512.Sum512(b); return d[:] }), opaque: true, growth: 1},
}

// call is a function and its arguments: what a derived surrogate is kept under,
// so that the same call gives the same surrogate.
type call struct {
	fn   string
	a, b string
}

// Derive applies f to s. What it gives may be used as any sealed string.
func (r *Run) Derive(f Func, s string) (string, error) {
	if f == DER {
		return r.der(s)
	}
	fn, ok := functions[f]
	if !ok {
		return "", Errorf(CodeInspected, "no such function: %s", f)
	}
	if f == Btoa && !latin1(s) {
		return "", Errorf(CodeInspected, "btoa takes characters up to U+00FF only; encode the text as UTF-8 first")
	}
	if !r.Holds(s) {
		b, err := fn.apply([]byte(s))
		return string(b), err
	}
	if !fn.local {
		return r.derive(f, fn, s)
	}
	return r.byPart(s,
		func(text string) ([]byte, error) { return fn.apply([]byte(text)) },
		func(token string, _ *origin) (string, error) { return r.derive(f, fn, token) })
}

// byPart maps the surrogates of a string and the texts around them, each by
// itself.
func (r *Run) byPart(s string, text func(string) ([]byte, error), surrogate func(string, *origin) (string, error)) (string, error) {
	var out strings.Builder
	var failed error
	from := 0
	plain := func(end int) {
		b, err := text(s[from:end])
		if err != nil {
			failed = err
		}
		out.Write(b)
	}
	r.each(s, func(start, end int, token string, o *origin) bool {
		plain(start)
		mapped, err := surrogate(token, o)
		if err != nil {
			failed = err
		}
		out.WriteString(mapped)
		from = end
		return failed == nil
	})
	plain(len(s))
	if failed != nil {
		return "", failed
	}
	return out.String(), nil
}

// derive makes a surrogate for f of the whole of s.
func (r *Run) derive(f Func, fn function, s string) (string, error) {
	key := call{fn: string(f), a: s}
	if token, ok := r.recall(key); ok {
		return token, nil
	}
	if fn.text && slices.ContainsFunc(r.origins(s), func(o *origin) bool { return o.binary }) {
		return "", inspected("reading its bytes as text", "encode them as hex or base64 first")
	}
	o := &origin{
		sources: r.sourcesOf(s),
		of:      s,
		// A digest counts as much as what it is of: a digest of two digests, and so
		// on, would take twice as long with each.
		size:  min(r.size(s)*fn.growth, MaxResolvedBytes+1),
		by:    f,
		fixed: fn.uniform && r.fixed(s),
	}
	o.encoded = !fn.opaque && !o.fixed || r.encoded(s)
	o.resolve = func() ([]byte, error) {
		b, err := r.resolve(s)
		if err != nil {
			return nil, err
		}
		return fn.apply(b)
	}
	return r.issue(key, o)
}

// fixed reports whether s is the bytes of a digest, HMAC or signature, or a text
// as long as they are.
func (r *Run) fixed(s string) bool {
	o := r.whole(s)
	return o != nil && (o.fixed || functions[o.by].opaque)
}

// whole gives the origin of the surrogate that s is, nil if it is not just one.
func (r *Run) whole(s string) *origin {
	if len(s) != surrogateChars {
		return nil
	}
	return r.origin(s)
}

func encoding(e *base64.Encoding) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) { return e.AppendEncode(nil, b), nil }
}

func digest(sum func([]byte) []byte) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) { return hex.AppendEncode(nil, sum(b)), nil }
}

// btoa encodes the Latin-1 bytes of a string, or its UTF-8 bytes where Latin-1
// lacks a character. In a secret that can't be an error as it is in plain text:
// it would tell the alphabet.
func btoa(b []byte) ([]byte, error) {
	latin := make([]byte, 0, len(b))
	for _, c := range string(b) {
		if c > 0xff {
			return base64.StdEncoding.AppendEncode(nil, b), nil
		}
		latin = append(latin, byte(c))
	}
	return base64.StdEncoding.AppendEncode(nil, latin), nil
}

// latin1 reports whether all characters of s are of Latin-1. Surrogates are.
func latin1(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 0xff })
}

// percent encodes all UTF-8 bytes but ASCII alphanumerics and those in keep.
func percent(keep string, plus bool) func([]byte) ([]byte, error) {
	const digits = "0123456789ABCDEF"
	return func(b []byte) ([]byte, error) {
		out := make([]byte, 0, len(b))
		for _, c := range b {
			switch lower := c | 0x20; {
			case lower >= 'a' && lower <= 'z', c >= '0' && c <= '9', strings.IndexByte(keep, c) >= 0:
				out = append(out, c)
			case plus && c == ' ':
				out = append(out, '+')
			default:
				out = append(out, '%', digits[c>>4], digits[c&15])
			}
		}
		return out, nil
	}
}

// jsonString escapes as ECMA-262 QuoteJSONString does. encoding/json would also
// escape <, > and & and be told apart.
func jsonString(b []byte) ([]byte, error) {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, len(b))
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\b':
			out = append(out, '\\', 'b')
		case c == '\f':
			out = append(out, '\\', 'f')
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		case c < utf8.RuneSelf && c < ' ':
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			out = append(out, c)
		}
	}
	return out, nil
}

// goJSONString escapes as encoding/json does.
func goJSONString(b []byte) ([]byte, error) {
	out, err := json.Marshal(string(b))
	if err != nil {
		return nil, err
	}
	return out[1 : len(out)-1], nil
}
