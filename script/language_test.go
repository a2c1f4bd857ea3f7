package script

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/dop251/goja"

	"github.com/reticent/reticent/secretstore/seal"
)

// languageTable reads a table of docs/language.md.
func languageTable(t *testing.T, heading string) [][]string {
	t.Helper()
	return docTable(t, "language.md", heading)
}

// docTable reads a table of a page: the cells of each row under a heading.
func docTable(t *testing.T, page, heading string) [][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("docs/%s has no section %q", page, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var rows [][]string
	for line := range strings.Lines(section) {
		line, isRow := strings.CutPrefix(strings.TrimSpace(line), "| ")
		if !isRow || strings.HasPrefix(line, "what | ") {
			continue
		}
		line = strings.ReplaceAll(strings.TrimSuffix(line, " |"), `\|`, "\x00")
		cells := strings.Split(line, " | ")
		for i := range cells {
			cells[i] = strings.ReplaceAll(cells[i], "\x00", "|")
		}
		rows = append(rows, cells)
	}
	if len(rows) < 10 {
		t.Errorf("%s: %d rows; is the table still found?", heading, len(rows))
	}
	return rows
}

// unquote takes the code out of a cell.
func unquote(cell string) string {
	if s, ok := strings.CutPrefix(cell, "`` "); ok {
		return strings.TrimSuffix(s, " ``")
	}
	lines := strings.Split(cell, "⏎")
	for i := range lines {
		lines[i] = strings.Trim(lines[i], "`")
	}
	return strings.Join(lines, "\n")
}

var wholeScript = regexp.MustCompile(`\bexport |exports\b|^#!`)

// example makes a script of an example, with a text at its end.
func example(code, end string) string {
	if wholeScript.MatchString(code) {
		return code + "\n" + end
	}
	return "module.exports = async function (context) { " + code + "\n}\n" + end
}

// TestLanguageRuns runs what docs/language.md says that runs: bare, with sealed
// secrets, and with every guard in place.
func TestLanguageRuns(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for heading, in := range map[string][]Language{"As it is written": languages, "Lowered first": languages, "What the host adds": languages, "TypeScript": {TypeScript}} {
		for _, row := range languageTable(t, heading) {
			if len(row) != 3 {
				t.Fatalf("%q is no row", row)
			}
			code, want := unquote(row[1]), unquote(row[2])
			if heading == "As it is written" && !wholeScript.MatchString(code) {
				if got := bareEngine(t, code); got != want {
					t.Errorf("%s: the bare engine gives %s, want %s", row[0], got, want)
				}
			}
			for _, l := range in {
				for kind, end := range map[string]string{"bare": "", "sealed": "", "guarded": ";(c => c.secrets, () => Reflect);"} {
					run := sealRun(t, nil)
					if kind != "bare" {
						run = sealRun(t, secretsOfTests)
					}
					source := Source{Language: l, Source: example(code, end)}
					got := e.Run(t.Context(), Run{Seal: run, Input: []byte(`{}`), Source: source})
					if s := asJSON(t, got.Output); got.Error != nil || s != want {
						t.Errorf("%s, %s, %s: %s %v, want %s", row[0], l, kind, s, got.Error, want)
					}
				}
				if _, err := e.Check(t.Context(), Source{Language: l, Source: example(code, "")}); err != nil {
					t.Errorf("%s, %s: %v", row[0], l, err)
				}
			}
		}
	}
}

// bareEngine runs the body of a handler in an engine that nothing was done to.
func bareEngine(t *testing.T, body string) string {
	t.Helper()
	v, err := goja.New().RunString("(async function (context) { " + body + "\n})({})")
	if err != nil {
		t.Errorf("%s: %v", body, err)
		return ""
	}
	promise, ok := v.Export().(*goja.Promise)
	if !ok || promise.State() != goja.PromiseStateFulfilled {
		t.Errorf("%s: %v", body, promise.Result())
		return ""
	}
	return asJSON(t, promise.Result().Export())
}

// TestLanguageRefuses runs what it says that is refused.
func TestLanguageRefuses(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for _, row := range languageTable(t, "Refused") {
		code, want := unquote(row[1]), strings.Fields(unquote(row[2]))
		for _, l := range languages {
			for kind, r := range map[string]*seal.Run{"bare": sealRun(t, nil), "sealed": sealRun(t, secretsOfTests)} {
				source := Source{Language: l, Source: example(code, "")}
				got := ""
				var refused *CheckError
				if _, err := e.Check(t.Context(), source); errors.As(err, &refused) {
					got = refused.Findings[0].Code
				} else if out := e.Run(t.Context(), Run{Seal: r, Input: []byte(`{}`), Source: source}); out.Error != nil {
					got = string(out.Error.Code)
				}
				if !strings.Contains(" "+strings.Join(want, " ")+" ", " "+got+" ") {
					t.Errorf("%s, %s, %s: %q, want %s", row[0], l, kind, got, want)
				}
			}
		}
	}
}

// TestLanguageLacks looks for what it says that is not there.
func TestLanguageLacks(t *testing.T) {
	e := engine(t, Config{InProcess: true})
	for _, row := range languageTable(t, "Not there") {
		for _, l := range languages {
			got := runAs(t, e, l, sealRun(t, nil), "return typeof "+unquote(row[1]), `{}`)
			if asJSON(t, got.Output) != `"undefined"` {
				t.Errorf("%s, %s: %v %v", row[0], l, got.Output, got.Error)
			}
		}
	}
}
