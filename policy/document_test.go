package policy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/secretstore"
)

const (
	regoSource = "package acp.authz\ndefault allow = false\nallow if input.key == data.secrets.API_KEY\n"
	validators = `[{"name": "attributes", "conf": {"fields": [{"field": "key", "comparator": "equals", "secret": "API_KEY"}]}, "recovery": [{"type": "mfa"}]}]`
)

func parse(t *testing.T, text string) policy.Document {
	t.Helper()
	var d policy.Document
	if err := secretstore.Decode([]byte(text), &d); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// findings gives what is wrong with a document; nil for nothing.
func findings(t *testing.T, text string) []policy.Finding {
	t.Helper()
	_, err := parse(t, text).Compile()
	if err == nil {
		return nil
	}
	var e *policy.InvalidError
	if !errors.As(err, &e) || len(e.Findings) == 0 {
		t.Fatalf("%s: error is %v", text, err)
	}
	return e.Findings
}

func TestDocuments(t *testing.T) {
	source, err := json.Marshal(regoSource)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		`{"language": "validators", "validators": ` + validators + `}`,
		`{"type": "user", "language": "cloudentity", "validators": [{"name": "false", "conf": {}}]}`,
		`{"type": "user", "description": "d", "language": "validators", "validators": [{"name": "true"}]}`,
		`{"language": "rego", "source": ` + string(source) + `}`,
		`{"language": "rego", "rego_version": 0, "source": "package p\ndefault allow = false\nallow { input.x }"}`,
		`{"language": "rego", "modules": {"a.rego": ` + string(source) + `}, "data": {"x": [1]}, "decision": "acp/authz/allow"}`,
	} {
		if got := findings(t, text); got != nil {
			t.Errorf("%s: %v", text, got)
		}
		d := parse(t, text)
		stored, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, parse(t, string(stored)), cmp.Comparer(func(a, b json.RawMessage) bool {
			return strings.ReplaceAll(string(a), " ", "") == strings.ReplaceAll(string(b), " ", "")
		})); diff != "" {
			t.Errorf("stored and read again: %s", diff)
		}
	}
}

func TestDocumentsRefused(t *testing.T) {
	const canary = "tellnobody"
	for _, c := range []struct{ text, pointer, code string }{
		{`{}`, "/language", policy.CodeInvalidDocument},
		{`{"language": "` + canary + `"}`, "/language", policy.CodeInvalidDocument},
		{`{"language": "validators"}`, "/validators", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "source": "x"}`, "/source", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "data": {}}`, "/data", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "decision": "a/b"}`, "/decision", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "modules": {}}`, "/modules", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "type": "` + canary + `"}`, "/type", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "description": "` + strings.Repeat("x", policy.MaxDescription+1) + `"}`, "/description", policy.CodeLimit},
		{`{"language": "validators", "validators": null}`, "/validators", "invalid_shape"},
		{`{"language": "validators", "validators": [{"name": "true"}, {"name": "fals"}]}`, "/validators/1/name", "unknown_name"},
		{`{"language": "rego"}`, "/source", policy.CodeInvalidDocument},
		{`{"language": "rego", "modules": {}}`, "/source", policy.CodeInvalidDocument},
		{`{"language": "rego", "source": "package a", "modules": {"a.rego": "package a"}}`, "/modules", policy.CodeInvalidDocument},
		{`{"language": "rego", "source": "package a", "validators": []}`, "/validators", policy.CodeInvalidDocument},
		{`{"language": "rego", "source": "package a\nallow if true", "data": [1]}`, "/data", policy.CodeInvalidDocument},
	} {
		got := findings(t, c.text)
		if len(got) != 1 || got[0].Pointer != c.pointer || got[0].Code != c.code {
			t.Errorf("%.120s: %+v, want %s at %q", c.text, got, c.code, c.pointer)
			continue
		}
		if strings.Contains(got[0].String(), canary) {
			t.Errorf("%.120s: the finding repeats the document: %s", c.text, got[0])
		}
	}
}

func TestRegoFindingsHaveAPlace(t *testing.T) {
	got := findings(t, `{"language": "rego", "source": "package a\nallow if input.x == data.secrets[input.y]"}`)
	if len(got) == 0 || got[0].File == "" || got[0].Line != 2 || got[0].Code == "" || got[0].Advice == "" {
		t.Errorf("%+v", got)
	}
}

// What is no policy at all does not even get to be a Document.
func TestDocumentsAreDecodedStrictly(t *testing.T) {
	const canary = "tellnobody"
	for _, text := range []string{
		``, `[]`, `{"` + canary, `{"language": 1}`, `{"language": "rego", "language": "rego"}`,
		`{"language": "validators", "validators": [{"name": "true"}], "extra": "` + canary + `"}`,
		`{"language": "validators", "validators": [{"name": "true", "name": "false"}]}`,
		`{"Language": "validators"}`, `{"language": "rego", "source": ["` + canary + `"]}`,
	} {
		var d policy.Document
		if err := secretstore.Decode([]byte(text), &d); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: error is %v", text, err)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"name": "p", "type": "user", "language": "validators", "validators": ` + validators + `}`))
	f.Add([]byte(`{"language": "rego", "modules": {"a.rego": "package a\nallow if true"}, "data": {"x": 1}, "decision": "a/allow"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var d policy.Document
		// The compiler of Rego has a fuzz test of its own.
		if secretstore.Decode(text, &d) != nil || d.Language == policy.Rego {
			return
		}
		if _, err := d.Compile(); err != nil {
			var e *policy.InvalidError
			if !errors.As(err, &e) || len(e.Findings) == 0 {
				t.Fatal(err)
			}
		}
	})
}
