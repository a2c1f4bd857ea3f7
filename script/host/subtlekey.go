package host

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/signing"
)

// webKey is what a CryptoKey says beside its key.
type webKey struct {
	algorithm   string // HMAC, RSA-PSS and so on
	hash        string // as hashFunctions name it; "" if the algorithm has none
	extractable bool
	usages      []string
}

// importKey is importKey(format, data, algorithm, extractable, usages).
func (h *Host) importKey(c goja.FunctionCall) goja.Value {
	name := h.webName(c.Argument(2))
	k := h.readWebKey(c.Argument(0).String(), c.Argument(1), name)
	k.web = &webKey{algorithm: name, extractable: c.Argument(3).ToBoolean(), usages: h.strings(c.Argument(4))}
	if name == "HMAC" || strings.HasPrefix(name, "RSA") {
		k.web.hash = h.hashOf(c.Argument(2))
	}
	fits := false
	switch name {
	case "RSASSA-PKCS1-v1_5", "RSA-PSS":
		fits = k.kind == signing.RSA
	case "ECDSA":
		curve := h.member(c.Argument(2), "namedCurve")
		fits = nodeCurves[k.kind] != "" && curve != nil && h.key(curve).String() == string(k.kind)
	case "Ed25519":
		fits = k.kind == signing.Ed25519
	default:
		fits = k.form == formSecret
	}
	if !fits {
		panic(h.webError("DataError", "the key is of another type than the algorithm's"))
	}
	return h.newCryptoKey(k)
}

func (h *Host) readWebKey(format string, data goja.Value, name string) *heldKey {
	var k *heldKey
	var err error
	switch format {
	case "raw":
		if name == "Ed25519" {
			var public *signing.Key
			if public, err = signing.New(ed25519.PublicKey(h.plain(h.webData(data)))); err == nil {
				k = plainKey(public, string(mustJWK(public)))
			}
			break
		}
		b := h.webData(data)
		if h.holds(b) {
			return &heldKey{text: b, kind: signing.Symmetric, form: formSecret}
		}
		var secret *signing.Key
		if secret, err = signing.New([]byte(b)); err == nil {
			k = plainKey(secret, b)
		}
	case "pkcs8", "spki":
		b := h.webData(data)
		// PEM is no format of the API, but the only one in which a secret has a key.
		if h.holds(b) {
			if k, err = h.newKey(b); err == nil && format == "spki" {
				k.form = formPublic
			}
			break
		}
		k, err = h.keyOfDER(b, format)
	case "jwk":
		o, ok := data.(*goja.Object)
		if !ok {
			panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "a JSON Web Key is an object"))
		}
		if k, err = h.keyOfJWK(o); err == nil && k.form == formSecret {
			k.text = string(k.key.Secret())
		}
	default:
		panic(h.webError("NotSupportedError", "the format is none of raw, pkcs8, spki and jwk"))
	}
	if err != nil {
		panic(h.webError("DataError", err.Error()))
	}
	return k
}

func mustJWK(k *signing.Key) []byte {
	b, err := k.JWK()
	if err != nil {
		panic(err)
	}
	return b
}

func (h *Host) newCryptoKey(k *heldKey) *goja.Object {
	o := h.vm.NewObject()
	h.hold(o, k)
	define(o, "type", h.vm.ToValue(string(k.form)))
	define(o, "extractable", h.vm.ToValue(k.web.extractable && !k.sealed()))
	algorithm := h.vm.NewObject()
	define(algorithm, "name", h.vm.ToValue(k.web.algorithm))
	if k.web.hash != "" {
		hash := h.vm.NewObject()
		define(hash, "name", h.vm.ToValue("SHA-"+strings.TrimPrefix(k.web.hash, "sha")))
		define(algorithm, "hash", hash)
	}
	if nodeCurves[k.kind] != "" {
		define(algorithm, "namedCurve", h.vm.ToValue(string(k.kind)))
	}
	define(o, "algorithm", algorithm)
	define(o, "usages", h.vm.ToValue(k.web.usages))
	return o
}

// webKeyOf gives the key of a CryptoKey that may be used so.
func (h *Host) webKeyOf(v goja.Value, algorithm, usage string) *heldKey {
	o, _ := v.(*goja.Object)
	k, ok := h.keys[o]
	if !ok || k.web == nil {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "the key must be a CryptoKey"))
	}
	if k.web.algorithm != algorithm || !slices.Contains(k.web.usages, usage) {
		panic(h.webError("InvalidAccessError", fmt.Sprintf("the key is not one that %s may %s", algorithm, usage)))
	}
	return k
}

// exportWebKey is exportKey(format, key).
func (h *Host) exportWebKey(c goja.FunctionCall) goja.Value {
	o, _ := c.Argument(1).(*goja.Object)
	k, ok := h.keys[o]
	if !ok || k.web == nil {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "the key must be a CryptoKey"))
	}
	if k.sealed() {
		h.refuse("exporting it", "send it, or sign with it")
	}
	if !k.web.extractable {
		panic(h.webError("InvalidAccessError", "the key is not extractable"))
	}
	format := c.Argument(0).String()
	switch {
	case format == "jwk":
		return h.jwkOf(k)
	case format == "raw" && k.form == formSecret:
		return h.plainBytes(slices.Clone(k.key.Secret()), kindArrayBuffer)
	case format == "raw" && k.kind == signing.Ed25519 && k.form == formPublic:
		return h.plainBytes(slices.Clone([]byte(k.key.Public().(ed25519.PublicKey))), kindArrayBuffer)
	case format == "pkcs8" && k.form == formPrivate, format == "spki" && k.form == formPublic:
		if _, der, err := derOf(k, format); err == nil {
			return h.plainBytes(der, kindArrayBuffer)
		}
	}
	panic(h.webError("NotSupportedError", "the key has no such format"))
}

// jwkOf gives a plain key as a JSON Web Key.
func (h *Host) jwkOf(k *heldKey) goja.Value {
	b, err := k.key.JWK()
	if err != nil {
		panic(h.keyError(err))
	}
	return h.call(h.json().parse, goja.Undefined(), h.vm.ToValue(string(b)))
}

// generateKey is generateKey(algorithm, extractable, usages).
func (h *Host) generateKey(c goja.FunctionCall) goja.Value {
	name, usages := h.webName(c.Argument(0)), h.strings(c.Argument(2))
	web := webKey{algorithm: name, extractable: c.Argument(1).ToBoolean(), usages: usages}
	var private any
	var err error
	switch name {
	case "HMAC", "AES-GCM":
		size := 32
		if name == "HMAC" {
			web.hash = h.hashOf(c.Argument(0))
			size = hashFunctions[web.hash].make().BlockSize()
		}
		if n := h.member(c.Argument(0), "length"); n != nil {
			size = int(n.ToInteger()) / 8
		}
		if size < 1 || size > 1024 || name == "AES-GCM" && size != 16 && size != 24 && size != 32 {
			panic(h.webError("OperationError", "a key of this length cannot be made"))
		}
		b := make([]byte, size)
		_, _ = rand.Read(b)
		key, _ := signing.New(b)
		k := plainKey(key, string(b))
		k.web = &web
		return h.newCryptoKey(k)
	case "RSASSA-PKCS1-v1_5", "RSA-PSS":
		web.hash = h.hashOf(c.Argument(0))
		n := h.member(c.Argument(0), "modulusLength")
		if n == nil || n.ToInteger() < signing.MinRSABits || n.ToInteger() > 4096 {
			panic(h.webError("OperationError", fmt.Sprintf("modulusLength is from %d to 4096", signing.MinRSABits)))
		}
		private, err = rsa.GenerateKey(rand.Reader, int(n.ToInteger()))
	case "ECDSA":
		curve := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}[text(h.member(c.Argument(0), "namedCurve"), "")]
		if curve == nil {
			panic(h.webError("NotSupportedError", "the curve is none of P-256, P-384 and P-521"))
		}
		private, err = ecdsa.GenerateKey(curve, rand.Reader)
	case "Ed25519":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		panic(h.webError("NotSupportedError", "keys of this algorithm are imported, not made"))
	}
	h.must(err)
	key, err := signing.New(private)
	h.must(err)
	public, err := key.PublicOnly()
	h.must(err)
	pair := h.vm.NewObject()
	for member, x := range map[string]struct {
		key   *signing.Key
		usage string
	}{"privateKey": {key, "sign"}, "publicKey": {public, "verify"}} {
		k := plainKey(x.key, string(mustJWK(x.key)))
		half := web
		half.usages = nil
		if slices.Contains(usages, x.usage) {
			half.usages = []string{x.usage}
		}
		half.extractable = web.extractable || member == "publicKey"
		k.web = &half
		define(pair, member, h.newCryptoKey(k))
	}
	return pair
}
