package validator

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/policy/jsonvalue"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// row is a row of the tables of docs/policies.md: a document, and an input that
// it allows and one that it denies. Each may be empty.
type row struct{ name, document, allows, denies string }

// documented gives the rows of the tables of validators and of comparisons.
func documented(tb testing.TB) []row {
	text, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		tb.Fatal(err)
	}
	code := func(cell string) string {
		if inner, ok := strings.CutPrefix(strings.TrimSpace(cell), "`"); ok {
			return strings.TrimSuffix(inner, "`")
		}
		return ""
	}
	var rows []row
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "| "), " |"), " | ")
		example, err := jsonvalue.Decode([]byte(code(cells[0])))
		members, _ := example.(map[string]any)
		switch {
		case err != nil:
		case members["name"] != nil && len(cells) == 4:
			rows = append(rows, row{members["name"].(string), "[" + code(cells[0]) + "]", code(cells[2]), code(cells[3])})
		case members["comparator"] != nil && len(cells) == 3:
			rows = append(rows, row{members["comparator"].(string),
				`[{"name": "attributes", "conf": {"fields": [` + code(cells[0]) + `]}}]`, code(cells[1]), code(cells[2])})
		}
	}
	return rows
}

// bindDocumented binds an example to what the page says that there is.
func bindDocumented(tb testing.TB, document string) *Policy {
	tb.Helper()
	p, err := Compile([]byte(document))
	if err != nil {
		tb.Fatalf("%s: %v", document, err)
	}
	policy, err := p.Bind(Environment{
		Secrets:  sealtest.Set(tb, map[string]any{"API_KEY": "kM4tq8Zr1vXw9Lb3Nc7d"}),
		Now:      func() time.Time { return time.Date(2026, 6, 17, 12, 0, 0, 0, time.UTC) },
		Variable: func(string) (any, bool) { return []any{"web"}, true },
		Embedded: func(_ context.Context, _ string, input any, _ seal.Options, _ int) Result {
			return Result{Decision: input.(map[string]any)["base"] == true}
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return policy
}

func TestDocumentation(t *testing.T) {
	var seen []string
	for _, r := range documented(t) {
		seen = append(seen, r.name)
		policy := bindDocumented(t, r.document)
		for input, want := range map[string]bool{r.allows: true, r.denies: false} {
			if input == "" {
				continue
			}
			v, err := jsonvalue.Decode([]byte(input))
			if err != nil {
				t.Fatalf("%s: %v", input, err)
			}
			if got := policy.Evaluate(t.Context(), v, seal.Options{}); got.Decision != want || got.Err != nil {
				t.Errorf("%s with %s: %+v", r.document, input, got)
			}
		}
	}
	for _, name := range append(names(catalogue), names(comparators)...) {
		if !slices.Contains(seen, name) {
			t.Errorf("docs/policies.md has no row for %s", name)
		}
	}
}

// BenchmarkEach decides on the example of every validator and comparator.
func BenchmarkEach(b *testing.B) {
	for _, r := range documented(b) {
		if r.allows == "" {
			continue
		}
		b.Run(r.name, func(b *testing.B) {
			policy := bindDocumented(b, r.document)
			input, err := jsonvalue.Decode([]byte(r.allows))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if !policy.Evaluate(b.Context(), input, seal.Options{}).Decision {
					b.Fatal("denied")
				}
			}
		})
	}
}
