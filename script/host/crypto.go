package host

import (
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/dop251/goja"
)

// newCrypto makes crypto: Node's module, which has what the Web Cryptography API
// puts on the global of the name too. Plain operands are worked on here; those with
// a secret in them by the server, and what comes of them is sealed as it says.
func (h *Host) newCrypto() goja.Value {
	if h.classes.crypto == nil {
		o := h.vm.NewObject()
		h.classes.crypto = o
		h.methods(o, cryptoFunctions)
		if h.mayName("subtle", "webcrypto") {
			define(o, "subtle", h.newSubtle())
			define(o, "webcrypto", o)
		}
		if h.mayName("constants") {
			constants := h.vm.NewObject()
			for name, v := range cryptoConstants {
				define(constants, name, h.vm.ToValue(v))
			}
			define(o, "constants", constants)
		}
	}
	return h.classes.crypto
}

// mayName reports whether the program could say one of the names.
func (h *Host) mayName(names ...string) bool {
	s := h.job.Script
	return s == nil || s.whole || s.Dynamic || says(&s.Info, names...)
}

// cryptoConstants are those of OpenSSL that choose RSA's padding.
var cryptoConstants = map[string]int{
	"RSA_PKCS1_PADDING": paddingPKCS1, "RSA_PKCS1_PSS_PADDING": paddingPSS,
	"RSA_PSS_SALTLEN_DIGEST": saltDigest, "RSA_PSS_SALTLEN_MAX_SIGN": saltMax, "RSA_PSS_SALTLEN_AUTO": saltMax,
}

// cryptoFunctions are the functions of the module.
var cryptoFunctions methodTable

func init() {
	cryptoFunctions = methodTable{
		"randomUUID":       {0, (*Host).randomUUID},
		"randomBytes":      {2, (*Host).randomBytes},
		"randomInt":        {3, (*Host).randomInt},
		"getRandomValues":  {1, func(h *Host, c goja.FunctionCall) goja.Value { return h.fillRandom(c.Argument(0), maxRandomValues) }},
		"randomFillSync":   {3, func(h *Host, c goja.FunctionCall) goja.Value { return h.fillRandom(c.Argument(0), MaxBufferBytes) }},
		"timingSafeEqual":  {2, (*Host).timingSafeEqual},
		"createHash":       {1, (*Host).createHash},
		"hash":             {3, (*Host).hashOnce},
		"createHmac":       {2, (*Host).createHmac},
		"getHashes":        {0, func(h *Host, _ goja.FunctionCall) goja.Value { return h.vm.ToValue(hashNames()) }},
		"createSecretKey":  {2, (*Host).createSecretKey},
		"createPublicKey":  {1, (*Host).createPublicKey},
		"createPrivateKey": {1, (*Host).createPrivateKey},
		"createSign":       {1, (*Host).createSign},
		"createVerify":     {1, (*Host).createVerify},
		"sign":             {4, (*Host).signOnce},
		"verify":           {5, (*Host).verifyOnce},
	}
}

// maxRandomValues is how many bytes getRandomValues fills (Web Cryptography API,
// section 10.1.1).
const maxRandomValues = 65536

func (h *Host) randomUUID(goja.FunctionCall) goja.Value {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562, version 4
	return h.vm.ToValue(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}

func (h *Host) randomBytes(c goja.FunctionCall) goja.Value {
	b := make([]byte, h.size(c.Argument(0)))
	_, _ = rand.Read(b)
	return h.answerTo(c.Argument(1), h.plainBytes(b, kindBuffer))
}

// answerTo gives a result to Node's callback, if there is one, or returns it.
func (h *Host) answerTo(callback, v goja.Value) goja.Value {
	f, ok := goja.AssertFunction(callback)
	if !ok {
		return v
	}
	h.call(f, goja.Undefined(), goja.Null(), v)
	return goja.Undefined()
}

func (h *Host) randomInt(c goja.FunctionCall) goja.Value {
	low, high, callback := h.vm.ToValue(0), c.Argument(0), c.Argument(1)
	if goja.IsNumber(c.Argument(1)) {
		low, high, callback = c.Argument(0), c.Argument(1), c.Argument(2)
	}
	from, to := h.number(low).ToFloat(), h.number(high).ToFloat()
	if from != float64(int64(from)) || to != float64(int64(to)) || !(to > from) || to-from >= 1<<48 {
		panic(h.coded("RangeError", "ERR_OUT_OF_RANGE", "randomInt takes whole numbers, the first lower than the second by less than 2**48"))
	}
	n, err := rand.Int(rand.Reader, big.NewInt(int64(to-from)))
	h.must(err)
	return h.answerTo(callback, h.vm.ToValue(int64(from)+n.Int64()))
}

// fillRandom fills a typed array with random bytes and gives it back.
func (h *Host) fillRandom(v goja.Value, most int) goja.Value {
	o, _ := v.(*goja.Object)
	if _, held := h.sealed[o]; o == nil || held {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "the argument must be a typed array without a secret"))
	}
	b, ok := h.memory(o)
	if !ok {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "the argument must be a typed array"))
	}
	if len(b) > most {
		panic(h.coded("RangeError", "ERR_OUT_OF_RANGE", fmt.Sprintf("at most %d random bytes at a time", most)))
	}
	_, _ = rand.Read(b)
	return v
}

// timingSafeEqual compares bytes in constant time. Bytes of different lengths are
// an error to Node; with a secret in them they are different, since an error would
// tell its length.
func (h *Host) timingSafeEqual(c goja.FunctionCall) goja.Value {
	a, b := h.mustBytes(c.Argument(0)), h.mustBytes(c.Argument(1))
	if h.holds(a) || h.holds(b) {
		return h.vm.ToValue(h.equalBytes(a, b))
	}
	if len(a) != len(b) {
		panic(h.coded("RangeError", "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length"))
	}
	return h.vm.ToValue(constantTimeEqual(a, b))
}

// dataOf gives the bytes of an argument that is text, in an encoding, or bytes.
func (h *Host) dataOf(v, encoding goja.Value) string {
	if s, ok := v.(goja.String); ok {
		b, _ := h.bytesOfText(s, h.encoding(encoding))
		return b
	}
	b, err := h.bytesOf(v)
	if err != nil {
		panic(h.coded("TypeError", "ERR_INVALID_ARG_TYPE", "the data "+err.Error()))
	}
	return b
}

// bytesOut gives bytes that were computed: text in the encoding, or a Buffer.
func (h *Host) bytesOut(b string, encoding goja.Value) goja.Value {
	if encoding == nil || isNullish(encoding) || encoding.String() == "buffer" {
		return h.bytesValue(b, kindBuffer)
	}
	return h.textOf(b, h.encoding(encoding), false)
}
