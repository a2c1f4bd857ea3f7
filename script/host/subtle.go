package host

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/pbkdf2"
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
	return h.call(h.jsonParse, goja.Undefined(), h.vm.ToValue(string(b)))
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

// aesGCM is encrypt and decrypt, of plain bytes with a plain key: what decrypting
// gave would be a secret, and whether it succeeds a look inside one.
func (h *Host) aesGCM(c goja.FunctionCall, encrypt bool) goja.Value {
	usage := map[bool]string{true: "encrypt", false: "decrypt"}[encrypt]
	if h.webName(c.Argument(0)) != "AES-GCM" {
		panic(h.webError("NotSupportedError", "AES-GCM alone encrypts"))
	}
	k := h.webKeyOf(c.Argument(1), "AES-GCM", usage)
	if k.sealed() {
		h.refuse(usage+" with it", "let the server do it: a key of its own for that")
	}
	data := h.plain(h.webData(c.Argument(2)))
	iv := h.member(c.Argument(0), "iv")
	if iv == nil {
		panic(h.coded("TypeError", "ERR_MISSING_OPTION", "AES-GCM needs an iv"))
	}
	nonce := h.plain(h.webData(iv))
	var extra []byte
	if v := h.member(c.Argument(0), "additionalData"); v != nil {
		extra = h.plain(h.webData(v))
	}
	if n := h.member(c.Argument(0), "tagLength"); n != nil && n.ToInteger() != 128 {
		panic(h.webError("OperationError", "the tag has 128 bits"))
	}
	block, err := aes.NewCipher(k.key.Secret())
	if err != nil || len(nonce) == 0 {
		panic(h.webError("OperationError", "a key has 128, 192 or 256 bits, and an iv one byte or more"))
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(nonce))
	h.must(err)
	if encrypt {
		return h.plainBytes(aead.Seal(nil, nonce, data, extra), kindArrayBuffer)
	}
	out, err := aead.Open(nil, nonce, data, extra)
	if err != nil {
		panic(h.webError("OperationError", "The operation failed for an operation-specific reason"))
	}
	return h.plainBytes(out, kindArrayBuffer)
}

// maxIterations bounds PBKDF2, which no interrupt stops.
const maxIterations = 1_000_000

// deriveBits is deriveBits(algorithm, key, length), of a plain key.
func (h *Host) deriveBits(c goja.FunctionCall) goja.Value {
	name := h.webName(c.Argument(0))
	k := h.webKeyOf(c.Argument(1), name, "deriveBits")
	if k.sealed() {
		h.refuse("deriving a key from it", "use createHmac, whose result is sealed")
	}
	bits := c.Argument(2).ToInteger()
	if bits <= 0 || bits%8 != 0 || bits > 8192 {
		panic(h.webError("OperationError", "the length is a multiple of 8, from 8 to 8192"))
	}
	option := func(name string) []byte {
		v := h.member(c.Argument(0), name)
		if v == nil {
			panic(h.coded("TypeError", "ERR_MISSING_OPTION", "the algorithm needs "+name))
		}
		return h.plain(h.webData(v))
	}
	hash := hashFunctions[h.hashOf(c.Argument(0))].make
	var out []byte
	var err error
	switch name {
	case "PBKDF2":
		n := h.member(c.Argument(0), "iterations")
		if n == nil || n.ToInteger() < 1 || n.ToInteger() > maxIterations {
			panic(h.webError("OperationError", fmt.Sprintf("iterations is from 1 to %d", maxIterations)))
		}
		out, err = pbkdf2.Key(hash, string(k.key.Secret()), option("salt"), int(n.ToInteger()), int(bits/8))
	case "HKDF":
		out, err = hkdf.Key(hash, k.key.Secret(), option("salt"), string(option("info")), int(bits/8))
	default:
		panic(h.webError("NotSupportedError", "PBKDF2 and HKDF alone derive"))
	}
	if err != nil {
		panic(h.webError("OperationError", "the bits cannot be derived"))
	}
	return h.plainBytes(out, kindArrayBuffer)
}
