package host

import (
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// verifyJWT is verify(token, key, options, callback). A function as the key gets
// the header and a callback, or gives the key or a promise of it; without a
// callback of its own verify then gives a promise.
func (h *Host) verifyJWT(text, key, options, callback goja.Value) goja.Value {
	get, isFunction := goja.AssertFunction(key)
	if !isFunction {
		return h.callBack(callback, func() goja.Value {
			return h.checkJWT(text, h.readJWT(text), key, options)
		})
	}
	promise, resolve, reject := h.vm.NewPromise()
	settle := func(f func() goja.Value) {
		if ex := h.vm.Try(func() { h.must(resolve(f())) }); ex != nil {
			h.must(reject(ex.Value()))
		}
	}
	var t *token
	if ex := h.vm.Try(func() { t = h.readJWT(text) }); ex != nil {
		h.must(reject(ex.Value()))
	} else {
		finish := func(key goja.Value) { settle(func() goja.Value { return h.checkJWT(text, t, key, options) }) }
		fail := func(reason goja.Value) {
			settle(func() goja.Value {
				h.invalidJWT("error in secret or public key callback: " + h.messageOf(reason))
				return nil
			})
		}
		taken := h.function("", 2, func(c goja.FunctionCall) goja.Value {
			if reason := c.Argument(0); !isNullish(reason) {
				fail(reason)
			} else {
				finish(c.Argument(1))
			}
			return goja.Undefined()
		})
		var given goja.Value
		if ex := h.vm.Try(func() { given = h.call(get, goja.Undefined(), t.header, taken) }); ex != nil {
			h.must(reject(ex.Value()))
		} else if o, ok := given.(*goja.Object); ok {
			if then, ok := goja.AssertFunction(o.Get("then")); ok {
				h.call(then, o,
					h.function("", 1, func(c goja.FunctionCall) goja.Value { finish(c.Argument(0)); return goja.Undefined() }),
					h.function("", 1, func(c goja.FunctionCall) goja.Value { fail(c.Argument(0)); return goja.Undefined() }))
			} else {
				finish(given)
			}
		} else if given != nil && !isNullish(given) {
			finish(given)
		}
	}
	result := h.vm.ToValue(promise).(*goja.Object)
	done, ok := goja.AssertFunction(callback)
	if !ok {
		return result
	}
	then, _ := goja.AssertFunction(result.Get("then"))
	h.call(then, result,
		h.function("", 1, func(c goja.FunctionCall) goja.Value {
			return h.call(done, goja.Undefined(), goja.Null(), c.Argument(0))
		}),
		h.function("", 1, func(c goja.FunctionCall) goja.Value { return h.call(done, goja.Undefined(), c.Argument(0)) }))
	return goja.Undefined()
}

// messageOf gives the message of an error.
func (h *Host) messageOf(reason goja.Value) string {
	if o, ok := reason.(*goja.Object); ok {
		return text(o.Get("message"), "")
	}
	return reason.String()
}

// readJWT takes the token apart that verify is given.
func (h *Host) readJWT(v goja.Value) *token {
	switch {
	case isNullish(v) || goja.IsString(v) && v.String() == "":
		h.invalidJWT("jwt must be provided")
	case !goja.IsString(v):
		h.invalidJWT("jwt must be a string")
	case strings.Count(v.String(), ".") != 2:
		if h.holds(v.String()) {
			h.refuse("taking it apart as a token", "send it, or compare it whole with ===")
		}
		h.invalidJWT("jwt malformed")
	}
	t := h.takeApart(v.String())
	if t == nil {
		h.invalidJWT("invalid token")
	}
	return t
}

// checkJWT verifies the signature, then the claims.
func (h *Host) checkJWT(text goja.Value, t *token, key, options goja.Value) goja.Value {
	if nonce := h.option(options, "nonce"); nonce != nil && (!goja.IsString(nonce) || strings.TrimSpace(nonce.String()) == "") {
		h.invalidJWT("nonce must be a non-empty string")
	}
	now := seconds()
	if v := h.option(options, "clockTimestamp"); v != nil {
		if !goja.IsNumber(v) {
			h.invalidJWT("clockTimestamp must be a number")
		}
		if v.ToFloat() != 0 {
			now = v.ToFloat()
		}
	}
	h.checkSignature(t, key, options)
	if claims, ok := t.payload.(*goja.Object); ok {
		h.checkTimes(claims, options, now)
		h.checkClaims(claims, options)
		h.checkAge(claims, options, now)
	}
	if complete := h.option(options, "complete"); complete != nil && complete.ToBoolean() {
		return h.completeJWT(t, text.String())
	}
	return t.payload
}

func (h *Host) checkSignature(t *token, key, options goja.Value) {
	hasKey := !isNullish(key) && !(goja.IsString(key) && key.String() == "")
	switch {
	case t.unsigned && hasKey:
		h.invalidJWT("jwt signature is required")
	case !hasKey && !t.unsigned:
		h.invalidJWT("secret or public key must be provided")
	case t.unsigned:
		// jsonwebtoken takes such a token if the options name "none".
		h.invalidJWT("unsigned tokens are not accepted: anybody can make one")
	}
	alg := seal.Algorithm(t.alg)
	var allowed []string
	if list, ok := h.option(options, "algorithms").(*goja.Object); ok {
		allowed = h.strings(list)
	}
	o, _ := key.(*goja.Object)
	if name, ok := h.keyNames[o]; ok {
		switch {
		case !slices.Contains(h.job.Keys[name].Algorithms, t.alg) || allowed != nil && !slices.Contains(allowed, t.alg):
			h.invalidJWT("invalid algorithm")
		case !h.verifiesNamed(name, t):
			h.invalidJWT("invalid signature")
		}
		return
	}
	keys := h.keysFor(t, key)
	failure := "invalid signature"
	for _, k := range keys {
		if allowed != nil && !slices.Contains(allowed, t.alg) || allowed == nil && !slices.Contains(jwtAlgorithms[nodeTypes[k.kind]], t.alg) || !alg.Known() {
			failure = "invalid algorithm"
			continue
		}
		h.checkAlgorithm("secretOrPublicKey", alg, k, h.invalidJWT)
		if h.verifies(alg, k, t) {
			return
		}
	}
	h.invalidJWT(failure)
}

// keysFor gives the keys that may have signed a token: the one that was given, or
// those of a JSON Web Key Set that its header does not rule out.
func (h *Host) keysFor(t *token, key goja.Value) []*heldKey {
	if o, ok := key.(*goja.Object); ok {
		if list, ok := o.Get("keys").(*goja.Object); ok && list.ClassName() == "Array" {
			return h.keysOfSet(list, t.header)
		}
	}
	k, err := h.keyOf(key)
	if err != nil {
		h.invalidJWT("secretOrPublicKey is not valid key material: " + err.Error())
	}
	return []*heldKey{k}
}

// verifies checks the signature with one key.
func (h *Host) verifies(alg seal.Algorithm, k *heldKey, t *token) bool {
	if !k.sealed() && !h.holds(t.input) && !h.holds(t.signature) {
		ok, err := k.key.Verify(alg, []byte(t.input), []byte(t.signature))
		return ok && err == nil
	}
	ok, err := h.bridge.Verify(alg, k.text, t.input, t.signature)
	h.must(err)
	return ok
}

// checkTimes checks nbf and exp.
func (h *Host) checkTimes(claims *goja.Object, options goja.Value, now float64) {
	tolerance := 0.0
	if v := h.option(options, "clockTolerance"); v != nil {
		tolerance = h.number(v).ToFloat()
	}
	ignored := func(name string) bool {
		v := h.option(options, name)
		return v != nil && v.ToBoolean()
	}
	if v := h.option(claims, "nbf"); v != nil && !ignored("ignoreNotBefore") {
		if !goja.IsNumber(v) {
			h.invalidJWT("invalid nbf value")
		}
		if nbf := v.ToFloat(); !(nbf <= now+tolerance) {
			panic(h.jwtError("NotBeforeError", "jwt not active", h.date(nbf)))
		}
	}
	if v := h.option(claims, "exp"); v != nil && !ignored("ignoreExpiration") {
		if !goja.IsNumber(v) {
			h.invalidJWT("invalid exp value")
		}
		if exp := v.ToFloat(); !(now < exp+tolerance) {
			panic(h.jwtError("TokenExpiredError", "jwt expired", h.date(exp)))
		}
	}
}

// checkClaims checks who the token is of and for. Each comparison is one on
// plaintext.
func (h *Host) checkClaims(claims *goja.Object, options goja.Value) {
	if want := h.option(options, "audience"); want != nil {
		have := h.list(h.option(claims, "aud"))
		if !slices.ContainsFunc(have, func(v goja.Value) bool { return h.anyOf(h.list(want), v) }) {
			h.invalidJWT("jwt audience invalid. expected: " + h.join(h.list(want), " or "))
		}
	}
	if want := h.option(options, "issuer"); want != nil {
		if have := h.option(claims, "iss"); have == nil || !h.anyOf(h.list(want), have) {
			h.invalidJWT("jwt issuer invalid. expected: " + h.join(h.list(want), ","))
		}
	}
	for _, c := range [][3]string{{"subject", "sub", "subject"}, {"jwtid", "jti", "jwtid"}, {"nonce", "nonce", "nonce"}} {
		want := h.option(options, c[0])
		if want == nil {
			continue
		}
		if have := h.option(claims, c[1]); have == nil || !h.strictEqual(have, want) {
			h.invalidJWT("jwt " + c[2] + " invalid. expected: " + h.join([]goja.Value{want}, ""))
		}
	}
}

func (h *Host) checkAge(claims *goja.Object, options goja.Value, now float64) {
	age := h.option(options, "maxAge")
	if age == nil {
		return
	}
	iat := h.option(claims, "iat")
	if iat == nil || !goja.IsNumber(iat) {
		h.invalidJWT("iat required when maxAge is specified")
	}
	until, ok := h.timespan(age, iat.ToFloat())
	if !ok {
		h.invalidJWT(`"maxAge" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60`)
	}
	tolerance := 0.0
	if v := h.option(options, "clockTolerance"); v != nil {
		tolerance = h.number(v).ToFloat()
	}
	if !(now < until+tolerance) {
		panic(h.jwtError("TokenExpiredError", "maxAge exceeded", h.date(until)))
	}
}

// anyOf reports whether a value is one of those that are expected, or matches the
// regular expression that one is.
func (h *Host) anyOf(want []goja.Value, v goja.Value) bool {
	return slices.ContainsFunc(want, func(w goja.Value) bool {
		if o, ok := w.(*goja.Object); ok && o.ClassName() == "RegExp" {
			if _, held := h.sealedText(v); held {
				h.refuse("matching it", adviceCompare)
			}
			test, ok := goja.AssertFunction(o.Get("test"))
			return ok && goja.IsString(v) && h.call(test, o, v).ToBoolean()
		}
		return h.strictEqual(w, v)
	})
}

// list gives the elements of an array, or the one value.
func (h *Host) list(v goja.Value) (out []goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Array" {
		return []goja.Value{v}
	}
	h.eachElement(o, func(el goja.Value) { out = append(out, el) })
	return out
}

func (h *Host) join(list []goja.Value, separator string) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return strings.Join(out, separator)
}
