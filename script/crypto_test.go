package script

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// vector is a row of testdata/node/vectors.json: what Node, or the npm package
// jsonwebtoken, makes of an expression.
type vector struct {
	Code   string          `json:"code"`
	Gives  json.RawMessage `json:"gives"`
	Throws *struct {
		Name    string `json:"name"`
		Message string `json:"message"`
		Code    string `json:"code"`
	} `json:"throws"`
}

func readTestdata(t *testing.T, name string, v any) {
	t.Helper()
	b, err := os.ReadFile("testdata/node/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// otherwise are the cases in which this is not jsonwebtoken, and what it says.
var otherwise = map[string]string{
	// The public key, which everybody has, would become the secret.
	"jwt.sign({}, RSAPUB, { algorithm: 'HS256' })": `["Error","secretOrPrivateKey must be a symmetric key when using HS256",""]`,
}

// TestCryptoAsNode runs what Node was asked: with plain values, with secret keys,
// with a secret in the message, and with both.
func TestCryptoAsNode(t *testing.T) {
	var vectors []vector
	var values map[string]string
	readTestdata(t, "vectors.json", &vectors)
	readTestdata(t, "values.json", &values)
	worker, local := engine(t, Config{Workers: 1}), engine(t, Config{InProcess: true})
	for kind, sealed := range map[string][]string{
		"plain": nil, "keys": {"K", "RSA", "EC", "ED", "RSAPUB", "ECPUB", "EDPUB"}, "message": {"M"}, "both": {"M", "K", "RSA", "ED"},
	} {
		secrets, plain := map[string]any{}, map[string]string{}
		for name, value := range values {
			if slices.Contains(sealed, name) {
				secrets[name] = value
			} else {
				plain[name] = value
			}
		}
		set := sealtest.Set(t, secrets)
		input, err := json.Marshal(plain)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range vectors {
			e := []*Engine{worker, local}[i%2]
			got := run(t, e, set.NewRun(seal.Options{Principal: "test"}), v.body(sealed), string(input))
			if got.Error != nil {
				t.Errorf("%s: %s: %v", kind, v.Code, got.Error)
			} else if s := asJSON(t, got.Output); s != v.want() {
				t.Errorf("%s: %s: %s, want %s %s", kind, v.Code, s, v.want(), v.Gives)
			}
		}
	}
}

var valueName = regexp.MustCompile(`\b[A-Z][A-Z0-9_]*\b`)

// body makes the body of a handler that compares what the expression gives, as a
// boundary does, with what Node gave. Texts with a secret in them are masked.
func (v vector) body(sealed []string) string {
	var b strings.Builder
	seen := map[string]bool{"JSON": true, "SHA": true, "HMAC": true}
	for _, name := range valueName.FindAllString(v.Code, -1) {
		if seen[name] || strings.HasPrefix(name, "RSA_") {
			continue
		}
		seen[name] = true
		from := "input"
		if slices.Contains(sealed, name) {
			from = "secrets"
		}
		fmt.Fprintf(&b, "const %s = context.%s.%s; ", name, from, name)
	}
	gives := "undefined"
	if v.Gives != nil {
		gives = string(v.Gives)
	}
	return b.String() + "const jwt = require('jsonwebtoken'); try { const got = " + v.Code + "; const want = " + gives +
		"; return got === want || (typeof got === 'boolean' ? 'not ' + want : got) } catch (e) { return [e.name, e.message, e.code || ''] }"
}

func (v vector) want() string {
	if other, ok := otherwise[v.Code]; ok {
		return other
	}
	if v.Throws == nil {
		return "true"
	}
	b, _ := json.Marshal([]string{v.Throws.Name, v.Throws.Message, v.Throws.Code})
	return string(b)
}
