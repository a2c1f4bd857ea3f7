package api_test

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/reticent/reticent/api/apitest"
)

// attack is a file of an archive below testdata/attack. It begins with comments
// that say what it is:
//
//	attack: what it tries
//	input:  a JSON object with what it is given, as the context of an access
//	        evaluation request
//	raw:    the same, where its spelling matters
//	want:   how it must end, see below
//	console, print, output, failures, recovery: what comes beside that, as JSON
//	alone:  why the worlds may answer differently
//
// In the JSON, {{NAME}} is a secret and {{NAME|form}} a form of it; in the text
// of an attack there is only {{HOST}} and {{KNOWN}}. It must end with
//
//	refused CODE    it cannot be stored: a 422 with a finding of that code
//	bad CODE        the request is a 400 with that code
//	error CODE      its run or evaluation fails with that code, and denies
//	output JSON     (a script) it returns that, and would be permitted to
//	allow, deny     (a policy) it decides that
type attack struct {
	name, file string
	header     map[string]string
	text       string
}

// keys are those of a header.
var keys = map[string]bool{"attack": true, "input": true, "raw": true, "want": true, "console": true, "print": true,
	"output": true, "failures": true, "recovery": true, "alone": true}

func attacks(t *testing.T, kind string) []attack {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "attack", kind, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var out []attack
	seen := map[string]bool{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		archive := strings.TrimSuffix(filepath.Base(path), ".txtar")
		for _, f := range txtar.Parse(raw).Files {
			a := attack{file: f.Name, header: map[string]string{}}
			a.name = archive + "-" + strings.TrimSuffix(f.Name, filepath.Ext(f.Name))
			if seen[a.name] {
				t.Errorf("%s: there are two attacks of this name", a.name)
			}
			seen[a.name] = true
			a.read(t, string(f.Data))
			out = append(out, a)
		}
	}
	return out
}

// read takes the header off.
func (a *attack) read(t *testing.T, text string) {
	t.Helper()
	key := ""
	for {
		line, rest, more := strings.Cut(text, "\n")
		comment, is := strings.CutPrefix(line, "// ")
		if !is {
			comment, is = strings.CutPrefix(line, "# ")
		}
		if !is || !more {
			break
		}
		text = rest
		if k, v, ok := strings.Cut(comment, ":"); ok && keys[k] {
			key = k
			a.header[key] = strings.TrimSpace(v)
		} else {
			a.header[key] += " " + strings.TrimSpace(comment)
		}
	}
	a.text = text
	if a.header["attack"] == "" || a.header["want"] == "" {
		t.Fatalf("%s: the header must say attack and want", a.name)
	}
}

func (a *attack) want() (how, what string) {
	how, what, _ = strings.Cut(a.header["want"], " ")
	return how, strings.TrimSpace(what)
}

// request gives the access evaluation request that the attack is given as its
// input.
func (a *attack) request(t *testing.T, w *world) string {
	t.Helper()
	context := a.header["raw"]
	if context != "" {
		context = w.fillText(t, context)
	} else if context = w.fill(t, a.header["input"]); context == "" {
		context = "{}"
	}
	return `{"subject":{"type":"user","id":"mallory"},"action":{"name":"attack"},"resource":{"type":"` + a.name +
		`","id":"1"},"context":` + context + `}`
}

// source gives the text of the attack.
func (a *attack) source(t *testing.T, w *world) string {
	t.Helper()
	return w.fillText(t, a.text)
}

// forms are the disguises that an attack can bring a secret in.
var forms = map[string]func(string) string{
	"":         func(s string) string { return s },
	"base64":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"userpass": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("user:" + s)) },
	"hex":      func(s string) string { return hex.EncodeToString([]byte(s)) },
	"unicode":  func(s string) string { return apitest.EveryRune(s, `\u%04x`, "") },
	"percent":  func(s string) string { return apitest.EveryByte(s, "%%%02X") },
	"reversed": apitest.Reversed,
	"upper":    strings.ToUpper,
	"front":    func(s string) string { return s[:8] },
	"half":     func(s string) string { return s[:len(s)/2] },
	"rest":     func(s string) string { return s[len(s)/2:] },
	"hmac":     func(s string) string { return hmacOf(s, "message") },
}
