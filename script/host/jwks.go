package host

import (
	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// keysOfSet gives the keys of a JSON Web Key Set (RFC 7517 section 5) that may have
// signed a token with a header: those of its kid, use, key_ops and alg. A symmetric
// key is in no set that others can read, and is left out.
func (h *Host) keysOfSet(list *goja.Object, header goja.Value) []*heldKey {
	kid, alg := h.option(header, "kid"), h.option(header, "alg")
	var out []*heldKey
	h.eachElement(list, func(el goja.Value) {
		o, ok := el.(*goja.Object)
		if !ok || len(out) == MaxSetKeys {
			return
		}
		differs := func(name string, want goja.Value) bool {
			v := h.option(o, name)
			return v != nil && want != nil && !h.strictEqual(v, want)
		}
		if kid != nil && h.option(o, "kid") == nil || differs("kid", kid) || differs("alg", alg) || differs("use", h.vm.ToValue("sig")) {
			return
		}
		k, err := h.keyOfJWK(o)
		if err != nil || k.form == formSecret || alg == nil || seal.Algorithm(alg.String()).Kind() != k.kind {
			return // a set may hold keys of other types, now and later
		}
		out = append(out, k)
	})
	if len(out) == 0 {
		h.invalidJWT("no key of the JSON Web Key Set fits the token's header")
	}
	return out
}

// remoteJWKS makes createRemoteJWKSet(url, options) of fetch: what it gives is a key
// for verify. The set is fetched once in a run, and once more for a kid that it does
// not have.
var remoteJWKS = goja.MustCompile("", `(fetch, Failure) => function createRemoteJWKSet(url, options = {}) {
	let set
	const load = async () => {
		const response = await fetch(String(url), { headers: options.headers || {} })
		if (response.status !== 200) throw new Failure('Expected 200 OK from the JSON Web Key Set HTTP response')
		const body = await response.json()
		if (!body || !Array.isArray(body.keys)) throw new Failure('JSON Web Key Set malformed')
		return body
	}
	const has = (body, kid) => kid === undefined || body.keys.some((key) => key && key.kid === kid)
	return async function (header) {
		const loading = set
		set = set || load()
		let body = await set
		if (loading && !has(body, header.kid)) {
			set = load()
			body = await set
		}
		return body
	}
}`, true)

func (h *Host) newRemoteJWKS() goja.Value {
	program, err := h.vm.RunProgram(remoteJWKS)
	if err != nil {
		panic(err)
	}
	make, _ := goja.AssertFunction(program)
	return h.call(make, goja.Undefined(), h.newFetch(), h.classes.jwt.Get("JsonWebTokenError"))
}
