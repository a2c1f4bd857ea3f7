package rego_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	oparego "github.com/open-policy-agent/opa/v1/rego"

	"github.com/reticent/reticent/secretstore/seal"
)

const (
	benchSealed = `package acp.authz
default allow := false
allow if {
	input.method == "GET"
	some role in input.user.roles
	role == "reader"
	input.headers["X-Api-Key"] == data.secrets.API_KEY
}
`
	benchPlain = `package acp.authz
default allow := false
allow if {
	input.method == "GET"
	some role in input.user.roles
	role == "reader"
	input.headers["X-Api-Key"] == "k3y-Zq81xWv7LmP0sTt4"
}
`
)

// BenchmarkRego decides the same question with stock OPA over a plaintext in its
// data, with a policy without secrets and with a sealed one. Stock OPA is given
// its input decoded; the others read JSON. The ratios are to stock OPA.
func BenchmarkRego(b *testing.B) {
	input := object{"method": "GET", "path": []any{"v1", "things", "42"}, "user": object{"id": "alice", "roles": []any{"writer", "reader"}},
		"headers": object{"X-Api-Key": strong, "Accept": "application/json", "User-Agent": "curl/8.5.0"}}
	raw, _ := json.Marshal(input)
	stock, err := prepareBare(b, map[string]string{"p.rego": benchSealed}, "data.acp.authz.allow", nil, object{"API_KEY": strong})
	if err != nil {
		b.Fatal(err)
	}
	bareDecision := func() bool {
		set, err := stock.Eval(b.Context(), oparego.EvalInput(input))
		return err == nil && set[0].Expressions[0].Value == true
	}
	run := func(name string, decide func() bool) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !decide() {
					b.Fatal("denied")
				}
			}
			b.ReportMetric(ratio(decide, bareDecision), "x-bare")
		})
	}
	run("bare", bareDecision)
	run("bare-json", func() bool {
		var decoded any
		if json.Unmarshal(raw, &decoded) != nil {
			return false
		}
		set, err := stock.Eval(b.Context(), oparego.EvalInput(decoded))
		return err == nil && set[0].Expressions[0].Value == true
	})
	plain := bind(b, benchPlain, nil)
	run("sealed-no-secrets", func() bool { return plain.Evaluate(b.Context(), raw, seal.Options{}).Decision })
	sealed := bind(b, benchSealed, object{"API_KEY": strong})
	run("sealed", func() bool { return sealed.Evaluate(b.Context(), raw, seal.Options{}).Decision })
}

// BenchmarkRegoManyRules shows that rules are still found by index.
func BenchmarkRegoManyRules(b *testing.B) {
	var text strings.Builder
	text.WriteString("package acp.authz\ndefault allow := false\n")
	for i := range 500 {
		fmt.Fprintf(&text, "allow if { input.role == \"role%d\"; input.key == data.secrets.API_KEY }\n", i)
	}
	input := object{"role": "role444", "key": strong}
	raw, _ := json.Marshal(input)
	stock, err := prepareBare(b, map[string]string{"p.rego": text.String()}, "data.acp.authz.allow", nil, object{"API_KEY": strong})
	if err != nil {
		b.Fatal(err)
	}
	sealed := bind(b, text.String(), object{"API_KEY": strong})
	decide := func() bool { return sealed.Evaluate(b.Context(), raw, seal.Options{}).Decision }
	for b.Loop() {
		if !decide() {
			b.Fatal("denied")
		}
	}
	b.ReportMetric(ratio(decide, func() bool {
		set, err := stock.Eval(b.Context(), oparego.EvalInput(input))
		return err == nil && len(set) == 1
	}), "x-bare")
}

// ratio compares two functions in turns, so that other work on the machine hits
// both, and gives the median.
func ratio(a, b func() bool) float64 {
	took := func(fn func() bool) time.Duration {
		start := time.Now()
		for range 20 {
			fn()
		}
		return time.Since(start)
	}
	ratios := make([]float64, 101)
	for i := range ratios {
		ratios[i] = float64(took(a)) / float64(took(b))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}
