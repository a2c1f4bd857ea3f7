package seal_test

import (
	"encoding/json"
	"testing"

	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/seal/sealtest"
)

// Rego's json.marshal escapes as encoding/json does, so what is derived from a
// secret must be exactly those bytes.
func TestGoJSONStringIsThatOfEncodingJSON(t *testing.T) {
	for _, secret := range []string{`k3y-"Zq81\xWv7<LmP0>&sTt4`, "k3y-Zq81\u2028xWv7\n\tLmP0\x01\bsTt4", "k3y-zażółć-gęślą-7LmP0sTt4"} {
		run := sealtest.Set(t, map[string]any{"K": secret}).NewRun(seal.Options{})
		k, err := run.Lookup("K")
		if err != nil {
			t.Fatal(err)
		}
		derived, err := run.Derive(seal.GoJSONString, "<"+k.(string)+">")
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal("<" + secret + ">")
		if err != nil {
			t.Fatal(err)
		}
		if same, err := run.Equal(`"`+derived+`"`, string(want)); err != nil || !same {
			t.Errorf("%q: %v, %v", secret, same, err)
		}
	}
}
