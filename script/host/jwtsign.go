package host

import (
	"math"
	"strings"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// jwtClaims are the options of sign that become claims, in jsonwebtoken's order.
var jwtClaims = [][2]string{{"audience", "aud"}, {"issuer", "iss"}, {"subject", "sub"}, {"jwtid", "jti"}}

// jwtOptions are the options of sign, each with its check and what an error says.
var jwtOptions = map[string]struct {
	ok   func(*Host, goja.Value) bool
	says string
}{
	"expiresIn":                      {isSpan, `should be a number of seconds or string representing a timespan`},
	"notBefore":                      {isSpan, `should be a number of seconds or string representing a timespan`},
	"audience":                       {isStrings, `must be a string or array`},
	"algorithm":                      {isAlgorithm, `must be a valid string enum value`},
	"header":                         {isPlainObject, `must be an object`},
	"encoding":                       {isText, `must be a string`},
	"issuer":                         {isText, `must be a string`},
	"subject":                        {isText, `must be a string`},
	"jwtid":                          {isText, `must be a string`},
	"noTimestamp":                    {isBoolean, `must be a boolean`},
	"keyid":                          {isText, `must be a string`},
	"mutatePayload":                  {isBoolean, `must be a boolean`},
	"allowInsecureKeySizes":          {isBoolean, `must be a boolean`},
	"allowInvalidAsymmetricKeyTypes": {isBoolean, `must be a boolean`},
}

func isText(_ *Host, v goja.Value) bool { return goja.IsString(v) }
func isBoolean(_ *Host, v goja.Value) bool {
	_, ok := v.Export().(bool)
	return ok && !isObject(v)
}

func isSpan(_ *Host, v goja.Value) bool {
	return goja.IsNumber(v) && v.ToFloat() == math.Trunc(v.ToFloat()) || goja.IsString(v) && v.String() != ""
}

func isStrings(_ *Host, v goja.Value) bool {
	o, ok := v.(*goja.Object)
	return goja.IsString(v) || ok && o.ClassName() == "Array"
}

func isAlgorithm(h *Host, v goja.Value) bool {
	return goja.IsString(v) && seal.Algorithm(h.key(v).String()).Known()
}

func isPlainObject(_ *Host, v goja.Value) bool {
	o, ok := v.(*goja.Object)
	return ok && o.ClassName() == "Object"
}

// signJWT is sign(payload, key, options).
func (h *Host) signJWT(payload, key, options goja.Value) goja.Value {
	claims, isClaims := payload.(*goja.Object)
	if isClaims {
		_, _, binary := h.binary(claims)
		isClaims = !binary
	}
	o, _ := key.(*goja.Object)
	name, named := h.keyNames[o]
	if named {
		options = h.namedOptions(name, options)
	}
	alg := h.jwtAlgorithm(options)
	header := h.vm.NewObject()
	_ = header.Set("alg", string(alg))
	if isClaims {
		_ = header.Set("typ", "JWT")
	}
	if kid := h.option(options, "keyid"); kid != nil {
		kid = h.key(kid) // who verifies looks it up
		_ = header.Set("kid", kid)
	}
	if more, ok := h.option(options, "header").(*goja.Object); ok {
		for _, name := range more.Keys() {
			_ = header.Set(name, more.Get(name))
		}
		if v := header.Get("alg"); v == nil || !h.strictEqual(v, h.vm.ToValue(string(alg))) {
			h.plainError(`"options.header" names another "alg" than "options.algorithm"`)
		}
	}
	if isNullish(key) || goja.IsString(key) && key.String() == "" {
		h.plainError("secretOrPrivateKey must have a value")
	}
	k := &heldKey{named: name}
	if !named {
		var err error
		if k, err = h.keyOf(key); err != nil {
			h.plainError("secretOrPrivateKey is not valid key material: " + err.Error())
		}
		h.checkAlgorithm("secretOrPrivateKey", alg, k, h.plainError)
		if k.form == formPublic {
			h.plainError("secretOrPrivateKey must be an asymmetric key when using " + string(alg) + ", and a private one")
		}
	}
	if goja.IsUndefined(payload) {
		h.plainError("payload is required")
	}
	h.checkOptions(options)
	text := ""
	if isClaims {
		text = h.stringify(h.json().stringify, goja.FunctionCall{This: goja.Undefined(), Arguments: []goja.Value{h.claims(claims, options)}}).String()
	} else {
		h.refuseClaims(payload, options)
		text = h.dataOf(payload, h.option(options, "encoding"))
	}
	head := h.stringify(h.json().stringify, goja.FunctionCall{This: goja.Undefined(), Arguments: []goja.Value{header}}).String()
	input := h.encodePart(head) + "." + h.encodePart(text)
	return h.vm.ToValue(input + "." + h.encodePart(h.signatureOf(alg, k, input)))
}

// jwtAlgorithm gives the algorithm that the options name, HS256 by default.
func (h *Host) jwtAlgorithm(options goja.Value) seal.Algorithm {
	v := h.option(options, "algorithm")
	if v == nil {
		if header := h.option(options, "header"); header != nil {
			v = h.option(header, "alg")
		}
	}
	if v == nil {
		return "HS256"
	}
	if !isAlgorithm(h, v) {
		if goja.IsString(v) && strings.EqualFold(h.key(v).String(), "none") {
			h.plainError(`"algorithm" none signs nothing, and anybody can make such a token; sign it`)
		}
		h.plainError(`"algorithm" must be a valid string enum value`)
	}
	return seal.Algorithm(v.String())
}

func (h *Host) checkOptions(options goja.Value) {
	o, ok := options.(*goja.Object)
	if !ok {
		return
	}
	for _, name := range o.Keys() {
		check, known := jwtOptions[name]
		if !known {
			h.plainError(`"` + name + `" is not allowed in "options"`)
		}
		if v := o.Get(name); !goja.IsUndefined(v) && !check.ok(h, v) {
			h.plainError(`"` + name + `" ` + check.says)
		}
	}
}

// refuseClaims refuses the options that set claims, for a payload that has none.
func (h *Host) refuseClaims(payload, options goja.Value) {
	var bad []string
	for _, name := range []string{"expiresIn", "notBefore", "noTimestamp", "audience", "issuer", "subject", "jwtid"} {
		if h.option(options, name) != nil {
			bad = append(bad, name)
		}
	}
	if len(bad) > 0 {
		kind := "string"
		if !goja.IsString(payload) {
			kind = "object"
		}
		h.plainError("invalid " + strings.Join(bad, ",") + " option for " + kind + " payload")
	}
}

// claims gives the claims with those that the options set.
func (h *Host) claims(payload *goja.Object, options goja.Value) *goja.Object {
	for _, name := range []string{"iat", "exp", "nbf"} {
		if v := payload.Get(name); v != nil && !goja.IsUndefined(v) && !goja.IsNumber(v) {
			h.plainError(`"` + name + `" should be a number of seconds`)
		}
	}
	for _, c := range [][3]string{{"expiresIn", "exp"}, {"notBefore", "nbf"}} {
		if h.option(options, c[0]) != nil && h.option(payload, c[1]) != nil {
			h.plainError(`Bad "options.` + c[0] + `" option the payload already has an "` + c[1] + `" property.`)
		}
	}
	out := payload
	if mutate := h.option(options, "mutatePayload"); mutate == nil || !mutate.ToBoolean() {
		out = h.vm.NewObject()
		for _, name := range payload.Keys() {
			_ = out.Set(name, payload.Get(name))
		}
	}
	at := seconds()
	if iat := h.option(payload, "iat"); iat != nil && iat.ToFloat() != 0 {
		at = iat.ToFloat()
	}
	if v := h.option(options, "noTimestamp"); v != nil && v.ToBoolean() {
		_ = out.Delete("iat")
	} else {
		_ = out.Set("iat", at)
	}
	for _, c := range [][2]string{{"notBefore", "nbf"}, {"expiresIn", "exp"}} {
		v := h.option(options, c[0])
		if v == nil {
			continue
		}
		until, ok := h.timespan(v, at)
		if !ok {
			h.plainError(`"` + c[0] + `" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60`)
		}
		_ = out.Set(c[1], until)
	}
	for _, c := range jwtClaims {
		v := h.option(options, c[0])
		if v == nil {
			continue
		}
		if h.option(payload, c[1]) != nil {
			h.plainError(`Bad "options.` + c[0] + `" option. The payload already has an "` + c[1] + `" property.`)
		}
		_ = out.Set(c[1], v)
	}
	return out
}

// signatureOf signs the input of a token.
func (h *Host) signatureOf(alg seal.Algorithm, k *heldKey, input string) string {
	if k.named != "" {
		signature, _, err := h.bridge.UseKey(KeyUse{Key: k.named, Do: KeySign, Algorithm: string(alg), Text: Bytes(input)})
		h.must(err)
		return signature
	}
	if k.sealed() || h.holds(input) {
		signature, err := h.bridge.Sign(alg, k.text, input)
		h.must(err)
		return signature
	}
	signature, err := k.key.Sign(alg, []byte(input))
	if err != nil {
		h.plainError("secretOrPrivateKey: " + err.Error())
	}
	return string(signature)
}
