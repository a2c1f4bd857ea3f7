package policy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy"
)

const (
	regoSource = "package acp.authz\ndefault allow = false\nallow if input.key == data.secrets.API_KEY\n"
	validators = `[{"name": "attributes", "conf": {"fields": [{"field": "key", "comparator": "equals", "secret": "API_KEY"}]}, "recovery": [{"type": "mfa"}]}]`
)

// findings gives what is wrong with a document; nil for nothing.
func findings(t *testing.T, text string) []policy.Finding {
	t.Helper()
	d, err := policy.ParseDocument([]byte(text))
	if err == nil {
		_, err = d.Compile()
	}
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
		`{"name": "p-1", "type": "user", "description": "d", "language": "validators", "validators": [{"name": "true"}]}`,
		`{"language": "rego", "source": ` + string(source) + `}`,
		`{"language": "rego", "modules": {"a.rego": ` + string(source) + `}, "data": {"x": [1]}, "decision": "acp/authz/allow"}`,
	} {
		if got := findings(t, text); got != nil {
			t.Errorf("%s: %v", text, got)
		}
		d, err := policy.ParseDocument([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		stored, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := policy.ParseDocument(stored)
		if diff := cmp.Diff(d, again, cmp.Comparer(func(a, b json.RawMessage) bool {
			return strings.ReplaceAll(string(a), " ", "") == strings.ReplaceAll(string(b), " ", "")
		})); err != nil || diff != "" {
			t.Errorf("stored and read again: %v %s", err, diff)
		}
	}
}

func TestDocumentsRefused(t *testing.T) {
	const canary = "tellnobody"
	for _, c := range []struct{ text, pointer, code string }{
		{``, "", policy.CodeInvalidDocument},
		{`[]`, "", policy.CodeInvalidDocument},
		{`{"` + canary, "", policy.CodeInvalidDocument},
		{`{}`, "/language", policy.CodeInvalidDocument},
		{`{"language": "` + canary + `"}`, "/language", policy.CodeInvalidDocument},
		{`{"language": 1}`, "/language", policy.CodeInvalidDocument},
		{`{"language": "rego", "language": "rego"}`, "", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "extra": "` + canary + `"}`, "/extra", policy.CodeInvalidDocument},
		{`{"Language": "validators"}`, "/Language", policy.CodeInvalidDocument},
		{`{"language": "validators"}`, "/validators", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "source": "x"}`, "/source", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "data": {}}`, "/data", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "decision": "a/b"}`, "/decision", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "modules": {}}`, "/modules", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "type": "` + canary + `"}`, "/type", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "name": "a b"}`, "/name", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "name": "get"}`, "/name", policy.CodeInvalidDocument},
		{`{"language": "validators", "validators": [{"name": "true"}], "description": "` + strings.Repeat("x", policy.MaxDescription+1) + `"}`, "/description", policy.CodeLimit},
		{`{"language": "validators", "validators": null}`, "/validators", "invalid_shape"},
		{`{"language": "validators", "validators": [{"name": "true"}, {"name": "fals"}]}`, "/validators/1/name", "unknown_name"},
		{`{"language": "rego"}`, "/source", policy.CodeInvalidDocument},
		{`{"language": "rego", "modules": {}}`, "/source", policy.CodeInvalidDocument},
		{`{"language": "rego", "source": "package a", "modules": {"a.rego": "package a"}}`, "/modules", policy.CodeInvalidDocument},
		{`{"language": "rego", "source": "package a", "validators": []}`, "/validators", policy.CodeInvalidDocument},
		{`{"language": "rego", "source": "package a\nallow if true", "data": [1]}`, "/data", policy.CodeInvalidDocument},
		{`{"language": "rego", "source": ["` + canary + `"]}`, "/source", policy.CodeInvalidDocument},
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

func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(`{"name": "p", "type": "user", "language": "validators", "validators": ` + validators + `}`))
	f.Add([]byte(`{"language": "rego", "modules": {"a.rego": "package a\nallow if true"}, "data": {"x": 1}, "decision": "a/allow"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := policy.ParseDocument(text)
		if err != nil {
			var e *policy.InvalidError
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			return
		}
		if d.Language != policy.Rego { // whose compiler has a fuzz test of its own
			_, _ = d.Compile()
		}
	})
}
