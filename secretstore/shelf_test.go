package secretstore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/secretstore"
)

func TestMergePatch(t *testing.T) {
	for _, c := range []struct{ target, patch, want string }{ // the cases of RFC 7396, appendix A, that patch objects
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{`{"n":12345678901234567890}`, `{"a":1}`, `{"a":1,"n":12345678901234567890}`},
	} {
		got, err := secretstore.MergePatch(json.RawMessage(c.target), json.RawMessage(c.patch))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			t.Errorf("%s patched with %s: %s", c.target, c.patch, diff)
		}
	}
}

func TestDecodeSaysWhereAndQuotesNothing(t *testing.T) {
	const canary = "canary-5e1b"
	for text, want := range map[string]string{
		`{"value":"` + canary + `","unknown":1}`:             "/unknown: there is no such field",
		`{"tags":{"a":1}}`:                                   "/tags/a: expected a string, got a number",
		`{"release":"` + canary + `"}`:                       "/release: expected true or false",
		`{"allowed_hosts":"` + canary + `"}`:                 "/allowed_hosts: expected an array",
		`{"expires_at":"` + canary + `"}`:                    "/expires_at: expected a time",
		`{"value":12345}`:                                    "a value is a string, or an object or array",
		`{"description":"a","description":"` + canary + `"}`: "/description: an object has two members of this name",
		`{"description":"\ud800"}`:                           "not JSON in UTF-8 (line 1, column ",
		"{\"description\":\"\xff\"}":                         "not JSON in UTF-8",
		`{"description":"` + canary + `"} x`:                 "not JSON in UTF-8",
		`{"description":`:                                    "the text ends",
		`["` + canary + `"]`:                                 "expected an object",
		`"` + canary + `"`:                                   "expected an object",
		``:                                                   "empty",
	} {
		var spec secretstore.Spec
		err := secretstore.Decode([]byte(text), &spec)
		if err == nil || !errors.Is(err, secretstore.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("Decode(%s): %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the error quotes the text: %v", err)
		}
	}
}

func TestPuttingTheSameAgainChangesNothing(t *testing.T) {
	s := open(t, t.TempDir())
	variables := secretstore.VariableShelf(s)
	raw := json.RawMessage(`{"value":"a => b && c < d \u003e é","description":"d"}`)
	first, created, err := variables.Put(t.Context(), admin, secretstore.Scope{}, "V", raw, "")
	if err != nil || !created {
		t.Fatal(created, err)
	}
	again, created, err := variables.Put(t.Context(), admin, secretstore.Scope{}, "V", raw, "")
	if err != nil || created {
		t.Fatal(created, err)
	}
	if again.ETag != first.ETag || again.Version != 1 {
		t.Errorf("version %d, a new ETag %v", again.Version, again.ETag != first.ETag)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"value":{"a":["b"]},"tags":{"k":"v"},"expires_at":"2030-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"value_base64":"AAAA"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var spec secretstore.Spec
		if err := secretstore.Decode(raw, &spec); err == nil && !json.Valid(raw) {
			t.Errorf("decoded what is not JSON: %q", raw)
		}
	})
}

// A write answers with what it wrote, or its ETag would be good for overwriting
// somebody else's.
func TestPutDocumentGivesWhatItWrote(t *testing.T) {
	s := open(t, t.TempDir())
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 20 {
				body := fmt.Sprintf(`{"w":%d,"i":%d}`, w, i)
				doc, _, err := s.PutDocument(t.Context(), admin, secretstore.Draft{Kind: secretstore.KindVariable, Name: "V", Body: json.RawMessage(body)})
				if err != nil || string(doc.Body) != body || doc.Name != "V" || doc.ETag == "" {
					t.Errorf("wrote %s, got %+v, %v", body, doc, err)
				}
			}
		})
	}
	writers.Wait()
}

func TestPutDocumentWithOtherSecrets(t *testing.T) {
	s := open(t, t.TempDir())
	mustCreate(t, s, secretstore.Scope{}, "KEY", secretstore.Spec{Value: value(strong)})
	draft := secretstore.Draft{Kind: secretstore.KindScript, Name: "s", Body: json.RawMessage(`{}`)}
	first, _, err := s.PutDocument(t.Context(), admin, draft)
	if err != nil {
		t.Fatal(err)
	}
	draft.Secrets = []string{"KEY"} // as a newer check of the same source finds
	second, created, err := s.PutDocument(t.Context(), admin, draft)
	if err != nil || created || second.ETag == first.ETag || len(second.SealingSet().Names()) != 1 {
		t.Errorf("got %+v, %v", second, err)
	}
	if again, _, err := s.PutDocument(t.Context(), admin, draft); err != nil || again.ETag != second.ETag {
		t.Errorf("the same again: %+v, %v", again, err)
	}
}
