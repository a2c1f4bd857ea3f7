package script

import (
	"errors"
	"maps"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// sealedExample makes a script of an example of docs/sealed.md.
func sealedExample(code string) string {
	return "const jwt = require('jsonwebtoken');\nmodule.exports = async function (context) { const S = context.secrets; return " + code + "\n}"
}

// sealedSecrets are the secrets of its examples.
func sealedSecrets(t *testing.T) *seal.Set {
	var values map[string]string
	readTestdata(t, "values.json", &values)
	secrets := maps.Clone(secretsOfTests)
	secrets["RSA"], secrets["RSAPUB"] = values["RSA"], values["RSAPUB"]
	secrets["ACCOUNT"] = `{"user": "ada", "key": "a-key-of-ada-0f1e2d3c4b5a"}`
	secrets["SIGNING"] = sealtest.Secret{Value: "whsec_released_0123456789", Release: true}
	secrets["HMACKEY"] = sealtest.Secret{Value: "YmFzZTY0IG9mIGEga2V5IG9mIHRoZSBleGFtcGxlcw==", Base64: true}
	return sealtest.Set(t, secrets)
}

// TestSealedWorks runs what docs/sealed.md says that works.
func TestSealedWorks(t *testing.T) {
	set := sealedSecrets(t)
	worker, local := engine(t, Config{Workers: 1}), engine(t, Config{InProcess: true})
	for _, row := range docTable(t, "sealed.md", "What works") {
		source, want := Source{Language: JavaScript, Source: sealedExample(unquote(row[1]))}, unquote(row[2])
		if _, err := local.Check(t.Context(), source); err != nil {
			t.Errorf("%s: %v", row[0], err)
		}
		for _, e := range []*Engine{worker, local} {
			got := e.Run(t.Context(), Run{Seal: set.NewRun(seal.Options{Principal: "test"}), Input: []byte(`{}`), Source: source})
			if s := asJSON(t, got.Output); got.Error != nil || s != want {
				t.Errorf("%s: %s %v, want %s", row[0], s, got.Error, want)
			}
		}
	}
}

// TestSealedIsRefused runs what it says that is refused, past the check.
func TestSealedIsRefused(t *testing.T) {
	set := sealedSecrets(t)
	worker, local := engine(t, Config{Workers: 1}), engine(t, Config{InProcess: true})
	for _, row := range docTable(t, "sealed.md", "What is refused") {
		source, want := Source{Language: JavaScript, Source: sealedExample(unquote(row[1]))}, unquote(row[2])
		var refused *CheckError
		if _, err := local.Check(t.Context(), source); errors.As(err, &refused) && refused.Findings[0].Code != want {
			t.Errorf("%s: the check says %s, want %s", row[0], refused.Findings[0].Code, want)
		}
		for _, e := range []*Engine{worker, local} {
			got := e.Run(t.Context(), Run{Seal: set.NewRun(seal.Options{Principal: "test"}), Input: []byte(`{}`), Source: source})
			if got.Error == nil || string(got.Error.Code) != want {
				t.Errorf("%s: %v %v, want %s", row[0], got.Output, got.Error, want)
			}
		}
	}
}
