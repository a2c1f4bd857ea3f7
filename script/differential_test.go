package script

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
)

// texts are what generated scripts are made of: the secrets, what resembles them,
// and pieces of them.
var texts = []string{"sk_live_4242424242abcdef", "another-long-secret-value-7", "123456", "12", "3456", "sk_live_", "4242424242abcdef", "", " ",
	"123456 ", "1e5", "0x10", "true", "null", "Bearer ", "MTIzNDU2", "%20", `a"b\c é/+%&= d`, "ż", "undefined", "[object Object]"}

// generator writes a script that compares, concatenates and encodes.
type generator struct {
	r     *rand.Rand
	depth int
}

func (g *generator) text() string {
	g.depth++
	defer func() { g.depth-- }()
	if g.depth > 4 {
		return g.leaf()
	}
	switch g.r.IntN(14) {
	case 0:
		return "(" + g.text() + " + " + g.text() + ")"
	case 1:
		return "`" + "${" + g.text() + "}:${" + g.text() + "}`"
	case 2:
		return "btoa(" + g.leaf() + ".replace(/[^ -~]/g, '') + " + g.secret() + ")"
	case 3:
		return "encodeURIComponent(" + g.text() + ")"
	case 4:
		return "JSON.stringify(" + g.text() + ")"
	case 5:
		return "JSON.stringify({a: " + g.text() + ", b: [" + g.text() + "]})"
	case 6:
		return "new URLSearchParams({q: " + g.text() + "}).toString()"
	case 7:
		return "[" + g.text() + ", " + g.text() + "].join('-')"
	case 8:
		return g.text() + ".concat(" + g.text() + ")"
	case 9:
		return "(" + g.truth() + " ? " + g.text() + " : " + g.text() + ")"
	case 10:
		return "encodeURI(" + g.text() + ")"
	case 11:
		return "String(" + g.text() + ")"
	}
	return g.leaf()
}

func (g *generator) secret() string {
	return []string{"S.API_KEY", "S.OTHER", "S.PIN"}[g.r.IntN(3)]
}

func (g *generator) leaf() string {
	switch g.r.IntN(3) {
	case 0:
		return g.secret()
	case 1:
		return fmt.Sprintf("I[%d]", g.r.IntN(len(texts)))
	}
	return fmt.Sprintf("%q", texts[g.r.IntN(len(texts))])
}

func (g *generator) truth() string {
	g.depth++
	defer func() { g.depth-- }()
	if g.depth > 4 {
		return "true"
	}
	a, b := g.text(), g.text()
	switch g.r.IntN(16) {
	case 0, 1:
		return "(" + a + " === " + b + ")"
	case 2:
		return "(" + a + " == " + b + ")"
	case 3:
		return "(" + a + " != " + b + ")"
	case 4:
		return "(" + a + " !== " + b + ")"
	case 5:
		return "[" + a + ", " + b + "].includes(" + g.text() + ")"
	case 6:
		return "([" + a + ", " + b + "].indexOf(" + g.text() + ") > 0)"
	case 7:
		return "(" + a + ").includes(" + b + ")"
	case 8:
		return "(() => { switch (" + a + ") { case " + b + ": return true; case " + g.text() + ": return false } return 1 > 0 })()"
	case 9:
		return "(" + a + " == " + []string{"123456", "null", "true", "12", "[" + b + "]", "{toString() { return " + b + " }}"}[g.r.IntN(6)] + ")"
	case 10:
		return "Object.is(" + a + ", " + b + ")"
	case 11:
		return "(!" + a + " || " + g.truth() + ")"
	case 12:
		return "(" + a + ").startsWith(" + b + ")"
	case 13:
		return "new Set([" + a + "]).has(" + b + ")"
	case 14:
		return "(" + a + " < " + b + ")"
	}
	return "((" + a + ").slice(" + fmt.Sprint(g.r.IntN(9)) + ") === " + b + ")"
}

// bare runs a script on plaintext in a bare engine.
func bare(t *testing.T, e *Engine, body string) string {
	t.Helper()
	// A run without secrets is the bare engine with the host's functions, which
	// never see a surrogate in it.
	plain := strings.NewReplacer("context.secrets", `{API_KEY: "sk_live_4242424242abcdef", OTHER: "another-long-secret-value-7", PIN: "123456"}`).Replace(body)
	got := run(t, e, sealRun(t, nil), plain, asJSON(t, texts))
	if got.Error != nil {
		return "error"
	}
	return asJSON(t, got.Output)
}

// TestDifferentialDecides requires that many generated scripts are decided, not
// refused (the generator also writes what must be): a comparison that refuses everything would be right and useless.
func TestDifferentialDecides(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	decided, sealed := 0, 0
	for seed := range uint64(200) {
		g := &generator{r: rand.New(rand.NewPCG(seed, 1))}
		body := "const S = context.secrets, I = context.input;\nreturn [" + g.truth() + "]"
		if !strings.Contains(body, "S.") {
			continue
		}
		sealed++
		if got := run(t, e, sealRun(t, map[string]any{"API_KEY": texts[0], "OTHER": texts[1], "PIN": texts[2]}), body, asJSON(t, texts)); got.Error == nil {
			decided++
		}
	}
	t.Logf("%d of %d were decided", decided, sealed)
	if decided*3 < sealed {
		t.Errorf("only %d of %d were decided", decided, sealed)
	}
}

// FuzzDecisions generates scripts and requires that each decides as it does on
// plaintext, or is refused.
func FuzzDecisions(f *testing.F) {
	for i := range uint64(300) {
		f.Add(i)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		e := engine(t, Config{InProcess: true})
		g := &generator{r: rand.New(rand.NewPCG(seed, 1))}
		body := "const S = context.secrets, I = context.input;\nreturn [" + g.truth() + ", " + g.truth() + "]"
		want := bare(t, e, body)
		r := sealRun(t, map[string]any{"API_KEY": texts[0], "OTHER": texts[1], "PIN": texts[2]})
		got := runAs(t, e, languages[seed%2], r, body, asJSON(t, texts))
		if got.Error != nil {
			switch got.Error.Code {
			case seal.CodeInspected, seal.CodeLimited:
				return
			}
			if want == "error" {
				return
			}
			t.Fatalf("%s\n%v, want %s", body, got.Error, want)
		}
		if s := asJSON(t, got.Output); s != want {
			t.Fatalf("%s\ngave %s, want %s", body, s, want)
		}
	})
}
