package validator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy/validator"
)

func problems(t *testing.T, document string) []validator.Problem {
	t.Helper()
	_, err := validator.Compile(json.RawMessage(document))
	var e *validator.CompileError
	if !errors.As(err, &e) {
		t.Fatalf("%s: error is %v", document, err)
	}
	return e.Problems
}

func TestCompileRefuses(t *testing.T) {
	deep := strings.Repeat(`[{"name": "not", "conf": {"validator": `, 40) // never closed
	for _, c := range []struct{ document, pointer, code string }{
		{``, "", validator.CodeJSON},
		{deep, "", validator.CodeJSON},
		{`[{"name": "true", "name": "false"}]`, "", validator.CodeJSON},
		{"[{\"name\": \"\xff\"}]", "", validator.CodeJSON},
		{strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "", validator.CodeJSON},
		{`"` + strings.Repeat("x", validator.MaxSourceBytes) + `"`, "", validator.CodeLimit},
		{`{}`, "", validator.CodeShape},
		{`null`, "", validator.CodeShape},
		{`[]`, "", validator.CodeShape},
		{`["true"]`, "/0", validator.CodeShape},
		{`[{}]`, "/0", validator.CodeShape},
		{`[{"name": true}]`, "/0", validator.CodeShape},
		{`[{"name": "tru"}]`, "/0/name", validator.CodeUnknown},
		{`[{"name": "True"}]`, "/0/name", validator.CodeUnknown},
		{`[{"name": "true", "config": {}}]`, "/0/config", validator.CodeShape},
		{`[{"name": "true", "conf": {"fields": []}}]`, "/0/conf/fields", validator.CodeShape},
		{`[{"name": "true", "conf": []}]`, "/0/conf", validator.CodeShape},
		{`[{"name": "true", "recovery": {"type": "mfa"}}]`, "/0/recovery", validator.CodeShape},
		{`[{"name": "true", "recovery": ["mfa"]}]`, "/0/recovery/0", validator.CodeShape},
		{`[{"name": "header"}]`, "/0/conf/fields", validator.CodeShape},
		{`[{"name": "header", "conf": {"fields": []}}]`, "/0/conf/fields", validator.CodeShape},
		{`[{"name": "header", "conf": {"fields": [1]}}]`, "/0/conf/fields/0", validator.CodeShape},
		{`[{"name": "header", "conf": {"feilds": []}}]`, "/0/conf/feilds", validator.CodeShape},
		{`[{"name": "all", "conf": {"validators": []}}]`, "/0/conf/validators", validator.CodeShape},
		{`[{"name": "any", "conf": {}}]`, "/0/conf/validators", validator.CodeShape},
		{`[{"name": "not", "conf": {}}]`, "/0/conf/validator", validator.CodeShape},
		{`[{"name": "not", "conf": {"validator": [{"name": "true"}]}}]`, "/0/conf/validator", validator.CodeShape},
		{`[{"name": "if", "conf": {"if": [{"name": "true"}], "then": [{"name": "true"}]}}]`, "/0/conf/else", validator.CodeShape},
		{`[{"name": "if", "conf": {"if": [{"name": "true"}], "then": [{"name": "no/such"}], "else": [{"name": "true"}]}}]`, "/0/conf/then/0/name", validator.CodeUnknown},
	} {
		got := problems(t, c.document)
		if len(got) == 0 || got[0].Pointer != c.pointer || got[0].Code != c.code {
			t.Errorf("%.80s: %+v, want %s at %q", c.document, got, c.code, c.pointer)
		}
	}
}

func TestCompileRefusesComparisons(t *testing.T) {
	for _, c := range []struct{ comparison, pointer, code string }{
		{`{}`, "/comparator", validator.CodeUnknown},
		{`{"field": "f", "comparator": "eq", "value": 1}`, "/comparator", validator.CodeUnknown},
		{`{"field": "f", "comparator": "not_less", "value": 1}`, "/comparator", validator.CodeUnknown},
		{`{"field": "f", "comparator": 1, "value": 1}`, "/comparator", validator.CodeUnknown},
		{`{"comparator": "equals", "value": 1}`, "", validator.CodeShape},
		{`{"field": "f", "comparator": "equals"}`, "", validator.CodeShape},
		{`{"field": "f", "source": {"field": "f"}, "comparator": "equals", "value": 1}`, "", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "value": 1, "secret": "S"}`, "", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "value": 1, "target": {"value": 1}}`, "", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "value": 1, "extra": 1}`, "/extra", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "target": {}}`, "/target", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "target": {"value": 1, "field": "g"}}`, "/target", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "target": {"env": "x"}}`, "/target/env", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "target": "g"}`, "/target", validator.CodeShape},
		{`{"field": 1, "comparator": "equals", "value": 1}`, "/field", validator.CodeShape},
		{`{"field": "", "comparator": "equals", "value": 1}`, "/field", validator.CodeShape},
		{`{"field": "a..b", "comparator": "equals", "value": 1}`, "/field", validator.CodeShape},
		{`{"field": "a.", "comparator": "equals", "value": 1}`, "/field", validator.CodeShape},
		{`{"field": "secrets.K", "comparator": "equals", "value": 1}`, "/field", validator.CodeOperand},
		{`{"field": "f", "comparator": "equals", "target": {"field": "contexts.secrets.K"}}`, "/target/field", validator.CodeOperand},
		{`{"field": "f", "comparator": "equals", "secret": ""}`, "/secret", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "secret": "a b"}`, "/secret", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "secret": "constructor"}`, "/secret", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "secret": null}`, "/secret", validator.CodeShape},
		{`{"field": "f", "comparator": "equals", "value": null}`, "/value", validator.CodeOperand},
		{`{"field": "f", "comparator": "in", "value": ["a", null]}`, "/value/1", validator.CodeOperand},
		{`{"field": "f", "comparator": "in", "value": []}`, "/value", validator.CodeOperand},
		{`{"field": "f", "comparator": "in", "value": "a"}`, "", validator.CodeOperand},
		{`{"field": "f", "comparator": "contains_all", "value": []}`, "/value", validator.CodeOperand},
		{`{"field": "f", "comparator": "not_contains", "value": ["a"]}`, "", validator.CodeOperand},
		{`{"field": "f", "comparator": "not_contains", "target": {"field": "request.headers.X"}}`, "", validator.CodeOperand},
		{`{"field": "f", "comparator": "starts_with", "value": 1}`, "", validator.CodeOperand},
		{`{"field": "f", "comparator": "starts_with", "value": "a*"}`, "/value", validator.CodeOperand},
		{`{"field": "f", "comparator": "less", "value": "1"}`, "", validator.CodeOperand},
		{`{"source": {"value": "1"}, "comparator": "less", "target": {"field": "f"}}`, "", validator.CodeOperand},
		{`{"field": "f", "comparator": "matches", "value": "("}`, "", validator.CodeOperand},
		{`{"field": "f", "comparator": "matches", "value": 1}`, "", validator.CodeOperand},
		{`{"field": "f", "comparator": "matches", "target": {"field": "g"}}`, "", validator.CodeOperand},
		{`{"field": "f", "comparator": "matches", "value": "` + strings.Repeat("x", validator.MaxPatternBytes+1) + `"}`, "", validator.CodeLimit},
		{`{"field": "f", "comparator": "exists", "value": true}`, "/value", validator.CodeOperand},
		{`{"source": {"value": 1}, "comparator": "exists"}`, "", validator.CodeOperand},
		{`{"source": {"value": 1}, "comparator": "equals", "value": 1}`, "", validator.CodeOperand},
		{`{"source": {"secret": "S"}, "comparator": "exists"}`, "", validator.CodeOperand},
		{`{"source": {"secret": "S"}, "comparator": "equals", "value": "sk_*"}`, "", validator.CodeInspects},
		{`{"source": {"value": "sk_*"}, "comparator": "not_equals", "secret": "S"}`, "", validator.CodeInspects},
		{`{"source": {"secret": "S"}, "comparator": "in", "value": ["a", "sk_*"]}`, "", validator.CodeInspects},
		{`{"source": {"secret": "S"}, "comparator": "contains", "value": "*"}`, "", validator.CodeInspects},
	} {
		got := problems(t, attributes(c.comparison))
		if want := "/0/conf/fields/0" + c.pointer; len(got) == 0 || got[0].Pointer != want || got[0].Code != c.code {
			t.Errorf("%s: %+v, want %s at %q", c.comparison, got, c.code, want)
		}
	}
}

// Whatever looks inside a secret is refused on both sides, with the reason and
// what to write instead.
func TestComparatorsThatWouldInspectASecret(t *testing.T) {
	for _, name := range []string{
		"starts_with", "not_starts_with", "ends_with", "not_ends_with", "matches", "not_matches",
		"less", "less_or_equal", "greater", "greater_or_equal",
	} {
		for _, comparison := range []string{
			fmt.Sprintf(`{"field": "f", "comparator": %q, "secret": "S"}`, name),
			fmt.Sprintf(`{"source": {"secret": "S"}, "comparator": %q, "target": {"field": "f"}}`, name),
			fmt.Sprintf(`{"source": {"secret": "S.a"}, "comparator": %q, "value": "a"}`, name),
		} {
			got := problems(t, attributes(comparison))
			if len(got) != 1 || got[0].Code != validator.CodeInspects || got[0].Advice == "" || !strings.Contains(got[0].Message, name) {
				t.Errorf("%s: %+v", comparison, got)
			}
		}
	}
}

func TestCompileReportsEveryProblem(t *testing.T) {
	got := problems(t, `[{"name": "nope"}, {"name": "true", "x": 1, "y": 2}, {"name": "header", "conf": {"fields": [{"comparator": "nope"}, {"field": "", "comparator": "equals", "value": 1}]}}]`)
	var pointers []string
	for _, p := range got {
		pointers = append(pointers, p.Pointer)
	}
	want := []string{"/0/name", "/1/x", "/1/y", "/2/conf/fields/0/comparator", "/2/conf/fields/1/field"}
	if diff := cmp.Diff(want, pointers); diff != "" {
		t.Error(diff)
	}
	many := `[` + strings.Repeat(`{"name": "nope"},`, 2*validator.MaxProblems) + `{"name": "true"}]`
	if got := problems(t, many); len(got) != validator.MaxProblems {
		t.Errorf("%d problems", len(got))
	}
}

func TestCompileLimits(t *testing.T) {
	repeat := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	distinct := make([]string, validator.MaxSecrets+1)
	for i := range distinct {
		distinct[i] = fmt.Sprintf(`{"field":"f","comparator":"equals","secret":"S%d"}`, i)
	}
	for name, document := range map[string]string{
		"MaxValidators": `[` + repeat(`{"name":"true"}`, validator.MaxValidators+1) + `]`,
		"MaxFields":     attributes(repeat(`{"field":"f","comparator":"exists"}`, validator.MaxFields+1)),
		"MaxSecrets":    attributes(strings.Join(distinct, ",")),
	} {
		got := problems(t, document)
		if len(got) != 1 || got[0].Code != validator.CodeLimit || !strings.Contains(got[0].Message, name) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	compile(t, `[`+repeat(`{"name":"true"}`, validator.MaxValidators)+`]`)
	compile(t, attributes(repeat(`{"field":"f","comparator":"exists"}`, validator.MaxFields)))
	compile(t, attributes(strings.Join(distinct[1:], ",")))
}

func FuzzCompile(f *testing.F) {
	f.Add([]byte(`[{"name": "identity-context", "conf": {"fields": [{"field": "sub", "comparator": "equals", "value": "admin-*"}]}, "recovery": [{"type": "mfa"}]}]`))
	f.Add([]byte(`[{"name": "if", "conf": {"if": [{"name": "true"}], "then": [{"name": "not", "conf": {"validator": {"name": "false"}}}], "else": [{"name": "any", "conf": {"validators": [{"name": "true"}]}}]}}]`))
	f.Add([]byte(attributes(`{"source": {"secret": "API_KEY"}, "comparator": "in", "target": {"field": "request.headers.X"}}`)))
	f.Add([]byte(attributes(`{"source": {"secret": "API_KEY"}, "comparator": "starts_with", "value": "a\\*"}`)))
	f.Add([]byte(attributes(`{"field": "a\\.b.0", "comparator": "matches", "value": "(a|b)*"}`)))
	f.Add([]byte(`[{"name": "network", "conf": {"cidrs": ["10.0.0.0/8"], "trusted_proxies": ["::1"]}}, {"name": "time", "conf": {"days": ["mon"], "hours": [{"from": "22:00", "to": "06:00"}]}}]`))
	f.Add([]byte(`[{"name": "jwt", "conf": {"secret": "API_KEY", "algorithms": ["HS256"], "as": "t"}}, {"name": "attributes", "conf": {"fields": [{"claim": "t.sub", "comparator": "exists"}]}}]`))
	f.Add([]byte(`[{"name": "webhook", "conf": {"secret": "API_KEY", "header": "X", "timestamp_header": "T", "message": "{timestamp}.{body}"}}, {"name": "cel", "conf": {"expression": "input.f == 'a'"}}]`))
	f.Add([]byte(`[{"name": "dynamic-scope", "conf": {"scope": "u.*", "fields": [{"field": "params.0", "comparator": "equals", "variable": "V"}]}}, {"name": "policy", "conf": {"policy": "p"}}, {"name": "mfa"}]`))
	f.Fuzz(func(t *testing.T, document []byte) {
		p, err := validator.Compile(document)
		if err != nil {
			var e *validator.CompileError
			if !errors.As(err, &e) || len(e.Problems) == 0 || len(e.Problems) > validator.MaxProblems {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, s := range p.Secrets() {
			if s == "" {
				t.Fatal("a secret without a name")
			}
		}
		evaluate(t, string(document), `{"f": "a", "authn_ctx": {"sub": "admin-1"}, "request": {"headers": {"X": ["a"]}}}`)
	})
}
