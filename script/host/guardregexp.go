package host

import (
	"github.com/dop251/goja"

	"github.com/reticent/reticent/script/program"
)

// guardRegExp has every regular expression that is made of text checked as the
// literal ones are.
func (h *Host) guardRegExp() {
	global := h.vm.GlobalObject()
	original, ok := global.Get("RegExp").(*goja.Object)
	if !ok {
		return
	}
	if _, done := h.guarded[original]; done {
		return
	}
	f, ok := goja.AssertFunction(original)
	construct, isConstructor := goja.AssertConstructor(original)
	if !ok || !isConstructor {
		return
	}
	check := func(args []goja.Value) []goja.Value {
		if len(args) == 0 {
			return args
		}
		out := append([]goja.Value(nil), args...)
		pattern := out[0]
		if o, ok := pattern.(*goja.Object); ok && o.ClassName() == "RegExp" {
			pattern = o.Get("source")
		} else {
			out[0] = h.admit("RegExp", "s", out[:1])[0]
			pattern = out[0]
		}
		flags := ""
		if len(out) > 1 && !goja.IsUndefined(out[1]) {
			out[1] = h.admit("RegExp", "s", out[1:2])[0]
			flags = out[1].String()
		}
		if !goja.IsUndefined(pattern) && !h.backtracks(pattern.String(), flags) {
			h.checkPattern(pattern.String(), flags)
		}
		return out
	}
	g := h.vm.ToValue(h.vm.NewProxy(original, &goja.ProxyTrapConfig{
		Apply: func(_ *goja.Object, this goja.Value, args []goja.Value) goja.Value {
			return h.call(f, this, check(args)...)
		},
		Construct: func(_ *goja.Object, args []goja.Value, newTarget *goja.Object) *goja.Object {
			if newTarget != nil && h.guarded[newTarget] == newTarget {
				newTarget = original
			}
			o, err := construct(newTarget, check(args)...)
			if err != nil {
				panic(err)
			}
			return o
		},
	})).(*goja.Object)
	h.instances(original)
	h.guarded[original], h.guarded[g] = g, g
	define(global, "RegExp", g)
	proto := original.Get("prototype").(*goja.Object)
	define(proto, "constructor", g)
	_ = proto.Delete("compile")
}

func (h *Host) checkPattern(pattern, flags string) {
	err := program.CheckRegexp(pattern, flags)
	if err == nil {
		return
	}
	message := err.Error()
	if advice := program.RegexpAdvice(err); advice != "" {
		message += "; " + advice
	}
	h.throw(program.CodeRegexp, message)
}
