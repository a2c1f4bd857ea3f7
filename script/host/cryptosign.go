package host

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/signing"
)

var (
	errNotPrivate    = errors.New("it is a public key, and a private one is needed")
	errNotAsymmetric = errors.New("it is neither a public nor a private key")
)

// OpenSSL's numbers of RSA's paddings and of lengths of salts.
const (
	paddingPKCS1 = 1
	paddingPSS   = 6
	saltDigest   = -1
	saltMax      = -2
)

var cryptoHashes = map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// scheme is how something is signed.
type scheme struct {
	hash string // "" for Ed25519
	pss  bool
	salt int // saltDigest, saltMax or bytes
	der  bool
}

// algorithm gives the name that JSON Web Signature has for a scheme, which is what
// the server knows.
func (s scheme) algorithm(kind signing.Kind) (seal.Algorithm, bool) {
	for _, name := range kind.Algorithms() {
		bits := map[string]string{"sha256": "256", "sha384": "384", "sha512": "512"}[s.hash]
		family := map[bool]string{false: "RS", true: "PS"}[s.pss]
		switch {
		case kind == signing.Ed25519:
			return name, s.hash == ""
		case bits == "":
			return "", false
		case kind == signing.RSA && string(name) == family+bits && (!s.pss || s.salt == saltDigest || s.salt == cryptoHashes[s.hash].Size()):
			return name, true
		case kind != signing.RSA && string(name) == "ES"+bits:
			return name, true
		}
	}
	return "", false
}

func (s scheme) plain() signing.Scheme {
	out := signing.Scheme{Hash: cryptoHashes[s.hash], PSS: s.pss, Salt: s.salt}
	switch s.salt {
	case saltDigest:
		out.Salt = rsa.PSSSaltLengthEqualsHash
	case saltMax:
		out.Salt = rsa.PSSSaltLengthAuto
	}
	return out
}

// signWith signs bytes with an RSA, ECDSA or Ed25519 key.
func (h *Host) signWith(k *heldKey, s scheme, data string) string {
	if k.form != formPrivate {
		panic(h.keyError(errNotPrivate))
	}
	h.checkScheme(k, s)
	var signature string
	if k.sealed() || h.holds(data) {
		var err error
		signature, err = h.bridge.Sign(h.serverAlgorithm(k, s), k.text, data)
		h.must(err)
		if h.holds(signature) {
			if s.der && nodeCurves[k.kind] != "" {
				signature, err = h.bridge.Derive(seal.DER, signature)
				h.must(err)
			}
			return signature
		}
	} else {
		b, err := k.key.SignWith(s.plain(), []byte(data))
		if err != nil {
			panic(h.keyError(err))
		}
		signature = string(b)
	}
	if !s.der || nodeCurves[k.kind] == "" {
		return signature
	}
	der, err := signing.ToDER(k.kind, []byte(signature))
	h.must(err)
	return string(der)
}

// verifyWith verifies a signature of bytes.
func (h *Host) verifyWith(k *heldKey, s scheme, data, signature string) bool {
	if k.form == formSecret {
		panic(h.keyError(errNotAsymmetric))
	}
	h.checkScheme(k, s)
	sealed := k.sealed() || h.holds(data) || h.holds(signature)
	if s.der && nodeCurves[k.kind] != "" {
		if h.holds(signature) {
			h.refuse("taking its DER apart", "sign and verify with dsaEncoding: 'ieee-p1363'")
		}
		raw, err := signing.FromDER(k.kind, []byte(signature))
		if err != nil {
			return false
		}
		signature = string(raw)
	}
	if !sealed {
		return k.key.VerifyWith(s.plain(), []byte(data), []byte(signature))
	}
	if s.salt == saltMax { // any; the server takes the one of JSON Web Signature
		s.salt = saltDigest
	}
	ok, err := h.bridge.Verify(h.serverAlgorithm(k, s), k.text, data, signature)
	h.must(err)
	return ok
}

func (h *Host) checkScheme(k *heldKey, s scheme) {
	if _, ok := cryptoHashes[s.hash]; !ok && k.kind != signing.Ed25519 {
		panic(h.coded("Error", "ERR_CRYPTO_INVALID_DIGEST", "Invalid digest: signatures take sha1, sha256, sha384 and sha512"))
	}
}

// serverAlgorithm gives the algorithm with which the server signs or verifies.
func (h *Host) serverAlgorithm(k *heldKey, s scheme) seal.Algorithm {
	alg, ok := s.algorithm(k.kind)
	if !ok {
		h.throw(seal.CodeKey, fmt.Sprintf("with a secret a key of type %s signs by the algorithms %v of JSON Web Signature only; choose their hash, curve and length of salt", k.kind, k.kind.Algorithms()))
	}
	return alg
}

// nodeScheme reads how Node's sign and verify work: its algorithm and what stands
// beside a key.
func (h *Host) nodeScheme(algorithm, key goja.Value, verify bool) scheme {
	s := scheme{salt: saltMax, der: true}
	if algorithm != nil && !isNullish(algorithm) {
		s.hash = h.hashName(algorithm)
	}
	if !verify {
		s.salt = saltDigest // Node's is the longest, which JSON Web Signature does not know
	}
	o, ok := key.(*goja.Object)
	if !ok {
		return s
	}
	if _, isKey := h.keys[o]; isKey {
		return s
	}
	if p := o.Get("padding"); p != nil && !isNullish(p) {
		switch p.ToInteger() {
		case paddingPKCS1:
		case paddingPSS:
			s.pss = true
		default:
			panic(h.coded("TypeError", "ERR_INVALID_ARG_VALUE", "the padding is RSA_PKCS1_PADDING or RSA_PKCS1_PSS_PADDING"))
		}
	}
	if n := o.Get("saltLength"); n != nil && !isNullish(n) {
		s.salt = int(n.ToInteger())
	}
	if e := o.Get("dsaEncoding"); e != nil && goja.IsString(e) {
		s.der = e.String() != "ieee-p1363"
	}
	return s
}

func (h *Host) privateKey(v goja.Value) *heldKey {
	k, err := h.asymmetric(v)
	if err != nil {
		panic(h.keyError(err))
	}
	return k
}

func (h *Host) createSign(c goja.FunctionCall) goja.Value {
	algorithm := c.Argument(0)
	h.hashName(algorithm)
	o, f := h.vm.NewObject(), &feed{}
	h.update(o, f, "Sign")
	h.method(o, "sign", 2, func(c goja.FunctionCall) goja.Value {
		k := h.privateKey(c.Argument(0))
		if k.kind == signing.Ed25519 {
			panic(h.keyError(errors.New("Ed25519 signs whole messages: use crypto.sign(null, data, key)")))
		}
		return h.bytesOut(h.signWith(k, h.nodeScheme(algorithm, c.Argument(0), false), h.collected(f, "Sign")), c.Argument(1))
	})
	return o
}

func (h *Host) createVerify(c goja.FunctionCall) goja.Value {
	algorithm := c.Argument(0)
	h.hashName(algorithm)
	o, f := h.vm.NewObject(), &feed{}
	h.update(o, f, "Verify")
	h.method(o, "verify", 3, func(c goja.FunctionCall) goja.Value {
		k := h.privateKey(c.Argument(0))
		if k.kind == signing.Ed25519 {
			panic(h.keyError(errors.New("Ed25519 verifies whole messages: use crypto.verify(null, data, key, signature)")))
		}
		signature := h.dataOf(c.Argument(1), c.Argument(2))
		return h.vm.ToValue(h.verifyWith(k, h.nodeScheme(algorithm, c.Argument(0), true), h.collected(f, "Verify"), signature))
	})
	return o
}

// signOnce is sign(algorithm, data, key, callback).
func (h *Host) signOnce(c goja.FunctionCall) goja.Value {
	k, data := h.privateKey(c.Argument(2)), h.dataOf(c.Argument(1), goja.Undefined())
	signature := h.signWith(k, h.nodeScheme(c.Argument(0), c.Argument(2), false), data)
	return h.answerTo(c.Argument(3), h.bytesValue(signature, kindBuffer))
}

// verifyOnce is verify(algorithm, data, key, signature, callback).
func (h *Host) verifyOnce(c goja.FunctionCall) goja.Value {
	k, data := h.privateKey(c.Argument(2)), h.dataOf(c.Argument(1), goja.Undefined())
	ok := h.verifyWith(k, h.nodeScheme(c.Argument(0), c.Argument(2), true), data, h.dataOf(c.Argument(3), goja.Undefined()))
	return h.answerTo(c.Argument(4), h.vm.ToValue(ok))
}
