package validator_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/validator"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// noon is when the evaluations of these tests take place: a Wednesday.
var noon = time.Date(2026, 6, 17, 12, 0, 0, 0, time.UTC)

// environment has the secrets of a document, at noon.
func environment(tb testing.TB, p *validator.Program) validator.Environment {
	values := make(map[string]any)
	for _, name := range p.Secrets() {
		values[name] = secrets()[name]
	}
	return validator.Environment{
		Secrets: sealtest.Set(tb, values),
		Now:     func() time.Time { return noon },
		Variable: func(name string) (any, bool) {
			v, ok := map[string]any{"REGION": "eu", "ALLOWED": []any{"eu", "us"}, "JWKS": jwksValue(tb), "TIERS": map[string]any{"gold": 3.0}}[name]
			return v, ok
		},
	}
}

func evaluateIn(tb testing.TB, env func(testing.TB, *validator.Program) validator.Environment, document, input string) validator.Result {
	tb.Helper()
	p := compile(tb, document)
	policy, err := p.Bind(env(tb, p))
	if err != nil {
		tb.Fatal(err)
	}
	v, err := jsonvalue.Decode([]byte(input))
	if err != nil {
		tb.Fatal(err)
	}
	return policy.Evaluate(context.Background(), v, seal.Options{})
}

// expect decides on inputs, and that no negation of a deny for want of something
// allows.
func expect(t *testing.T, document string, allow, deny, undecided []string) {
	t.Helper()
	list := "[" + document + "]"
	not := `[{"name": "not", "conf": {"validator": ` + document + `}}]`
	for want, inputs := range map[string][]string{"allow": allow, "deny": deny, "undecided": undecided} {
		for _, input := range inputs {
			r := evaluateIn(t, environment, list, input)
			if r.Decision != (want == "allow") || r.Err != nil || r.Undecided != (want == "undecided") {
				t.Errorf("%s\nwith %s: %+v, want %s", document, input, r, want)
			}
			if !r.Decision && len(r.Failures) == 0 {
				t.Errorf("%s\nwith %s: a deny without a failure", document, input)
			}
			if r := evaluateIn(t, environment, not, input); r.Decision != (want == "deny") || r.Err != nil {
				t.Errorf("not %s\nwith %s: %+v, want of what is negated: %s", document, input, r, want)
			}
		}
	}
}

func TestRootsOfFields(t *testing.T) {
	for name, input := range map[string]string{
		"identity-context": `{"authn_ctx": %s}`,
		"client":           `{"contexts": {"client": %s}}`,
		"developer":        `{"contexts": {"developer": %s}}`,
		"consent":          `{"contexts": {"consent": %s}}`,
		"access-token":     `{"access_token": %s}`,
		"id-token":         `{"id_token": %s}`,
		"attributes":       `%s`,
	} {
		expect(t, `{"name": "`+name+`", "conf": {"fields": [{"field": "a.b", "comparator": "equals", "value": "x"}]}}`,
			[]string{fmt.Sprintf(input, `{"a": {"b": "x"}}`)},
			[]string{fmt.Sprintf(input, `{"a": {"b": "y"}}`)},
			[]string{fmt.Sprintf(input, `{"a": {"b": 1}}`), fmt.Sprintf(input, `{}`), `{"elsewhere": {"a": {"b": "x"}}}`})
	}
}

func TestAnySourceAgainstAnyTarget(t *testing.T) {
	// The same value from everywhere.
	sides := []string{
		`{"field": "f"}`, `{"input": "authn_ctx.g"}`, `{"value": "eu"}`, `{"variable": "REGION"}`, `{"input": "request.headers.X"}`,
	}
	for _, source := range sides {
		for _, target := range sides {
			if source == target {
				continue
			}
			expect(t, `{"name": "attributes", "conf": {"fields": [{"source": `+source+`, "comparator": "equals", "target": `+target+`}]}}`,
				[]string{`{"f": "eu", "authn_ctx": {"g": "eu"}, "request": {"headers": {"x": ["eu"]}}}`}, nil, nil)
		}
	}
	expect(t, `{"name": "identity-context", "conf": {"fields": [{"field": "sub", "comparator": "equals", "target": {"input": "contexts.client.owner"}}]}}`,
		[]string{`{"authn_ctx": {"sub": "a"}, "contexts": {"client": {"owner": "a"}}}`},
		[]string{`{"authn_ctx": {"sub": "a"}, "contexts": {"client": {"owner": "b"}}}`},
		[]string{`{"authn_ctx": {"sub": "a", "contexts": {"client": {"owner": "a"}}}}`, `{}`})
	expect(t, `{"name": "attributes", "conf": {"fields": [{"field": "tier", "comparator": "greater_or_equal", "variable": "TIERS.gold"}]}}`,
		[]string{`{"tier": 3}`}, []string{`{"tier": 2}`}, []string{`{"tier": "3"}`, `{}`})
	expect(t, `{"name": "attributes", "conf": {"fields": [{"field": "region", "comparator": "in", "variable": "ALLOWED"}]}}`,
		[]string{`{"region": "us"}`}, []string{`{"region": "*"}`, `{"region": "asia"}`}, []string{`{}`})
}

// What a variable lacks denies, whatever the policy says.
func TestMissingVariable(t *testing.T) {
	for _, document := range []string{
		attributes(`{"field": "f", "comparator": "not_equals", "variable": "GONE"}`),
		`[{"name": "any", "conf": {"validators": [{"name": "true"}, {"name": "attributes", "conf": {"fields": [{"field": "f", "comparator": "equals", "variable": "GONE"}]}}]}}]`,
		`[{"name": "any", "conf": {"validators": [{"name": "true"}, {"name": "cel", "conf": {"expression": "variables.GONE == 1"}}]}}]`,
		`[{"name": "any", "conf": {"validators": [{"name": "true"}, {"name": "jwt", "conf": {"jwks_variable": "REGION"}}]}}]`,
	} {
		r := evaluateIn(t, environment, document, `{"f": "x"}`)
		if r.Decision || r.Err == nil || r.Err.Code != validator.CodeVariable {
			t.Errorf("%s: %+v", document, r)
		}
	}
}

func TestDynamicScope(t *testing.T) {
	scopes := func(grants string) string {
		return `{"authn_ctx": {"sub": "ada"}, "contexts": {"scopes": {"users.*": ` + grants + `}}}`
	}
	expect(t, `{"name": "dynamic-scope", "conf": {"scope": "users.*", "fields": [{"field": "params.0", "comparator": "equals", "target": {"input": "authn_ctx.sub"}}]}}`,
		[]string{scopes(`[{"params": ["ada"], "requested_name": "users.ada"}]`), scopes(`[{"params": ["ada"]}, {"params": ["ada"]}]`)},
		[]string{scopes(`[{"params": ["bob"]}]`)},
		[]string{`{}`, scopes(`[]`), scopes(`{}`), scopes(`[{"params": ["ada"]}, {"params": ["bob"]}]`), scopes(`[{"params": ["bob"]}, {"params": ["ada"]}]`),
			scopes(`[{"params": []}]`), scopes(`[{"params": ["ada"]}, {}]`), scopes(`["ada"]`)})
	expect(t, `{"name": "dynamic-scope", "conf": {"scope": "users.*", "fields": [{"field": "requested_name", "comparator": "equals", "value": "users.a*"}]}}`,
		[]string{scopes(`[{"requested_name": "users.ada"}]`)}, []string{scopes(`[{"requested_name": "users.bob"}]`)}, nil)
}

func TestMFA(t *testing.T) {
	expect(t, `{"name": "mfa"}`,
		[]string{`{"authn_ctx": {"amr": ["pwd", "mfa"]}}`, `{"authn_ctx": {"amr": ["pwd"], "login": {"verified_recovery_methods": ["mfa"]}}}`},
		[]string{`{"authn_ctx": {"amr": ["pwd"], "login": {"verified_recovery_methods": ["sms"]}}}`},
		[]string{`{"authn_ctx": {"amr": ["pwd"]}}`, `{}`})
	expect(t, `{"name": "mfa", "conf": {"methods": ["otp", "hwk"]}}`,
		[]string{`{"authn_ctx": {"amr": ["pwd", "hwk"]}}`}, nil, []string{`{"authn_ctx": {"amr": ["mfa"]}}`})

	for document, want := range map[string]string{
		`[{"name": "mfa"}]`: "mfa",
		`[{"name": "mfa", "recovery": [{"type": "otp"}]}]`:                     "otp",
		`[{"name": "mfa", "conf": {}, "recovery": [{"type": "otp", "x": 1}]}]`: "otp",
	} {
		r := evaluateIn(t, environment, document, `{}`)
		if len(r.Failures) != 1 || r.Failures[0].Validator != "mfa" || r.Failures[0].Field != "amr" {
			t.Errorf("%s: %+v", document, r.Failures)
		}
		if len(r.Recovery) != 1 || r.Recovery[0].(map[string]any)["type"] != want {
			t.Errorf("%s: recovery %v", document, r.Recovery)
		}
	}
}

func TestNetwork(t *testing.T) {
	from := func(a string) string { return `{"request": {"remote_address": "` + a + `"}}` }
	expect(t, `{"name": "network", "conf": {"cidrs": ["10.0.0.0/8", "::ffff:192.168.1.0/120", "2001:db8::/32", "203.0.113.7"]}}`,
		[]string{from("10.1.2.3"), from("10.1.2.3:4711"), from("::ffff:10.1.2.3"), from("[::ffff:10.1.2.3]:80"), from("192.168.1.9"),
			from("2001:db8::1"), from("[2001:db8::1]:443"), from("[2001:db8::1]"), from("203.0.113.7"), from("::ffff:203.0.113.7")},
		[]string{from("11.0.0.1"), from("192.168.2.9"), from("2001:db9::1"), from("::1"), from("203.0.113.8"), from("::a01:203")},
		[]string{`{}`, from(""), from("localhost"), from("10.1.2"), from("010.1.2.3"), from("10.1.2.3, 1.1.1.1"), from("fe80::1%eth0"),
			`{"request": {"remote_address": ["10.1.2.3"]}}`, `{"request": {"remote_address": 167837955}}`,
			`{"request": {"headers": {"X-Forwarded-For": ["10.1.2.3"]}}}`})
	// A header only where the policy says so.
	expect(t, `{"name": "network", "conf": {"cidrs": ["10.0.0.0/8"], "field": "request.headers.X-Real-IP"}}`,
		[]string{`{"request": {"headers": {"x-real-ip": ["10.1.2.3"]}}}`},
		[]string{`{"request": {"headers": {"x-real-ip": "11.1.2.3"}, "remote_address": "10.1.2.3"}}`},
		[]string{`{"request": {"headers": {"x-real-ip": ["10.1.2.3", "10.1.2.4"]}}}`, `{"request": {"remote_address": "10.1.2.3"}}`})
}

// X-Forwarded-For is believed as far as those who wrote it are trusted.
func TestForwardedAddresses(t *testing.T) {
	via := func(peer, forwarded string) string {
		return `{"request": {"remote_address": "` + peer + `", "headers": {"X-Forwarded-For": ` + forwarded + `}}}`
	}
	expect(t, `{"name": "network", "conf": {"cidrs": ["10.0.0.0/8"], "trusted_proxies": ["192.0.2.0/24", "2001:db8::1"]}}`,
		[]string{
			via("10.1.2.3", `"8.8.8.8"`), // no proxy of ours: its header says nothing
			via("192.0.2.1", `"10.1.2.3"`), via("::ffff:192.0.2.1", `["10.1.2.3"]`), via("2001:db8::1", `"10.1.2.3:5000"`),
			via("192.0.2.1", `"8.8.8.8, 10.1.2.3"`), via("192.0.2.1", `"not an address,10.1.2.3"`),
			via("192.0.2.1", `["8.8.8.8", "10.1.2.3, 192.0.2.2"]`), via("192.0.2.1", `"10.1.2.3, 192.0.2.3 ,192.0.2.2"`),
		},
		[]string{
			via("8.8.8.8", `"10.1.2.3"`), via("192.0.2.1", `"10.1.2.3, 8.8.8.8"`), via("192.0.2.1", `["10.1.2.3", "8.8.8.8, 192.0.2.2"]`),
			via("192.0.2.1", `"192.0.2.2"`), `{"request": {"remote_address": "192.0.2.1"}}`,
		},
		[]string{
			via("192.0.2.1", `"10.1.2.3, unknown"`), via("192.0.2.1", `"10.1.2.3,"`), via("192.0.2.1", `[10]`), via("192.0.2.1", `"fe80::1%1"`),
			`{"request": {"remote_address": "192.0.2.1", "headers": {"X-Forwarded-For": "10.1.2.3", "x-forwarded-for": "10.1.2.3"}}}`,
		})
	long := strings.Repeat("10.1.2.3, ", 5) + strings.TrimSuffix(strings.Repeat("192.0.2.9, ", validator.MaxForwarded), ", ")
	expect(t, `{"name": "network", "conf": {"cidrs": ["10.0.0.0/8"], "trusted_proxies": ["192.0.2.0/24"]}}`, nil, []string{via("192.0.2.1", `"`+long+`"`)}, nil)
}

func TestTime(t *testing.T) {
	at := func(text string) func(testing.TB, *validator.Program) validator.Environment {
		now, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return func(testing.TB, *validator.Program) validator.Environment {
			return validator.Environment{Now: func() time.Time { return now }}
		}
	}
	for _, c := range []struct {
		conf        string
		allow, deny []string
	}{
		{`{"days": ["monday", "wed"]}`,
			[]string{"2026-06-17T00:00:00Z", "2026-06-15T23:59:59Z", "2026-06-17T23:30:00-02:00"}[:2],
			[]string{"2026-06-16T12:00:00Z", "2026-06-18T00:00:00Z", "2026-06-17T23:30:00-02:00"}},
		{`{"hours": [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "17:00"}]}`,
			[]string{"2026-06-17T09:00:00Z", "2026-06-17T11:59:59Z", "2026-06-17T13:00:00Z"},
			[]string{"2026-06-17T08:59:59Z", "2026-06-17T12:00:00Z", "2026-06-17T17:00:00Z", "2026-06-17T00:00:00Z"}},
		{`{"time_zone": "Europe/Warsaw", "hours": [{"from": "09:00", "to": "17:00"}]}`,
			[]string{"2026-06-17T07:00:00Z", "2026-01-14T08:00:00Z"}, // summer and winter
			[]string{"2026-06-17T15:00:00Z", "2026-01-14T07:59:00Z"}},
		{`{"days": ["fri"], "hours": [{"from": "22:00", "to": "06:00"}]}`, // of the day on which it began
			[]string{"2026-06-19T22:00:00Z", "2026-06-20T05:59:59Z"},
			[]string{"2026-06-19T05:00:00Z", "2026-06-20T06:00:00Z", "2026-06-20T22:00:00Z", "2026-06-19T21:59:59Z"}},
		{`{"hours": [{"from": "22:00", "to": "24:00"}]}`, []string{"2026-06-19T23:59:59Z"}, []string{"2026-06-19T00:00:00Z"}},
		{`{"not_before": "2026-06-17", "not_after": "2026-06-18T12:00:00+02:00", "time_zone": "America/New_York"}`,
			[]string{"2026-06-17T04:00:00Z", "2026-06-18T09:59:59Z"},
			[]string{"2026-06-17T03:59:59Z", "2026-06-18T10:00:00Z"}},
	} {
		for _, when := range c.allow {
			if r := evaluateIn(t, at(when), `[{"name": "time", "conf": `+c.conf+`}]`, `{}`); !r.Decision {
				t.Errorf("%s at %s: %+v", c.conf, when, r)
			}
		}
		for _, when := range c.deny {
			if r := evaluateIn(t, at(when), `[{"name": "time", "conf": `+c.conf+`}]`, `{}`); r.Decision || r.Err != nil || r.Undecided {
				t.Errorf("%s at %s: %+v", c.conf, when, r)
			}
		}
	}
}

func TestAgeOfAuthentication(t *testing.T) {
	since := func(v string) string { return `{"authn_ctx": {"auth_time": ` + v + `}}` }
	seconds := func(ago time.Duration) string { return since(fmt.Sprint(noon.Add(-ago).Unix())) }
	expect(t, `{"name": "authentication", "conf": {"max_age": "15m"}}`,
		[]string{seconds(0), seconds(15 * time.Minute), seconds(-30 * time.Second), since(`"2026-06-17T11:50:00Z"`), since(`1781697000.5`)},
		[]string{seconds(15*time.Minute + time.Second), since(`0`), since(`"2026-06-17T11:00:00Z"`)},
		[]string{`{}`, since(`null`), since(`"soon"`), since(`-1`), since(`1e300`), since(`[]`), seconds(-2 * time.Minute), since(`9007199254740993000`)})
	expect(t, `{"name": "authentication", "conf": {"max_age": "1h", "field": "id_token.auth_time"}}`,
		[]string{fmt.Sprintf(`{"id_token": {"auth_time": %d}}`, noon.Unix())}, nil, []string{seconds(0)})
}

func TestCEL(t *testing.T) {
	cel := func(expression string) string {
		return fmt.Sprintf(`{"name": "cel", "conf": {"expression": %q}}`, expression)
	}
	expect(t, cel(`input.amount <= 100 && input.currency in variables.ALLOWED`),
		[]string{`{"amount": 100, "currency": "eu"}`}, []string{`{"amount": 101, "currency": "eu"}`, `{"amount": 1, "currency": "x"}`},
		[]string{`{"amount": 1}`, `{"amount": "1", "currency": "eu"}`, `{}`, `[]`})
	expect(t, cel(`!(input.role == "guest")`), []string{`{"role": "a"}`}, []string{`{"role": "guest"}`}, []string{`{}`, `null`})
	expect(t, cel(`input.n == 9007199254740993`), []string{`{"n": 9007199254740993}`}, []string{`{"n": 9007199254740992}`, `{"n": 9007199254740994}`, `{"n": "9007199254740993"}`}, nil)
	expect(t, cel(`input.n > 18446744073709551614u`), []string{`{"n": 18446744073709551615}`}, []string{`{"n": 1}`}, nil)
	expect(t, cel(`input.n == 0.1`), []string{`{"n": 0.1}`, `{"n": 0.10}`}, []string{`{"n": 1e3}`}, []string{`{"n": 0.10000000000000000000000001}`})
	expect(t, cel(`input.groups.exists(g, g.startsWith("admin-"))`), []string{`{"groups": ["x", "admin-1"]}`}, []string{`{"groups": []}`}, []string{`{"groups": [1]}`})
	expect(t, cel(`now < timestamp("2026-06-17T12:00:01Z") && variables["REGION"] == "eu"`), []string{`{}`}, nil, nil)
	expect(t, cel(`input.anything`), []string{`{"anything": true}`}, []string{`{"anything": false}`}, []string{`{"anything": "true"}`, `{"anything": null}`, `{}`})
	expect(t, cel(`has(input.a.b)`), []string{`{"a": {"b": 1}}`}, []string{`{"a": {}}`}, []string{`{}`})

	r := evaluateIn(t, environment, `[{"name": "cel", "conf": {"expression": "input.ok == true", "message": "ask your manager"}}]`, `{"ok": false}`)
	if len(r.Failures) != 1 || r.Failures[0].Message != "ask your manager" {
		t.Errorf("%+v", r)
	}
}

// An expression looks inside what it reads, so that it gets no secret; and what
// it costs is bounded.
func TestCELRefuses(t *testing.T) {
	for expression, code := range map[string]string{
		`secrets.API_KEY == "x"`:                      validator.CodeInspects,
		`secrets["API_KEY"].startsWith("k")`:          validator.CodeInspects,
		`input.secrets.API_KEY == "x"`:                validator.CodeInspects,
		`input["secrets"].API_KEY == "x"`:             validator.CodeInspects,
		`input.contexts.secrets.API_KEY == "x"`:       validator.CodeInspects,
		`input["contexts"]["secrets"].API_KEY == "x"`: validator.CodeInspects,
		`data.secrets.API_KEY == "x"`:                 validator.CodeInspects,
		`context.secrets.API_KEY == "x"`:              validator.CodeInspects,
		`[1].exists(x, secrets.A == "b")`:             validator.CodeInspects,
		`variables[input.name] == 1`:                  validator.CodeOperand,
		`variables == {}`:                             validator.CodeOperand,
		`variables.map(v, v).size() == 0`:             validator.CodeOperand,
		`1 + 1`:                                       validator.CodeOperand,
		`"true"`:                                      validator.CodeOperand,
		`nosuch == 1`:                                 validator.CodeOperand,
		`input.a ==`:                                  validator.CodeOperand,
		`1 == "1"`:                                    validator.CodeOperand,
		`input.a.matches("(")`:                        validator.CodeOperand,
		strings.Repeat("(", 400) + "true" + strings.Repeat(")", 400): validator.CodeOperand,
		strings.Repeat(" ", validator.MaxExpressionBytes) + "true":   validator.CodeOperand,
	} {
		got := problems(t, fmt.Sprintf(`[{"name": "cel", "conf": {"expression": %q}}]`, expression))
		if len(got) == 0 || got[0].Code != code || got[0].Pointer != "/0/conf/expression" {
			t.Errorf("%.60s: %+v", expression, got)
		}
	}
	const canary = "kM4tq8Zr1vXw"
	if _, err := validator.Compile([]byte(`[{"name": "cel", "conf": {"expression": "input.a == '` + canary + ` '' "}}]`)); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("a syntax error: %v", err)
	}

	list := "[" + strings.TrimSuffix(strings.Repeat("1,", 2000), ",") + "]"
	for _, document := range []string{
		`[{"name": "cel", "conf": {"expression": "input.l.all(a, input.l.all(b, a == b))"}}]`,
		`[{"name": "not", "conf": {"validator": {"name": "cel", "conf": {"expression": "!input.l.all(a, input.l.all(b, a == b))"}}}}]`,
	} {
		r := evaluateIn(t, environment, document, `{"l": `+list+`}`)
		if r.Decision || r.Err == nil || r.Err.Code != validator.CodeWork || !strings.Contains(r.Err.Message, "MaxExpressionCost") {
			t.Errorf("%+v", r)
		}
	}
}
