package strictjson

import (
	stdjson "encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// guarded reads itself, as the value of a secret does.
type guarded string

type guardedError struct{}

func (guardedError) Error() string   { return "quotes what it read" }
func (guardedError) Refusal() string { return "a value is a string" }

// UnmarshalJSON is json.Unmarshaler's.
func (g *guarded) UnmarshalJSON(b []byte) error {
	if b[0] != '"' && b[0] != '{' {
		return guardedError{}
	}
	*g = guarded(b)
	return nil
}

// optional is a member of a merge patch, as package secretstore has it.
type optional[T any] struct {
	Present bool
	Value   T
}

// UnmarshalJSON is json.Unmarshaler's.
func (o *optional[T]) UnmarshalJSON(b []byte) error {
	o.Present = true
	return stdjson.Unmarshal(b, &o.Value)
}

func TestATypesOwnRefusalIsTold(t *testing.T) {
	var v shape
	err := Unmarshal([]byte(`{"value":7}`), &v)
	if e, ok := errors.AsType[*Error](err); !ok || e.Message != "a value is a string" || e.Pointer != "/value" {
		t.Errorf("%+v", err)
	}
}

// shape has a member of each kind that bodies have.
type shape struct {
	Text  string             `json:"text"`
	Flag  *bool              `json:"flag"`
	N     int                `json:"n"`
	List  []string           `json:"list"`
	Tags  map[string]string  `json:"tags"`
	At    *time.Time         `json:"at"`
	Any   stdjson.RawMessage `json:"any"`
	Value *guarded           `json:"value"`
	Patch optional[[]string] `json:"patch"`
}

func TestExpected(t *testing.T) {
	for want, of := range map[string]reflect.Type{
		"a string":                                       reflect.TypeFor[guarded](),
		"true or false":                                  reflect.TypeFor[*bool](),
		"a whole number":                                 reflect.TypeFor[int](),
		"a number":                                       reflect.TypeFor[float64](),
		"an array, each element a string":                reflect.TypeFor[[]string](),
		"an object, each member a string":                reflect.TypeFor[map[string]*string](),
		"an array, each element a string or null":        reflect.TypeFor[optional[[]string]](),
		"a time such as 2026-01-02T15:04:05Z (RFC 3339)": reflect.TypeFor[*time.Time](),
		"an object":                                      reflect.TypeFor[shape](),
		"another type":                                   nil,
	} {
		if got := expected(of); got != want {
			t.Errorf("%v: %q, want %q", of, got, want)
		}
	}
}

// TestPlace counts lines and columns in bytes.
func TestPlace(t *testing.T) {
	text := []byte("{\n  \"ż\": x\n}")
	for offset, want := range map[int64][2]int{0: {1, 1}, 2: {2, 1}, 10: {2, 9}, 12: {3, 1}, 99: {3, 2}, -1: {1, 1}} {
		if line, column := place(text, offset); [2]int{line, column} != want {
			t.Errorf("offset %d: %d:%d, want %v", offset, line, column, want)
		}
	}
}

// FuzzUnmarshal looks for texts that break the decoder, that it takes although a
// strict reader of JSON would not, or of which an error says too much.
func FuzzUnmarshal(f *testing.F) {
	for _, text := range []string{
		`{"text":"a","flag":true,"n":1,"list":["a"],"tags":{"a":"b"},"at":"2026-01-02T15:04:05Z","any":{"x":[null]},"value":"v","patch":null}`,
		`{"text":1}`, `{"flag":"true"}`, `{"n":1.5}`, `{"n":99999999999999999999}`, `{"list":{}}`, `{"list":[1]}`, `{"tags":{"a":1}}`, `{"at":"now"}`,
		`{"value":7}`, `{"value":{"a":"b"}}`, `{"patch":[1]}`, `{"x":1}`, `{"text":"a","text":"b"}`, `{"any":{"a":1,"a":2}}`, `null`, `[]`, ``, ` `,
		`{"text":"\ud800"}`, "{\"text\":\"\xff\"}", `{"text":"a"}{`, `{"text":"a",}`, `{"any":` + strings.Repeat("[", 200), `{"any":"[[[[[\"[[["}`,
		"\ufeff{}", `{"text":"\u0000"}`, `{"TEXT":"a"}`, `{"":1}`, `{"a/b~c":1}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var v shape
		err := Unmarshal(text, &v)
		if err == nil {
			if !utf8.Valid(text) || !stdjson.Valid(text) || Nesting(text) > MaxNesting {
				t.Fatalf("taken: %q", text)
			}
			d := stdjson.NewDecoder(strings.NewReader(string(text)))
			d.DisallowUnknownFields()
			var again shape
			if err := d.Decode(&again); err != nil {
				t.Fatalf("%q: encoding/json says %v", text, err)
			}
			return
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Code == "" || !utf8.ValidString(e.Message) || len(e.Pointer) > MaxPointerBytes+len("…") || e.Line < 0 || e.Column < 0 {
			t.Fatalf("%q: %+v", text, err)
		}
		for _, word := range values(text) {
			if strings.Contains(e.Message, word) {
				t.Fatalf("%q: the error repeats a value: %s", text, e.Message)
			}
		}
	})
}

// values gives the longer strings and numbers of a JSON text that are neither
// keys nor words of this package.
func values(text []byte) []string {
	var v any
	if stdjson.Unmarshal(text, &v) != nil {
		return nil
	}
	var out, keys []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if len(v) > 8 {
				out = append(out, v)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for k, e := range v {
				keys = append(keys, k)
				walk(e)
			}
		}
	}
	walk(v)
	return slices.DeleteFunc(out, func(s string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.Contains(k, s) }) ||
			strings.Contains("expected a time such as 2026-01-02T15:04:05Z (RFC 3339), got a string true or false, an array, each element", s)
	})
}
