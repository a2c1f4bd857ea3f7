package rego

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// Every name in the table is one of OPA's.
func TestClassesAreBuiltins(t *testing.T) {
	known := map[string]bool{}
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		known[b.Name] = true
	}
	for name := range classes {
		if !known[name] {
			t.Errorf("%s is no builtin", name)
		}
	}
	for name := range bounds {
		if !known[name] {
			t.Errorf("bound: %s is no builtin", name)
		}
	}
}

// Every builtin of OPA that a policy may call is refused when it is called with a
// surrogate in any operand, but for those that are known to do right.
func TestBuiltinsRefuseSurrogates(t *testing.T) {
	// The operands in which a surrogate is fine, and why.
	fine := map[string]string{
		"concat": "joins", "contains": "asks the boundary", "equal": "asks the boundary", "neq": "asks the boundary", "internal.member_2": "asks the boundary",
		"internal.member_3": "asks the boundary", "sprintf": "writes strings as they are", "object.get": "only the key compares", "json.marshal": "derives",
		"count": "counts elements", "internal.template_string": "joins", "crypto.hmac.equal": "asks the boundary",
	}
	for name := range verifications {
		fine[name] = "verifies at the boundary"
	}
	fine["http.send"] = "sends what its limits allow"
	for _, name := range []string{"io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw"} {
		fine[name] = "uses the key at the boundary"
	}
	for name := range derivations {
		fine[name] = "derives"
	}
	for name := range hmacs {
		fine[name] = "derives"
	}
	run := sealtest.Set(t, map[string]any{"K": "k3y-Zq81xWv7LmP0sTt4"}).NewRun(seal.Options{})
	k, err := run.Lookup("K")
	if err != nil {
		t.Fatal(err)
	}
	surrogate := ast.StringTerm(k.(string))
	_, funcs := ownBuiltins()
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		switch classOf(b.Name) {
		case removed, native:
			continue
		case numeric:
			continue // TestNumericRefuseStrings
		}
		own := funcs[ownName(b.Name)]
		if own == nil {
			t.Errorf("%s has no guard", b.Name)
			continue
		}
		for i := range b.Decl.Arity() {
			for _, nested := range []*ast.Term{surrogate, ast.ArrayTerm(surrogate), ast.ObjectTerm([2]*ast.Term{surrogate, surrogate}), ast.SetTerm(ast.ArrayTerm(surrogate))} {
				operands := make([]*ast.Term, b.Decl.Arity())
				for j := range operands {
					operands[j] = ast.StringTerm("x")
				}
				operands[i] = nested
				var out *ast.Term
				err := own.Func(topdown.BuiltinContext{Context: &evalContext{Context: context.Background(), evaluation: &evaluation{run: run, policy: &Policy{}}}}, operands, func(t *ast.Term) error {
					out = t
					return nil
				})
				if fine[b.Name] != "" {
					continue
				}
				var refused *refusal
				if !errors.As(err, &refused) || refused.reason.Code != seal.CodeInspected || out != nil {
					// startswith and trim_prefix look at what stands in front.
					if (b.Name == "startswith" || b.Name == "trim_prefix") && i == 0 {
						continue
					}
					t.Errorf("%s with a surrogate in operand %d: %v, %v", b.Name, i, out, err)
				}
			}
		}
	}
}

// Builtins for numbers fail on strings, so that they need no guard.
func TestNumericRefuseStrings(t *testing.T) {
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if classOf(b.Name) != numeric {
			continue
		}
		for i, arg := range b.Decl.FuncArgs().Args {
			if strings.Contains(types.Sprint(arg), "string") {
				t.Errorf("%s takes a string", b.Name)
			}
			operands := make([]*ast.Term, b.Decl.Arity())
			for j := range operands {
				operands[j] = ast.IntNumberTerm(1)
			}
			for _, bad := range []*ast.Term{ast.StringTerm("rsv_x"), ast.ArrayTerm(ast.StringTerm("rsv_x"))} {
				operands[i] = bad
				called := false
				err := topdown.GetBuiltin(b.Name)(topdown.BuiltinContext{}, operands, func(*ast.Term) error { called = true; return nil })
				if called || err == nil {
					t.Errorf("%s takes a string as operand %d", b.Name, i)
				}
			}
		}
	}
}

// Builtins that are left to OPA give the same for every string of an operand, or
// hand it on.
func TestNativeBuiltinsDoNotLookInside(t *testing.T) {
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if classOf(b.Name) != native || b.Decl.Arity() != 1 || !isPrimitive(b) || b.Decl.Result() == nil && b.Name != "x" {
			continue
		}
		var results []string
		for _, s := range []string{"", "rsv_x", "longer text", "5"} {
			err := topdown.GetBuiltin(b.Name)(topdown.BuiltinContext{}, []*ast.Term{ast.StringTerm(s)}, func(t *ast.Term) error {
				results = append(results, t.String())
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", b.Name, err)
			}
		}
		for _, r := range results {
			if r != results[0] {
				t.Errorf("%s tells strings apart: %v", b.Name, results)
			}
		}
	}
}
