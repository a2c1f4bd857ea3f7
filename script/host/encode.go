package host

import (
	"encoding/base64"
	"strings"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// btoa encodes the Latin-1 bytes of a string as base64 (WHATWG HTML).
func (h *Host) btoa() goja.Value {
	return h.function("btoa", 1, func(c goja.FunctionCall) goja.Value {
		v := h.toPrimitive(c.Argument(0), "string")
		if s, held := h.sealedText(v); held {
			at := 0
			h.eachToken(s, func(start, end int) {
				latin1(h, s[at:start])
				at = end
			})
			latin1(h, s[at:])
			return h.vm.ToValue(h.derive(seal.Btoa, v))
		}
		return h.vm.ToValue(base64.StdEncoding.EncodeToString(latin1(h, v.String())))
	})
}

func latin1(h *Host, s string) []byte {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			panic(h.vm.NewTypeError("btoa: the string has a character outside of Latin-1; encode it first"))
		}
		out = append(out, byte(r))
	}
	return out
}

// atob decodes base64 to a string of Latin-1 bytes (WHATWG HTML).
func (h *Host) atob() goja.Value {
	return h.function("atob", 1, func(c goja.FunctionCall) goja.Value {
		v := h.toPrimitive(c.Argument(0), "string")
		if _, held := h.sealedText(v); held {
			h.refuse("atob", "store the decoded value")
		}
		s := strings.Map(func(r rune) rune {
			if strings.ContainsRune("\t\n\f\r ", r) {
				return -1
			}
			return r
		}, v.String())
		if len(s)%4 == 0 {
			s = strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
		}
		b, err := base64.RawStdEncoding.DecodeString(s)
		if err != nil || strings.ContainsAny(s, "\r\n") {
			panic(h.vm.NewTypeError("atob: the string is not base64"))
		}
		var out strings.Builder
		for _, c := range b {
			out.WriteRune(rune(c))
		}
		return h.vm.ToValue(out.String())
	})
}

// encodeWith is encodeURIComponent or encodeURI.
func (h *Host) encodeWith(f seal.Func) func(original goja.Callable, c goja.FunctionCall) goja.Value {
	return func(original goja.Callable, c goja.FunctionCall) goja.Value {
		v := h.toPrimitive(c.Argument(0), "string")
		if _, held := h.sealedText(v); held {
			return h.vm.ToValue(h.derive(f, v))
		}
		return h.call(original, c.This, v)
	}
}

// stringify is JSON.stringify. The engine's own does the work; in what it gives,
// each surrogate then stands for the plaintext as JSON escapes it. JSON escapes
// character by character, so that this is what plaintext would have given.
func (h *Host) stringify(original goja.Callable, c goja.FunctionCall) goja.Value {
	args := append([]goja.Value(nil), c.Arguments...)
	if len(args) > 1 {
		h.noSealedNames(args[1])
	}
	if len(args) > 2 {
		if h.sealedObject(args[2]) {
			h.refuse("indenting with it", adviceUse)
		}
	}
	v := h.call(original, c.This, args...)
	if _, held := h.sealedText(v); !held {
		return v
	}
	h.mustBeWhole(v)
	s := v.String()
	var out strings.Builder
	at := 0
	h.eachToken(s, func(start, end int) {
		out.WriteString(s[at:start])
		escaped, err := h.bridge.Derive(seal.JSONString, s[start:end])
		h.must(err)
		out.WriteString(escaped)
		at = end
	})
	out.WriteString(s[at:])
	return h.vm.ToValue(out.String())
}

// noSealedNames refuses a list of properties to take, if a sealed string is in it.
func (h *Host) noSealedNames(v goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Array" {
		return
	}
	h.eachElement(o, func(el goja.Value) {
		if h.sealedObject(el) {
			h.refuse("choosing properties by it", adviceCompare)
		}
	})
}

// parse is JSON.parse.
func (h *Host) parse(original goja.Callable, c goja.FunctionCall) goja.Value {
	v := h.toPrimitive(c.Argument(0), "string")
	if _, held := h.sealedText(v); held {
		return h.parseSealed(original, v, rest(c.Arguments)...)
	}
	return h.call(original, c.This, append([]goja.Value{v}, rest(c.Arguments)...)...)
}

// parseSealed parses text that may be sealed: a secret that is JSON as a whole, whose
// strings are sealed then, or what JSON.stringify made of secrets.
func (h *Host) parseSealed(original goja.Callable, v goja.Value, reviver ...goja.Value) goja.Value {
	s, held := h.sealedText(v)
	if !held {
		return h.call(original, goja.Undefined(), append([]goja.Value{v}, reviver...)...)
	}
	if len(s) == surrogateChars {
		text, err := h.bridge.ParseJSON(s)
		h.must(err)
		return h.call(original, goja.Undefined(), append([]goja.Value{h.vm.ToValue(text)}, reviver...)...)
	}
	if len(reviver) > 0 && !goja.IsUndefined(reviver[0]) {
		h.refuse("JSON.parse with a function", "parse it without one")
	}
	h.mustBeWhole(v)
	var tree goja.Value
	if h.vm.Try(func() { tree = h.call(original, goja.Undefined(), v) }) != nil {
		h.refuse("JSON.parse", adviceParse)
	}
	want, got := 0, 0
	h.eachToken(s, func(int, int) { want++ })
	tree = h.unescaped(tree, &got)
	if got != want { // one went into an escape or into a name
		h.refuse("JSON.parse", adviceParse)
	}
	return tree
}

const adviceParse = "parse a whole secret that is JSON, or what JSON.stringify made of secrets; use response.json() for what fetch gave"

// unescaped gives what was parsed with the surrogates of JSON strings undone, and
// counts them.
func (h *Host) unescaped(v goja.Value, count *int) goja.Value {
	if s, held := h.sealedText(v); held {
		var out strings.Builder
		at := 0
		h.eachToken(s, func(start, end int) {
			*count++
			out.WriteString(s[at:start])
			plain, err := h.bridge.Underive(seal.JSONString, s[start:end])
			h.must(err)
			out.WriteString(plain)
			at = end
		})
		out.WriteString(s[at:])
		return h.vm.ToValue(out.String())
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return v
	}
	for _, k := range o.Keys() {
		el := o.Get(k)
		if now := h.unescaped(el, count); goja.IsString(el) {
			_ = o.DefineDataProperty(k, now, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
		}
	}
	return v
}
