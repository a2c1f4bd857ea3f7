package host

import (
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

const (
	surrogatePrefix = "rsv_"
	surrogateChars  = len(surrogatePrefix) + 32
)

// eachToken calls fn for every text in s that has the form of a surrogate and is
// live.
func (h *Host) eachToken(s string, fn func(start, end int)) {
	for from := 0; from+surrogateChars <= len(s); {
		i := strings.Index(s[from:], surrogatePrefix)
		if i < 0 || from+i+surrogateChars > len(s) {
			return
		}
		from += i
		end := from + surrogateChars
		if wellFormed(s[from+len(surrogatePrefix):end]) && h.isLive(s[from:end]) {
			fn(from, end)
			from = end
			continue
		}
		from++
	}
}

func wellFormed(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

func (h *Host) isLive(token string) bool {
	live, known := h.live[token]
	if !known {
		var err error
		live, err = h.bridge.Holds(token)
		h.must(err)
		h.live[strings.Clone(token)] = live
	}
	return live
}

// holds reports whether s holds a live surrogate.
func (h *Host) holds(s string) bool {
	if !seal.MayHold(s) {
		return false
	}
	held := false
	h.eachToken(s, func(int, int) { held = true })
	return held
}

// firstToken gives where the first live surrogate of s starts, len(s) if none.
func (h *Host) firstToken(s string) int {
	first := len(s)
	h.eachToken(s, func(start, _ int) { first = min(first, start) })
	return first
}

// sealedText gives the text of v if v is a string that holds a surrogate.
func (h *Host) sealedText(v goja.Value) (string, bool) {
	s, ok := v.(goja.String)
	if !ok {
		return "", false
	}
	t := s.String()
	return t, h.holds(t)
}

// sealedObject is sealedText for a string or the object that boxes one.
func (h *Host) sealedObject(v goja.Value) bool {
	if o, ok := v.(*goja.Object); ok {
		if o.ClassName() != "String" {
			return false
		}
		return h.holds(boxed(o))
	}
	_, held := h.sealedText(v)
	return held
}

// boxed gives the text of a String object, from what no script can redefine.
func boxed(o *goja.Object) string {
	n := int(o.Get("length").ToInteger())
	if n < surrogateChars {
		return ""
	}
	var b strings.Builder
	for i := range n {
		b.WriteString(o.Get(strconv.Itoa(i)).String())
	}
	return b.String()
}

// mustBeWhole refuses a sealed string with half of a UTF-16 pair in it: no text
// in UTF-8 says the same.
func (h *Host) mustBeWhole(v goja.Value) {
	s, ok := v.(goja.String)
	if !ok {
		return
	}
	for i, n := 0, s.Length(); i < n; i++ {
		switch c := s.CharAt(i); {
		case c < 0xd800 || c > 0xdfff:
		case c < 0xdc00 && i+1 < n && s.CharAt(i+1)&0xfc00 == 0xdc00:
			i++
		default:
			h.refuse("a string that holds half a character and a secret", "write whole characters")
		}
	}
}

// derive gives what f makes of a sealed string.
func (h *Host) derive(f seal.Func, v goja.Value) string {
	h.mustBeWhole(v)
	out, err := h.bridge.Derive(f, v.String())
	h.must(err)
	return out
}

// toPrimitive is ECMA-262's ToPrimitive.
func (h *Host) toPrimitive(v goja.Value, hint string) goja.Value {
	o, ok := v.(*goja.Object)
	if !ok {
		return v
	}
	if exotic := o.GetSymbol(goja.SymToPrimitive); exotic != nil && !goja.IsUndefined(exotic) && !goja.IsNull(exotic) {
		f, ok := goja.AssertFunction(exotic)
		if !ok {
			panic(h.vm.NewTypeError("Symbol.toPrimitive is not a function"))
		}
		return h.primitive(h.call(f, o, h.vm.ToValue(hint)))
	}
	order := [2]string{"valueOf", "toString"}
	if hint == "string" {
		order = [2]string{"toString", "valueOf"}
	}
	for _, name := range order {
		if f, ok := goja.AssertFunction(o.Get(name)); ok {
			if r := h.call(f, o); !isObject(r) {
				return r
			}
		}
	}
	panic(h.vm.NewTypeError("Cannot convert object to primitive value"))
}

func (h *Host) primitive(v goja.Value) goja.Value {
	if isObject(v) {
		panic(h.vm.NewTypeError("Cannot convert object to primitive value"))
	}
	return v
}

func isObject(v goja.Value) bool {
	_, ok := v.(*goja.Object)
	return ok
}

// call calls a function from inside a native one: what it throws goes on up.
func (h *Host) call(f goja.Callable, this goja.Value, args ...goja.Value) goja.Value {
	v, err := f(this, args...)
	if err != nil {
		panic(err)
	}
	return v
}
