package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/reticent/reticent/secretstore/seal"
)

// inspected is the refusal of a builtin that would look inside a secret.
func inspected(name string) *seal.Error {
	return seal.Errorf(seal.CodeInspected, "%s would look inside a secret; %s", name, advice(name))
}

// advice says what to write in the place of a builtin that is refused.
func advice(name string) string {
	switch name {
	case "split", "substring", "trim", "trim_left", "trim_space", "replace", "regex.split", "regex.replace":
		return `build the whole value and compare it, as in input.header == concat(" ", ["Bearer", data.secrets.NAME])`
	case "base64.decode", "base64url.decode", "hex.decode", "urlquery.decode":
		return "encode the other side and compare with =="
	case "lt", "lte", "gt", "gte", "min", "max", "sort":
		return "secrets have no order; compare with == or !="
	}
	return "compare the whole value with =="
}

// guard wraps one of OPA's builtins: a call is refused when an operand holds a
// surrogate.
func guard(b *ast.Builtin) topdown.BuiltinFunc {
	stock, arity, refused := topdown.GetBuiltin(b.Name), b.Decl.Arity(), inspected(shownName(b))
	return func(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		run := runOf(ctx)
		for _, o := range operands[:arity] {
			if holds(run, o.Value) {
				return halt(ctx, refused)
			}
		}
		return stock(ctx, operands, iter)
	}
}

// shownName is what a policy calls a builtin.
func shownName(b *ast.Builtin) string {
	if b.Infix != "" {
		return b.Infix
	}
	return b.Name
}

// builtinCheckKey refuses a value with a secret in it, in a surrogate or
// computed, which is about to be a key, an element of a set or a look-up in a
// collection that may hold other forms of it: that would be a comparison which
// no boundary sees.
func builtinCheckKey(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
	if err := checkKeyValue(runOf(ctx), operands[0].Value); err != nil {
		return halt(ctx, err)
	}
	return iter(ast.InternedTerm(true))
}

func checkKeyValue(r *seal.Run, v ast.Value) error {
	if total(ast.NewTerm(v)) > MaxValueBytes {
		return seal.Errorf(codeLimit, "a key of more than %d bytes (MaxValueBytes)", MaxValueBytes)
	}
	if holds(r, v) || computedSecret(r, v) {
		return keyRefused
	}
	return nil
}

// computedSecret reports whether a strong secret stands in a string as it is.
func computedSecret(r *seal.Run, v ast.Value) bool {
	switch v := v.(type) {
	case ast.String:
		sealed, err := r.SealString(string(v))
		return err != nil || sealed != string(v)
	case *ast.Array:
		return v.Until(func(e *ast.Term) bool { return computedSecret(r, e.Value) })
	case ast.Object:
		return v.Until(func(k, e *ast.Term) bool { return computedSecret(r, k.Value) || computedSecret(r, e.Value) })
	case ast.Set:
		return v.Until(func(e *ast.Term) bool { return computedSecret(r, e.Value) })
	}
	return false
}

var keyRefused = seal.Errorf(seal.CodeInspected, "a secret, or a value computed from one, would be a key or an element of a set; keep it as a value and compare with ==")
