package rego_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	oparego "github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// prepareBare prepares a policy for stock OPA with plaintexts in its data.
func prepareBare(t testing.TB, modules map[string]string, query string, data, secrets map[string]any) (q oparego.PreparedEvalQuery, err error) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("stock OPA panics: %v", r)
		}
	}()
	all := map[string]any{}
	maps.Copy(all, data)
	all["secrets"] = secrets
	options := []func(*oparego.Rego){oparego.Query(query), oparego.EnablePrintStatements(true), oparego.Store(inmem.NewFromObject(all))}
	for name, text := range modules {
		options = append(options, oparego.Module(name, text))
	}
	return oparego.New(options...).PrepareForEval(t.Context())
}

// bare decides with stock OPA over plaintexts; ok is false if it failed.
func bare(t testing.TB, module string, data, secrets map[string]any, input any) (decision, ok bool) {
	t.Helper()
	q, err := prepareBare(t, map[string]string{"policy.rego": module}, "data.acp.authz.allow", data, secrets)
	if err != nil {
		t.Fatalf("stock OPA: %v", err)
	}
	raw, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	value, err := ast.ValueFromReader(bytesReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	set, err := q.Eval(t.Context(), oparego.EvalParsedInput(value))
	if err != nil {
		return false, false
	}
	if len(set) == 0 {
		return false, true
	}
	allowed, _ := set[0].Expressions[0].Value.(bool)
	return allowed, true
}
