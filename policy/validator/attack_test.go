package validator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/validator"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// Every secret that cannot be used makes the policy deny, whatever else it says.
func TestMissingSecretDenies(t *testing.T) {
	for _, comparison := range []string{
		`{"field": "f", "comparator": "equals", "secret": "GONE"}`,
		`{"field": "f", "comparator": "not_equals", "secret": "GONE"}`,
		`{"field": "f", "comparator": "not_in", "secret": "GONE.keys"}`,
		`{"field": "f", "comparator": "not_equals", "secret": "DB.nothing"}`,
		`{"field": "f", "comparator": "not_equals", "secret": "DB.options"}`,
		`{"field": "f", "comparator": "not_equals", "secret": "API_KEY.field"}`,
		`{"source": {"secret": "GONE"}, "comparator": "equals", "target": {"secret": "GONE"}}`,
	} {
		inner := `{"name": "attributes", "conf": {"fields": [` + comparison + `]}, "recovery": [{"type": "mfa"}]}`
		for _, document := range []string{
			`[` + inner + `]`,
			`[{"name": "not", "conf": {"validator": ` + inner + `}}]`,
			`[{"name": "any", "conf": {"validators": [{"name": "true"}, ` + inner + `]}}]`,
		} {
			for _, input := range []string{`{}`, `{"f": "x"}`, `{"f": null}`} {
				r := evaluate(t, document, input)
				if r.Decision || r.Err == nil || r.Err.Code != seal.CodeUnavailable || r.Failures != nil || r.Recovery != nil {
					t.Errorf("%s: %+v", document, r)
				}
			}
		}
	}
}

// An author who knows, or guesses, a surrogate cannot have it taken for its
// secret, nor can a caller.
func TestLiveSurrogateIsRefused(t *testing.T) {
	const seed = 1
	set := sealtest.Set(t, map[string]any{"API_KEY": apiKey})
	v, err := set.NewRun(seal.Options{Random: sealtest.Random(seed)}).Lookup("API_KEY")
	if err != nil {
		t.Fatal(err)
	}
	surrogate := v.(string)

	byField := compile(t, attributes(`{"field": "f", "comparator": "equals", "secret": "API_KEY"}`))
	policy, err := byField.Bind(validator.Environment{Secrets: set, Random: sealtest.Random(seed)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []any{surrogate, "x" + surrogate} {
		r := policy.Evaluate(context.Background(), map[string]any{"f": f}, seal.Options{})
		if r.Decision || r.Err == nil || r.Err.Code != seal.CodeLiveSurrogate {
			t.Errorf("%+v", r)
		}
	}
	if r := policy.Evaluate(context.Background(), map[string]any{"f": surrogate[:35] + "2"}, seal.Options{}); r.Decision || r.Err != nil && surrogate[35] != '2' {
		t.Errorf("a text of the form of a surrogate is ordinary text: %+v", r)
	}

	byLiteral := compile(t, attributes(`{"source": {"value": "`+surrogate+`"}, "comparator": "equals", "secret": "API_KEY"}`))
	if _, err := byLiteral.Bind(validator.Environment{Secrets: set, Random: sealtest.Random(seed)}); err == nil || strings.Contains(err.Error(), surrogate) {
		t.Errorf("error is %v", err)
	}
}

// Guesses at a weak secret are limited for each principal, in one request or in
// many, and the refusal denies, under a negation too.
func TestWeakSecretLimit(t *testing.T) {
	for name, document := range map[string]string{
		"equals":     attributes(`{"field": "f", "comparator": "equals", "secret": "PIN"}`),
		"not_equals": attributes(`{"field": "f", "comparator": "not_equals", "secret": "PIN"}`),
		"not":        `[{"name": "not", "conf": {"validator": {"name": "attributes", "conf": {"fields": [{"field": "f", "comparator": "equals", "secret": "PIN"}]}}}}]`,
		"any":        `[{"name": "any", "conf": {"validators": [{"name": "attributes", "conf": {"fields": [{"field": "f", "comparator": "equals", "secret": "PIN"}]}}, {"name": "true"}]}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			policy, guard := bind(t, document), seal.NewGuard()
			ask := func(principal, f string) validator.Result {
				return policy.Evaluate(context.Background(), map[string]any{"f": f}, seal.Options{Principal: principal, Guard: guard})
			}
			for i := range seal.MaxMissesPerMinute {
				if r := ask("mallory", fmt.Sprint(i)); r.Err != nil {
					t.Fatalf("guess %d: %v", i, r.Err)
				}
			}
			for _, f := range []string{"0", pin} {
				if r := ask("mallory", f); r.Decision || r.Err == nil || r.Err.Code != seal.CodeLimited {
					t.Errorf("%+v", r)
				}
			}
			if r := ask("alice", pin); r.Err != nil {
				t.Errorf("another principal: %v", r.Err)
			}
		})
	}
}

func TestWeakSecretLimitWithinOneRequest(t *testing.T) {
	guesses := make([]any, 10_000)
	for i := range guesses {
		guesses[i] = fmt.Sprintf("%04d", i)
	}
	for _, comparison := range []string{
		`{"field": "f", "comparator": "contains", "secret": "PIN"}`,
		`{"field": "f", "comparator": "contains_any", "secret": "PIN"}`,
		`{"source": {"secret": "PIN"}, "comparator": "in", "target": {"field": "f"}}`,
	} {
		r := bind(t, attributes(comparison)).Evaluate(context.Background(), map[string]any{"f": guesses}, seal.Options{Guard: seal.NewGuard()})
		if r.Decision || r.Err == nil || r.Err.Code != seal.CodeLimited {
			t.Errorf("%s: %+v", comparison, r)
		}
	}
	headers := map[string]any{"request": map[string]any{"headers": map[string]any{"X-Pin": guesses}}}
	r := bind(t, attributes(`{"field": "request.headers.X-Pin", "comparator": "not_equals", "secret": "PIN"}`)).Evaluate(context.Background(), headers, seal.Options{Guard: seal.NewGuard()})
	if r.Decision || r.Err == nil || r.Err.Code != seal.CodeLimited {
		t.Errorf("%+v", r)
	}
}

// What two servers whose secrets differ say of the same requests is the same,
// as long as no request brings one of the secrets.
func TestResultsTellNothingOfASecret(t *testing.T) {
	document := `[
		{"name": "attributes", "conf": {"fields": [
			{"field": "f", "comparator": "equals", "secret": "S"},
			{"field": "f", "comparator": "not_equals", "secret": "S"},
			{"source": {"secret": "S"}, "comparator": "equals", "target": {"field": "request.headers.X"}},
			{"field": "f", "comparator": "in", "secret": "L"},
			{"field": "f", "comparator": "contains_any", "secret": "L"},
			{"source": {"secret": "S"}, "comparator": "contains", "target": {"field": "f"}}]},
			"recovery": [{"type": "mfa"}]}]`
	program := compile(t, document)
	var answers [2][]byte
	for i, values := range []map[string]any{
		{"S": "kM4tq8Zr1vXw9Lb3Nc7d", "L": []any{"Zq7Lw2Xv5Bn8Rt1Yp4Hs"}},
		{"S": "7!", "L": []any{strings.Repeat("Ab3-", 500)}},
	} {
		policy, err := program.Bind(validator.Environment{Secrets: sealtest.Set(t, values), Random: sealtest.Random(1)})
		if err != nil {
			t.Fatal(err)
		}
		for _, input := range []string{
			`{}`, `{"f": "x"}`, `{"f": "*"}`, `{"f": ["k", "7", ""]}`, `{"f": 7}`, `{"f": {"S": "S"}}`,
			`{"f": "x", "request": {"headers": {"X": ["kM4tq8Zr1vXw9Lb3Nc7", "7"]}}}`,
		} {
			v, err := jsonvalue.Decode([]byte(input))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := json.Marshal(policy.Evaluate(context.Background(), v, seal.Options{}))
			if err != nil {
				t.Fatal(err)
			}
			answers[i] = append(append(answers[i], answer...), '\n')
		}
	}
	if diff := cmp.Diff(string(answers[0]), string(answers[1])); diff != "" {
		t.Error(diff)
	}
}

// A caller's credential, valid or not, does not come back.
func TestResultsRepeatNothingOfTheInput(t *testing.T) {
	const canary = "q9-canary-of-the-caller-7"
	input := map[string]any{
		"f": canary, "g": []any{canary}, canary: canary,
		"request": map[string]any{"headers": map[string]any{"X": []any{canary}, canary: canary}},
	}
	for _, comparison := range []string{
		`{"field": "f", "comparator": "equals", "value": "x"}`,
		`{"field": "f", "comparator": "less", "value": 1}`,
		`{"field": "g", "comparator": "contains_all", "target": {"field": "h"}}`,
		`{"field": "f", "comparator": "equals", "secret": "API_KEY"}`,
		`{"field": "request.headers.X", "comparator": "not_equals", "target": {"field": "f"}}`,
	} {
		policy := bind(t, attributes(comparison))
		answer, err := json.Marshal(policy.Evaluate(context.Background(), input, seal.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(answer), canary) || strings.Contains(string(answer), `"Decision":true`) {
			t.Errorf("%s: %s", comparison, answer)
		}
	}
}

// A plaintext that its author pasted into a policy's own texts is masked.
func TestPastedPlaintextIsMasked(t *testing.T) {
	document := `[
		{"name": "any", "conf": {"validators": [{"name": "false", "recovery": [{"x": "` + apiKey + `"}]}, {"name": "true"}]}},
		{"name": "attributes", "conf": {"fields": [
			{"field": "a.` + apiKey + `", "comparator": "exists"},
			{"field": "f", "comparator": "equals", "secret": "API_KEY"}]},
			"recovery": [{"type": "mfa"}, {"hint": "use ` + apiKey + `"}]}]`
	r := evaluate(t, document, `{}`)
	answer, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(answer), apiKey) {
		t.Errorf("%s", answer)
	}
	want := []seal.Masked{
		{Path: "/failures/0/field", Secrets: []string{"API_KEY"}},
		{Path: "/failures/0/message", Secrets: []string{"API_KEY"}},
		{Path: "/recovery/1/hint", Secrets: []string{"API_KEY"}},
	}
	if diff := cmp.Diff(want, r.Masked); diff != "" {
		t.Error(diff)
	}
}

func TestLimitsOfAnEvaluation(t *testing.T) {
	list := make([]any, 1000)
	for i := range list {
		list[i] = fmt.Sprint("x", i)
	}
	input := map[string]any{"f": list, "g": list[:999:999], "s": strings.Repeat("a", validator.MaxSubjectBytes+1)}
	input["h"] = append(input["g"].([]any), "y")
	for comparison, limit := range map[string]string{
		`{"field": "f", "comparator": "contains_all", "target": {"field": "h"}}`: "MaxComparisons",
		`{"field": "s", "comparator": "not_matches", "value": "b"}`:              "MaxSubjectBytes",
	} {
		for _, document := range []string{
			attributes(comparison),
			`[{"name": "not", "conf": {"validator": {"name": "attributes", "conf": {"fields": [` + comparison + `]}}}}]`,
		} {
			r := bind(t, document).Evaluate(context.Background(), input, seal.Options{})
			if r.Decision || r.Err == nil || r.Err.Code != validator.CodeWork || !strings.Contains(r.Err.Message, limit) {
				t.Errorf("%s: %+v", comparison, r)
			}
		}
	}
}

func TestCancelledEvaluationDenies(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := bind(t, `[{"name": "true"}]`).Evaluate(ctx, map[string]any{}, seal.Options{})
	if r.Decision || r.Err == nil || r.Err.Code != validator.CodeTimeout {
		t.Errorf("%+v", r)
	}
}
