package main

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseEnv(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                                  {},
		"# nothing\n\n  # here\n":           {},
		"A=1":                               {"A": "1"},
		"A=1\nB=two\n":                      {"A": "1", "B": "two"},
		"A=1\r\nB=two\r\n":                  {"A": "1", "B": "two"},
		"export A=1\n export  B = two # x":  {"A": "1", "B": "two"},
		"A=supersecretpas$":                 {"A": "supersecretpas$"},
		"A=a=b==":                           {"A": "a=b=="},
		"A='$HOME \"x\" \\n # y'":           {"A": `$HOME "x" \n # y`},
		`A="a \"b\" \\ \$HOME\n" # comment`: {"A": "a \"b\" \\ $HOME\n"},
		"A=''\nB=\"\"":                      {"A": "", "B": ""},
		"A='one\ntwo'\nB=\"one\ntwo\"\nC=3": {"A": "one\ntwo", "B": "one\ntwo", "C": "3"},
		"\ufeffesv-x=1":                     {"esv-x": "1"},
	} {
		got, err := parseEnv(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
}

// What shells and libraries read differently is refused, with the line.
func TestParseEnvRefuses(t *testing.T) {
	const canary = "canaryvalue"
	for text, line := range map[string]string{
		canary:                           "line 1",
		"A=1\n" + canary + " x":          "line 2",
		"A=" + canary + "\nA=2":          "line 2",
		"A=" + canary + "$HOME":          "line 1",
		"A=" + canary + "${X}":           "line 1",
		`A="` + canary + `$X"`:           "line 1",
		"A=\"" + canary + "`id`\"":       "line 1",
		"A=" + canary + "`id`":           "line 1",
		"A=" + canary + " two":           "line 1",
		"A=" + canary + "#x":             "line 1",
		`A=` + canary + `\n`:             "line 1",
		"A=\n":                           "line 1",
		"A='" + canary:                   "line 1",
		`A="` + canary:                   "line 1",
		`A="` + canary + `\x"`:           "line 1",
		`A="` + canary + `\`:             "line 1",
		"A='" + canary + "'x":            "line 1",
		"A='1\n2\n3'\n" + canary + "!=1": "line 4",
		"A=\xff" + canary:                "not UTF-8",
		"1" + canary + "=1":              "line 1",
	} {
		got, err := parseEnv(text)
		if err == nil || !strings.HasPrefix(err.Error(), line) {
			t.Errorf("%q: %v, %v, want %s", text, got, err, line)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("%q: the error quotes it: %v", text, err)
		}
	}
}

// FuzzParseEnv: what is read, written in single quotes, is read again.
func FuzzParseEnv(f *testing.F) {
	for _, seed := range []string{"A=1\n", "export A='x'\nB=\"y\\n\" # z", "A='1\n2'\n\nB=3", "A=\"\\$\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseEnv(text)
		if err != nil {
			return
		}
		var again strings.Builder
		for name, value := range got {
			if strings.Contains(value, "'") {
				return
			}
			again.WriteString(name + "='" + value + "'\n")
		}
		second, err := parseEnv(again.String())
		if err != nil || !maps.Equal(got, second) {
			t.Errorf("%q was read as %q and then %q, %v", text, got, second, err)
		}
	})
}
