package secretstore_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore"
)

func TestVariableTypes(t *testing.T) {
	s := open(t, t.TempDir())
	shelf := secretstore.VariableShelf(s)
	put := func(name, body string) (secretstore.Entry[secretstore.Variable], error) {
		e, _, err := shelf.Put(t.Context(), admin, secretstore.Scope{}, name, json.RawMessage(body), "")
		return e, err
	}
	for _, test := range []struct {
		kind, value string
		want        any // what scripts see; nil for a value that is refused
	}{
		{"string", `"a, b"`, "a, b"}, {"string", `""`, ""}, {"string", `1`, nil},
		{"array", `["one",6]`, []any{"one", 6.0}}, {"array", `{}`, nil}, {"array", `"a"`, nil},
		{"object", `{"a":{"b":null}}`, map[string]any{"a": map[string]any{"b": nil}}}, {"object", `[]`, nil},
		{"bool", `false`, false}, {"bool", `"false"`, nil}, {"bool", `0`, nil},
		{"int", `12345`, 12345.0}, {"int", `-9007199254740991`, -9007199254740991.0}, {"int", `0`, 0.0},
		{"int", `9007199254740992`, nil}, {"int", `1.0`, nil}, {"int", `1e3`, nil}, {"int", `"1"`, nil}, {"int", `true`, nil},
		{"number", `123.45`, 123.45}, {"number", `1e3`, 1000.0}, {"number", `1e400`, nil}, {"number", `"1"`, nil}, {"number", `true`, nil},
		{"list", `"one,two,three"`, []any{"one", "two", "three"}}, {"list", `["one, two","three"]`, []any{"one, two", "three"}},
		{"list", `""`, []any{}}, {"list", `[1]`, nil}, {"list", `["a",null]`, nil}, {"list", `{}`, nil},
		{"keyvaluelist", `{"k1":"v1"}`, map[string]any{"k1": "v1"}}, {"keyvaluelist", `{"k1":1}`, nil}, {"keyvaluelist", `{"k1":null}`, nil}, {"keyvaluelist", `[]`, nil},
		{"base64encodedinlined", `"YQ=="`, nil},
	} {
		e, err := put("V", `{"type":"`+test.kind+`","value":`+test.value+`}`)
		if test.want == nil {
			if !errors.Is(err, secretstore.ErrInvalid) {
				t.Errorf("%s %s: %v", test.kind, test.value, err)
			}
			continue
		}
		if err != nil || string(e.Value.Type) != test.kind {
			t.Errorf("%s %s: %+v, %v", test.kind, test.value, e, err)
			continue
		}
		var seen map[string]any
		if err := json.Unmarshal(s.Variables(secretstore.Scope{}), &seen); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, seen["V"]); diff != "" {
			t.Errorf("%s %s: scripts see (-want +got):\n%s", test.kind, test.value, diff)
		}
		if err := shelf.Delete(t.Context(), admin, secretstore.Scope{}, "V", "", false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := put("V", `{"value":"`+strings.Repeat("x", secretstore.MaxVariableBytes)+`"}`); !errors.Is(err, secretstore.ErrTooLarge) {
		t.Errorf("a large one: %v", err)
	}
}

func TestTheTypeOfAVariableStays(t *testing.T) {
	s := open(t, t.TempDir())
	shelf := secretstore.VariableShelf(s)
	put := func(body string) error {
		_, _, err := shelf.Put(t.Context(), admin, secretstore.Scope{}, "V", json.RawMessage(body), "")
		return err
	}
	patch := func(body string) error {
		_, err := shelf.Patch(t.Context(), admin, secretstore.Scope{}, "V", json.RawMessage(body), "")
		return err
	}
	if err := put(`{"value":1}`); err != nil { // a number, though a whole one
		t.Fatal(err)
	}
	for body, good := range map[string]bool{
		`{"value":1.5}`: true, `{"type":"number","value":2}`: true, `{"type":"int","value":2}`: false, `{"value":"2"}`: false, `{"type":"string","value":"2"}`: false,
	} {
		if err := put(body); (err == nil) != good {
			t.Errorf("put %s: %v", body, err)
		}
	}
	for body, good := range map[string]bool{
		`{"value":7}`: true, `{"description":"d"}`: true, `{"type":null}`: true, `{"type":"string","value":"x"}`: false, `{"value":null}`: false,
	} {
		if err := patch(body); (err == nil) != good {
			t.Errorf("patch %s: %v", body, err)
		}
	}
	e, err := shelf.Get(admin, secretstore.Scope{}, "V")
	if err != nil || e.Value.Type != secretstore.TypeNumber {
		t.Errorf("%+v, %v", e, err)
	}
}
