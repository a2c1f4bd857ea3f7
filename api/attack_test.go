package api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"testing"
)

// TestAttacks sends hostile scripts, policies and requests to whole servers over
// HTTP. No secret, in whatever disguise, may stand in an answer, in a log, in the
// metrics or in a file of the data; servers whose secrets differ must answer
// alike, byte by byte; and each attack must end in the way that it says.
func TestAttacks(t *testing.T) {
	host := startHost(t)
	worlds := startWorlds(t, host.URL)
	for _, kind := range []struct {
		name  string
		least int
		run   func(*testing.T, *world, attack) []exchange
	}{
		{"scripts", 40, attackWithScript},
		{"policies", 20, attackWithPolicy},
	} {
		list := attacks(t, kind.name)
		if len(list) < kind.least {
			t.Errorf("there are only %d hostile %s", len(list), kind.name)
		}
		t.Logf("%d hostile %s", len(list), kind.name)
		for _, a := range list {
			t.Run(kind.name+"/"+a.name, func(t *testing.T) {
				var all [][]exchange
				for _, w := range worlds {
					all = append(all, kind.run(t, w, a))
				}
				if a.header["alone"] == "" {
					same(t, worlds, all)
				}
			})
		}
	}
	t.Run("requests", func(t *testing.T) {
		var all [][]exchange
		for _, w := range worlds {
			all = append(all, hostileRequests(t, w))
		}
		same(t, worlds, all)
	})
	for _, w := range worlds {
		t.Run("audit/"+w.name, w.audit)
	}
}

// way is a way of running an attack.
type way struct {
	name    string
	request message
	// check checks a 200.
	check func(t *testing.T, body []byte)
	// stores is set where the request stores the attack.
	stores bool
}

// perform sends the requests of an attack and checks how each ends.
func perform(t *testing.T, w *world, a attack, ways []way) []exchange {
	t.Helper()
	how, code := a.want()
	var out []exchange
	for _, x := range ways {
		if how == "refused" && !x.stores {
			continue
		}
		secrets := w.all
		if x.request.method == "PUT" {
			secrets = w.hidden // a document may show what its author wrote
		}
		got := w.send(t, x.request, secrets)
		out = append(out, exchange{x.name, got})
		switch how {
		case "refused":
			p := parsed[trouble](t, got.Body)
			if got.Status != http.StatusUnprocessableEntity || !slices.ContainsFunc(p.Errors, func(f struct{ Code string }) bool { return f.Code == code }) {
				t.Errorf("%s: %s: %d %s, want a 422 with %s", w.name, x.name, got.Status, got.Body, code)
			}
			continue
		case "bad":
			if x.check == nil {
				break // it is stored all right
			}
			if p := parsed[trouble](t, got.Body); got.Status != http.StatusBadRequest || p.Code != code {
				t.Errorf("%s: %s: %d %s, want a 400 with %s", w.name, x.name, got.Status, got.Body, code)
			}
			continue
		}
		if got.Status != http.StatusOK && got.Status != http.StatusCreated {
			t.Errorf("%s: %s: %d %s", w.name, x.name, got.Status, got.Body)
		} else if x.check != nil {
			x.check(t, got.Body)
		}
	}
	return out
}

// wantJSON compares a value with the JSON of a header.
func wantJSON(t *testing.T, w *world, what string, got any, text string) {
	t.Helper()
	var want any
	text = w.fill(t, text)
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %s is %s, want %s", w.name, what, jsonOf(t, got), text)
	}
}

func hmacOf(key, message string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(message))
	return hex.EncodeToString(mac.Sum(nil))
}

// bindingFor binds an attack to a resource type of its own.
func bindingFor(a attack, member string) message {
	return message{method: "PUT", path: "/v1/bindings/authzen", body: `{"` + member + `":"` + a.name + `","target":"` + a.name + `"}`}
}
