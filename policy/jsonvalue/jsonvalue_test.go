package jsonvalue_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reticent/reticent/policy/jsonvalue"
)

func TestDecode(t *testing.T) {
	got, err := jsonvalue.Decode([]byte(` {"a": [1, "x\u00e9", true, null, {}, []], "b": 9007199254740993, "c": 1e3, "d": -0.5} `))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"a": []any{1.0, "xé", true, nil, map[string]any{}, []any{}},
		"b": json.Number("9007199254740993"), "c": json.Number("1e3"), "d": -0.5,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	const canary = "tellnobody"
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, c := range map[string]struct {
		text string
		code jsonvalue.Code
	}{
		"empty":                    {"", jsonvalue.CodeSyntax},
		"cut short":                {`{"` + canary, jsonvalue.CodeSyntax},
		"cut short in an array":    {`["` + canary + `"`, jsonvalue.CodeSyntax},
		"two values":               {`"` + canary + `" 1`, jsonvalue.CodeSyntax},
		"two values, one broken":   {`1 ` + canary, jsonvalue.CodeSyntax},
		"not JSON":                 {canary, jsonvalue.CodeSyntax},
		"trailing comma":           {`{"` + canary + `":1,}`, jsonvalue.CodeSyntax},
		"number out of range":      {`1e999`, jsonvalue.CodeSyntax},
		"exponent out of range":    {`1e-99999999999999999999`, jsonvalue.CodeSyntax},
		"leading zero":             {`01`, jsonvalue.CodeSyntax},
		"duplicate key":            {`{"` + canary + `":1,"` + canary + `":2}`, jsonvalue.CodeDuplicate},
		"duplicate key by escape":  {`{"a":1,"\u0061":2}`, jsonvalue.CodeDuplicate},
		"duplicate key, deep":      {`[{"x":{"a":1,"a":2}}]`, jsonvalue.CodeDuplicate},
		"invalid UTF-8":            {"\"\xff" + canary + `"`, jsonvalue.CodeSyntax},
		"lone high surrogate":      {`"\ud800` + canary + `"`, jsonvalue.CodeSyntax},
		"lone low surrogate":       {`"\udc00"`, jsonvalue.CodeSyntax},
		"lone surrogate in a key":  {`{"\ud800":1}`, jsonvalue.CodeSyntax},
		"one level too deep":       {nested(jsonvalue.MaxNesting + 1), jsonvalue.CodeNesting},
		"ten thousand levels deep": {nested(10_000), jsonvalue.CodeNesting},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jsonvalue.Decode([]byte(c.text))
			var e *jsonvalue.Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %v", err)
			}
			if e.Code != c.code {
				t.Errorf("code %s, want %s", e.Code, c.code)
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("the error repeats the text: %s", err)
			}
		})
	}
	if _, err := jsonvalue.Decode([]byte(nested(jsonvalue.MaxNesting))); err != nil {
		t.Errorf("MaxNesting levels: %v", err)
	}
}

// A decoder is used again; what it read before must not come back.
func TestDecodeAfterFailure(t *testing.T) {
	for range 3 {
		if _, err := jsonvalue.Decode([]byte(`{"a":{"b":[1,`)); err == nil {
			t.Fatal("no error")
		}
		got, err := jsonvalue.Decode([]byte(`{"a":1}`))
		if diff := cmp.Diff(map[string]any{"a": 1.0}, got); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
	}
}

func TestDecodedStringsOutliveTheText(t *testing.T) {
	text := []byte(`{"key":"value"}`)
	got, err := jsonvalue.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		text[i] = 'x'
	}
	if diff := cmp.Diff(map[string]any{"key": "value"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompareNumbersIsExact(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"1", "1.0", 0}, {"1e2", "100", 0}, {"0", "-0", 0}, {"0e5", "0", 0}, {"-1", "1", -1},
		{"9007199254740993", "9007199254740992", 1},
		{"0.1", "0.10000000000000000555", -1},
		{"123456789012345678901234567890", "123456789012345678901234567891", -1},
		{"1e-400", "0", 1}, {"-5", "-6", 1}, {"12", "123", -1}, {"10", "9", 1},
		{"1E+2", "100.00", 0}, {"-0.001", "-1e-3", 0},
	} {
		a, errA := jsonvalue.Decode([]byte(c.a))
		b, errB := jsonvalue.Decode([]byte(c.b))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := jsonvalue.CompareNumbers(a, b); got != c.want {
			t.Errorf("%s against %s: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := jsonvalue.CompareNumbers(b, a); got != -c.want {
			t.Errorf("%s against %s: %d, want %d", c.b, c.a, got, -c.want)
		}
	}
}

func TestCompareNumbersAgreesWithBig(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?(e[+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		v, errA := jsonvalue.Decode([]byte(a))
		w, errB := jsonvalue.Decode([]byte(b))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := jsonvalue.CompareNumbers(v, w); got != x.Cmp(y) {
			t.Fatalf("%d, want %d", got, x.Cmp(y))
		}
	})
}

// What encoding/json refuses must be refused here, and what is accepted must
// mean the same.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":null}]}`, `"\ud83d\ude00"`, `{"a":1,"a":2}`, `1e999`, `[[[`, "\xff", `-0.0`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := jsonvalue.Decode(text)
		if err != nil {
			return
		}
		var want any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("accepted, but encoding/json says %v", err)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var back any
		if err := json.Unmarshal(again, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, back); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestPointers(t *testing.T) {
	if got, want := jsonvalue.Element(jsonvalue.Member("/x", "a/b~c"), 3), "/x/a~1b~0c/3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func BenchmarkDecode(b *testing.B) {
	text := []byte(`{"authn_ctx":{"sub":"alice","amr":["mfa","pwd"],"groups":["admins"]},"request":{"headers":{"X-Api-Key":["0123456789abcdef"]},"method":"GET"}}`)
	b.Run("jsonvalue", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := jsonvalue.Decode(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v any
			if err := json.Unmarshal(text, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
