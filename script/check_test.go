package script

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	for name, e := range map[string]*Engine{"worker": engine(t, Config{Workers: 1}), "in process": engine(t, Config{InProcess: true})} {
		got, err := e.Check(t.Context(), Source{Language: JavaScript, Source: head + `
			const r = await fetch("https://api.example.org:8443/x?y", { headers: { Authorization: context.secrets.A } })
			return context.variables.V === 1 && context.secrets.get("B")
		}`})
		if err != nil {
			t.Fatal(err)
		}
		want := &Checked{Secrets: []string{"A", "B"}, Variables: []string{"V"}, Keys: []string{}, Hosts: []string{"api.example.org:8443"}, Fetches: true}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}

		structured := Source{Language: JavaScript, Source: head + "return context.secrets.KEYS.length + context.secrets.KEYS[0]\n}"}
		var refused *CheckError
		if _, err := e.Check(t.Context(), structured); !errors.As(err, &refused) || len(refused.Findings) != 2 || refused.Findings[0].Line != 2 {
			t.Errorf("%s: %v", name, err)
		}
		structured.Structured = func(secret string) bool { return secret == "KEYS" }
		if got, err := e.Check(t.Context(), structured); err != nil || len(got.Secrets) != 1 {
			t.Errorf("%s: %v", name, err)
		}

		if _, err := e.Check(t.Context(), Source{Language: "cobol", Source: "a"}); !errors.As(err, &refused) ||
			!strings.Contains(err.Error(), "no such language") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := e.Check(t.Context(), Source{Language: JavaScript, Source: head + "\n  const s = context.secrets.A\n  return s.toUpperCase()\n}"}); !errors.As(err, &refused) ||
			refused.Findings[0].Line != 4 || refused.Findings[0].Column != 12 || refused.Findings[0].Advice == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
