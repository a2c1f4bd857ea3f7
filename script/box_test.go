package script

import (
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
)

// TestNoBox tries to get hold of a String object of a secret, whose characters
// can be reached in more ways than those of a string: by in, by a Proxy, by an
// heir. Where none is needed, this works as ever.
func TestNoBox(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	const box = "(function () { return this })"
	for _, body := range []string{
		"return 35 in " + box + ".call(S)", "return Object.create(" + box + ".call(S))[0]", "return new Proxy(" + box + ".call(S), {})[0]",
		"return Reflect.getOwnPropertyDescriptor(" + box + ".apply(S), 0)", "return Reflect.has(" + box + ".bind(S)(), 3)",
		"return ({ __proto__: " + box + ".call(S) })[2]", "function F() {} F.prototype = " + box + ".call(S); return new F()[1]",
		"return Reflect.has(Object.prototype.valueOf.call(S), 35)", "const n = 'value' + 'Of'; return 35 in Object.prototype[n].call(S)",
		"Object.defineProperty(Object.prototype, 'self', { get() { return this } }); return 35 in S.self",
		"return [1].map(function () { return 35 in this }, S)", "return (function () { return [35 in this, (() => this)()] }).call('a' + S)",
		"return String.raw({ raw: S }, '-', '-')", "String.prototype.raw = S; return String.raw('x', '-')",
		"return (function () { return this.length }).call(S)", "return (function () { return this[3] }).call(S)", "return (function () { const [a] = this; return a }).call(S)",
	} {
		got := run(t, e, sealRun(t, secretsOfTests), "const S = [context.secrets.API_KEY][0];\n"+body, "{}")
		if got.Error == nil || got.Error.Code != seal.CodeInspected {
			t.Errorf("%s: %s %v", body, asJSON(t, got.Output), got.Error)
		}
	}
	for body, want := range map[string]string{
		"class A { #n = 1; constructor() { this.m = 2 } sum() { this.#n++; this.m += 2; return this.#n + this.m } me() { return this } }; return new A().me().sum()": "6",
		"return (function () { return [35 in this, this.length] }).call('plain')":                                                                                    "[false,5]",
		"return { v: S, get() { return this } }.get().v === S":                                                                                                       "true",
		"return (function () { return typeof this }).call(5)":                                                                                                        `"object"`,
		"return [String.raw`a${S}b` === 'a' + S + 'b', String.raw({ raw: ['x', 'y'] }, 1), String.raw({ raw: 'xyz' }, 1, 2)]":                                        `[true,"x1y","x1y2z"]`,
		"return [({ valueOf: Object.prototype.valueOf }).valueOf !== undefined, Object.prototype.valueOf.call(7) == 7]":                                              "[true,true]",
	} {
		got := run(t, e, sealRun(t, secretsOfTests), "const S = [context.secrets.API_KEY][0];\n"+body, "{}")
		if s := asJSON(t, got.Output); s != want || got.Error != nil {
			t.Errorf("%s: %s %v, want %s", body, s, got.Error, want)
		}
	}
}
