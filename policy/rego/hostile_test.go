package rego_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// hostile are policies that try to get a secret out: the strong K, the weak PIN
// or a part of the structured DB.
var hostile = []string{
	`output := {"a": data.secrets.K, "b": [data.secrets.DB], "c": data.secrets.PIN}`,
	`output := {"a": base64.encode(data.secrets.K), "b": hex.encode(data.secrets.K), "c": urlquery.encode(data.secrets.K)}`,
	`output := {"a": sprintf("%v|%s", [data.secrets.K, data.secrets.PIN])}`,
	`output := {"a": concat("", ["x", data.secrets.K, "y"])}`,
	`output := {"a": $"{data.secrets.K}{data.secrets.PIN}"}`,
	`output := {"a": json.marshal({"k": data.secrets.K, "d": data.secrets.DB})}`,
	`output := {"a": crypto.sha256(data.secrets.PIN), "b": crypto.md5(data.secrets.K), "c": crypto.sha1(data.secrets.PIN)}`,
	`output := {"a": crypto.hmac.sha256("m", data.secrets.K), "b": crypto.hmac.sha256(data.secrets.K, "k")}`,
	`output := {k: v | some k, v in data.secrets.DB}`,
	`output := {"paths": [[p, v] | walk(data.secrets.DB, [p, v])]}`,
	`output := {"types": [type_name(data.secrets.K), is_string(data.secrets.PIN)]}`,
	`output := {"x": input}`,
	`recovery := [data.secrets.K, {"type": data.secrets.PIN}]`,
	`failures contains {"r": data.secrets.DB.password} if true`,
	`allow := {"decision": true, "context": {"k": data.secrets.K, "p": data.secrets.PIN}}`,
	`allow if { print(data.secrets.K, data.secrets.PIN, data.secrets.DB, [data.secrets.K], {"a": data.secrets.PIN}) }`,
	`allow if { some c in split(input.echo, ""); print(c) }`,
	`allow := data.secrets.K`,
	`allow := true
allow := data.secrets.K`,
	`x := data.secrets.K
x := data.secrets.PIN
allow if x`,
	`f(a) := data.secrets.K
f(a) := data.secrets.PIN
allow if f(1)`,
	`output := {"a": v | some v in [data.secrets.K, data.secrets.PIN]}`,
	`output := {"a": object.union({"a": data.secrets.K}, {"b": data.secrets.PIN})}`,
	`allow if to_number(data.secrets.DB.password) == 1`,
	`allow if { a := [data.secrets.K]; to_number(a[0]) }`,
	`allow if { a := [data.secrets.PIN]; startswith(a[0], "1") }`,
	`output := {"a": [c | a := [data.secrets.K]; c := substring(a[0], i, 1); some i in numbers.range(0, 20)]}`,
	`allow if { a := {"k": data.secrets.PIN}; regex.match("^1", a.k) }`,
	`allow if { a := {"k": data.secrets.PIN}; count(a.k) == 4 }`,
	`allow if { a := {"k": data.secrets.PIN}; a.k < "5" }`,
	`allow if { a := {"k": data.secrets.PIN}; max([a.k, "5"]) == "5" }`,
	`allow if { sort([x | x := [data.secrets.PIN, "5"][_]])[0] == "5" }`,
	`allow if { a := {"k": data.secrets.PIN}; strings.reverse(a.k) == "x" }`,
	`allow if { a := {"k": data.secrets.PIN}; upper(a.k) == "x" }`,
	`allow if { a := {"k": data.secrets.PIN}; {a.k: 1}["1234"] }`,
	`allow if { a := {"k": data.secrets.PIN}; {"1234": 1}[a.k] }`,
	`allow if { a := {"k": data.secrets.PIN}; a.k in {"1234", "9876"} }`,
	`allow if { some i in numbers.range(0, 9999); data.secrets.PIN == sprintf("%04d", [i]) }`,
	`allow if { some i in numbers.range(0, 9999); base64.decode(base64.encode(sprintf("%04d", [i]))) == data.secrets.PIN }`,
	`allow if { some i in numbers.range(0, 9999); crypto.sha256(sprintf("%04d", [i])) == crypto.sha256(data.secrets.PIN) }`,
	`allow if { some i in numbers.range(0, 9999); crypto.hmac.sha256("m", sprintf("%04d", [i])) == crypto.hmac.sha256("m", data.secrets.PIN) }`,
	`allow if { data.secrets.PIN in [sprintf("%04d", [i]) | some i in numbers.range(0, 9999)] }`,
	`allow if { [data.secrets.PIN] == [sprintf("%04d", [numbers.range(0, 9999)[_]])] }`,
	`allow if { contains(concat("", [sprintf("%04d", [i]) | some i in numbers.range(0, 9999)]), data.secrets.PIN) }`,
	`allow if { some i in numbers.range(0, 9999); json.marshal([sprintf("%04d", [i])]) == json.marshal([data.secrets.PIN]) }`,
	`f(x, x) := true
allow if { some i in numbers.range(0, 9999); f(sprintf("%04d", [i]), data.secrets.PIN) }`,
	`allow if { every i in numbers.range(0, 9999) { sprintf("%04d", [i]) != data.secrets.PIN } }`,
	`allow if sprintf("%d %x %q %5s %.1s", [data.secrets.K, data.secrets.K, data.secrets.PIN, data.secrets.PIN, data.secrets.PIN])`,
	`allow if sprintf("%[2]s%[1]v", [data.secrets.K, data.secrets.PIN])`,
	`output := {"a": sprintf("%s", [[data.secrets.K]])}`,
	`output := {"a": urlquery.encode_object({"k": [x]})} if { [x] := [data.secrets.K] }`,
	`output := {"a": yaml.marshal({"k": data.secrets.K})}`,
	`output := {"a": json.patch({"k": data.secrets.K}, [{"op": "copy", "from": "/k", "path": "/j"}])}`,
	`output := {"a": io.jwt.encode_sign({"alg": "HS256"}, {"k": data.secrets.K}, {"kty": "oct", "k": "a2V5"})}`,
	`output := {"a": {data.secrets.DB[k]: k | some k in ["password"]}}`,
	`output := {"a": object.keys({x: 1 | some x in data.secrets.DB})}`,
	`output := {"a": strings.replace_n({"a": "b"}, x)} if { [x] := [data.secrets.K] }`,
	`output := {"a": graph.reachable({"a": [data.secrets.K]}, {"a"})}`,
	`allow if { json.match_schema({"k": data.secrets.K}, {"properties": {"k": {"pattern": "^k"}}})[0] }`,
	`allow if { object.subset({"k": data.secrets.PIN}, {"k": "1234"}) }`,
	`allow if { urlquery.encode(data.secrets.K) == data.secrets.K }`,
	`allow if { base64.encode(data.secrets.PIN) == data.secrets.PIN }`,
	`allow if data.secrets.PIN == 1234`,
	`allow if { json.unmarshal(concat("", ["[", data.secrets.PIN, "]"])) }`,
	`allow if { time.parse_ns(concat("", [data.secrets.PIN]), "2006") }`,
	`allow if { x := concat("", [data.secrets.PIN]); net.cidr_contains("10.0.0.0/8", x) }`,
	`deny contains msg if { msg := sprintf("key is %v", [input.echo]) }
output := {"deny": deny}`,
}

// response is everything that leaves an evaluation.
func response(t testing.TB, policy string, secrets object, input any) string {
	t.Helper()
	p, err := rego.Compile(rego.Source{Modules: map[string]string{"p.rego": "package acp.authz\n" + policy + "\nallow if input.never\n"}})
	if err != nil {
		return "rejected: " + err.Error()
	}
	used := object{}
	for _, name := range p.Secrets() {
		used[name] = secrets[name]
	}
	bound, err := p.Bind(t.Context(), sealtest.Set(t, used), sealtest.Random(1), nil)
	if err != nil {
		return "not bound: " + err.Error()
	}
	raw, _ := json.Marshal(input)
	found := 0
	r := bound.Evaluate(t.Context(), raw, seal.Options{Principal: "p", Guard: seal.NewGuard(), Random: sealtest.Random(2), Found: func([]string) { found++ }})
	if found > 0 {
		t.Errorf("%s\nthe net under the masking caught %d", policy, found)
	}
	out, err := json.Marshal(struct {
		rego.Result
		Text string
	}{r, fmt.Sprint(r.Err)})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// No hostile policy answers anything of a secret, plain or in disguise, and each
// answers the same bytes whatever the secrets are.
func TestHostilePoliciesLearnNothing(t *testing.T) {
	one := object{"K": "k3y-Zq81xWv7LmP0sTt4", "PIN": "8417", "DB": object{"user": "application-7f", "password": "p4ss-Mn33zKq8RvX1cWd7", "port": 1}}
	two := object{"K": "0ther/Vz6 <&>Qm2\"Lr9+", "PIN": "6093", "DB": object{"user": "somebody", "password": "w0rd-Hh71yTb4LmA9eSg0", "port": 1}}
	input := object{"echo": "nothing", "map": object{"a": 1}}
	for _, policy := range hostile {
		a, b := response(t, policy, one, input), response(t, policy, two, input)
		if a != b {
			t.Errorf("%s\ndiffers:\n%s\n%s", policy, a, b)
		}
		for _, secret := range []string{"k3y-Zq81xWv7LmP0sTt4", "8417", "application-7f", "p4ss-Mn33zKq8RvX1cWd7"} {
			for _, disguise := range disguises(secret) {
				if strings.Contains(a, disguise) {
					t.Errorf("%s\ntells %q: %s", policy, disguise, a)
				}
			}
		}
		if strings.Contains(a, "rsv_") {
			t.Errorf("%s\ntells a surrogate: %s", policy, a)
		}
	}
}

func disguises(s string) []string {
	reversed := []byte(s)
	slices.Reverse(reversed)
	return []string{s, string(reversed), strings.ToUpper(s), base64.StdEncoding.EncodeToString([]byte(s)), hex.EncodeToString([]byte(s)), url.QueryEscape(s)}
}

// A caller's valid credential does not show either, and the policy's author
// can't take it apart.
func TestCallersCredentialIsSealed(t *testing.T) {
	for _, policy := range []string{
		`output := {"a": input} if input.key != data.secrets.K`,
		`output := {"a": input, "b": object.keys(input.m)} if input.key == data.secrets.K`,
		`allow if { print(input); input.key == data.secrets.K }`,
		`output := {"a": base64.decode(input.b64)} if data.secrets.K == data.secrets.K`,
		`output := {"a": split(base64.decode(input.b64), ":")[1]} if data.secrets.K == data.secrets.K`,
		`allow if { print(base64.decode(input.b64)); data.secrets.K == "x" }`,
		`output := {"a": lower(input.key)} if data.secrets.K == data.secrets.K`,
		`output := {"a": [c | some i in numbers.range(0, 20); c := substring(input.key, i, 1)]} if data.secrets.K == data.secrets.K`,
	} {
		input := object{"key": strong, "m": object{strong: 1}, "h": "Bearer " + strong, "b64": base64.StdEncoding.EncodeToString([]byte("u:" + strong))}
		got := response(t, policy, object{"K": strong}, input)
		for _, d := range disguises(strong)[:3] {
			if strings.Contains(got, d) {
				t.Errorf("%s\ntells %q: %s", policy, d, got)
			}
		}
	}
}

// Anything but true, or an object that says so, denies; so does whatever fails.
func TestDenies(t *testing.T) {
	for policy, want := range map[string]struct {
		allowed bool
		code    seal.Code
	}{
		`allow := true`:                         {true, ""},
		`allow := {"decision": true}`:           {true, ""},
		`allow := false`:                        {false, ""},
		`allow := "true"`:                       {false, ""},
		`allow := 1`:                            {false, ""},
		`allow := [true]`:                       {false, ""},
		`allow contains true`:                   {false, ""},
		`allow := {"decision": "true"}`:         {false, ""},
		`allow := {"allow": true}`:              {false, ""},
		`allow if input.nothing`:                {false, ""},
		"allow := true\nallow := false if true": {false, "policy_conflict"},
		`allow if { some i in numbers.range(1, 200000); some j in numbers.range(1, 200000); i * j < 0 }`: {false, "evaluation_timeout"},
		"allow := true\noutput := {\"x\": 1}\noutput := {\"x\": 2} if true":                              {false, "policy_conflict"},
		`allow := data.secrets.K`:                        {false, ""},
		`allow if not to_number("x") == data.secrets.K`:  {false, "builtin_failed"},
		`allow if not lower([data.secrets.K][0]) == "x"`: {false, "sealed_secret_inspected"},
		`allow := true
output := {"x": [y | some i in numbers.range(1, 25000); y := "0123456789"]}`: {false, "output_too_large"},
	} {
		p := bind(t, "package acp.authz\n"+policy, map[bool]object{true: {"K": strong}, false: nil}[strings.Contains(policy, "secrets")])
		got := evaluate(t, p, object{})
		var code seal.Code
		if got.Err != nil {
			code = got.Err.Code
		}
		if got.Decision != want.allowed || code != want.code {
			t.Errorf("%s\ngot %v %v, want %+v", policy, got.Decision, got.Err, want)
		}
	}
}

// Arrays that were collected from a set or an object have its order, which
// surrogates would change.
func TestOrderIsThatOfPlaintext(t *testing.T) {
	secrets := object{"HIGH": "zzz-Zq81xWv7LmP0sTt4", "LOW": "000-Zq81xWv7LmP0sTt4"}
	inputs := []any{object{"k": secrets["HIGH"], "l": "mmm"}, object{"k": secrets["LOW"], "l": "mmm"}, object{"k": secrets["LOW"], "l": secrets["HIGH"]},
		object{"k": "aaa", "l": "mmm"}, object{"k": "zzz", "l": "mmm"}, object{"k": secrets["LOW"], "l": secrets["LOW"]}}
	refused := 0
	for _, policy := range []string{
		`allow if [x | some x in s][0] == "mmm"`,
		`allow if [x | s[x]][0] == "mmm"`,
		`allow if [v | some _, v in o] == [1, 2]`,
		`allow if [v | v := o[_]] == [1, 2]`,
		`allow if [v | v := {"x": o}[_][_]] == [1, 2]`,
		`allow if [o[_] | true] == [1, 2]`,
		`allow if [k | o[k]][0] == "mmm"`,
		`allow if [p[0] | walk(o, p)][1] == ["mmm"]`,
		`allow if { x := input; [p[0] | walk({"a": x, "b": o}, p)][5] == ["b", "mmm"] }`,
		`f(c) := [x | some x in c]
allow if f(s)[0] == "mmm"`,
		`allow if [x | y := [z | some z in s]; x := y[_]][0] == "mmm"`,
		`allow if { every x in [z | some z in s] { x == [z | some z in s][0] } }`,
		`allow if count({x | some x in s}) == 2`,
	} {
		module := "package acp.authz\ns contains input.k\ns contains input.l\no[input.k] := 1\no[input.l] := 2 if input.l != input.k\nuses := [data.secrets.HIGH, data.secrets.LOW]\n" + policy
		p := bind(t, module, secrets)
		for _, in := range inputs {
			want, ok := bare(t, module, nil, secrets, in)
			got := evaluate(t, p, in)
			switch {
			case got.Err != nil && !got.Decision && got.Err.Code == seal.CodeInspected:
				refused++
			case got.Decision != want || got.Err != nil && ok:
				t.Errorf("%s\n%v: got %v %v, on plaintext %v", policy, in, got.Decision, got.Err, want)
			}
		}
	}
	if refused == 0 || refused > 50 {
		t.Errorf("%d evaluations are refused", refused)
	}
}

func TestErrorsSayWhere(t *testing.T) {
	p := bind(t, "package acp.authz\n\nallow if {\n\ttrue\n\tlower([data.secrets.K][0]) == \"x\"\n}", object{"K": strong})
	got := evaluate(t, p, object{}).Err
	if got == nil || got.File != "policy.rego" || got.Line != 5 || got.Column != 2 {
		t.Errorf("%+v", got)
	}
}

// A secret that is missing, or a field of one, refuses: undefined would make
// `not` true.
func TestMissingSecretDenies(t *testing.T) {
	for _, c := range []struct {
		policy  string
		secrets object
	}{
		{`allow if not input.k == data.secrets.K`, object{"K": nil}},
		{`allow if input.k != data.secrets.K`, object{"K": nil}},
		{`allow if { true } else if data.secrets.K == "x"`, object{"K": nil}},
		{`allow if not input.k == data.secrets.DB.pasword`, object{"DB": object{"password": "x"}}},
		{`allow if not input.k == data.secrets.DB.a[3]`, object{"DB": object{"a": []any{"x"}}}},
		{`allow if not input.k == data.secrets.K.field`, object{"K": strong}},
	} {
		p := bind(t, "package acp.authz\n"+c.policy, c.secrets)
		if got := evaluate(t, p, object{"k": "x"}); got.Decision || got.Err == nil || got.Err.Code != seal.CodeUnavailable {
			t.Errorf("%s: %v %v", c.policy, got.Decision, got.Err)
		}
	}
}

func TestInputIsStrict(t *testing.T) {
	p := bind(t, "package acp.authz\nallow if input.k == data.secrets.K", object{"K": strong})
	for raw, code := range map[string]seal.Code{
		`{"k": "` + strong + `"}`:           "",
		``:                                  "",
		`{"secrets": {"K": "x"}, "k": "x"}`: "input_has_secrets",
		`{"contexts": {"secrets": {}}}`:     "input_has_secrets",
		`{"k": 1, "k": 2}`:                  "invalid_input",
		`{"k": 1, "\u006b": 2}`:             "invalid_input",
		`{"k": "\ud800"}`:                   "invalid_input",
		"{\"k\": \"\xff\"}":                 "invalid_input",
		`{"k": 1} {}`:                       "invalid_input",
		`{"k": }`:                           "invalid_input",
		`{"k": 01}`:                         "invalid_input",
		`{"k": 1e1000000000}`:               "invalid_input",
		strings.Repeat("[", rego.MaxInputDepth+2):  "invalid_input",
		strings.Repeat("[", 1_000_000):             "invalid_input",
		`{"k": ` + strings.Repeat("9", 2000) + `}`: "invalid_input",
		`[` + strings.Repeat("1,", 10_000) + `1]`:  "",
		`{"k": "a\"b\\\u00e9\ud83d\ude00"}`:        "",
	} {
		got := p.Evaluate(t.Context(), []byte(raw), seal.Options{})
		var have seal.Code
		if got.Err != nil {
			have = got.Err.Code
		}
		if have != code {
			t.Errorf("%.40q: %v, want %q", raw, got.Err, code)
		}
		if got.Err != nil && strings.Contains(got.Err.Message, strong) {
			t.Errorf("%.40q: %v", raw, got.Err)
		}
	}
}

// A surrogate that somebody learned is not taken for its secret.
func TestLiveSurrogateInInput(t *testing.T) {
	program, err := rego.Compile(rego.Source{Modules: map[string]string{"p.rego": "package acp.authz\nallow if input.k == data.secrets.K"}})
	if err != nil {
		t.Fatal(err)
	}
	set := sealtest.Set(t, object{"K": strong})
	p, err := program.Bind(t.Context(), set, sealtest.Random(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	known, err := set.NewRun(seal.Options{Random: sealtest.Random(1)}).Lookup("K")
	if err != nil {
		t.Fatal(err)
	}
	for _, input := range []any{object{"k": known}, object{known.(string): 1}, object{"k": "x" + known.(string)}} {
		if got := evaluate(t, p, input); got.Decision || got.Err == nil || got.Err.Code != seal.CodeLiveSurrogate {
			t.Errorf("%v: %v %v", input, got.Decision, got.Err)
		}
	}
	literal, err := rego.Compile(rego.Source{Modules: map[string]string{"p.rego": "package acp.authz\nallow if \"" + known.(string) + "\" == data.secrets.K"}})
	if err != nil {
		t.Fatal(err)
	}
	var refused *seal.Error
	if _, err := literal.Bind(t.Context(), set, sealtest.Random(1), nil); !errors.As(err, &refused) || refused.Code != seal.CodeLiveSurrogate {
		t.Errorf("a literal with a live surrogate: %v", err)
	}
	if got := func() rego.Result {
		p, err := literal.Bind(t.Context(), set, sealtest.Random(2), nil)
		if err != nil {
			t.Fatal(err)
		}
		return evaluate(t, p, object{})
	}(); got.Decision {
		t.Error("a surrogate of another run was resolved")
	}
}

func TestEvaluationEnds(t *testing.T) {
	endless := `allow if { some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i == j + 1000000 }`
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := bind(t, "package acp.authz\n"+endless, nil)
	start := time.Now()
	if got := p.Evaluate(ctx, nil, seal.Options{}); got.Decision || got.Err == nil || got.Err.Code != "evaluation_timeout" {
		t.Errorf("cancelled: %+v", got)
	}
	if took := time.Since(start); took > rego.MaxEvaluationTime {
		t.Errorf("a cancelled evaluation took %s", took)
	}
	if got := p.Evaluate(t.Context(), nil, seal.Options{}); got.Err == nil || got.Err.Code != "evaluation_timeout" || !strings.Contains(got.Err.Message, "MaxEvaluationTime") {
		t.Errorf("endless: %+v", got)
	}
}

// One call of a builtin can't take all memory or a minute.
func TestBombs(t *testing.T) {
	chain := func(first, step string, n int) string {
		b := "s0 := " + first + "\n"
		for i := 1; i <= n; i++ {
			b += fmt.Sprintf("s%d := ", i) + strings.ReplaceAll(step, "@", fmt.Sprintf("s%d", i-1)) + "\n"
		}
		return b + fmt.Sprintf("allow if s%d != data.secrets.K\noutput := {\"x\": s%d}\n", n, n)
	}
	for _, policy := range []string{
		`allow if bits.lsh(1, 100000000000) > count([data.secrets.K])`,
		`allow if count(numbers.range(1, 1000000000)) > count([data.secrets.K])`,
		`allow if json.unmarshal("1e1000000000") + 1 > count([data.secrets.K])`,
		`allow if json.unmarshal("1e1000000000") > count([data.secrets.K])`,
		`allow if replace(sprintf("%0900000d", [1]), "", sprintf("%0900000d", [1])) != data.secrets.K`,
		`allow if sprintf("%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d%0999999d", [1]) != data.secrets.K`,
		chain(`"aaaaaaaaaaaaaaaa"`, `concat("", [@, @])`, 40),
		chain(`[1, 2, 3, 4]`, `array.concat(@, @)`, 40),
		chain(`7777777`, `@ * @`, 40),
		chain(`"aaaaaaaaaaaaaaaa"`, `[@, @]`, 40),
		chain(`"aaaaaaaaaaaaaaaa"`, `{"a": @, "b": @}`, 40),
		chain(`"aaaaaaaaaaaaaaaa"`, `replace(@, "a", "aa")`, 40),
		chain(`"aaaaaaaaaaaaaaaa"`, `sprintf("%s%s", [@, @])`, 40),
		chain(`"aaaaaaaaaaaaaaaa"`, `$"{@}{@}"`, 40),
	} {
		for _, module := range []string{policy, strings.ReplaceAll(policy, "data.secrets.K", `"none"`)} {
			secrets := object{}
			if strings.Contains(module, "data.secrets") {
				secrets["K"] = strong
			}
			start := time.Now()
			got := evaluate(t, bind(t, "package acp.authz\n"+module, secrets), object{})
			if got.Decision {
				t.Errorf("%.120s\nallowed: %+v", module, got.Decision)
			}
			if took := time.Since(start); took > 20*rego.MaxEvaluationTime {
				t.Errorf("%.120s\ntook %s", module, took)
			}
		}
	}
}

// Misses on a weak secret are counted over evaluations, by principal.
func TestWeakSecretIsLimited(t *testing.T) {
	p := bind(t, "package acp.authz\nallow if input.pin == data.secrets.PIN", object{"PIN": "8417"})
	guard := seal.NewGuard()
	ask := func(principal, pin string) rego.Result {
		raw, _ := json.Marshal(object{"pin": pin})
		return p.Evaluate(t.Context(), raw, seal.Options{Principal: principal, Guard: guard})
	}
	for i := range seal.MaxMissesPerMinute {
		if got := ask("a", fmt.Sprint(i)); got.Err != nil {
			t.Fatal(got.Err)
		}
	}
	if got := ask("a", "8417"); got.Decision || got.Err == nil || got.Err.Code != seal.CodeLimited {
		t.Errorf("over the limit: %+v", got)
	}
	if got := ask("b", "8417"); !got.Decision {
		t.Errorf("another principal: %+v", got)
	}
}

// An ordinary word that is a secret changes nothing in an input.
func TestWeakSecretIsNotSealedIntoInput(t *testing.T) {
	p := bind(t, "package acp.authz\nallow if { {\"production\": 1}[input.env]; startswith(input.env, \"prod\"); data.secrets.W == input.env }\noutput := {\"env\": input.env}", object{"W": "production"})
	if got := evaluate(t, p, object{"env": "production"}); !got.Decision || got.Output["env"] != "production" {
		t.Errorf("%+v %v", got, got.Err)
	}
}

func TestPrintIsBounded(t *testing.T) {
	p := bind(t, "package acp.authz\nallow if { some i in numbers.range(1, 10000); print(i, data.secrets.K); i == 10000 }", object{"K": strong})
	got := evaluate(t, p, object{})
	size := 0
	for _, line := range got.Print {
		size += len(line)
		if !strings.Contains(line, "***") && len(line) > 8 {
			t.Errorf("not masked: %s", line)
		}
	}
	if size == 0 || size > rego.MaxPrintBytes {
		t.Errorf("%d bytes in %d lines", size, len(got.Print))
	}
}

// Evaluations at once share a policy.
func TestConcurrentEvaluations(t *testing.T) {
	p := bind(t, "package acp.authz\nallow if base64.encode(input.k) == base64.encode(data.secrets.K)", object{"K": strong})
	done := make(chan bool)
	for i := range 8 {
		go func() {
			ok := true
			for range 100 {
				ok = ok && evaluate(t, p, object{"k": map[bool]string{true: strong, false: "x"}[i%2 == 0]}).Decision == (i%2 == 0)
			}
			done <- ok
		}()
	}
	for range 8 {
		if !<-done {
			t.Error("wrong decision")
		}
	}
}
