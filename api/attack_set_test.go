package api_test

import (
	"encoding/json"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// A script composes JSON of its secrets, stores it and parses what it stored: names
// and numbers of JSON are metadata, and would be the secrets.
func TestAttackJSONComposedOfSecrets(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"POST", "/v1/secrets", `{"name":"KEY","value":"sk_live_Zq8Xw1vT0r5Nb3Ld"}`, nil})
	want(t, s, 201, request{"POST", "/v1/secrets", `{"name":"PIN","value":"739154"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/scripts/S", handlerBody(`
		const { KEY, PIN } = context.secrets;
		context.secrets.set('Y', '{"' + KEY + '":1}');
		context.secrets.set('Z', '[' + PIN + ']');
		context.secrets.set('W', { a: '{"x' + KEY + '":1}' });
		return 1`), nil})
	if out := outputOf(t, s, "/v1", `{}`); out != "1" {
		t.Fatal(out)
	}
	want(t, s, 200, request{"PUT", "/v1/scripts/S", handlerBody(`
		const { Y, Z, W } = context.secrets;
		return [Y, Z, W.a].map((v) => { try { return JSON.parse(v) } catch (e) { return e.code } })`), nil})
	const refused = `["sealed_secret_inspected","sealed_secret_inspected","sealed_secret_inspected"]`
	if out := outputOf(t, s, "/v1", `{}`); out != refused {
		t.Error(out)
	}
}

// How long a secret is, and how many of its characters an encoding escapes, does not
// show in which composed values are too long to be stored.
func TestAttackLengthByStoring(t *testing.T) {
	var limits [3]string
	for i, key := range []string{"sk_live_Zq8Xw1vT0r5Nb3Ld", "sk_live_Zq8Xw1vT0r5+/=b3Ld", "sk_live_Zq8Xw1vT0r5<>&\"'\\b3Ld-and-some-more"} {
		s := apitest.Start(t, apitest.Options{InProcess: true})
		value, err := json.Marshal(map[string]string{"name": "KEY", "value": key})
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, 201, request{"POST", "/v1/secrets", string(value), nil})
		want(t, s, 201, request{"PUT", "/v1/scripts/S", handlerBody(`
			const K = context.secrets.KEY;
			const most = (make) => {
				let low = 0, high = 1 << 20;
				while (low < high) {
					const middle = (low + high + 1) >> 1;
					let stored = true;
					try { context.secrets.set('Y', make('x'.repeat(middle))) } catch (e) { stored = false }
					if (stored) low = middle; else high = middle - 1;
				}
				return low;
			};
			return [most((x) => K + x), most((x) => encodeURIComponent(K) + x), most((x) => ({ a: K, x }))]`), nil})
		limits[i] = outputOf(t, s, "/v1", `{}`)
	}
	if limits[0] != limits[1] || limits[0] != limits[2] {
		t.Errorf("the limit depends on the secret: %q", limits)
	}
	t.Log(limits[0])
}
