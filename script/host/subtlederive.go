package host

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"fmt"

	"github.com/dop251/goja"
)

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
		if n == nil || n.ToInteger() < 1 || n.ToInteger() > MaxPBKDF2Iterations {
			panic(h.webError("OperationError", fmt.Sprintf("iterations is from 1 to %d (MaxPBKDF2Iterations)", MaxPBKDF2Iterations)))
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
