package egress

import (
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// latin1 gives text as bytes of Latin-1.
func latin1(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// A host that mixes up character sets spells some characters of a secret anew, or
// loses them. What is left is not let through.
func TestEchoesInAnotherCharacterSet(t *testing.T) {
	const value = "p\u00e9" + canary + "-of-this-test\u00fcx"
	mixedUp := map[string]func(string) string{
		"UTF-8 taken for Latin-1": fromLatin1,
		"Latin-1 bytes":           latin1,
		"invalid UTF-8 replaced":  func(s string) string { return strings.ToValidUTF8(latin1(s), "\uFFFD") },
		"character references":    func(s string) string { return strings.NewReplacer("\u00e9", "&#233;", "\u00fc", "&uuml;").Replace(s) },
		"invalid UTF-8 replaced, then escaped": func(s string) string {
			return strings.ReplaceAll(strings.ToValidUTF8(latin1(s), "\uFFFD"), "\uFFFD", `\ufffd`)
		},
	}
	server, host := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		mix := mixedUp[r.Header.Get("X-How")]
		if _, password, ok := r.BasicAuth(); ok {
			_, _ = io.WriteString(w, "your password is "+mix(fromLatin1(password)))
			return
		}
		_, _ = io.WriteString(w, "your key is "+mix(r.Header.Get("X-Key")))
	})
	c := newClient(t, Config{AllowLoopback: true})
	for how := range mixedUp {
		for _, in := range []string{"X-Key", "Authorization"} {
			run, tokens := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: value, Hosts: []string{"http://" + host}}})
			sent := tokens["KEY"]
			if in == "Authorization" {
				basic, err := run.Derive(seal.Btoa, "user:"+sent)
				if err != nil {
					t.Fatal(err)
				}
				sent = "Basic " + basic
			}
			resp, err := c.Do(t.Context(), run, Request{URL: server.URL, Header: http.Header{in: {sent}, "X-How": {how}}})
			if err == nil && strings.Contains(string(resp.Body), canary) {
				t.Errorf("%s in %s: the plaintext came back: %s", how, in, resp.Body)
			}
			if err != nil && !strings.HasSuffix(err.Error(), whyRepeated) {
				t.Errorf("%s in %s: %v", how, in, err)
			}
		}
	}
}

// fromLatin1 gives each byte as a character.
func fromLatin1(s string) string {
	var b []rune
	for i := range len(s) {
		b = append(b, rune(s[i]))
	}
	return string(b)
}

// The name of a header comes in other capitals than the host wrote.
func TestEchoInTheNameOfAHeader(t *testing.T) {
	const value = "MixedCase-" + canary + "-KEY"
	server, host := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-"+r.Header.Get("X-Key"), "1")
		w.Header().Set("X-Other", "1")
	})
	run, tokens := newRun(t, map[string]any{"KEY": sealtest.Secret{Value: value, Hosts: []string{"http://" + host}}})
	resp := send(t, newClient(t, Config{AllowLoopback: true}), run, Request{URL: server.URL, Header: http.Header{"X-Key": {tokens["KEY"]}}})
	if dump := fmt.Sprint(resp.Header); strings.Contains(strings.ToLower(dump), strings.ToLower(value)) {
		t.Errorf("the plaintext came back: %s", dump)
	}
	if resp.Header.Get(textproto.CanonicalMIMEHeaderKey("x-other")) != "1" {
		t.Errorf("another header is gone: %v", resp.Header)
	}
}
