package host

import (
	"strconv"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// admit checks the arguments of a built-in function, by the letters of builtins,
// and converts the objects among them first, so that what was checked is what
// the function sees.
func (h *Host) admit(path, letters string, args []goja.Value) []goja.Value {
	var out []goja.Value
	for i, v := range args {
		letter := letterAt(letters, i)
		if letter == '-' {
			continue
		}
		// Only objects are converted; texts cannot be compared as Go values.
		if w := h.admitOne(path, letter, v); isObject(v) && w != v {
			if out == nil {
				out = append([]goja.Value(nil), args...)
			}
			out[i] = w
		}
	}
	if out == nil {
		return args
	}
	return out
}

// letterAt gives the letter of argument i; the one before a * is for all others.
func letterAt(letters string, i int) byte {
	if n := len(letters); n > 0 && letters[n-1] == '*' && i >= n-2 {
		return letters[n-2]
	}
	if i < len(letters) {
		return letters[i]
	}
	return '-'
}

func (h *Host) admitThis(path, letter string, this goja.Value) goja.Value {
	switch letter {
	case "t":
		if isNullish(this) {
			return this // the function says what is wrong
		}
		this = h.toPrimitive(this, "string")
		if _, held := h.sealedText(this); held {
			h.refuse(path, adviceUse)
		}
	case "o":
		if h.sealedObject(this) {
			h.refuse(path, adviceParts)
		}
	}
	return this
}

func (h *Host) admitOne(path string, letter byte, v goja.Value) goja.Value {
	o, object := v.(*goja.Object)
	switch letter {
	case 's', 'k':
		v = h.toPrimitive(v, "string")
	case 'n':
		v = h.toPrimitive(v, "number")
	case 'd':
		if object && o.ClassName() == "Date" {
			return v
		}
		v = h.toPrimitive(v, "default")
	case 'p', 'x':
		if object && o.ClassName() == "RegExp" {
			return v
		}
		v = h.toPrimitive(v, "string")
	case 'r':
		if _, callable := goja.AssertFunction(v); callable {
			return v
		}
		v = h.toPrimitive(v, "string")
	case 'e':
		h.noSealedElements(path, v)
		return v
	case 'c':
		if h.job.Script.Sealed && object && !h.isCollection(o) {
			h.throw(seal.CodeInspected, path+" takes a Set or a Map in a script that uses secrets")
		}
		return v
	case 'o':
		if h.sealedObject(v) {
			h.refuse(path, adviceParts)
		}
		return v
	}
	if s, held := h.sealedText(v); held {
		advice := adviceUse
		switch letter {
		case 'k', 'v':
			advice = adviceCompare
		case 'r':
			advice = "give a function that returns it: replace(pattern, () => secret)"
		}
		h.refuse(path, advice)
	} else if letter == 'x' && s != "" {
		h.checkPattern(s, "")
	}
	return v
}

// isCollection reports whether o yields what a Set or a Map holds, which is never
// sealed.
func (h *Host) isCollection(o *goja.Object) bool {
	keys, ok := o.Get("keys").(*goja.Object)
	return ok && (keys == h.find("Set.prototype").Get("keys") || keys == h.find("Map.prototype").Get("keys"))
}

// noSealedElements refuses a list with a sealed string in it.
func (h *Host) noSealedElements(path string, v goja.Value) {
	if _, held := h.sealedText(v); held {
		h.refuse(path, adviceUse)
	}
	o, ok := v.(*goja.Object)
	if !ok || isTypedArray(o) {
		return
	}
	h.eachElement(o, func(el goja.Value) {
		if _, held := h.sealedText(h.toPrimitive(el, "number")); held {
			h.refuse(path, adviceUse)
		}
	})
}

func (h *Host) eachElement(o *goja.Object, fn func(goja.Value)) {
	length := o.Get("length")
	if length == nil {
		return
	}
	for i, n := 0, int(h.number(length).ToInteger()); i < n; i++ {
		if el := o.Get(strconv.Itoa(i)); el != nil {
			fn(el)
		}
	}
}

// objectIs is Object.is.
func (h *Host) objectIs(original goja.Callable, c goja.FunctionCall) goja.Value {
	a, aIs := c.Argument(0).(goja.String)
	b, bIs := c.Argument(1).(goja.String)
	if aIs && bIs {
		return h.vm.ToValue(h.equalStrings(a, b))
	}
	return h.call(original, c.This, c.Arguments...)
}

// fromEntries is Object.fromEntries.
func (h *Host) fromEntries(original goja.Callable, c goja.FunctionCall) goja.Value {
	var list []any
	h.vm.ForOf(c.Argument(0), func(item goja.Value) bool {
		o, ok := item.(*goja.Object)
		if !ok {
			panic(h.vm.NewTypeError("Iterator value %s is not an entry object", item.String()))
		}
		list = append(list, h.vm.NewArray(h.key(orUndefined(o.Get("0"))), orUndefined(o.Get("1"))))
		return true
	})
	return h.call(original, c.This, h.vm.NewArray(list...))
}

func orUndefined(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	return v
}

// sort is sort and toSorted of Array.prototype: without a function that compares
// they put texts in order.
func (h *Host) sort(original goja.Callable, c goja.FunctionCall) goja.Value {
	h.base(c.This)
	if o, ok := c.This.(*goja.Object); ok && goja.IsUndefined(c.Argument(0)) {
		h.eachElement(o, func(el goja.Value) {
			if _, held := h.sealedText(h.toPrimitive(el, "string")); held {
				h.refuse("putting it in order", adviceUse)
			}
		})
	}
	return h.call(original, c.This, c.Arguments...)
}

// raw is String.raw, which takes the parts of a template one by one: those of a
// string are its characters.
func (h *Host) raw(original goja.Callable, c goja.FunctionCall) goja.Value {
	if isNullish(c.Argument(0)) {
		return h.call(original, c.This, c.Arguments...)
	}
	parts := orUndefined(c.Argument(0).ToObject(h.vm).Get("raw"))
	if h.sealedObject(parts) {
		h.refuse("taking it as the parts of a template", adviceParts)
	}
	template := h.vm.NewObject()
	define(template, "raw", parts)
	return h.call(original, c.This, append([]goja.Value{template}, rest(c.Arguments)...)...)
}

// numbersOnly is a method of typed arrays whose callback's results become
// numbers.
func (h *Host) numbersOnly(original goja.Callable, c goja.FunctionCall) goja.Value {
	f, ok := goja.AssertFunction(c.Argument(0))
	if !ok {
		return h.call(original, c.This, c.Arguments...)
	}
	checked := h.vm.ToValue(func(inner goja.FunctionCall) goja.Value {
		return h.number(h.call(f, inner.This, inner.Arguments...))
	})
	return h.call(original, c.This, append([]goja.Value{checked}, rest(c.Arguments)...)...)
}

// startsWith is String.prototype.startsWith. What stands before the first secret
// of a string is no secret, so that "Bearer …" is seen as on plaintext.
func (h *Host) startsWith(original goja.Callable, c goja.FunctionCall) goja.Value {
	if isNullish(c.This) {
		return h.call(original, c.This, c.Arguments...)
	}
	this := h.toPrimitive(c.This, "string")
	args := h.admit("String.prototype.startsWith", "pn", c.Arguments)
	s, held := h.sealedText(this)
	if !held {
		return h.call(original, this, args...)
	}
	front := h.vm.ToValue(s[:h.firstToken(s)]).(goja.String)
	want, ok := c.Argument(0).(goja.String)
	if from := c.Argument(1); !ok || !goja.IsUndefined(from) {
		h.refuse("String.prototype.startsWith", adviceCompare)
	}
	n := min(front.Length(), want.Length())
	if same := front.Substring(0, n).StrictEquals(want.Substring(0, n)); !same || n == want.Length() {
		return h.vm.ToValue(same)
	}
	h.refuse("String.prototype.startsWith", adviceCompare)
	return nil
}

// slice is slice and substring of String.prototype: what stands before the first
// secret can be cut off, or out.
func (h *Host) slice(original goja.Callable, c goja.FunctionCall) goja.Value {
	if isNullish(c.This) {
		return h.call(original, c.This, c.Arguments...)
	}
	this := h.toPrimitive(c.This, "string")
	args := h.admit("String.prototype.slice", "nn", c.Arguments)
	s, held := h.sealedText(this)
	if !held {
		return h.call(original, this, args...)
	}
	front := int64(h.vm.ToValue(s[:h.firstToken(s)]).(goja.String).Length())
	within := func(i int) bool {
		if i >= len(args) || goja.IsUndefined(args[i]) {
			return i == 1 // to the end
		}
		n := args[i].ToInteger()
		return n >= 0 && n <= front
	}
	if !within(0) || !within(1) {
		h.refuse("cutting it", adviceParts)
	}
	return h.call(original, this, args...)
}
