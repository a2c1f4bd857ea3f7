package host

import (
	"strings"

	"github.com/dop251/goja"
)

// webAlgorithms are the algorithms of the Web Cryptography API that are there, by
// their names in lower case.
var webAlgorithms = map[string]string{
	"hmac": "HMAC", "rsassa-pkcs1-v1_5": "RSASSA-PKCS1-v1_5", "rsa-pss": "RSA-PSS", "ecdsa": "ECDSA", "ed25519": "Ed25519",
	"aes-gcm": "AES-GCM", "pbkdf2": "PBKDF2", "hkdf": "HKDF",
}

// newSubtle makes crypto.subtle (https://www.w3.org/TR/webcrypto-2/). Its functions
// give promises.
func (h *Host) newSubtle() goja.Value {
	o := h.vm.NewObject()
	for name, m := range subtleFunctions {
		if h.mayName(name) {
			h.method(o, name, m.length, func(c goja.FunctionCall) goja.Value {
				return h.promise(func() goja.Value { return m.do(h, c) })
			})
		}
	}
	return o
}

var subtleFunctions methodTable

func init() {
	subtleFunctions = methodTable{
		"digest": {2, func(h *Host, c goja.FunctionCall) goja.Value {
			return h.bytesValue(h.digest(h.webHash(c.Argument(0)), h.webData(c.Argument(1))), kindArrayBuffer)
		}},
		"importKey":   {5, (*Host).importKey},
		"exportKey":   {2, (*Host).exportWebKey},
		"generateKey": {3, (*Host).generateKey},
		"sign":        {3, (*Host).webSign},
		"verify":      {4, (*Host).webVerify},
		"encrypt":     {3, func(h *Host, c goja.FunctionCall) goja.Value { return h.aesGCM(c, true) }},
		"decrypt":     {3, func(h *Host, c goja.FunctionCall) goja.Value { return h.aesGCM(c, false) }},
		"deriveBits":  {3, (*Host).deriveBits},
	}
}

// promise gives a promise of what f gives, rejected with what it throws.
func (h *Host) promise(f func() goja.Value) goja.Value {
	promise, resolve, reject := h.vm.NewPromise()
	var v goja.Value
	if ex := h.vm.Try(func() { v = f() }); ex != nil {
		h.must(reject(ex.Value()))
	} else {
		h.must(resolve(v))
	}
	return h.vm.ToValue(promise)
}

// webError makes an error of the name that the API gives it.
func (h *Host) webError(name, message string) *goja.Object {
	o := h.coded("Error", name, message)
	define(o, "name", h.vm.ToValue(name))
	return o
}

// webData gives the bytes of a BufferSource.
func (h *Host) webData(v goja.Value) string {
	b, _, ok := h.binary(v)
	if !ok {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "the data must be an ArrayBuffer, a typed array or a DataView"))
	}
	return b
}

// member gives a member of an algorithm, nil if there is none.
func (h *Host) member(algorithm goja.Value, name string) goja.Value {
	o, ok := algorithm.(*goja.Object)
	if !ok {
		return nil
	}
	v := o.Get(name)
	if v == nil || isNullish(v) {
		return nil
	}
	return v
}

func (h *Host) webName(algorithm goja.Value) string {
	name := algorithm
	if v := h.member(algorithm, "name"); v != nil {
		name = v
	}
	canonical, ok := webAlgorithms[strings.ToLower(h.key(name).String())]
	if !ok {
		panic(h.webError("NotSupportedError", "the algorithm is none of HMAC, RSASSA-PKCS1-v1_5, RSA-PSS, ECDSA, Ed25519, AES-GCM, PBKDF2 and HKDF"))
	}
	return canonical
}

// webHash reads the name of a hash function, or an object with one.
func (h *Host) webHash(v goja.Value) string {
	if name := h.member(v, "name"); name != nil {
		v = name
	}
	name, ok := map[string]string{"SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}[strings.ToUpper(h.key(v).String())]
	if !ok {
		panic(h.webError("NotSupportedError", "the hash function is none of SHA-1, SHA-256, SHA-384 and SHA-512"))
	}
	return name
}

func (h *Host) hashOf(algorithm goja.Value) string {
	v := h.member(algorithm, "hash")
	if v == nil {
		panic(h.coded("TypeError", "ERR_MISSING_OPTION", "the algorithm needs a hash"))
	}
	return h.webHash(v)
}

// plain gives bytes that must have no secret in them.
func (h *Host) plain(b string) []byte {
	if h.holds(b) {
		h.refuse("using it so", adviceBytes)
	}
	return []byte(b)
}

// strings reads an array of strings.
func (h *Host) strings(v goja.Value) (out []string) {
	if o, ok := v.(*goja.Object); ok {
		h.eachElement(o, func(el goja.Value) { out = append(out, h.key(el).String()) })
	}
	return out
}

func (h *Host) webSign(c goja.FunctionCall) goja.Value {
	name := h.webName(c.Argument(0))
	k, data := h.webKeyOf(c.Argument(1), name, "sign"), h.webData(c.Argument(2))
	if name == "HMAC" {
		return h.bytesValue(h.mac(k.web.hash, h.secretOf(k), data), kindArrayBuffer)
	}
	return h.bytesValue(h.signWith(k, h.webScheme(c.Argument(0), k), data), kindArrayBuffer)
}

func (h *Host) webVerify(c goja.FunctionCall) goja.Value {
	name := h.webName(c.Argument(0))
	k, signature, data := h.webKeyOf(c.Argument(1), name, "verify"), h.webData(c.Argument(2)), h.webData(c.Argument(3))
	if name != "HMAC" {
		return h.vm.ToValue(h.verifyWith(k, h.webScheme(c.Argument(0), k), data, signature))
	}
	return h.vm.ToValue(h.sameMAC(h.mac(k.web.hash, h.secretOf(k), data), signature))
}

// sameMAC compares HMACs in constant time.
func (h *Host) sameMAC(a, b string) bool {
	if h.holds(a) || h.holds(b) {
		return h.equalBytes(a, b)
	}
	return constantTimeEqual(a, b)
}

func (h *Host) webScheme(algorithm goja.Value, k *heldKey) scheme {
	s := scheme{hash: k.web.hash, salt: saltDigest}
	switch k.web.algorithm {
	case "RSA-PSS":
		s.pss = true
		n := h.member(algorithm, "saltLength")
		if n == nil {
			panic(h.coded("TypeError", "ERR_MISSING_OPTION", "RSA-PSS needs a saltLength"))
		}
		s.salt = int(n.ToInteger())
	case "ECDSA":
		s.hash = h.hashOf(algorithm)
	}
	return s
}
