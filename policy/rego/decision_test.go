package rego_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"github.com/reticent/reticent/policy/rego"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

type object = map[string]any

var (
	basic = "Basic " + base64.StdEncoding.EncodeToString([]byte("u:"+strong))
	keys  = []any{strong2, "another-9x8Kq71LmZv0", "three-Pp04Lk99QqzTy"}
)

// Every policy here must decide over surrogates exactly as stock OPA decides
// over plaintexts, for every input.
func TestDecidesAsOnPlaintext(t *testing.T) {
	secrets := object{"K": strong, "W": weak, "KEYS": keys, "DB": object{"user": "app", "password": strong2, "port": 5432, "nested": object{"a": []any{strong}}},
		"PARTS": strong + ":" + strong2}
	data := object{"users": object{strong: "alice", "bob": "b"}, "list": []any{strong, "x"}, "roles": object{"admin": []any{"read", "write"}}}
	inputs := []any{
		object{}, object{"key": strong}, object{"key": strong2}, object{"key": weak}, object{"key": "x"}, object{"key": 5432}, object{"key": nil},
		object{"key": []any{strong, strong2}}, object{"key": []any{"x", strong2}}, object{"key": object{"a": strong}}, object{"key": object{strong: 1}},
		object{"key": strong[:5], "b": strong[5:]}, object{"key": strong, "b": strong}, object{"key": "u", "b": strong}, object{"key": strong, "b": strong2},
		object{"key": basic}, object{"key": base64.StdEncoding.EncodeToString([]byte(strong))}, object{"key": "Bearer " + strong}, object{"key": "Bearer x"},
		object{"key": strong + "x"}, object{"key": "x" + strong}, object{"key": "bob"}, object{"key": true}, object{"key": keys}, object{"key": []any{}},
		object{"key": strong + ":" + strong2, "b": strong2}, object{"key": "admin", "b": "read"}, object{"key": object{"user": "app", "password": strong2, "port": 5432}},
		[]any{strong}, strong, nil,
	}
	for _, policy := range []string{
		`allow if input.key == data.secrets.K`,
		`allow if input.key != data.secrets.K`,
		`allow if not input.key == data.secrets.K`,
		`allow if not input.key != data.secrets.K`,
		`allow if data.secrets.K = input.key`,
		`allow if { x := data.secrets.K; x == input.key }`,
		`allow if { x = data.secrets.K; y = input.key; x = y }`,
		`allow if input.key == data.secrets["K"]`,
		`allow if input.key == data.secrets.W`,
		`allow if input.key != data.secrets.W`,
		`allow if input.key == "` + strong + `"`,
		`allow if data.secrets.K == "` + strong + `"`,
		`allow if data.secrets.K == "` + strong2 + `"`,
		`allow if data.secrets.W == "` + weak + `"`,
		`allow if data.secrets.DB.password == input.key`,
		`allow if data.secrets.DB.port == input.key`,
		`allow if data.secrets.DB.nested.a[0] == input.key`,
		`allow if data.secrets.DB.nested == input.key`,
		`allow if data.secrets.DB == input.key`,
		`allow if input.key in data.secrets.KEYS`,
		`allow if not input.key in data.secrets.KEYS`,
		`allow if 1, input.key in data.secrets.KEYS`,
		`allow if data.secrets.KEYS[_] == input.key`,
		`allow if data.secrets.KEYS == input.key`,
		`allow if { some k in data.secrets.KEYS; k == input.key }`,
		`allow if { some i, k in data.secrets.KEYS; k == input.key; i == 0 }`,
		`allow if { some i; data.secrets.KEYS[i] = input.key; i < 2 }`,
		`allow if { every k in data.secrets.KEYS { k != input.key } }`,
		`allow if { every k in input.key { k != data.secrets.K } }`,
		`allow if { some f, v in data.secrets.DB; v == input.key; f != "user" }`,
		`allow if concat("", [input.key, input.b]) == data.secrets.K`,
		`allow if concat(":", [input.key, input.b]) == data.secrets.PARTS`,
		`allow if sprintf("%s:%v", [input.key, input.b]) == data.secrets.PARTS`,
		`allow if data.secrets.PARTS == concat(":", [data.secrets.K, data.secrets.DB.password])`,
		`allow if $"{input.key}:{input.b}" == data.secrets.PARTS`,
		`allow if input.key == concat(" ", ["Bearer", data.secrets.K])`,
		`allow if input.key == sprintf("Bearer %s", [data.secrets.K])`,
		`allow if input.key == $"Bearer {data.secrets.K}"`,
		`allow if { startswith(input.key, "Bearer "); trim_prefix(input.key, "Bearer ") == data.secrets.K }`,
		`allow if not startswith(input.key, "Bearer ")`,
		`allow if input.key == base64.encode(data.secrets.K)`,
		`allow if base64.encode(input.key) == base64.encode(data.secrets.K)`,
		`allow if input.key == concat(" ", ["Basic", base64.encode(concat(":", ["u", data.secrets.K]))])`,
		`allow if hex.encode(input.key) == hex.encode(data.secrets.K)`,
		`allow if urlquery.encode(input.key) == urlquery.encode(data.secrets.K)`,
		`allow if crypto.sha256(input.key) == crypto.sha256(data.secrets.K)`,
		`allow if crypto.hmac.sha256("m", data.secrets.K) == crypto.hmac.sha256("m", input.key)`,
		`allow if crypto.hmac.equal(crypto.hmac.sha256("m", data.secrets.K), crypto.hmac.sha256("m", input.key))`,
		`allow if json.marshal({"a": data.secrets.K}) == json.marshal({"a": input.key})`,
		`allow if [input.key, 1] == [data.secrets.K, 1]`,
		`allow if { [x, data.secrets.DB.password] = input.key; x == data.secrets.K }`,
		`allow if { [data.secrets.K, x] = input.key; x != "y" }`,
		`allow if { [x, x] = [input.key, data.secrets.K] }`,
		`allow if { {"a": x} = input.key; x == data.secrets.K }`,
		`allow if { {"a": data.secrets.K} = input.key }`,
		`allow if {"a": data.secrets.K} == input.key`,
		`allow if { o := {"k": data.secrets.K}; o.k == input.key }`,
		`allow if { o := {"k": data.secrets.K, "l": 1}; o[x] == input.key; x == "k" }`,
		`allow if { a := [data.secrets.K, data.secrets.W]; input.key in a }`,
		`allow if { a := [x | x := data.secrets.KEYS[_]]; a[_] == input.key }`,
		`allow if { o := {i: x | x := data.secrets.KEYS[i]}; o[_] == input.key }`,
		`allow if count([1 | data.secrets.KEYS[_] == input.key]) == 1`,
		`f(x) if x == data.secrets.K
		 allow if f(input.key)`,
		`f(x) := y if y := x
		 allow if f(data.secrets.K) == f(input.key)`,
		`f(x, x)
		 allow if f(input.key, data.secrets.K)`,
		`f([x, x])
		 allow if f([input.key, data.secrets.K])`,
		`f("` + strong + `")
		 f("x")
		 allow if f(data.secrets.K)
		 allow if f(input.key)`,
		`f(x, y) := "same" if x == y
		 else := "x" if x == data.secrets.W
		 else := "none"
		 allow if f(input.key, data.secrets.K) == "same"
		 allow if f(input.key, data.secrets.K) == "x"`,
		`k := data.secrets.K
		 allow if k == input.key`,
		`ks := [data.secrets.K, data.secrets.W]
		 allow if ks[_] == input.key`,
		`ks[name] := v if some name, v in {"a": data.secrets.K, "b": data.secrets.W}
		 allow if ks[_] == input.key`,
		`ks contains i if data.secrets.KEYS[i] == input.key
		 allow if count(ks) == 1`,
		`default pin := ""
		 pin := data.secrets.W
		 allow if pin == input.key`,
		`deny if input.key == data.secrets.K
		 allow if not deny`,
		`deny contains "k" if input.key == data.secrets.K
		 deny contains "w" if input.key == data.secrets.W
		 allow if count(deny) == 0`,
		`allow if check with input.key as data.secrets.K
		 check if input.key == data.secrets.K`,
		`allow if check with input.key as data.secrets.DB.password
		 check if input.key == data.secrets.K`,
		`allow if check with input as {"key": input.b}
		 check if input.key == data.secrets.K`,
		`allow if data.users[input.key] == "alice"`,
		`allow if data.users[input.key]`,
		`allow if not data.users[input.key]`,
		`allow if data.list[_] == input.key`,
		`allow if input.key in data.list`,
		`allow if data.list[0] == data.secrets.K`,
		`allow if input.b in data.roles[input.key]`,
		`m := {"` + strong + `": 1, "x": 2}
		 allow if m[input.key] == 1`,
		`m := {"` + strong + `", "x"}
		 allow if input.key in m`,
		`allow if {"` + strong + `", "x"}[input.key]`,
		`allow if { walk(input, [_, v]); v == data.secrets.K }`,
		`allow if { walk(input, [["key"], v]); v == data.secrets.K }`,
		`allow if { walk(input, [p, data.secrets.K]); p == ["key"] }`,
		`allow if input.key == "x"
		 allow if input.key == "bob"
		 allow if input.key == "` + strong + `"
		 allow if input.b == data.secrets.K`,
		`allow if input == data.secrets.K`,
		`allow if input == [data.secrets.K]`,
		`allow if is_string(data.secrets.K)`,
		`allow if type_name(data.secrets.DB) == "object"`,
		`allow if object.get(data.secrets.DB, "password", "") == input.key`,
		`allow if object.get(input, "key", "") == data.secrets.K`,
		`allow if array.concat(data.secrets.KEYS, [input.key])[3] == data.secrets.K`,
		`allow if count(object.keys(data.secrets.DB)) == 4`,
		`allow if input.secrets.K == input.key`,
		`allow if input.contexts.secrets.K == input.key`,
		`allow if { some k in input.secrets.KEYS; k == input.key }`,
		`allow if input.key in {v | some v in ["x", "` + strong + `"]}`,
		`allow if { some v in [x | some x in ["y", "` + strong + `"]]; v == input.key; s := data.secrets.K }`,
		`allow if $"` + strong + `{input.b}" == concat("", [data.secrets.K, input.b])`,
		`allow if { {x | some x in input.key; x != "` + strong + `"}[input.b]; s := data.secrets.K }`,
		`allow if { x := input.key == data.secrets.K; x == false }`,
		`x := input.key == data.secrets.K
		 allow if x`,
		`allow := input.key == data.secrets.K`,
		`allow if { print(data.secrets.K, input); input.key == data.secrets.K }`,
		`allow if concat("", [input.key], data.secrets.K)`,
		`allow if { json.unmarshal(json.marshal({"a": 1})) == {"a": 1}; data.secrets.K == input.key }`,
		`allow if { lower("A") == lower("a"); s := data.secrets.K }`,
		`allow if { some k; {"a": data.secrets.K}[k] == input.key }`,
		`allow if [1 | input.key == data.secrets.K] == [1]`,
		`allow if { not [data.secrets.K] == [input.key] }`,
		`allow if not data.secrets.KEYS == input.key`,
		`allow if data.secrets.K == data.secrets.K`,
		`allow if data.secrets.K != data.secrets.W`,
		`allow if data.secrets.K == data.secrets.DB.nested.a[_]`,
		`allow if contains(concat(" ", ["a", data.secrets.K]), data.secrets.K)`,
	} {
		module := "package acp.authz\n" + policy
		p, err := rego.Compile(rego.Source{Modules: map[string]string{"policy.rego": module}, Data: data, Decision: "acp/authz/allow"})
		if err != nil {
			t.Errorf("%s\n%v", policy, err)
			continue
		}
		used := object{}
		for _, name := range p.Secrets() {
			used[name] = secrets[name]
		}
		bound, err := p.Bind(t.Context(), sealtest.Set(t, used), nil, nil)
		if err != nil {
			t.Errorf("%s\n%v", policy, err)
			continue
		}
		plain := strings.ReplaceAll(strings.ReplaceAll(module, "input.contexts.secrets", "data.secrets"), "input.secrets", "data.secrets")
		for _, input := range inputs {
			want, ok := bare(t, plain, data, secrets, input)
			got := evaluate(t, bound, input)
			if got.Err != nil && !got.Decision && (got.Err.Code == "builtin_failed" || got.Err.Code == "sealed_secret_inspected" && mayRefuse(policy)) {
				continue
			}
			if got.Decision != want || got.Err != nil && ok {
				t.Errorf("%s\ninput %v: got %v %v, on plaintext %v %v", policy, input, got.Decision, got.Err, want, ok)
			}
		}
	}
}

// mayRefuse reports whether a policy looks at the front of an input, or compares
// with an encoding: it is refused for an input that is the secret itself.
func mayRefuse(policy string) bool {
	return strings.Contains(policy, "startswith(") || strings.Contains(policy, "base64.encode(") || strings.Contains(policy, "json.marshal(") || strings.Contains(policy, `"", [input.key], data`)
}
