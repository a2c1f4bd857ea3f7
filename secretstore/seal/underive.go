package seal

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/reticent/reticent/secretstore/signing"
)

// inverses undo functions on plain text.
var inverses = map[Func]func(string) ([]byte, error){
	Base64:       base64.StdEncoding.DecodeString,
	Base64URL:    base64.URLEncoding.DecodeString,
	Base64RawURL: base64.RawURLEncoding.DecodeString,
	Hex:          hex.DecodeString,
	JSONString: func(s string) ([]byte, error) {
		var out string
		err := json.Unmarshal([]byte(`"`+s+`"`), &out)
		return []byte(out), err
	},
	Component: func(s string) ([]byte, error) {
		out, err := url.PathUnescape(s)
		return []byte(out), err
	},
	URLQuery: func(s string) ([]byte, error) {
		out, err := url.PathUnescape(s)
		return []byte(out), err
	},
	Form: func(s string) ([]byte, error) {
		out, err := url.QueryUnescape(s)
		return []byte(out), err
	},
}

// Underive undoes Base64, Base64URL, Base64RawURL, Hex, Component, Form and
// JSONString. Of a string
// with surrogates it undoes what [Run.Derive] made, and of hex what its digests
// made too: it gives what went in. A secret whose metadata say that it is base64
// can be decoded as it stands. Whether anything else could be decoded would tell of
// the secret: it is refused with sealed_secret_inspected.
func (r *Run) Underive(f Func, s string) (string, error) {
	inverse, ok := inverses[f]
	if !ok {
		return "", Errorf(CodeInspected, "%s cannot be undone", f)
	}
	if !r.Holds(s) {
		b, err := inverse(s)
		if err != nil {
			return "", Errorf(CodeInspected, "the text is not %s", f)
		}
		return string(b), nil
	}
	if o := r.whole(s); o != nil {
		return r.undo(f, s, o)
	}
	refused := inspected("decoding it", "decode what an encoder of this run gave, or store the decoded value")
	if !functions[f].local {
		return "", refused
	}
	return r.byPart(s,
		func(text string) ([]byte, error) {
			b, err := inverse(text)
			if err != nil {
				return nil, refused
			}
			return b, nil
		},
		func(token string, o *origin) (string, error) { return r.undo(f, token, o) })
}

// undo undoes f on one surrogate.
func (r *Run) undo(f Func, token string, o *origin) (string, error) {
	switch {
	case o.by == f:
		return o.of, nil
	case f == Hex && functions[o.by].opaque:
		return r.digestBytes(token, o)
	case f == Base64 && o.of == "" && slices.ContainsFunc(o.sources, func(s source) bool { return s.secret.Base64 }):
		return r.keyBytes(token, o)
	}
	return "", inspected("decoding it", "decode what an encoder of this run gave, or store the decoded value")
}

// digestBytes gives the bytes of a digest in hex.
func (r *Run) digestBytes(token string, o *origin) (string, error) {
	key := call{fn: "bytes", a: token}
	if known, ok := r.recall(key); ok {
		return known, nil
	}
	return r.issue(key, &origin{
		sources: o.sources, of: token, by: "bytes", size: o.size, encoded: o.encoded, fixed: true, binary: true, digest: true,
		resolve: func() ([]byte, error) {
			text, err := o.resolve()
			if err != nil {
				return nil, err
			}
			return hex.AppendDecode(nil, text)
		},
	})
}

// keyBytes gives the bytes that a secret is the base64 of. It counts as an encoding
// of the secret: it compares with what somebody else has, and not with the secret's
// own text.
func (r *Run) keyBytes(token string, o *origin) (string, error) {
	key := call{fn: "decode", a: token}
	if known, ok := r.recall(key); ok {
		return known, nil
	}
	return r.issue(key, &origin{
		sources: o.sources, of: token, by: "decode", size: o.size, encoded: true, binary: true,
		resolve: func() ([]byte, error) {
			text, err := o.resolve()
			if err != nil {
				return nil, err
			}
			return base64.StdEncoding.AppendDecode(nil, text)
		},
	})
}

// der gives the DER of a signature that this run made.
func (r *Run) der(s string) (string, error) {
	o := r.whole(s)
	if o == nil {
		return "", inspected("the DER of it", "take that of what Sign gave for ES256, ES384 or ES512")
	}
	name, signed := strings.CutPrefix(string(o.by), "sign-")
	kind := Algorithm(name).Kind()
	if !signed || kind != signing.P256 && kind != signing.P384 && kind != signing.P521 {
		return "", inspected("the DER of it", "take that of what Sign gave for ES256, ES384 or ES512")
	}
	key := call{fn: string(DER), a: s}
	if known, ok := r.recall(key); ok {
		return known, nil
	}
	return r.issue(key, &origin{
		sources: o.sources, of: s, by: DER, size: o.size, encoded: true, binary: true,
		resolve: func() ([]byte, error) {
			raw, err := o.resolve()
			if err != nil {
				return nil, err
			}
			return signing.ToDER(kind, raw)
		},
	})
}
