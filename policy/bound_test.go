package policy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/policy/validator"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

const apiKey = "kM4tq8Zr1vXw9Lb3Nc7d"

func bind(tb testing.TB, d policy.Document, values map[string]any) *policy.Bound {
	tb.Helper()
	compiled, err := d.Compile()
	if err != nil {
		tb.Fatal(err)
	}
	named := make(map[string]any)
	for _, name := range compiled.Secrets() {
		named[name] = values[name]
	}
	bound, err := compiled.Bind(context.Background(), policy.Environment{Secrets: sealtest.Set(tb, named)})
	if err != nil {
		tb.Fatal(err)
	}
	return bound
}

// engines are the same policy in both languages.
func engines() map[string]policy.Document {
	return map[string]policy.Document{
		"rego":       {Language: policy.Rego, Source: regoSource},
		"validators": {Language: policy.Validators, Validators: json.RawMessage(validators)},
	}
}

func TestBothEnginesDecideAlike(t *testing.T) {
	for name, d := range engines() {
		for _, c := range []struct {
			input string
			allow bool
			code  string
		}{
			{`{"key": "` + apiKey + `"}`, true, ""},
			{`{"key": "kM4tq8Zr1vXw9Lb3Nc7e"}`, false, ""},
			{`{"key": "*"}`, false, ""},
			{`{"key": null}`, false, ""},
			{`{"key": ["` + apiKey + `"]}`, false, ""},
			{`{}`, false, ""},
			{``, false, ""},
			{`[]`, false, ""},
			{`{"secrets": {"API_KEY": "x"}, "key": "x"}`, false, policy.CodeInputSecrets},
			{`{"secrets": null}`, false, policy.CodeInputSecrets},
			{`{"\u0073ecrets": 1}`, false, policy.CodeInputSecrets},
			{`{"contexts": {"secrets": {"API_KEY": "x"}}}`, false, policy.CodeInputSecrets},
			{`{"deeper": {"secrets": 1}, "key": "` + apiKey + `"}`, true, ""},
			{`{"key": "x", "key": "` + apiKey + `"}`, false, policy.CodeInput},
			{`{"key": "\ud800"}`, false, policy.CodeInput},
			{"{\"key\": \"\xff\"}", false, policy.CodeInput},
			{`{"key": "` + apiKey + `"} {}`, false, policy.CodeInput},
			{`{"key": "` + apiKey, false, policy.CodeInput},
			{strings.Repeat(`[`, 10_000) + strings.Repeat(`]`, 10_000), false, policy.CodeInput},
		} {
			got := bind(t, d, map[string]any{"API_KEY": apiKey}).Evaluate(context.Background(), json.RawMessage(c.input), seal.Options{})
			code := ""
			if got.Error != nil {
				code = got.Error.Code
			}
			if got.Decision != c.allow || code != c.code {
				t.Errorf("%s with %.60s: %+v %v", name, c.input, got, got.Error)
			}
			if got.Error != nil && (!got.Error.BadInput() || strings.Contains(got.Error.Message, apiKey)) {
				t.Errorf("%s with %.60s: %v", name, c.input, got.Error)
			}
		}
	}
}

func TestMissingSecretDenies(t *testing.T) {
	for name, d := range engines() {
		got := bind(t, d, nil).Evaluate(context.Background(), json.RawMessage(`{"key": "x"}`), seal.Options{})
		if got.Decision || got.Error == nil || got.Error.Code != string(seal.CodeUnavailable) || got.Error.BadInput() || len(got.Recovery) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestCancelledEvaluationDenies(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, d := range engines() {
		got := bind(t, d, map[string]any{"API_KEY": apiKey}).Evaluate(ctx, json.RawMessage(`{"key": "`+apiKey+`"}`), seal.Options{})
		if got.Decision || got.Error == nil || got.Error.Code != string(validator.CodeTimeout) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestDecisionsAsJSON(t *testing.T) {
	evaluate := func(d policy.Document, input string) string {
		t.Helper()
		out, err := json.Marshal(bind(t, d, map[string]any{"API_KEY": apiKey}).Evaluate(context.Background(), json.RawMessage(input), seal.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for _, c := range []struct {
		name  string
		d     policy.Document
		input string
		want  string
	}{
		{"allow", engines()["validators"], `{"key": "` + apiKey + `"}`,
			`{"decision":true,"failures":[],"recovery":[],"output":{},"masked":[]}`},
		{"deny", engines()["validators"], `{"key": "x"}`,
			`{"decision":false,"failures":[{"validator":"attributes","field":"key","message":"key must equal secret API_KEY (equals)"}],"recovery":[{"type":"mfa"}],"output":{},"masked":[]}`},
		{"no input of that name", engines()["rego"], `{}`,
			`{"decision":false,"failures":[],"recovery":[],"output":{},"masked":[]}`},
		{"bad input", engines()["rego"], `{"secrets": 1}`,
			`{"decision":false,"failures":[],"recovery":[],"output":{},"masked":[],"error":{"code":"input_has_secrets","message":"an input can't have secrets: the policy gets them from the server"}}`},
		{"failures of a Rego policy", policy.Document{Language: policy.Rego, Source: `package p
			allow := false
			failures := [data.secrets.API_KEY, {"message": data.secrets.API_KEY, "field": "f"}, [data.secrets.API_KEY], {"message": data.secrets.API_KEY, "more": 1}, {"details": data.secrets.API_KEY}]
			output := {"key": data.secrets.API_KEY}`}, `{}`,
			`{"decision":false,"failures":[{"message":"***"},{"field":"f","message":"***"},{"details":["***"]},{"details":{"message":"***","more":1}},{"details":"***"}],` +
				`"recovery":[],"output":{"key":"***"},"masked":[` +
				`{"path":"/failures/0/message","secrets":["API_KEY"]},{"path":"/failures/1/message","secrets":["API_KEY"]},{"path":"/failures/2/details/0","secrets":["API_KEY"]},` +
				`{"path":"/failures/3/details/message","secrets":["API_KEY"]},{"path":"/failures/4/details","secrets":["API_KEY"]},{"path":"/output/key","secrets":["API_KEY"]}]}`},
	} {
		if diff := cmp.Diff(c.want, evaluate(c.d, c.input)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// The log of a panic says where, and repeats nothing of what was evaluated.
func TestPanicDenies(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	const canary = "tellnobody"
	got := policy.Panicking(canary).Evaluate(context.Background(), json.RawMessage(`{}`), seal.Options{})
	if got.Decision || got.Error == nil || got.Error.Code != policy.CodeFailed || got.Error.BadInput() {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(log.String(), "decide") || strings.Contains(log.String(), canary) {
		t.Errorf("%s", log.String())
	}
}

func BenchmarkEvaluate(b *testing.B) {
	input := json.RawMessage(`{"key": "` + apiKey + `"}`)
	for name, d := range engines() {
		b.Run(name, func(b *testing.B) {
			bound := bind(b, d, map[string]any{"API_KEY": apiKey})
			b.ReportAllocs()
			for b.Loop() {
				if !bound.Evaluate(context.Background(), input, seal.Options{}).Decision {
					b.Fatal("denied")
				}
			}
		})
	}
}
