package seal_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

var surrogateForm = regexp.MustCompile(`rsv_[a-z2-7]{32}`)

var giver = seal.Target{Scheme: "https", Host: "auth.example.org", Port: 443}

func place(host string, in seal.Position) seal.Place {
	return seal.Place{Scheme: "https", Host: host, Port: 443, In: in}
}

const issued = "the-token-0f1e2d3c4b5a6978"

// adopted gives the surrogate that a run makes of {"token": value}.
func adopted(t *testing.T, run *seal.Run, value string, hosts []seal.HostRule, in ...seal.Position) string {
	t.Helper()
	text, err := run.AdoptJSON(&giver, `{"token":"`+value+`"}`, []seal.Adoption{{Pointer: "/token", Hosts: hosts, In: in}})
	if err != nil {
		t.Fatal(err)
	}
	token, ok := strings.CutPrefix(text, `{"token":"`)
	token, end := strings.CutSuffix(token, `"}`)
	if !ok || !end || !run.Holds(token) {
		t.Fatalf("%s is not sealed", text)
	}
	return token
}

// TestAdoptReplacesWhatIsAskedFor gives responses and pointers.
func TestAdoptReplacesWhatIsAskedFor(t *testing.T) {
	for _, tc := range []struct{ text, pointer, want string }{
		{`{"a": "` + issued + `", "b": "plain", "n": 1}`, "/a", `{"a": "*", "b": "plain", "n": 1}`},
		{`{"a":{"b":["x1","x2",{"c":"x3","n":4}]},"d":"e"}`, "/a", `{"a":{"b":["*","*",{"c":"*","n":4}]},"d":"e"}`},
		{`[{"t":"x1"},{"t":"x2","u":"v"},{"u":"w"}]`, "/*/t", `[{"t":"*"},{"t":"*","u":"v"},{"u":"w"}]`},
		{`["x","y"]`, "", `["*","*"]`},
		{`{"a/b~c":"x"}`, "/a~1b~0c", `{"a/b~c":"*"}`},
		{`{"a":"","b":null}`, "/*", `{"a":"","b":null}`},
		{`{"error":"invalid_client"}`, "/token", `{"error":"invalid_client"}`},
		{`{"a":"` + issued + `","url":"https://x/?t=` + issued + `&n"}`, "/a", `{"a":"*","url":"https://x/?t=*&n"}`}, // also where nobody asked
		{"{\n \"a\" :\t\"\\u0078\\n\" , \"b\": [ ] }", "/a", "{\n \"a\" :\t\"*\" , \"b\": [ ] }"},
	} {
		run := sealtest.Set(t, nil).NewRun(seal.Options{})
		got, err := run.AdoptJSON(&giver, tc.text, []seal.Adoption{{Pointer: tc.pointer}})
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		stars := surrogateForm.ReplaceAllString(got, "*")
		if stars != tc.want {
			t.Errorf("%s, %s: %s, want %s", tc.text, tc.pointer, stars, tc.want)
		}
	}
}

// TestAdoptRefuses gives responses of which nothing may be left: what was to be
// sealed could not be.
func TestAdoptRefuses(t *testing.T) {
	for _, text := range []string{
		``, `x`, `"` + issued + `"`, `{"token":"` + issued + `"`, `{"token":"` + issued + `"} {}`, `{"token":"a","token":"` + issued + `"}`,
		`{"token":123456}`, `{"token":true}`, "{\"token\":\"\xff\"}", `{"token":"` + strings.Repeat("x", seal.MaxSecretBytes+1) + `"}`,
		strings.Repeat("[", seal.MaxParsedDepth+1) + strings.Repeat("]", seal.MaxParsedDepth+1), `<html>` + issued + `</html>`,
	} {
		run := sealtest.Set(t, nil).NewRun(seal.Options{})
		got, err := run.AdoptJSON(&giver, text, []seal.Adoption{{Pointer: "/token"}})
		var refused *seal.Error
		if !errors.As(err, &refused) || refused.Code != seal.CodeEgressFailed || got != "" || strings.Contains(err.Error(), "token-0f") {
			t.Errorf("%.40q: %q, %v", text, got, err)
		}
	}
}

// TestAdoptedValueGoesWhereItMay proves the limits of an adopted value: those of
// the request, or the host that gave it and its header.
func TestAdoptedValueGoesWhereItMay(t *testing.T) {
	run := sealtest.Set(t, nil).NewRun(seal.Options{})
	token := adopted(t, run, issued, nil)
	rule, err := seal.ParseHostRule("api.example.org")
	if err != nil {
		t.Fatal(err)
	}
	listed := adopted(t, run, issued, []seal.HostRule{rule}, seal.Query)
	nowhere, err := run.AdoptJSON(nil, `["`+issued+`"]`, []seal.Adoption{{}}) // the host is a secret itself
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		text string
		at   seal.Place
		may  bool
	}{
		{token, place("auth.example.org", seal.Header), true},
		{token, place("auth.example.org", seal.Query), false},
		{token, place("api.example.org", seal.Header), false},
		{listed, place("api.example.org", seal.Query), true},
		{listed, place("api.example.org", seal.Header), false},
		{listed, place("auth.example.org", seal.Query), false},
		{nowhere, place("auth.example.org", seal.Header), false},
	} {
		if err := run.Permit(tc.text, tc.at); (err == nil) != tc.may {
			t.Errorf("%v: %v", tc.at, err)
		}
	}
	if out, names := run.MaskString("x" + token); out != "x***" || strings.Join(names, " ") != "fetch:/token" {
		t.Errorf("masked as %q, %v", out, names)
	}
}

// TestAdoptedValueKeepsTheLimitsOfSecretsInIt is the attack by an echo: a secret
// that a host repeats cannot leave its limits inside of a new value.
func TestAdoptedValueKeepsTheLimitsOfSecretsInIt(t *testing.T) {
	values := map[string]any{"S": sealtest.Secret{Value: "sk_live_4242424242abcdef", Hosts: []string{"auth.example.org"}}}
	for _, echo := range []string{"sk_live_4242424242abcdef", "x:sk_live_4242424242abcdef:y", `sk\u005flive_4242424242abcdef`, "a%20sk_live_4242424242abcdef"} {
		run := sealtest.Set(t, values).NewRun(seal.Options{})
		sealed, err := run.SealResponse(giver, `{"token":"`+echo+`"}`)
		if err != nil {
			t.Fatal(err)
		}
		rule, _ := seal.ParseHostRule("evil.example.net")
		out, err := run.AdoptJSON(&giver, sealed, []seal.Adoption{{Pointer: "/token", Hosts: []seal.HostRule{rule}}})
		if err != nil {
			t.Fatal(err)
		}
		token := surrogateForm.FindString(out)
		if err := run.Permit(token, place("evil.example.net", seal.Header)); err == nil {
			t.Errorf("%s: the secret may go to another host inside of an adopted value", echo)
		}
		if err := run.Permit(token, place("auth.example.org", seal.Header)); err == nil {
			t.Errorf("%s: limits that the author gave were dropped", echo)
		}
		p := run.Provenance(token)
		if len(p.From) != 1 || p.From[0] != "test/S" || !p.Sealed || len(p.Limits.Hosts) != 0 {
			t.Errorf("%s: %+v", echo, p)
		}
		if _, names := run.MaskString(token); strings.Join(names, " ") != "S fetch:/token" {
			t.Errorf("%s: masked as %v", echo, names)
		}
	}
}

// TestAdoptIsNoOracle: values that a host chose are guesses like any others at a
// weak secret, and a value in which a secret stands is as weak as the secret.
func TestAdoptIsNoOracle(t *testing.T) {
	set := sealtest.Set(t, map[string]any{"PIN": sealtest.Secret{Value: "123456", Hosts: []string{"auth.example.org"}}})
	guard := seal.NewGuard()
	missed := 0
	for i := range 3 * seal.MaxMissesPerMinute {
		run := set.NewRun(seal.Options{Principal: "p", Guard: guard}) // a run each
		pin, _ := run.Lookup("PIN")
		guess := adopted(t, run, string(rune('a'+i%26))+strings.Repeat("x", i/26), nil)
		if _, err := run.Equal(guess, pin.(string)); err != nil {
			break
		}
		missed++
	}
	if missed > seal.MaxMissesPerMinute {
		t.Errorf("%d guesses by way of a response", missed)
	}
	run := set.NewRun(seal.Options{})
	pin, _ := run.Lookup("PIN")
	run.Left(giver, pin.(string))
	sealed, err := run.SealResponse(giver, `{"token":"a long text with the pin 123456 in it"}`)
	if err != nil {
		t.Fatal(err)
	}
	out, err := run.AdoptJSON(&giver, sealed, []seal.Adoption{{Pointer: "/token"}})
	if err != nil {
		t.Fatal(err)
	}
	if p := run.Provenance(surrogateForm.FindString(out)); !p.Weak {
		t.Errorf("behind a long text a weak secret became strong: %s", out)
	}
}

// TestAdoptedValueIsCaught proves that the net and later responses know it.
func TestAdoptedValueIsCaught(t *testing.T) {
	var found []string
	run := sealtest.Set(t, nil).NewRun(seal.Options{Found: func(names []string) { found = append(found, names...) }})
	token := adopted(t, run, issued, nil)
	if out, _ := run.MaskString("it is " + issued + "."); out != "it is ***." {
		t.Errorf("the net let %q through", out)
	}
	if len(found) > 0 {
		t.Errorf("%v was reported as a bug", found)
	}
	other := seal.Target{Scheme: "https", Host: "other.example.org", Port: 443}
	if out, err := run.SealResponse(other, `{"seen":"`+issued+`"}`); err != nil || out != `{"seen":"`+token+`"}` {
		t.Errorf("another response: %s, %v", out, err)
	}
	if again := adopted(t, run, issued, nil); again != token {
		t.Error("the same value of the same field has two surrogates")
	}
	if equal, err := run.Equal(token, issued); err != nil || !equal {
		t.Errorf("it does not equal its value: %v", err)
	}
	opened, err := run.Resolve("Bearer " + token)
	if err != nil || string(plaintext.Open(opened)) != "Bearer "+issued {
		t.Errorf("it resolves wrongly: %v", err)
	}
}

// TestAdoptIsBounded proves MaxAdopted.
func TestAdoptIsBounded(t *testing.T) {
	run := sealtest.Set(t, nil).NewRun(seal.Options{})
	var list strings.Builder
	for i := range seal.MaxAdopted + 1 {
		list.WriteString(`,"` + issued + strings.Repeat("y", i+10) + `"`)
	}
	_, err := run.AdoptJSON(&giver, "["+list.String()[1:]+"]", []seal.Adoption{{Pointer: "/*"}})
	if err == nil || !strings.Contains(err.Error(), "MaxAdopted") {
		t.Errorf("%v", err)
	}
}

// TestParseJSON proves that a secret that is JSON is taken apart as a structured
// one is, and that nothing else is.
func TestParseJSON(t *testing.T) {
	const account = `{"user": "reporter", "private_key": "-----BEGIN\nabcdefghijkl", "n": 3, "z": null, "a": ["deeper-4c5b6a79808f", ""]}`
	set := sealtest.Set(t, map[string]any{
		"JSON": sealtest.Secret{Value: account, Hosts: []string{"auth.example.org"}},
		"PIN":  "123456", "TEXT": `"a string in JSON is not"`, "TRUE": "true", "NOT": "{not JSON}", "TWICE": `{"a":"b","a":"c"}`, "TWO": `{} {}`,
	})
	run := set.NewRun(seal.Options{})
	token, _ := run.Lookup("JSON")
	got, err := run.ParseJSON(token.(string))
	if err != nil {
		t.Fatal(err)
	}
	if stars := surrogateForm.ReplaceAllString(got, "*"); stars != `{"user": "*", "private_key": "*", "n": 3, "z": null, "a": ["*", ""]}` {
		t.Errorf("%s", stars)
	}
	if again, _ := run.ParseJSON(token.(string)); again != got {
		t.Error("parsing it twice gives two surrogates for one field")
	}
	parts := surrogateForm.FindAllString(got, -1)
	if _, names := run.MaskString(parts[1] + parts[2]); strings.Join(names, " ") != "JSON.a.0 JSON.private_key" {
		t.Errorf("masked as %v", names)
	}
	if equal, err := run.Equal(parts[0], "reporter"); err != nil || !equal {
		t.Errorf("a field does not equal its value: %v", err)
	}
	if err := run.Permit(parts[1], place("evil.example.net", seal.Header)); err == nil {
		t.Error("a field may go where its secret may not")
	}
	if err := run.Permit(parts[1], place("auth.example.org", seal.Header)); err != nil {
		t.Error(err)
	}
	escaped, err := run.Derive(seal.JSONString, parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Equal(`{"private_key":"`+escaped+`"}`, token.(string)); err == nil {
		t.Error("a field in JSON could be compared with the secret that it stands in: that tells which escapes it has")
	}
	if p := run.Provenance(parts[0]); strings.Join(p.From, " ") != "test/JSON" || !p.Weak {
		t.Errorf("%+v", p)
	}
	var said string
	for _, name := range []string{"PIN", "TEXT", "TRUE", "NOT", "TWICE", "TWO"} {
		v, _ := run.Lookup(name)
		out, err := run.ParseJSON(v.(string))
		if err == nil || out != "" || said != "" && err.Error() != said {
			t.Errorf("%s: %q, %v", name, out, err)
			continue
		}
		said = err.Error() // the same for all
	}
	for _, text := range []string{token.(string) + " ", " " + token.(string), escaped, "{}", token.(string) + token.(string)} {
		if out, err := run.ParseJSON(text); err == nil {
			t.Errorf("%q was parsed: %s", text, out)
		}
	}
}
