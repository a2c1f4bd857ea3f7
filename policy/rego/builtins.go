package rego

import (
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
)

// class says what becomes of the calls of one of OPA's builtins in a policy
// with secrets.
type class int

const (
	// removed: no policy may call it: it reaches the network or the process,
	// shows what is not the policy's, can't be stopped, or is deprecated.
	removed class = iota + 1
	// native: structural; it looks at no string and compares nothing.
	native
	// numeric: takes numbers (and arrays of them) only, and fails on a string.
	numeric
	// keyed: compares keys or elements natively, which is exact for clean
	// operands. Calls with others are guarded.
	keyed
	// sealed: this package's own implementation, which knows surrogates.
	sealed
	// guarded: everything else. A call whose operands hold a surrogate, however
	// deep, is refused; others go to OPA's implementation.
	guarded
)

// classes has every builtin that is not guarded.
var classes = classTable(map[class]string{
	removed: `net.lookup_ip_addr opa.runtime rego.parse_module trace internal.test_case strings.render_template`,
	native: `array.concat array.flatten array.reverse array.slice assign eq internal.print
		is_array is_boolean is_null is_number is_object is_set is_string object.keys print type_name walk time.now_ns`,
	numeric: `abs bits.and bits.lsh bits.negate bits.or bits.rsh bits.xor ceil div floor format_int mul
		numbers.range numbers.range_step plus product rem round sum time.add_date`,
	keyed: `and intersection minus object.filter object.remove object.union object.union_n or union`,
	sealed: `base64.encode base64url.encode base64url.encode_no_pad concat contains count crypto.hmac.equal
		crypto.hmac.md5 crypto.hmac.sha1 crypto.hmac.sha256 crypto.hmac.sha512 crypto.md5 crypto.sha1 crypto.sha256
		equal hex.encode http.send internal.member_2 internal.member_3 internal.template_string json.marshal neq object.get
		sprintf startswith trim_prefix urlquery.encode
		io.jwt.decode_verify io.jwt.encode_sign io.jwt.encode_sign_raw
		io.jwt.verify_hs256 io.jwt.verify_hs384 io.jwt.verify_hs512 io.jwt.verify_rs256 io.jwt.verify_rs384 io.jwt.verify_rs512
		io.jwt.verify_ps256 io.jwt.verify_ps384 io.jwt.verify_ps512 io.jwt.verify_es256 io.jwt.verify_es384 io.jwt.verify_es512
		io.jwt.verify_eddsa`,
})

func classTable(names map[class]string) map[string]class {
	out := make(map[string]class)
	for c, list := range names {
		for _, name := range strings.Fields(list) {
			out[name] = c
		}
	}
	return out
}

// classOf gives the class of a builtin. One that a later OPA adds is guarded.
func classOf(name string) class {
	if c, ok := classes[name]; ok {
		return c
	}
	return guarded
}

// ownPrefix starts the names of this package's builtins. They must be names of
// their own: OPA ignores an override of its builtins. Without a dot, calling
// them costs no string building.
const ownPrefix = "reticent_"

// ownName is the builtin that calls of one of OPA's are rewritten to.
func ownName(name string) string { return ownPrefix + strings.ReplaceAll(name, ".", "_") }

// checkKey is the builtin that refuses a key with a secret in it.
const checkKey = ownPrefix + "check_key"

// boundedBuiltins are those that policies without secrets call.
var boundedBuiltins = sync.OnceValues(func() (map[string]*ast.Builtin, map[string]*topdown.Builtin) {
	decls, funcs := make(map[string]*ast.Builtin), make(map[string]*topdown.Builtin)
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if bounds[b.Name] != nil {
			own := &ast.Builtin{Name: ownName(b.Name), Decl: b.Decl}
			decls[own.Name], funcs[own.Name] = own, &topdown.Builtin{Decl: own, Func: bounded(b, topdown.GetBuiltin(b.Name))}
		}
	}
	return decls, funcs
})

// ownBuiltins are this package's builtins: for the compiler, and for the
// evaluator.
var ownBuiltins = sync.OnceValues(func() (map[string]*ast.Builtin, map[string]*topdown.Builtin) {
	decls, funcs := make(map[string]*ast.Builtin), make(map[string]*topdown.Builtin)
	add := func(name string, decl *types.Function, fn topdown.BuiltinFunc) {
		b := &ast.Builtin{Name: name, Decl: decl}
		decls[name], funcs[name] = b, &topdown.Builtin{Decl: b, Func: fn}
	}
	add(checkKey, types.NewFunction(types.Args(types.A), types.B), builtinCheckKey)
	add(checkOrder, types.NewFunction(types.Args(types.A), types.B), builtinCheckOrder)
	add(checkWalk, types.NewFunction(types.Args(types.A), types.B), builtinCheckWalk)
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		switch c := classOf(b.Name); {
		case c == sealed:
			add(ownName(b.Name), b.Decl, bounded(b, sealedFunc(b)))
		case c == keyed || c == guarded:
			add(ownName(b.Name), b.Decl, bounded(b, guard(b)))
		case bounds[b.Name] != nil:
			add(ownName(b.Name), b.Decl, bounded(b, topdown.GetBuiltin(b.Name)))
		}
	}
	return decls, funcs
})

// capabilities are what a policy may use: Rego v0 or v1, without the builtins that
// are removed and without schemas from the network.
var capabilities = sync.OnceValue(func() *ast.Capabilities {
	c := *ast.CapabilitiesForThisVersion()
	var kept []*ast.Builtin
	for _, b := range c.Builtins {
		if classOf(b.Name) != removed {
			kept = append(kept, b)
		}
	}
	c.Builtins = kept
	v0 := ast.CapabilitiesForThisVersion(ast.CapabilitiesRegoVersion(ast.RegoV0))
	c.Features, c.FutureKeywords = append(v0.Features, c.Features...), v0.FutureKeywords
	c.AllowNet = []string{}
	return &c
})

// isPrimitive reports whether a builtin gives a boolean or a number, which can't
// hold a secret.
func isPrimitive(b *ast.Builtin) bool {
	r := b.Decl.Result()
	return r == nil || types.Compare(r, types.B) == 0 || types.Compare(r, types.N) == 0
}

// capabilitiesWith are the capabilities of a policy after it was rewritten to
// call builtins of our own.
func capabilitiesWith(own map[string]*ast.Builtin) *ast.Capabilities {
	c := *capabilities()
	c.Builtins = slices.Clone(c.Builtins)
	for _, b := range own {
		c.Builtins = append(c.Builtins, b)
	}
	return &c
}
