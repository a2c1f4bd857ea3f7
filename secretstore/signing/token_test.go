package signing

import (
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func TestParseToken(t *testing.T) {
	got, ok := ParseToken(encoded(`{"alg":"HS256","kid":"k","typ":"at+jwt","x":[1]}`) + "." + encoded(`{"a":1}`) + "." + encoded("sig"))
	want := &Token{Header: Header{Algorithm: "HS256", KeyID: "k", Type: "at+jwt"}, Payload: []byte(`{"a":1}`), Signature: []byte("sig"),
		Signed: encoded(`{"alg":"HS256","kid":"k","typ":"at+jwt","x":[1]}`) + "." + encoded(`{"a":1}`)}
	if !ok || !cmp.Equal(got, want) {
		t.Error(ok, cmp.Diff(got, want))
	}
	if !want.Header.IsType("application/AT+JWT") || want.Header.IsType("jwt") {
		t.Error("types are not compared as RFC 7515 section 4.1.9 says")
	}
}

func TestRefusesTokens(t *testing.T) {
	header := encoded(`{"alg":"HS256"}`)
	for name, text := range map[string]string{
		"two parts":           header + "." + encoded("{}"),
		"four parts":          header + "." + encoded("{}") + ".c2ln.c2ln",
		"a line break":        header + ".e3\n0.c2ln",
		"padding":             header + ".e30=.c2ln",
		"loose bits":          header + ".e31.c2lo",
		"critical extensions": encoded(`{"alg":"HS256","crit":["x"],"x":1}`) + ".e30.c2ln",
		"plain payload":       encoded(`{"alg":"HS256","b64":false}`) + ".e30.c2ln",
		"compression":         encoded(`{"alg":"HS256","zip":"DEF"}`) + ".e30.c2ln",
		"no algorithm":        encoded(`{"kid":"k"}`) + ".e30.c2ln",
		"another case":        encoded(`{"Alg":"HS256"}`) + ".e30.c2ln",
		"twice":               encoded(`{"alg":"HS256","alg":"none"}`) + ".e30.c2ln",
		"no text":             encoded(`{"alg":"HS256","kid":7}`) + ".e30.c2ln",
		"null":                encoded(`{"alg":"HS256","kid":null}`) + ".e30.c2ln",
		"not JSON":            encoded(`alg`) + ".e30.c2ln",
		"not an object":       encoded(`["alg"]`) + ".e30.c2ln",
	} {
		if got, ok := ParseToken(text); ok {
			t.Errorf("%s: taken as %+v", name, got)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(encoded(`{"alg":"HS256"}`) + ".e30.c2ln")
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := ParseToken(text)
		if !ok {
			return
		}
		// What is signed and the signature are the whole token, spelled in one way.
		if again := got.Signed + "." + base64.RawURLEncoding.EncodeToString(got.Signature); again != text {
			t.Errorf("%q is read as %q", text, again)
		}
	})
}
