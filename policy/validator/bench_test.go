package validator_test

import (
	"context"
	"crypto/subtle"
	"testing"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore/seal"
)

// BenchmarkOneField is one comparison beside what a Go programmer would write
// by hand over the same decoded input.
func BenchmarkOneField(b *testing.B) {
	input, err := jsonvalue.Decode([]byte(`{"authn_ctx": {"sub": "alice"}, "request": {"headers": {"Accept": ["x"], "X-Api-Key": ["` + apiKey + `"], "Host": ["x"]}}}`))
	if err != nil {
		b.Fatal(err)
	}
	byHand := func(decide func(map[string]any) bool) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !decide(input.(map[string]any)) {
					b.Fatal("denied")
				}
			}
		}
	}
	byPolicy := func(document string) func(*testing.B) {
		return func(b *testing.B) {
			policy := bind(b, document)
			b.ReportAllocs()
			for b.Loop() {
				if !policy.Evaluate(context.Background(), input, seal.Options{}).Decision {
					b.Fatal("denied")
				}
			}
		}
	}
	b.Run("literal/by-hand", byHand(func(in map[string]any) bool {
		ctx, _ := in["authn_ctx"].(map[string]any)
		sub, ok := ctx["sub"].(string)
		return ok && sub == "alice"
	}))
	b.Run("literal/policy", byPolicy(`[{"name": "identity-context", "conf": {"fields": [{"field": "sub", "comparator": "equals", "value": "alice"}]}}]`))
	b.Run("secret/by-hand", byHand(func(in map[string]any) bool {
		request, _ := in["request"].(map[string]any)
		headers, _ := request["headers"].(map[string]any)
		values, _ := headers["X-Api-Key"].([]any)
		if len(values) != 1 {
			return false
		}
		key, ok := values[0].(string)
		return ok && subtle.ConstantTimeCompare([]byte(key), []byte(apiKey)) == 1
	}))
	b.Run("secret/policy", byPolicy(`[{"name": "header", "conf": {"fields": [{"field": "X-Api-Key", "comparator": "equals", "secret": "API_KEY"}]}}]`))
}
