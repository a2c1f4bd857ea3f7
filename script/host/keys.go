package host

import (
	"maps"
	"slices"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// Key is what a script is told of a key of context.keys.
type Key struct {
	// Algorithms are those of its versions, that of the newest first; KeyID is the kid
	// of that.
	Algorithms []string `json:"algorithms,omitempty"`
	KeyID      string   `json:"kid,omitempty"`
	// Refused is why the script cannot have it.
	Refused *seal.Error `json:"refused,omitempty"`
}

// KeyUse is something to do with a key; all of it but the names may be sealed.
type KeyUse struct {
	Key string `json:"key"`
	Do  string `json:"do"`
	// Algorithm and KeyID may be empty.
	Algorithm string `json:"algorithm,omitempty"`
	KeyID     string `json:"kid,omitempty"`
	// Type is the "typ" of what is encrypted.
	Type string `json:"type,omitempty"`
	// Text is what is signed, verified, encrypted or decrypted.
	Text      Bytes `json:"text,omitempty"`
	Signature Bytes `json:"signature,omitempty"`
}

// What a key does.
const (
	KeySign    = "sign"
	KeyVerify  = "verify"
	KeyEncrypt = "encrypt"
	KeyDecrypt = "decrypt"
)

// contextKeys is context.keys: the names that the source says and nothing else.
type contextKeys struct {
	h    *Host
	made map[string]*goja.Object
}

// Get gives a key. One that the script cannot have ends the run, as a secret does.
func (k *contextKeys) Get(name string) goja.Value {
	found, ok := k.h.job.Keys[name]
	switch {
	case ok && found.Refused != nil:
		k.h.end(found.Refused)
	case !ok && (protocols[name] || k.h.vm.NewObject().Get(name) != nil):
		return nil
	case !ok:
		k.h.throw(CodeNotNamed, "context.keys was asked for a key that the script does not name; write context.keys.NAME, or context.keys[\"the.name\"], so that it can be checked")
	}
	if k.made[name] == nil {
		if k.made == nil {
			k.made = map[string]*goja.Object{}
		}
		k.made[name] = k.h.namedKey(name)
	}
	return k.made[name]
}

// Set refuses.
func (k *contextKeys) Set(string, goja.Value) bool {
	panic(k.h.vm.NewTypeError("context.keys cannot be written; keys are stored with the API"))
}

// Has tells only what the script's own text says.
func (k *contextKeys) Has(name string) bool { return k.h.job.Keys[name].Algorithms != nil }

// Delete refuses.
func (k *contextKeys) Delete(string) bool { return false }

// Keys are the names of those that there are.
func (k *contextKeys) Keys() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(k.h.job.Keys)), func(name string) bool { return !k.Has(name) })
}

// namedKey makes what a script does with a key. It holds nothing of it: each method
// asks the server.
func (h *Host) namedKey(name string) *goja.Object {
	o := h.vm.NewObject()
	if h.keyNames == nil {
		h.keyNames = map[*goja.Object]string{}
	}
	h.keyNames[o] = name
	use := func(u KeyUse) (string, bool) {
		u.Key = name
		text, ok, err := h.bridge.UseKey(u)
		h.must(err)
		return text, ok
	}
	named := func(options goja.Value, option string) string {
		if v := h.option(options, option); v != nil {
			return h.key(v).String()
		}
		return ""
	}
	data := func(c goja.FunctionCall) Bytes { return Bytes(h.dataOf(c.Argument(0), goja.Undefined())) }
	h.method(o, "sign", 2, func(c goja.FunctionCall) goja.Value {
		signature, _ := use(KeyUse{Do: KeySign, Algorithm: named(c.Argument(1), "algorithm"), Text: data(c)})
		return h.bytesValue(signature, kindBuffer)
	})
	h.method(o, "verify", 3, func(c goja.FunctionCall) goja.Value {
		_, ok := use(KeyUse{Do: KeyVerify, Algorithm: named(c.Argument(2), "algorithm"), Text: data(c), Signature: Bytes(h.mustBytes(c.Argument(1)))})
		return h.vm.ToValue(ok)
	})
	h.method(o, "jwt", 2, func(c goja.FunctionCall) goja.Value {
		h.newJWT()
		return h.signJWT(c.Argument(0), o, c.Argument(1))
	})
	h.method(o, "verifyJwt", 2, func(c goja.FunctionCall) goja.Value {
		h.newJWT()
		return h.checkJWT(c.Argument(0), h.readJWT(c.Argument(0)), o, c.Argument(1))
	})
	h.method(o, "encrypt", 2, func(c goja.FunctionCall) goja.Value {
		u := KeyUse{Do: KeyEncrypt, Type: named(c.Argument(1), "type")}
		claims, isObject := c.Argument(0).(*goja.Object)
		if isObject {
			_, _, binary := h.binary(claims)
			isObject = !binary
		}
		if isObject {
			u.Text = Bytes(h.stringify(h.json().stringify, goja.FunctionCall{This: goja.Undefined(), Arguments: []goja.Value{claims}}).String())
			if u.Type == "" {
				u.Type = "JWT"
			}
		} else {
			u.Text = data(c)
		}
		token, _ := use(u)
		return h.vm.ToValue(token)
	})
	h.method(o, "decrypt", 1, func(c goja.FunctionCall) goja.Value {
		if !goja.IsString(c.Argument(0)) {
			panic(h.vm.NewTypeError("decrypt takes a token, a string"))
		}
		text, _ := use(KeyUse{Do: KeyDecrypt, Text: Bytes(c.Argument(0).String())})
		return h.newBytes(text, kindBuffer, true)
	})
	return o
}

// namedOptions gives the options of a token with the algorithm and the kid of a key
// of context.keys where they name none.
func (h *Host) namedOptions(name string, options goja.Value) goja.Value {
	out := h.vm.NewObject()
	k := h.job.Keys[name]
	if len(k.Algorithms) > 0 {
		_ = out.Set("algorithm", k.Algorithms[0])
	}
	if k.KeyID != "" {
		_ = out.Set("keyid", k.KeyID)
	}
	if o, ok := options.(*goja.Object); ok {
		for _, option := range o.Keys() {
			_ = out.Set(option, o.Get(option))
		}
	}
	return out
}

// verifiesNamed checks the signature of a token with a key of context.keys.
func (h *Host) verifiesNamed(name string, t *token) bool {
	u := KeyUse{Key: name, Do: KeyVerify, Algorithm: t.alg, Text: Bytes(t.input), Signature: Bytes(t.signature)}
	if kid := t.header.Get("kid"); kid != nil && goja.IsString(kid) {
		u.KeyID = kid.String()
	}
	_, ok, err := h.bridge.UseKey(u)
	h.must(err)
	return ok
}
