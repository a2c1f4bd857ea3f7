package host

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // Node has it, and old webhooks use it
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// hashFunction is a hash function: here for plain bytes, and as the server knows
// it for sealed ones.
type hashFunction struct {
	make func() hash.Hash
	of   seal.Func
	mac  seal.Hash
}

var hashFunctions = map[string]hashFunction{
	"md5":    {md5.New, seal.MD5, seal.HashMD5},
	"sha1":   {sha1.New, seal.SHA1, seal.HashSHA1},
	"sha256": {sha256.New, seal.SHA256, seal.HashSHA256},
	"sha384": {sha512.New384, seal.SHA384, seal.HashSHA384},
	"sha512": {sha512.New, seal.SHA512, seal.HashSHA512},
}

func hashNames() []string {
	names := make([]string, 0, len(hashFunctions))
	for name := range hashFunctions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// hashName reads a hash function's name as OpenSSL and the Web Cryptography API
// spell it.
func (h *Host) hashName(v goja.Value) string {
	name := strings.ToLower(h.key(v).String())
	name = strings.ReplaceAll(strings.TrimPrefix(name, "rsa-"), "-", "")
	if _, ok := hashFunctions[name]; !ok {
		panic(h.coded("Error", "ERR_CRYPTO_INVALID_DIGEST", "Invalid digest: use "+strings.Join(hashNames(), ", ")))
	}
	return name
}

// feed is data that comes in parts, and what is made of it at the end.
type feed struct {
	data  strings.Builder
	ended bool
}

// update makes the method that adds a part.
func (h *Host) update(o *goja.Object, f *feed, what string) {
	h.method(o, "update", 2, func(c goja.FunctionCall) goja.Value {
		if f.ended {
			panic(h.coded("Error", "ERR_CRYPTO_HASH_FINALIZED", what+" already called"))
		}
		part := h.dataOf(c.Argument(0), c.Argument(1))
		if f.data.Len()+len(part) > MaxBufferBytes {
			panic(h.tooLarge())
		}
		f.data.WriteString(part)
		return o
	})
}

// collected gives what came in, once.
func (h *Host) collected(f *feed, what string) string {
	if f.ended {
		panic(h.coded("Error", "ERR_CRYPTO_HASH_FINALIZED", what+" already called"))
	}
	f.ended = true
	return f.data.String()
}

// digest gives the bytes of the digest of data.
func (h *Host) digest(name, data string) string {
	f := hashFunctions[name]
	if h.holds(data) {
		text, err := h.bridge.Derive(f.of, data)
		h.must(err)
		b, err := h.bridge.Underive(seal.Hex, text)
		h.must(err)
		return b
	}
	d := f.make()
	d.Write([]byte(data))
	return string(d.Sum(nil))
}

// mac gives the bytes of the HMAC of data.
func (h *Host) mac(name, key, data string) string {
	f := hashFunctions[name]
	if h.holds(key) || h.holds(data) {
		b, err := h.bridge.MAC(f.mac, key, data)
		h.must(err)
		return b
	}
	m := hmac.New(f.make, []byte(key))
	m.Write([]byte(data))
	return string(m.Sum(nil))
}

func constantTimeEqual(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

func (h *Host) createHash(c goja.FunctionCall) goja.Value {
	return h.newHash(h.hashName(c.Argument(0)), "")
}

func (h *Host) newHash(name, data string) *goja.Object {
	o, f := h.vm.NewObject(), &feed{}
	f.data.WriteString(data)
	h.update(o, f, "Digest")
	h.method(o, "digest", 1, func(c goja.FunctionCall) goja.Value {
		return h.bytesOut(h.digest(name, h.collected(f, "Digest")), c.Argument(0))
	})
	h.method(o, "copy", 0, func(goja.FunctionCall) goja.Value {
		if f.ended {
			panic(h.coded("Error", "ERR_CRYPTO_HASH_FINALIZED", "Digest already called"))
		}
		return h.newHash(name, f.data.String())
	})
	return o
}

// hashOnce is hash(algorithm, data, encoding), which gives hex by itself.
func (h *Host) hashOnce(c goja.FunctionCall) goja.Value {
	encoding := c.Argument(2)
	if goja.IsUndefined(encoding) {
		encoding = h.vm.ToValue("hex")
	}
	return h.bytesOut(h.digest(h.hashName(c.Argument(0)), h.dataOf(c.Argument(1), goja.Undefined())), encoding)
}

func (h *Host) createHmac(c goja.FunctionCall) goja.Value {
	name, key := h.hashName(c.Argument(0)), h.secretBytes(c.Argument(1))
	o, f := h.vm.NewObject(), &feed{}
	h.update(o, f, "Digest")
	h.method(o, "digest", 1, func(c goja.FunctionCall) goja.Value {
		return h.bytesOut(h.mac(name, key, h.collected(f, "Digest")), c.Argument(0))
	})
	return o
}
