package host

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/signing"
)

// keyForm is what a key is for, as Node and the Web Cryptography API name it.
type keyForm string

const (
	formSecret  keyForm = "secret"
	formPublic  keyForm = "public"
	formPrivate keyForm = "private"
)

// heldKey is the key in a KeyObject or a CryptoKey, or one that was given as text.
type heldKey struct {
	// text is what the server reads a key of; it may be sealed.
	text string
	// key is the key itself; nil where text is sealed.
	key  *signing.Key
	kind signing.Kind
	form keyForm
	// named is what context.keys calls the key, which then only signs and verifies
	// tokens.
	named string
	web   *webKey // of a CryptoKey
}

const adviceKey = "a key is PEM, DER, a JSON Web Key, bytes, or a KeyObject of those"

func (h *Host) keyError(err error) *goja.Object {
	return h.coded("TypeError", "ERR_CRYPTO_INVALID_KEY", "Invalid key: "+err.Error())
}

// newKey reads a key of text.
func (h *Host) newKey(text string) (*heldKey, error) {
	if h.holds(text) {
		kind, err := h.bridge.KeyKind(text)
		h.must(err)
		form := formPrivate
		if kind == signing.Symmetric {
			form = formSecret
		}
		return &heldKey{text: text, kind: kind, form: form}, nil
	}
	k, err := signing.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	return plainKey(k, text), nil
}

// plainKey makes a key of one that has been read; text is what the server can read
// it of.
func plainKey(k *signing.Key, text string) *heldKey {
	form := formPublic
	switch {
	case k.Kind() == signing.Symmetric:
		form = formSecret
	case k.Private():
		form = formPrivate
	}
	return &heldKey{text: text, key: k, kind: k.Kind(), form: form}
}

// sealed reports whether only the server can use the key.
func (k *heldKey) sealed() bool { return k.key == nil }

// keyOf reads a key as Node takes it: text, bytes, a KeyObject, a JSON Web Key, or
// an object with a key and its format.
func (h *Host) keyOf(v goja.Value) (*heldKey, error) {
	o, ok := v.(*goja.Object)
	if !ok {
		return h.newKey(h.dataOf(v, goja.Undefined()))
	}
	if k, ok := h.keys[o]; ok {
		return k, nil
	}
	if b, _, ok := h.binary(o); ok {
		return h.newKey(b)
	}
	if kty := o.Get("kty"); kty != nil && goja.IsString(kty) {
		return h.keyOfJWK(o)
	}
	inner := o.Get("key")
	if inner == nil || isNullish(inner) {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "the key is of no type that is known; "+adviceKey))
	}
	if p := o.Get("passphrase"); p != nil && !isNullish(p) {
		panic(h.coded("Error", "ERR_CRYPTO_OPERATION_FAILED", "keys with a passphrase are not read; store the key without one, as a secret it is encrypted anyway"))
	}
	switch format := text(o.Get("format"), ""); format {
	case "jwk":
		if jwk, ok := inner.(*goja.Object); ok {
			return h.keyOfJWK(jwk)
		}
	case "der":
		return h.keyOfDER(h.dataOf(inner, o.Get("encoding")), text(o.Get("type"), ""))
	}
	return h.keyOf(inner)
}

// keyOfJWK reads a JSON Web Key that is an object.
func (h *Host) keyOfJWK(o *goja.Object) (*heldKey, error) {
	text := h.call(h.json().stringify, goja.Undefined(), o).String()
	if h.holds(text) {
		h.refuse("reading a key out of parts that are secret", "store the JSON Web Key as the text of one secret, and give that")
	}
	k, err := signing.ParseJWK([]byte(text))
	if err != nil {
		return nil, err
	}
	return plainKey(k, text), nil
}

// derTypes are the blocks of PEM that hold what Node and the Web Cryptography API
// call these.
var derTypes = map[string][]string{
	"pkcs8": {"PRIVATE KEY"}, "spki": {"PUBLIC KEY"}, "sec1": {"EC PRIVATE KEY"},
	"pkcs1": {"RSA PRIVATE KEY", "RSA PUBLIC KEY"}, "": {"PRIVATE KEY", "PUBLIC KEY"},
}

func (h *Host) keyOfDER(der, format string) (*heldKey, error) {
	if h.holds(der) {
		h.refuse("reading DER out of it", "store the key as PEM")
	}
	var failed error
	for _, block := range derTypes[format] {
		k, err := signing.ParseDER(block, []byte(der))
		if err == nil {
			return plainKey(k, string(pem.EncodeToMemory(&pem.Block{Type: block, Bytes: []byte(der)}))), nil
		}
		failed = err
	}
	if failed == nil {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_VALUE", "the type of a key in DER is pkcs8, spki, sec1 or pkcs1"))
	}
	return nil, failed
}

// secretBytes gives the bytes of the key of an HMAC, which may be any.
func (h *Host) secretBytes(v goja.Value) string {
	if o, ok := v.(*goja.Object); ok {
		if k, ok := h.keys[o]; ok {
			return h.secretOf(k)
		}
	}
	return h.dataOf(v, goja.Undefined())
}

func (h *Host) secretOf(k *heldKey) string {
	if k.form != formSecret {
		panic(h.coded("TypeError", "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE", "Invalid key object type "+string(k.form)+", expected secret."))
	}
	if k.sealed() {
		return k.text
	}
	return string(k.key.Secret())
}

func (h *Host) createSecretKey(c goja.FunctionCall) goja.Value {
	b := h.dataOf(c.Argument(0), c.Argument(1))
	if h.holds(b) {
		return h.newKeyObject(&heldKey{text: b, kind: signing.Symmetric, form: formSecret})
	}
	k, err := signing.New([]byte(b))
	if err != nil {
		panic(h.keyError(err))
	}
	return h.newKeyObject(plainKey(k, b))
}

func (h *Host) createPublicKey(c goja.FunctionCall) goja.Value {
	k, err := h.asymmetric(c.Argument(0))
	if err != nil {
		panic(h.keyError(err))
	}
	public := *k
	public.form = formPublic
	if k.key != nil {
		if public.key, err = k.key.PublicOnly(); err != nil {
			panic(h.keyError(err))
		}
	}
	return h.newKeyObject(&public)
}

func (h *Host) createPrivateKey(c goja.FunctionCall) goja.Value {
	k, err := h.asymmetric(c.Argument(0))
	if err != nil {
		panic(h.keyError(err))
	}
	if k.form != formPrivate {
		panic(h.keyError(errNotPrivate))
	}
	return h.newKeyObject(k)
}

// asymmetric reads a key that is no secret of an HMAC.
func (h *Host) asymmetric(v goja.Value) (*heldKey, error) {
	k, err := h.keyOf(v)
	if err == nil && k.form == formSecret {
		err = errNotAsymmetric
	}
	return k, err
}

// nodeTypes are Node's names of types of keys.
var nodeTypes = map[signing.Kind]string{signing.RSA: "rsa", signing.P256: "ec", signing.P384: "ec", signing.P521: "ec", signing.Ed25519: "ed25519"}

// nodeCurves are OpenSSL's names of curves.
var nodeCurves = map[signing.Kind]string{signing.P256: "prime256v1", signing.P384: "secp384r1", signing.P521: "secp521r1"}

// newKeyObject makes Node's KeyObject.
func (h *Host) newKeyObject(k *heldKey) *goja.Object {
	o := h.vm.NewObject()
	h.hold(o, k)
	define(o, "type", h.vm.ToValue(string(k.form)))
	if k.form == formSecret {
		if !k.sealed() {
			define(o, "symmetricKeySize", h.vm.ToValue(len(k.key.Secret())))
		}
	} else {
		define(o, "asymmetricKeyType", h.vm.ToValue(nodeTypes[k.kind]))
		details := h.vm.NewObject()
		if curve := nodeCurves[k.kind]; curve != "" {
			define(details, "namedCurve", h.vm.ToValue(curve))
		}
		if k.key != nil {
			if public, ok := k.key.Public().(*rsa.PublicKey); ok {
				define(details, "modulusLength", h.vm.ToValue(public.N.BitLen()))
			}
		}
		define(o, "asymmetricKeyDetails", details)
	}
	h.method(o, "export", 1, func(c goja.FunctionCall) goja.Value { return h.exportKey(k, c.Argument(0)) })
	h.method(o, "equals", 1, func(c goja.FunctionCall) goja.Value {
		other, _ := c.Argument(0).(*goja.Object)
		with, ok := h.keys[other]
		return h.vm.ToValue(ok && with.form == k.form && with.kind == k.kind && h.equalKeys(k, with))
	})
	return o
}

func (h *Host) equalKeys(a, b *heldKey) bool {
	if a.sealed() || b.sealed() {
		return h.equalBytes(a.text, b.text)
	}
	if a.form == formSecret {
		return constantTimeEqual(string(a.key.Secret()), string(b.key.Secret()))
	}
	if public, ok := a.key.Public().(interface{ Equal(crypto.PublicKey) bool }); a.form == formPublic && ok {
		return public.Equal(b.key.Public())
	}
	x, errX := x509.MarshalPKCS8PrivateKey(a.key.Signer())
	y, errY := x509.MarshalPKCS8PrivateKey(b.key.Signer())
	return errX == nil && errY == nil && constantTimeEqual(string(x), string(y))
}

// hold keeps the key of an object.
func (h *Host) hold(o *goja.Object, k *heldKey) {
	if h.keys == nil {
		h.keys = map[*goja.Object]*heldKey{}
	}
	h.keys[o] = k
}

// exportKey is KeyObject.export.
func (h *Host) exportKey(k *heldKey, options goja.Value) goja.Value {
	format, kind := "", ""
	if o, ok := options.(*goja.Object); ok {
		format, kind = text(o.Get("format"), ""), text(o.Get("type"), "")
	}
	if k.form == formSecret && format != "jwk" {
		return h.bytesValue(h.secretOf(k), kindBuffer)
	}
	if k.sealed() {
		h.refuse("exporting it", "export the public key where you made the pair")
	}
	if format == "jwk" {
		return h.jwkOf(k)
	}
	block, der, err := derOf(k, kind)
	if err != nil {
		panic(h.keyError(err))
	}
	if format == "der" {
		return h.plainBytes(der, kindBuffer)
	}
	return h.vm.ToValue(string(pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der})))
}

// derOf gives a plain key in a format: pkcs8, sec1 or pkcs1 of private keys, spki or
// pkcs1 of public ones.
func derOf(k *heldKey, format string) (block string, der []byte, err error) {
	if k.form == formPublic {
		if public, ok := k.key.Public().(*rsa.PublicKey); ok && format == "pkcs1" {
			return "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(public), nil
		}
		der, err = x509.MarshalPKIXPublicKey(k.key.Public())
		return "PUBLIC KEY", der, err
	}
	switch private := k.key.Signer().(type) {
	case *rsa.PrivateKey:
		if format == "pkcs1" {
			return "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private), nil
		}
	case *ecdsa.PrivateKey:
		if format == "sec1" {
			der, err = x509.MarshalECPrivateKey(private)
			return "EC PRIVATE KEY", der, err
		}
	case ed25519.PrivateKey:
	}
	der, err = x509.MarshalPKCS8PrivateKey(k.key.Signer())
	return "PRIVATE KEY", der, err
}
