package rego

import (
	"errors"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// derivations are OPA's builtins that give a derived surrogate of a secret.
var derivations = map[string]seal.Func{
	"base64.encode":           seal.Base64,
	"base64url.encode":        seal.Base64URL,
	"base64url.encode_no_pad": seal.Base64RawURL,
	"hex.encode":              seal.Hex,
	"urlquery.encode":         seal.QueryEscape,
	"crypto.md5":              seal.MD5,
	"crypto.sha1":             seal.SHA1,
	"crypto.sha256":           seal.SHA256,
}

var hmacs = map[string]seal.Hash{
	"crypto.hmac.md5":    seal.HashMD5,
	"crypto.hmac.sha1":   seal.HashSHA1,
	"crypto.hmac.sha256": seal.HashSHA256,
	"crypto.hmac.sha512": seal.HashSHA512,
}

// sealedFunc gives this package's implementation of one of OPA's builtins.
func sealedFunc(b *ast.Builtin) topdown.BuiltinFunc {
	if fn, ok := derivations[b.Name]; ok {
		return onSurrogates(b, func(r *seal.Run, o []*ast.Term) (ast.Value, error) {
			s, err := r.Derive(fn, text(o[0]))
			return ast.String(s), err
		})
	}
	if h, ok := hmacs[b.Name]; ok {
		return onSurrogates(b, func(r *seal.Run, o []*ast.Term) (ast.Value, error) {
			mac, err := r.MAC(h, text(o[1]), text(o[0]))
			if err != nil {
				return nil, err
			}
			s, err := r.Derive(seal.Hex, mac)
			return ast.String(s), err
		})
	}
	if fn := tokenFunc(b); fn != nil {
		return fn
	}
	switch b.Name {
	case sendName:
		return builtinSend
	case "equal":
		return boolean(func(r *seal.Run, o []*ast.Term) (bool, error) { return equal(r, o[0].Value, o[1].Value) })
	case "neq":
		return boolean(func(r *seal.Run, o []*ast.Term) (bool, error) {
			eq, err := equal(r, o[0].Value, o[1].Value)
			return !eq, err
		})
	case "internal.member_2":
		return boolean(func(r *seal.Run, o []*ast.Term) (bool, error) { return member(r, o[0].Value, o[1].Value) })
	case "internal.member_3":
		return boolean(func(r *seal.Run, o []*ast.Term) (bool, error) {
			return memberWithKey(r, o[0].Value, o[1].Value, o[2].Value)
		})
	case "crypto.hmac.equal":
		return onSurrogates(b, func(r *seal.Run, o []*ast.Term) (ast.Value, error) {
			eq, err := r.Equal(text(o[0]), text(o[1]))
			return ast.Boolean(eq), err
		})
	case "contains":
		return onSurrogates(b, func(r *seal.Run, o []*ast.Term) (ast.Value, error) {
			found, err := r.Contains(text(o[0]), text(o[1]))
			return ast.Boolean(found), err
		})
	case "json.marshal":
		return onSurrogates(b, func(r *seal.Run, o []*ast.Term) (ast.Value, error) { return marshal(r, o[0].Value) })
	}
	return checked(b, checks[b.Name])
}

// onSurrogates wraps one of OPA's builtins: a call with a surrogate in an
// operand goes to fn.
func onSurrogates(b *ast.Builtin, fn func(*seal.Run, []*ast.Term) (ast.Value, error)) topdown.BuiltinFunc {
	stock, arity := topdown.GetBuiltin(b.Name), b.Decl.Arity()
	strict := b.Name != "json.marshal" && b.Name != "io.jwt.encode_sign"
	return func(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		run := runOf(ctx)
		found, strings := false, true
		for _, o := range operands[:arity] {
			found = found || holds(run, o.Value)
			_, is := o.Value.(ast.String)
			strings = strings && is
		}
		if !found || strict && !strings {
			return stock(ctx, operands, iter) // which refuses an operand of another type
		}
		v, err := fn(run, operands[:arity])
		if errors.Is(err, errToken) {
			return &topdown.Error{Code: topdown.BuiltinErr, Message: err.Error(), Location: ctx.Location}
		}
		if err != nil {
			return halt(ctx, err)
		}
		return iter(ast.NewTerm(v))
	}
}

func text(t *ast.Term) string { return string(t.Value.(ast.String)) }

// checked wraps one of OPA's builtins that does right on surrogates as long as
// check finds nothing.
func checked(b *ast.Builtin, check func(*seal.Run, []*ast.Term) bool) topdown.BuiltinFunc {
	stock, arity, refused := topdown.GetBuiltin(b.Name), b.Decl.Arity(), inspected(shownName(b))
	return func(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		if !check(runOf(ctx), operands[:arity]) {
			return halt(ctx, refused)
		}
		return stock(ctx, operands, iter)
	}
}

// checks report whether a call would not look inside a secret.
var checks = map[string]func(*seal.Run, []*ast.Term) bool{
	// The length of a collection is no secret, that of a string is.
	"count": func(r *seal.Run, o []*ast.Term) bool {
		s, ok := o[0].Value.(ast.String)
		return !ok || !holds(r, s)
	},
	// Strings are joined as they are; a set is joined in the order of its
	// elements, which surrogates do not have.
	"concat":      func(r *seal.Run, o []*ast.Term) bool { return !holdsKey(r, o[1].Value) },
	"object.get":  func(r *seal.Run, o []*ast.Term) bool { return checkKeyValue(r, o[1].Value) == nil },
	"startswith":  beforeSecret,
	"trim_prefix": beforeSecret,
	"sprintf":     plainVerbs,
	// Strings go in as they are, other values as Rego writes them, with escapes.
	"internal.template_string": func(r *seal.Run, o []*ast.Term) bool {
		parts, ok := o[0].Value.(*ast.Array)
		return !ok || !parts.Until(func(part *ast.Term) bool {
			set, ok := part.Value.(ast.Set)
			return ok && set.Until(func(e *ast.Term) bool {
				_, plain := e.Value.(ast.String)
				return !plain && holds(r, e.Value)
			})
		})
	},
}

// beforeSecret reports whether the text of the first operand in front of its
// first surrogate decides whether it begins with the second.
func beforeSecret(r *seal.Run, o []*ast.Term) bool {
	if holds(r, o[1].Value) {
		return false
	}
	s, ok1 := o[0].Value.(ast.String)
	prefix, ok2 := o[1].Value.(ast.String)
	if !ok1 || !ok2 || !holds(r, s) {
		return !holds(r, o[0].Value)
	}
	plain := string(s)[:strings.Index(string(s), surrogatePrefix)]
	return len(prefix) <= len(plain) || !strings.HasPrefix(string(prefix), plain)
}

// surrogatePrefix is how every surrogate begins.
const surrogatePrefix = "rsv_"

// plainVerbs reports whether a format only writes strings with surrogates as
// they are.
func plainVerbs(r *seal.Run, o []*ast.Term) bool {
	if holds(r, o[0].Value) {
		return false
	}
	format, ok1 := o[0].Value.(ast.String)
	args, ok2 := o[1].Value.(*ast.Array)
	if !ok1 || !ok2 || !holds(r, args) {
		return true
	}
	next := 0
	for s := string(format); s != ""; {
		i := strings.IndexByte(s, '%')
		if i < 0 || i+1 == len(s) {
			break
		}
		verb := s[i+1]
		s = s[i+2:]
		if verb == '%' {
			continue
		}
		if next >= args.Len() {
			return false
		}
		arg := args.Elem(next).Value
		next++
		if _, ok := arg.(ast.String); !ok && holds(r, arg) {
			return false
		}
		// Flags, widths and indexes are refused: a width would show a length.
		if verb != 's' && verb != 'v' && verb != 'd' {
			return false
		}
		if verb == 'd' && holds(r, arg) {
			return false
		}
	}
	return next == args.Len()
}
