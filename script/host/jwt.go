package host

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/signing"
)

// jwtErrors are the classes of errors of jsonwebtoken.
var jwtErrors = goja.MustCompile("", `(() => {
class JsonWebTokenError extends Error {
	constructor(message, inner) { super(message); this.name = 'JsonWebTokenError'; if (inner) this.inner = inner }
}
class TokenExpiredError extends JsonWebTokenError {
	constructor(message, at) { super(message); this.name = 'TokenExpiredError'; this.expiredAt = at }
}
class NotBeforeError extends JsonWebTokenError {
	constructor(message, at) { super(message); this.name = 'NotBeforeError'; this.date = at }
}
return { JsonWebTokenError, TokenExpiredError, NotBeforeError }
})()`, true)

// newJWT makes the module jsonwebtoken (RFC 7519), with the calls and the messages
// of the npm package of the name, version 9, and jose's createRemoteJWKSet. A
// token that is signed with a secret, or with one in its claims, is sealed.
func (h *Host) newJWT() goja.Value {
	if h.classes.jwt != nil {
		return h.classes.jwt
	}
	classes, err := h.vm.RunProgram(jwtErrors)
	if err != nil {
		panic(err)
	}
	o := classes.(*goja.Object)
	h.classes.jwt = o
	h.method(o, "sign", 4, func(c goja.FunctionCall) goja.Value {
		options, callback := c.Argument(2), c.Argument(3)
		if _, ok := goja.AssertFunction(options); ok {
			options, callback = goja.Undefined(), options
		}
		return h.callBack(callback, func() goja.Value { return h.signJWT(c.Argument(0), c.Argument(1), options) })
	})
	h.method(o, "verify", 4, func(c goja.FunctionCall) goja.Value {
		options, callback := c.Argument(2), c.Argument(3)
		if _, ok := goja.AssertFunction(options); ok {
			options, callback = goja.Undefined(), options
		}
		return h.verifyJWT(c.Argument(0), c.Argument(1), options, callback)
	})
	h.method(o, "decode", 2, func(c goja.FunctionCall) goja.Value { return h.decodeJWT(c.Argument(0), c.Argument(1)) })
	if h.mayName("createRemoteJWKSet") {
		define(o, "createRemoteJWKSet", h.newRemoteJWKS())
	}
	return o
}

// callBack calls f and gives what came of it to Node's callback, if there is one.
func (h *Host) callBack(callback goja.Value, f func() goja.Value) goja.Value {
	done, ok := goja.AssertFunction(callback)
	if !ok {
		return f()
	}
	var v goja.Value
	if ex := h.vm.Try(func() { v = f() }); ex != nil {
		if h.ended != nil {
			panic(ex)
		}
		h.call(done, goja.Undefined(), ex.Value())
		return goja.Undefined()
	}
	h.call(done, goja.Undefined(), goja.Null(), v)
	return goja.Undefined()
}

// jwtError makes one of jsonwebtoken's errors.
func (h *Host) jwtError(class, message string, args ...goja.Value) *goja.Object {
	o, err := h.vm.New(h.classes.jwt.Get(class), append([]goja.Value{h.vm.ToValue(message)}, args...)...)
	if err != nil {
		panic(err)
	}
	return o
}

func (h *Host) invalidJWT(message string) {
	panic(h.jwtError("JsonWebTokenError", message))
}

// plainError throws an Error, as jsonwebtoken does for what its caller got wrong.
func (h *Host) plainError(message string) {
	o, err := h.vm.New(h.vm.GlobalObject().Get("Error"), h.vm.ToValue(message))
	if err != nil {
		panic(err)
	}
	panic(o)
}

// option gives an option, nil where it is left out.
func (h *Host) option(options goja.Value, name string) goja.Value {
	o, ok := options.(*goja.Object)
	if !ok {
		return nil
	}
	v := o.Get(name)
	if v == nil || goja.IsUndefined(v) {
		return nil
	}
	return v
}

// encodePart gives the base64url of a part of a token.
func (h *Host) encodePart(b string) string {
	if h.holds(b) {
		return h.deriveBytes(seal.Base64RawURL, b)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(b))
}

// decodePart undoes encodePart; a part with a secret in it must be one that this
// run made.
func (h *Host) decodePart(part string) (b string, ok bool) {
	if h.holds(part) {
		b, err := h.bridge.Underive(seal.Base64RawURL, part)
		h.must(err)
		return b, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	return string(raw), err == nil
}

// token is a token that was taken apart.
type token struct {
	input     string // what is signed
	header    *goja.Object
	alg       string
	payload   goja.Value
	signature string // bytes
	unsigned  bool
}

// takeApart reads a token; nil where it is none.
func (h *Host) takeApart(text string) *token {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil
	}
	header, ok := h.decodePart(parts[0])
	if !ok || h.holds(header) {
		return nil
	}
	t := &token{input: parts[0] + "." + parts[1], unsigned: strings.TrimSpace(parts[2]) == ""}
	value, ok := h.parseJSON(header)
	if t.header, _ = value.(*goja.Object); !ok || t.header == nil {
		return nil
	}
	if alg := t.header.Get("alg"); alg != nil && goja.IsString(alg) {
		t.alg = alg.String()
	}
	payload, ok := h.decodePart(parts[1])
	if !ok {
		return nil
	}
	if t.payload, ok = h.parseJSON(payload); !ok {
		t.payload = h.vm.ToValue(decodeUTF8(payload))
	}
	if t.signature, ok = h.decodePart(parts[2]); !ok {
		return nil
	}
	return t
}

// parseJSON parses JSON. What this run escaped for it, it takes as it was.
func (h *Host) parseJSON(s string) (v goja.Value, ok bool) {
	if h.holds(s) {
		var out strings.Builder
		at := 0
		h.eachToken(s, func(start, end int) {
			inner, err := h.bridge.Underive(seal.JSONString, s[start:end])
			h.must(err)
			out.WriteString(s[at:start])
			out.WriteString(inner)
			at = end
		})
		s = out.String() + s[at:]
	} else if !json.Valid([]byte(s)) {
		return nil, false
	}
	ex := h.vm.Try(func() { v = h.call(h.json().parse, goja.Undefined(), h.vm.ToValue(decodeUTF8(s))) })
	return v, ex == nil
}

// decodeJWT is decode(token, options): it verifies nothing.
func (h *Host) decodeJWT(v, options goja.Value) goja.Value {
	if !goja.IsString(v) {
		return goja.Null()
	}
	t := h.takeApart(v.String())
	if t == nil {
		return goja.Null()
	}
	if complete := h.option(options, "complete"); complete == nil || !complete.ToBoolean() {
		return t.payload
	}
	return h.completeJWT(t, v.String())
}

// completeJWT gives a token with its header and signature.
func (h *Host) completeJWT(t *token, text string) goja.Value {
	out := h.vm.NewObject()
	_ = out.Set("header", t.header)
	_ = out.Set("payload", t.payload)
	_ = out.Set("signature", text[strings.LastIndexByte(text, '.')+1:])
	return out
}

// timespan is a number of seconds or a text as the npm package ms reads it, added
// to a time in seconds.
func (h *Host) timespan(v goja.Value, from float64) (float64, bool) {
	if goja.IsNumber(v) {
		return from + v.ToFloat(), true
	}
	if !goja.IsString(v) {
		return 0, false
	}
	m := span.FindStringSubmatch(h.key(v).String())
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, false
	}
	unit := strings.ToLower(m[2])
	for _, u := range spanUnits {
		if u.names[unit] {
			return math.Floor(from + n*u.milliseconds/1000), true
		}
	}
	return 0, false
}

var span = regexp.MustCompile(`^(-?(?:\d+)?\.?\d+) *([a-zA-Z]*)$`)

type spanUnit struct {
	milliseconds float64
	names        map[string]bool
}

func unit(milliseconds float64, names string) spanUnit {
	u := spanUnit{milliseconds, map[string]bool{}}
	for name := range strings.SplitSeq(names, " ") {
		u.names[name] = true
	}
	return u
}

var spanUnits = func() []spanUnit {
	units := []spanUnit{
		unit(1, "milliseconds millisecond msecs msec ms"), unit(1000, "seconds second secs sec s"),
		unit(60_000, "minutes minute mins min m"), unit(3_600_000, "hours hour hrs hr h"),
		unit(86_400_000, "days day d"), unit(7*86_400_000, "weeks week w"), unit(365.25*86_400_000, "years year yrs yr y"),
	}
	units[0].names[""] = true
	return units
}()

// seconds gives the time of the run's clock in whole seconds.
func seconds() float64 { return float64(time.Now().Unix()) }

// date makes a Date of seconds.
func (h *Host) date(seconds float64) goja.Value {
	o, err := h.vm.New(h.vm.GlobalObject().Get("Date"), h.vm.ToValue(seconds*1000))
	if err != nil {
		panic(err)
	}
	return o
}

// checkAlgorithm holds an algorithm to the type and the curve of the key, with
// jsonwebtoken's messages. name is what it calls the key.
func (h *Host) checkAlgorithm(name string, alg seal.Algorithm, k *heldKey, fail func(string)) {
	switch {
	case alg.Kind() == signing.Symmetric && k.form != formSecret:
		fail(name + " must be a symmetric key when using " + string(alg))
	case alg.Kind() != signing.Symmetric && k.form == formSecret:
		fail(name + " must be an asymmetric key when using " + string(alg))
	case alg.Kind() == k.kind:
	case nodeCurves[k.kind] != "" && nodeCurves[alg.Kind()] != "":
		h.plainError(`"alg" parameter "` + string(alg) + `" requires curve "` + nodeCurves[alg.Kind()] + `".`)
	default:
		h.plainError(`"alg" parameter for "` + nodeTypes[k.kind] + `" key type must be one of: ` + strings.Join(jwtAlgorithms[nodeTypes[k.kind]], ", ") + ".")
	}
}

// jwtAlgorithms are the algorithms that go with Node's types of keys.
var jwtAlgorithms = map[string][]string{
	"":        {"HS256", "HS384", "HS512"},
	"rsa":     {"RS256", "PS256", "RS384", "PS384", "RS512", "PS512"},
	"ec":      {"ES256", "ES384", "ES512"},
	"ed25519": {"EdDSA"},
}
