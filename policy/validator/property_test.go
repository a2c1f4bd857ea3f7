package validator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/policy/validator"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// generator draws documents over secrets and an input.
type generator struct {
	*rapid.T
	// leaves are strings that secrets, literals and inputs all draw from, so
	// that they often meet.
	leaves []string
}

func newGenerator(t *rapid.T) *generator {
	return &generator{t, []string{
		apiKey, otherKey, starKey, pin, "a", "ab", "*", "a*", "", "kM4t", apiKey + "x", "production",
		"Bearer " + apiKey, apiKey + ":" + otherKey, `\*`, "żółć-" + apiKey,
	}}
}

func (g *generator) pick(label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(g.T, label)
}

// scalar draws a string, or rarely a number, a boolean or null.
func (g *generator) scalar() any {
	switch rapid.IntRange(0, 9).Draw(g.T, "type") {
	case 0:
		return float64(rapid.IntRange(0, 3).Draw(g.T, "number"))
	case 1:
		return rapid.Bool().Draw(g.T, "bool")
	case 2:
		return nil
	}
	return g.pick("leaf", g.leaves...)
}

func (g *generator) list() []any {
	out := []any{}
	for range rapid.IntRange(0, 4).Draw(g.T, "length") {
		out = append(out, g.scalar())
	}
	return out
}

func (g *generator) value() any {
	switch rapid.IntRange(0, 5).Draw(g.T, "shape") {
	case 0, 1:
		return g.list()
	case 2:
		return map[string]any{"a": g.scalar(), "b": g.list()}
	}
	return g.scalar()
}

// secret draws a value of a secret: a string, an array or an object.
func (g *generator) secret() any {
	switch rapid.IntRange(0, 3).Draw(g.T, "shape") {
	case 0:
		return g.list()
	case 1:
		return map[string]any{"a": g.scalar(), "b": g.list()}
	}
	return g.pick("leaf", g.leaves...)
}

// The operand texts that a secret and its plain double share.
var secretTexts = []string{"S0", "S1", "S2", "S0.a", "S1.0", "S2.b"}

func (g *generator) side() map[string]any {
	switch rapid.IntRange(0, 4).Draw(g.T, "side") {
	case 0, 1:
		return map[string]any{"secret": g.pick("secret", secretTexts...)}
	case 2:
		// Without a wildcard, which a secret's double would not refuse.
		v, err := json.Marshal(g.value())
		if err != nil {
			g.Fatal(err)
		}
		return map[string]any{"value": json.RawMessage(strings.NewReplacer(`\\*`, `\\*`, `*`, `\\*`).Replace(string(v)))}
	}
	return map[string]any{"field": g.pick("field", "f", "g", "l.0", "request.headers.X")}
}

func (g *generator) validator(depth int) map[string]any {
	list := func() []any {
		var out []any
		for range rapid.IntRange(1, 3).Draw(g.T, "validators") {
			out = append(out, g.validator(depth-1))
		}
		return out
	}
	if depth > 0 {
		switch g.pick("validator", "fields", "fields", "all", "any", "not", "if") {
		case "all":
			return map[string]any{"name": "all", "conf": map[string]any{"validators": list()}}
		case "any":
			return map[string]any{"name": "any", "conf": map[string]any{"validators": list()}}
		case "not":
			return map[string]any{"name": "not", "conf": map[string]any{"validator": g.validator(depth - 1)}}
		case "if":
			return map[string]any{"name": "if", "conf": map[string]any{"if": list(), "then": list(), "else": list()}}
		}
	}
	return map[string]any{"name": "attributes", "conf": map[string]any{"fields": []any{map[string]any{
		"source": g.side(), "target": g.side(),
		"comparator": g.pick("comparator", "equals", "not_equals", "in", "not_in", "contains", "not_contains",
			"contains_all", "not_contains_all", "contains_any", "not_contains_any"),
	}}}}
}

// A policy over secrets decides as the same policy decides when the secrets are
// in the input, in plain.
func TestSealedDecidesAsPlain(t *testing.T) {
	decisions := map[bool]int{}
	tb := t
	rapid.Check(t, func(t *rapid.T) {
		g := newGenerator(t)
		document, err := json.Marshal([]any{g.validator(2)})
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := validator.Compile(document)
		if err != nil {
			return // an operand that its comparator does not take
		}
		doubled := document
		for _, text := range secretTexts {
			doubled = []byte(strings.ReplaceAll(string(doubled), fmt.Sprintf(`{"secret":%q}`, text), fmt.Sprintf(`{"field":%q}`, "plain."+text)))
		}
		plain, err := validator.Compile(doubled)
		if err != nil {
			return // an operand that its comparator does not take
		}

		values := map[string]any{"S0": g.secret(), "S1": g.secret(), "S2": g.secret()}
		input := map[string]any{
			"f": g.value(), "g": g.value(), "l": g.list(),
			"request": map[string]any{"headers": map[string]any{"X": g.list(), "x": g.pick("leaf", g.leaves...)}},
		}
		for name, v := range values {
			if s, ok := v.(string); ok && s == "" {
				values[name] = "one" // the store takes no empty secret
			}
		}
		named := make(map[string]any)
		for _, name := range sealed.Secrets() {
			named[name] = values[name]
		}
		set := sealtest.Set(tb, named)
		policy, err := sealed.Bind(validator.Environment{Secrets: set})
		if err != nil {
			t.Fatal(err)
		}
		double, err := plain.Bind(validator.Environment{})
		if err != nil {
			t.Fatal(err)
		}
		input = clone(t, input)
		got := policy.Evaluate(context.Background(), input, seal.Options{})
		input["plain"] = clone(t, values)
		want := double.Evaluate(context.Background(), input, seal.Options{})
		if got.Err != nil {
			if got.Err.Code != seal.CodeUnavailable || got.Decision {
				t.Fatalf("%s: %+v", document, got)
			}
			return // a path into a secret that is not there
		}
		decisions[got.Decision]++
		if v := asVariables(t, document, values).Evaluate(context.Background(), input, seal.Options{}); v.Decision != want.Decision || v.Undecided != want.Undecided {
			t.Fatalf("%s\nwith variables %+v\nplain %+v", document, v, want)
		}
		// contains of a string looks for a part, which no secret may meet. What it
		// leaves undecided never allows.
		refused := !got.Decision && strings.Contains(string(document), `contains"`)
		if got.Decision != want.Decision && !refused {
			t.Fatalf("%s\nsealed %+v\nplain %+v", document, got, want)
		}
		out, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if seal.MayHold(string(out)) || strings.Contains(string(out), apiKey) {
			t.Fatalf("%s: %s", document, out)
		}
	})
	if decisions[true] == 0 || decisions[false] == 0 {
		t.Errorf("the generator decides one way only: %v", decisions)
	}
}

func clone(t *rapid.T, v map[string]any) map[string]any {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonvalue.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return out.(map[string]any)
}

// asVariables binds a document with variables in the place of its secrets.
func asVariables(t *rapid.T, document []byte, values map[string]any) *validator.Policy {
	p, err := validator.Compile([]byte(strings.ReplaceAll(string(document), `{"secret":`, `{"variable":`)))
	if err != nil {
		t.Fatal(err)
	}
	plain := clone(t, values)
	policy, err := p.Bind(validator.Environment{Variable: func(name string) (any, bool) { v, ok := plain[name]; return v, ok }})
	if err != nil {
		t.Fatal(err)
	}
	return policy
}
