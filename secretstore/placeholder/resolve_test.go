package placeholder_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/placeholder"
	"github.com/reticent/reticent/secretstore/seal"
)

// injection is a value that would do harm if it were read again.
const injection = "${secrets.OTHER} &{esv.x|y} \"}\r\nX: y $${"

func value(t *testing.T, raw string) secretstore.Value {
	t.Helper()
	var v secretstore.Value
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// resolver has secrets S, DB, INJECTION and esv-key, and RESTRICTED and
// esv-restricted that nobody may use.
func resolver(t *testing.T) placeholder.Resolver {
	t.Helper()
	set, err := secretstore.FixtureSet(map[string]secretstore.Value{
		"S": value(t, `"s3cret-of-some-length"`), "DB": value(t, `{"user":"the-user-of-the-db","rows":["row-one-of-the-db",7]}`),
		"INJECTION": secretstore.StringValue(injection), "esv-key": value(t, `"key-of-forgerock-0001"`), "OTHER": value(t, `"never-to-be-seen-0001"`),
	}, []string{"S", "DB", "INJECTION", "esv-key", "OTHER", "RESTRICTED", "esv-restricted"})
	if err != nil {
		t.Fatal(err)
	}
	var variables map[string]any
	text := `{"V":"plain","N":12.50,"B":true,"O":{"a":["x",{"b":2}]},"esv-port":"1389","INJECTED":"${secrets.S}","LIST":["p"]}`
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&variables); err != nil {
		t.Fatal(err)
	}
	return placeholder.Resolver{
		Run: set.NewRun(seal.Options{}), Variables: variables,
		Exists: func(name string) bool { return name == "esv-restricted" },
		Managed: func(name string) (any, error) {
			if name == "azure/a/b" {
				return "managed", nil
			}
			return nil, errors.New("the manager has none")
		},
	}
}

// opened is a value as it is sent, which only packages here can make.
func opened(t *testing.T, run *seal.Run, v any) any {
	t.Helper()
	switch v := v.(type) {
	case string:
		plain, err := run.Resolve(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(plaintext.Open(plain))
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, opened(t, run, e))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = opened(t, run, e)
		}
		return out
	case json.Number:
		return v.String()
	}
	return v
}

func TestResolve(t *testing.T) {
	for in, want := range map[string]string{
		`"${secrets.S}"`:                                `"s3cret-of-some-length"`,
		`"Bearer ${workflow.secrets.S}!"`:               `"Bearer s3cret-of-some-length!"`,
		`"${secrets.DB.rows.0}"`:                        `"row-one-of-the-db"`,
		`"${secrets.DB.rows.1}"`:                        `7`,
		`"${secrets.DB}"`:                               `{"user":"the-user-of-the-db","rows":["row-one-of-the-db",7]}`,
		`"${workflow.env.O.$.a.1.b}"`:                   `"2"`,
		`"${variables.O}"`:                              `{"a":["x",{"b":"2"}]}`,
		`"${variables.N} ${variables.B}"`:               `"12.50 true"`,
		`"${variables.N}"`:                              `"12.50"`,
		`"${secret:azure/a/b}"`:                         `"managed"`,
		`"&{esv.key}"`:                                  `"key-of-forgerock-0001"`,
		`"&{byos.nothing|d}"`:                           `"d"`,
		`"&{esv.none|${secrets.S}"`:                     `"${secrets.S"`,
		`"$${secrets.S} ${secrets.S}"`:                  `"${secrets.S} s3cret-of-some-length"`,
		`{"${secrets.S}":["${variables.V}",1]}`:         `{"${secrets.S}":["plain",1]}`,
		`{"$int":"&{esv.port|1}"}`:                      `"1389"`,
		`{"$int":"&{esv.absent|12345678901234567890}"}`: `"12345678901234567890"`,
		`{"$number":"1.50"}`:                            `"1.50"`,
		`{"$number":"${variables.N}"}`:                  `"12.50"`,
		`{"$bool":"&{esv.absent|true}"}`:                `true`,
		`{"$bool":"${variables.B}"}`:                    `true`,
		`{"$list":"a,b"}`:                               `["a","b"]`,
		`{"$list":"${variables.LIST}"}`:                 `["p"]`,
		`{"$array":"[1,\"x\"]"}`:                        `[1,"x"]`,
		`{"$object":"{\"a\":1}"}`:                       `{"a":1}`,
		`{"$object":"${secrets.DB}"}`:                   `{"user":"the-user-of-the-db","rows":["row-one-of-the-db",7]}`,
		`{"$string":"${variables.N}"}`:                  `"12.50"`,
		`{"$string":"${secrets.S}"}`:                    `"s3cret-of-some-length"`,
		`{"$base64:encode":"a:${secrets.S}"}`:           `"YTpzM2NyZXQtb2Ytc29tZS1sZW5ndGg="`,
		`{"$base64:decode":"YWI="}`:                     `"ab"`,
		`{"$ref":"${variables.V}"}`:                     `{"$ref":"plain"}`,
		`{"$int":"1","other":2}`:                        `{"$int":"1","other":2}`,
	} {
		r := resolver(t)
		var v, expected any
		if err := errors.Join(json.Unmarshal([]byte(in), &v), json.Unmarshal([]byte(want), &expected)); err != nil {
			t.Fatal(err)
		}
		got, err := r.Resolve(v)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		raw, err := json.Marshal(got)
		if err != nil || strings.Contains(string(raw), "s3cret") || strings.Contains(string(raw), "of-the-db") || strings.Contains(string(raw), "forgerock") {
			t.Errorf("%s gives plaintext, or no JSON: %v", in, err)
		}
		if diff := cmp.Diff(expected, opened(t, r.Run, got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":["${secrets.NONE}"]}`:              "/a/0: ${secrets.NONE}: ",
		`"${secrets.RESTRICTED}"`:                "${secrets.RESTRICTED}: ",
		`"&{esv.restricted|default}"`:            "&{esv.restricted}: ", // a default is no way around
		`"&{esv.none}"`:                          "&{esv.none}: there is no such variable and no such secret",
		`"${variables.NONE}"`:                    "${variables.NONE}: there is no such variable",
		`"${secrets.S.field}"`:                   "${secrets.S.field}: there is no such member",
		`"${secrets.DB.rows.00}"`:                "there is no such member",
		`"${secrets.DB.rows.2}"`:                 "there is no such member",
		`"a${variables.O}"`:                      "is no part of a string",
		`"${secret:azure/none}"`:                 "${secret:azure/none}: the manager has none",
		`{"a~/b":{"$int":"x"}}`:                  "/a~0~1b/$int: a whole number is expected",
		`{"$int":"1.5"}`:                         "a whole number",
		`{"$int":"1e3"}`:                         "a whole number",
		`{"$int":" 1"}`:                          "a whole number",
		`{"$int":"${variables.O}"}`:              "a whole number",
		`{"$int":"${secrets.S}"}`:                "look inside",
		`{"$number":"\"1\""}`:                    "a number",
		`{"$number":"1${secrets.S}"}`:            "look inside",
		`{"$bool":"yes"}`:                        "true or false",
		`{"$array":"{}"}`:                        "a JSON array",
		`{"$array":"null"}`:                      "a JSON array",
		`{"$object":"{\"a\":1,\"a\":2}"}`:        "a JSON object",
		`{"$object":"{\"a\":\"${secrets.S}\"}"}`: "look inside",
		`{"$string":"${secrets.DB}"}`:            "look inside",
		`{"$list":"a,${secrets.S}"}`:             "look inside",
		`{"$base64:decode":"${secrets.S}"}`:      "look inside",
		`{"$base64:decode":"!"}`:                 "base64",
		`"${broken"`:                             "does not end",
	} {
		var v any
		if err := json.Unmarshal([]byte(in), &v); err != nil {
			t.Fatal(err)
		}
		if _, err := resolver(t).Resolve(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
}

// TestNothingIsReadAgain has values, sealed and plain, and a default that look like
// references.
func TestNothingIsReadAgain(t *testing.T) {
	r := resolver(t)
	for in, want := range map[string]string{
		"${secrets.INJECTION}":           injection,
		"<${secrets.INJECTION}>":         "<" + injection + ">",
		"${variables.INJECTED}":          "${secrets.S}",
		"x${variables.INJECTED}":         "x${secrets.S}",
		`&{esv.none|$${secrets.OTHER\}}`: "$${secrets.OTHER}",
	} {
		got, err := r.Resolve(in)
		if err != nil {
			t.Fatal(err)
		}
		if out := opened(t, r.Run, got); out != want {
			t.Errorf("%s gives %q", in, out)
		}
	}
}

func TestReferences(t *testing.T) {
	var v any
	text := `{"a":["${secrets.B} ${workflow.secrets.A.x}","&{esv.my.key|${secrets.NO}"],"${secrets.KEY}":{"$int":"${variables.V}"},"m":"${secret:azure/x}${workflow.env.E}${secrets.B}","e":"$${secrets.E}"}`
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	got, err := placeholder.References(v)
	if err != nil {
		t.Fatal(err)
	}
	want := placeholder.Names{Secrets: []string{"A", "B"}, Variables: []string{"E", "V"}, Either: []string{"esv-my-key"}, Managed: []string{"azure/x"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := placeholder.References(map[string]any{"a": []any{"x", "${y}"}}); err == nil || !strings.HasPrefix(err.Error(), "/a/1: byte 0: ") {
		t.Errorf("error %v", err)
	}
}
