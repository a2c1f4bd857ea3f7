package host

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/script/program"
)

const (
	adviceCompare = "compare the whole value with === instead"
	adviceUse     = "compare it whole (===), concatenate it, encode it or send it"
	adviceParts   = "store its parts as the fields of a structured secret"
)

// makeHelpers makes the functions that package program's rewritten operators call, in
// the order of program.Helpers.
func (h *Host) makeHelpers() []goja.Value {
	yes, no := h.vm.ToValue(true), h.vm.ToValue(false)
	truth := func(b bool) goja.Value {
		if b {
			return yes
		}
		return no
	}
	out := make([]goja.Value, len(program.Helpers))
	for i, name := range program.Helpers {
		out[i] = goja.Undefined()
		if !h.job.Script.Helpers[name] {
			continue
		}
		var f func(a []goja.Value) goja.Value
		switch name {
		case program.HelperEqual:
			f = func(a []goja.Value) goja.Value { return truth(h.looseEqual(a[0], a[1])) }
		case program.HelperStrictEqual:
			f = func(a []goja.Value) goja.Value { return truth(h.strictEqual(a[0], a[1])) }
		case program.HelperBase:
			f = func(a []goja.Value) goja.Value { return h.base(a[0]) }
		case program.HelperKey:
			f = func(a []goja.Value) goja.Value { return h.key(a[0]) }
		case program.HelperNumber:
			f = func(a []goja.Value) goja.Value { return h.number(a[0]) }
		case program.HelperPlace:
			f = func(a []goja.Value) goja.Value { return h.place(a[0], a[1]) }
		}
		out[i] = h.vm.ToValue(func(c goja.FunctionCall) goja.Value { return f(c.Arguments) })
	}
	return out
}

// strictEqual is ===, on plaintext.
func (h *Host) strictEqual(a, b goja.Value) bool {
	x, ok := a.(goja.String)
	if !ok {
		return a.StrictEquals(b)
	}
	y, ok := b.(goja.String)
	if !ok {
		return false
	}
	return h.equalStrings(x, y)
}

func (h *Host) equalStrings(a, b goja.String) bool {
	if a.StrictEquals(b) { // identical sealed strings have identical plaintexts
		return true
	}
	x, y := a.String(), b.String()
	if !h.holds(x) && !h.holds(y) {
		return false
	}
	h.mustBeWhole(a)
	h.mustBeWhole(b)
	equal, err := h.bridge.Equal(x, y)
	h.must(err)
	return equal
}

// looseEqual is ==, on plaintext (ECMA-262 IsLooselyEqual).
func (h *Host) looseEqual(a, b goja.Value) bool {
	if isNullish(a) || isNullish(b) || isObject(a) && isObject(b) {
		return a.Equals(b)
	}
	if isObject(a) {
		a = h.toPrimitive(a, "default")
	} else if isObject(b) {
		b = h.toPrimitive(b, "default")
	}
	x, xIs := a.(goja.String)
	y, yIs := b.(goja.String)
	switch {
	case xIs && yIs:
		return h.equalStrings(x, y)
	case xIs && h.holds(x.String()):
		return h.equalOther(x, b)
	case yIs && h.holds(y.String()):
		return h.equalOther(y, a)
	}
	return a.Equals(b)
}

// equalOther compares a sealed string with a primitive that is no string.
func (h *Host) equalOther(s goja.String, v goja.Value) bool {
	if isNullish(v) {
		return false
	}
	switch v.(type) {
	case *goja.Symbol:
		return false
	}
	if goja.IsBigInt(v) {
		h.refuse("comparing it with a BigInt", "compare it with a string")
	}
	h.mustBeWhole(s)
	equal, err := h.bridge.EqualNumber(s.String(), v.ToFloat())
	h.must(err)
	return equal
}

func isNullish(v goja.Value) bool { return goja.IsUndefined(v) || goja.IsNull(v) }

// base lets through what may be looked into.
func (h *Host) base(v goja.Value) goja.Value {
	if h.sealedObject(v) {
		h.refuse("its length, or a character of it,", adviceParts)
	}
	return v
}

// key lets through what may name a property.
func (h *Host) key(v goja.Value) goja.Value {
	v = h.toPrimitive(v, "string")
	switch k := v.(type) {
	case goja.String:
		s := k.String()
		if h.holds(s) {
			h.refuse("looking a property up by it", adviceCompare)
		}
		h.reached(s)
	case *goja.Symbol:
		h.installAll()
	}
	return v
}

// number lets through an operand of arithmetic or of an ordering.
func (h *Host) number(v goja.Value) goja.Value {
	v = h.toPrimitive(v, "number")
	if _, held := h.sealedText(v); held {
		h.refuse("arithmetic or an ordering", adviceUse)
	}
	return v
}

// place gives an object whose .value reads and writes object[key], for operators
// that do both.
func (h *Host) place(object, key goja.Value) goja.Value {
	key = h.key(key)
	if isNullish(object) {
		panic(h.vm.NewTypeError("Cannot read property '%s' of %s", key.String(), object.String()))
	}
	h.base(object)
	o := object.ToObject(h.vm)
	p := h.vm.CreateObject(nil)
	get := h.vm.ToValue(func(goja.FunctionCall) goja.Value {
		var v goja.Value
		if sym, ok := key.(*goja.Symbol); ok {
			v = o.GetSymbol(sym)
		} else {
			v = o.Get(key.String())
		}
		if v == nil {
			return goja.Undefined()
		}
		return h.number(v)
	})
	set := h.vm.ToValue(func(c goja.FunctionCall) goja.Value {
		v := c.Argument(0)
		if _, held := h.sealedText(v); held && isTypedArray(o) {
			h.refuse("storing it as a number", adviceUse)
		}
		var err error
		if sym, ok := key.(*goja.Symbol); ok {
			err = o.SetSymbol(sym, v)
		} else {
			err = o.Set(key.String(), v)
		}
		if err != nil {
			panic(err)
		}
		return goja.Undefined()
	})
	if err := p.DefineAccessorProperty("value", get, set, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
		panic(err)
	}
	return p
}

// includes is String.prototype.includes and, for its place, indexOf.
func (h *Host) stringSearch(place bool) func(original goja.Callable, c goja.FunctionCall) goja.Value {
	return func(original goja.Callable, c goja.FunctionCall) goja.Value {
		if isNullish(c.This) {
			return h.call(original, c.This, c.Arguments...)
		}
		hay := h.toPrimitive(c.This, "string")
		needle := c.Argument(0)
		if o, ok := needle.(*goja.Object); ok && o.ClassName() == "RegExp" && !place {
			return h.call(original, hay, needle)
		}
		needle = h.toPrimitive(needle, "string")
		_, hayHeld := h.sealedText(hay)
		_, needleHeld := h.sealedText(needle)
		if !hayHeld && !needleHeld {
			return h.call(original, hay, append([]goja.Value{needle}, h.admit("String.prototype.indexOf", "n", rest(c.Arguments))...)...)
		}
		if from := c.Argument(1); !goja.IsUndefined(from) && h.number(from).ToInteger() != 0 {
			h.refuse("searching from a place in it", adviceCompare)
		}
		h.mustBeWhole(hay)
		h.mustBeWhole(needle)
		if !place {
			found, err := h.bridge.Contains(hay.String(), needle.String())
			h.must(err)
			return h.vm.ToValue(found)
		}
		at, err := h.bridge.Index(hay.String(), needle.String())
		h.must(err)
		return h.vm.ToValue(utf16Index(hay.String(), at))
	}
}

func rest(args []goja.Value) []goja.Value {
	if len(args) < 2 {
		return nil
	}
	return args[1:]
}

// utf16Index turns an index into bytes of UTF-8 into one into UTF-16.
func utf16Index(s string, at int) int {
	if at < 0 {
		return -1
	}
	n := 0
	for i := 0; i < at; {
		r, size := utf8.DecodeRuneInString(s[i:])
		n += max(utf16.RuneLen(r), 1)
		i += size
	}
	return n
}

// arraySearch is includes, indexOf or lastIndexOf of Array.prototype.
func (h *Host) arraySearch(name string) func(original goja.Callable, c goja.FunctionCall) goja.Value {
	return func(original goja.Callable, c goja.FunctionCall) goja.Value {
		h.base(c.This)
		want, isString := c.Argument(0).(goja.String)
		if !isString || isNullish(c.This) {
			return h.call(original, c.This, c.Arguments...)
		}
		o := c.This.ToObject(h.vm)
		n := int(o.Get("length").ToInteger())
		start, step := 0, 1
		if name == "lastIndexOf" {
			start, step = n-1, -1
		}
		if len(c.Arguments) > 1 {
			from := int(h.number(c.Arguments[1]).ToInteger())
			if from < 0 {
				from += n
			}
			if step > 0 {
				start = max(from, 0)
			} else {
				start = min(from, n-1)
			}
		}
		for i := start; i >= 0 && i < n; i += step {
			if el, ok := o.Get(strconv.Itoa(i)).(goja.String); ok && h.equalStrings(want, el) {
				if name == "includes" {
					return h.vm.ToValue(true)
				}
				return h.vm.ToValue(i)
			}
		}
		if name == "includes" {
			return h.vm.ToValue(false)
		}
		return h.vm.ToValue(-1)
	}
}
