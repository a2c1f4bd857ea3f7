package validator_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy/validator"
)

func TestCatalogue(t *testing.T) {
	const yes, no = `{"name": "true"}`, `{"name": "false"}`
	// What depends on a missing operand is undecided.
	const undecided = `{"name": "attributes", "conf": {"fields": [{"field": "nothing", "comparator": "equals", "value": 1}]}}`
	for _, c := range []struct {
		name, document, input string
		want                  bool
	}{
		{"true", `[` + yes + `]`, `{}`, true},
		{"true with conf", `[{"name": "true", "conf": {}}]`, `{}`, true},
		{"false", `[` + no + `]`, `{}`, false},
		{"an input that is no object", `[` + yes + `]`, `[]`, true},
		{"all must hold", `[` + yes + `,` + no + `]`, `{}`, false},

		{"identity-context", `[{"name": "identity-context", "conf": {"fields": [{"field": "sub", "comparator": "equals", "value": "admin-*"}]}}]`,
			`{"authn_ctx": {"sub": "admin-1"}}`, true},
		{"identity-context reads authn_ctx only", `[{"name": "identity-context", "conf": {"fields": [{"field": "sub", "comparator": "equals", "value": "admin-*"}]}}]`,
			`{"sub": "admin-1"}`, false},
		{"identity-context, nested", `[{"name": "identity-context", "conf": {"fields": [{"field": "login.verified_recovery_methods", "comparator": "contains", "value": ["mfa"]}]}}]`,
			`{"authn_ctx": {"login": {"verified_recovery_methods": ["mfa"]}}}`, true},
		{"identity-context against another attribute", `[{"name": "identity-context", "conf": {"fields": [{"field": "email", "comparator": "equals", "target": {"field": "login.email"}}]}}]`,
			`{"authn_ctx": {"email": "a", "login": {"email": "a"}}}`, true},
		{"fields must all hold", `[{"name": "identity-context", "conf": {"fields": [
			{"field": "amr", "comparator": "contains_all", "value": ["mfa", "pwd"]},
			{"field": "amr", "comparator": "contains_any", "value": ["face", "retina", "sc", "vbm"]}]}}]`,
			`{"authn_ctx": {"amr": ["mfa", "pwd"]}}`, false},
		{"a dot in a name", `[{"name": "identity-context", "conf": {"fields": [{"field": "https://example\\.com/roles.0", "comparator": "equals", "value": "a"}]}}]`,
			`{"authn_ctx": {"https://example.com/roles": ["a"]}}`, true},
		{"an index out of range", `[{"name": "identity-context", "conf": {"fields": [{"field": "amr.7", "comparator": "not_equals", "value": "a"}]}}]`,
			`{"authn_ctx": {"amr": ["a"]}}`, false},
		{"a number that is a member's name", `[{"name": "attributes", "conf": {"fields": [{"field": "m.0", "comparator": "equals", "value": "a"}]}}]`,
			`{"m": {"0": "a"}}`, true},

		{"client", `[{"name": "client", "conf": {"fields": [{"field": "client_id", "comparator": "equals", "value": "x"}]}}]`,
			`{"contexts": {"client": {"client_id": "x"}}}`, true},
		{"developer", `[{"name": "developer", "conf": {"fields": [{"field": "metadata.tier", "comparator": "equals", "value": "x"}]}}]`,
			`{"contexts": {"developer": {"metadata": {"tier": "x"}}}}`, true},

		{"scopes, an array", `[{"name": "scopes", "conf": {"fields": [{"comparator": "contains_all", "value": ["read", "users.*"]}]}}]`,
			`{"authn_ctx": {"scp": ["read", "users.7"]}}`, true},
		{"scopes, a string", `[{"name": "scopes", "conf": {"fields": [{"comparator": "contains_all", "value": ["read", "users.*"]}]}}]`,
			`{"authn_ctx": {"scp": "users.7 read"}}`, true},
		{"scopes, a part of one", `[{"name": "scopes", "conf": {"fields": [{"comparator": "contains", "value": "read"}]}}]`,
			`{"authn_ctx": {"scp": "readwrite"}}`, false},
		{"scopes, none", `[{"name": "scopes", "conf": {"fields": [{"comparator": "not_contains", "value": "read"}]}}]`,
			`{}`, false},

		{"any, first", `[{"name": "any", "conf": {"validators": [` + yes + `,` + no + `]}}]`, `{}`, true},
		{"any, last", `[{"name": "any", "conf": {"validators": [` + no + `,` + undecided + `,` + yes + `]}}]`, `{}`, true},
		{"any, none", `[{"name": "any", "conf": {"validators": [` + no + `,` + undecided + `]}}]`, `{}`, false},
		{"all", `[{"name": "all", "conf": {"validators": [` + yes + `,` + yes + `]}}]`, `{}`, true},
		{"not false", `[{"name": "not", "conf": {"validator": ` + no + `}}]`, `{}`, true},
		{"not true", `[{"name": "not", "conf": {"validator": ` + yes + `}}]`, `{}`, false},
		{"not what is undecided", `[{"name": "not", "conf": {"validator": ` + undecided + `}}]`, `{}`, false},
		{"not not what is undecided", `[{"name": "not", "conf": {"validator": {"name": "not", "conf": {"validator": ` + undecided + `}}}}]`, `{}`, false},
		{"not all, one undecided", `[{"name": "not", "conf": {"validator": {"name": "all", "conf": {"validators": [` + yes + `,` + undecided + `]}}}}]`, `{}`, false},
		{"not all, one undecided and one false", `[{"name": "not", "conf": {"validator": {"name": "all", "conf": {"validators": [` + undecided + `,` + no + `]}}}}]`, `{}`, true},
		{"not any, one undecided", `[{"name": "not", "conf": {"validator": {"name": "any", "conf": {"validators": [` + no + `,` + undecided + `]}}}}]`, `{}`, false},
		{"if true", `[{"name": "if", "conf": {"if": [` + yes + `], "then": [` + yes + `], "else": [` + no + `]}}]`, `{}`, true},
		{"if false", `[{"name": "if", "conf": {"if": [` + no + `], "then": [` + no + `], "else": [` + yes + `]}}]`, `{}`, true},
		{"if undecided", `[{"name": "if", "conf": {"if": [` + undecided + `], "then": [` + yes + `], "else": [` + yes + `]}}]`, `{}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := evaluate(t, c.document, c.input)
			if r.Decision != c.want || r.Err != nil {
				t.Errorf("%+v", r)
			}
			if !r.Decision && len(r.Failures) == 0 {
				t.Error("a deny without a failure")
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	headers := func(h string) string { return `{"request": {"headers": ` + h + `}}` }
	for _, c := range []struct {
		comparison  string
		allow, deny []string
	}{
		{`"comparator": "equals", "value": "a-*"`,
			[]string{`{"X-Role": ["a-1"]}`, `{"x-role": ["a-1"]}`, `{"X-ROLE": "a-1"}`, `{"X-Role": ["a-1", "a-2"]}`},
			[]string{`{}`, `{"X-Role": []}`, `{"X-Role": null}`, `{"X-Role": [null]}`, `{"X-Role": ["b"]}`,
				`{"X-Role": ["a-1", "b"]}`, `{"X-Role": ["b", "a-1"]}`, `{"X-Role": ["a-1"], "x-role": ["b"]}`, `{"X-Role": "a-1", "x-role": "b"}`,
				`{"X-Role": ["a-1", null]}`, `{"X-Role": [["a-1"]]}`, `[]`, `"X-Role"`}},
		{`"comparator": "not_equals", "value": "guest"`,
			[]string{`{"X-Role": ["a"]}`},
			[]string{`{}`, `{"X-Role": []}`, `{"X-Role": [null]}`, `{"X-Role": ["a", "guest"]}`, `{"X-Role": ["a"], "x-role": "guest"}`, `{"X-Role": [1]}`}},
		{`"comparator": "not_in", "value": ["guest"]`,
			[]string{`{"X-Role": ["a", "b"]}`},
			[]string{`{"X-Role": ["a", "guest"]}`, `{"X-Role": [null]}`, `{}`}},
		{`"comparator": "contains", "value": "a"`,
			[]string{`{"X-Role": ["b", "a"]}`, `{"X-Role": "a"}`},
			[]string{`{"X-Role": ["ab"]}`, `{"X-Role": "ab"}`, `{}`}},
		{`"comparator": "not_contains_any", "value": ["a"]`,
			[]string{`{"X-Role": ["b"]}`},
			[]string{`{"X-Role": ["b"], "x-rolE": ["a"]}`, `{}`}},
		{`"comparator": "starts_with", "value": "Bearer "`,
			[]string{`{"X-Role": "Bearer x"}`}, []string{`{"X-Role": ["Bearer x", "y"]}`}},
		{`"comparator": "exists"`, []string{`{"x-role": "a"}`}, []string{`{}`, `{"X-Role": []}`}},
		{`"comparator": "not_exists"`, []string{`{}`}, []string{`{"x-role": "a"}`}},
	} {
		for _, document := range []string{
			`[{"name": "header", "conf": {"fields": [{"field": "X-Role", ` + c.comparison + `}]}}]`,
			attributes(`{"field": "request.headers.X-Role", ` + c.comparison + `}`),
			attributes(`{"source": {"field": "request.headers.x-rOlE"}, ` + c.comparison + `}`),
		} {
			for _, h := range c.allow {
				if r := evaluate(t, document, headers(h)); !r.Decision || r.Err != nil {
					t.Errorf("%s denies %s: %+v", document, h, r)
				}
			}
			for _, h := range c.deny {
				if r := evaluate(t, document, headers(h)); r.Decision || r.Err != nil {
					t.Errorf("%s with %s: %+v", document, h, r)
				}
			}
		}
	}
}

// A second value must not turn a negation around.
func TestNegatedHeader(t *testing.T) {
	document := `[{"name": "not", "conf": {"validator": {"name": "header", "conf": {"fields": [{"field": "X-Role", "comparator": "equals", "value": "guest"}]}}}}]`
	for header, want := range map[string]bool{
		`{"X-Role": "a"}`:                          true,
		`{"X-Role": ["a", "b"]}`:                   true,
		`{"X-Role": "guest"}`:                      false,
		`{"X-Role": ["guest", "a"]}`:               false,
		`{"X-Role": ["a", "guest"]}`:               false,
		`{"X-Role": "guest", "x-role": ["a"]}`:     false,
		`{"X-Role": ["a", 1]}`:                     false,
		`{"X-Role": ["guest", null], "x-role": 1}`: false,
		`{}`: false,
	} {
		for range 10 { // whichever order the members of an object come in
			if r := evaluate(t, document, `{"request": {"headers": `+header+`}}`); r.Decision != want || r.Err != nil {
				t.Errorf("%s: %+v", header, r)
			}
		}
	}
}

func TestSecretAgainstHeader(t *testing.T) {
	for _, comparison := range []string{
		`{"source": {"field": "request.headers.X-Api-Key"}, "comparator": "equals", "target": {"secret": "API_KEY"}}`,
		`{"source": {"secret": "API_KEY"}, "comparator": "equals", "target": {"field": "request.headers.X-Api-Key"}}`,
	} {
		for header, want := range map[string]bool{
			`{"X-Api-Key": ["` + apiKey + `"]}`:                   true,
			`{"x-api-key": "` + apiKey + `"}`:                     true,
			`{"X-Api-Key": ["` + apiKey + `", "` + pin + `"]}`:    false,
			`{"X-Api-Key": ["x"], "x-api-key": "` + apiKey + `"}`: false,
			`{"X-Api-Key": ["*"]}`:                                false,
			`{}`:                                                  false,
		} {
			r := evaluate(t, attributes(comparison), `{"request": {"headers": `+header+`}}`)
			if r.Decision != want || r.Err != nil {
				t.Errorf("%s with %s: %+v", comparison, header, r)
			}
		}
	}
}

func TestFailuresAndRecovery(t *testing.T) {
	const document = `[
		{"name": "identity-context", "conf": {"fields": [
			{"field": "sub", "comparator": "equals", "value": "alice"},
			{"field": "amr", "comparator": "contains", "value": "mfa"},
			{"field": "age", "comparator": "less", "value": 60}]},
			"recovery": [{"type": "mfa"}, {"type": "otp", "id": 7}]},
		{"name": "attributes", "conf": {"fields": [
			{"source": {"secret": "API_KEY"}, "comparator": "equals", "target": {"field": "request.headers.X-Api-Key"}}]}},
		{"name": "any", "conf": {"validators": [
			{"name": "false", "recovery": [{"type": "never"}]},
			{"name": "true"}]}},
		{"name": "not", "conf": {"validator": {"name": "true"}}, "recovery": [{"type": "not"}]},
		{"name": "if", "conf": {"if": [{"name": "false"}], "then": [{"name": "true"}], "else": [{"name": "false", "recovery": [{"type": "else"}]}]}}]`
	got := evaluate(t, document, `{"authn_ctx": {"sub": "bob", "age": "61"}}`)
	want := validator.Result{
		Failures: []validator.Failure{
			{Validator: "identity-context", Field: "sub", Message: "sub must equal the required value (equals)"},
			{Validator: "identity-context", Field: "amr", Message: "amr must contain the required value, but amr is missing (contains)"},
			{Validator: "identity-context", Field: "age", Message: "age must be less than the required value, but values of these types cannot be compared so (less)"},
			{Validator: "attributes", Field: "request.headers.X-Api-Key", Message: "secret API_KEY must equal request.headers.X-Api-Key, but request.headers.X-Api-Key is missing (equals)"},
			{Validator: "not", Message: "a condition holds that must not"},
			{Validator: "false", Message: "nobody is allowed"},
		},
		Recovery: []any{
			map[string]any{"type": "mfa"},
			map[string]any{"type": "otp", "id": 7.0},
			map[string]any{"type": "not"},
			map[string]any{"type": "else"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsAreListed(t *testing.T) {
	got := compile(t, `[{"name": "not", "conf": {"validator": {"name": "attributes", "conf": {"fields": [
		{"field": "a", "comparator": "equals", "secret": "B.c"},
		{"field": "a", "comparator": "equals", "secret": "B.d"},
		{"source": {"secret": "C"}, "comparator": "equals", "target": {"secret": "A"}}]}}}}]`).Secrets()
	if diff := cmp.Diff([]string{"A", "B", "C"}, got); diff != "" {
		t.Error(diff)
	}
	if got := compile(t, `[{"name": "true"}]`).Secrets(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
