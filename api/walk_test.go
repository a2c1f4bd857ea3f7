package api_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/reticent/reticent/api/apitest"
)

// planted are the secrets of every scope, each a pattern of which the answers
// hold no form, and what refers to them. Everything has one name, so that every
// path of the document leads to something.
var planted = []message{
	{method: "PUT", path: "/secrets/PLANTED", body: `{"value":"STRING","allowed_hosts":["api.example.com"],"expires_at":"2020-01-01T00:00:00Z"}`},
	{method: "PUT", path: "/secrets/PLANTED", body: `{"value":"SECOND","allowed_hosts":["api.example.com"]}`},
	{method: "PUT", path: "/secrets/DB", body: `{"value":{"user":"LEAF","rows":["ELEMENT"]}}`},
	{method: "PUT", path: "/secrets.json", body: `{"FILED":"FILE"}`},
	{method: "PUT", path: "/secrets/MADE", body: `{"generate":{"kind":"ed25519"}}`},
	{method: "PUT", path: "/variables/PLANTED", body: `{"value":1}`},
	{method: "PUT", path: "/scripts/PLANTED", body: `{"source":"module.exports = (c) => { console.log(c.secrets.PLANTED); return [c.secrets.PLANTED, btoa(c.secrets.PLANTED), c.secrets.DB, c.secrets.FILED, c.secrets.MADE] }"}`},
	{method: "PUT", path: "/policies/PLANTED", body: `{"language":"rego","source":"package p\n\noutput := [data.secrets.PLANTED, data.secrets.DB, base64.encode(data.secrets.FILED)]\n\nallow := data.secrets.PLANTED == input.x"}`},
	{method: "PUT", path: "/bindings/authzen", body: `{"policy":"PLANTED"}`},
}

// walked are bodies that do more than the examples of the document.
var walked = map[string]string{
	"/scripts/test":  `{"source":"module.exports = (c) => [c.secrets.PLANTED, encodeURIComponent(c.secrets.DB.user), c.secrets.FILED]","input":{}}`,
	"/policies/test": `{"policy":{"language":"rego","source":"package p\n\noutput := {\"a\": data.secrets.PLANTED, \"b\": data.secrets.DB}"},"input":{}}`,
	"/run":           `{"input":{"a":[1]}}`,
	"/evaluate":      `{"input":{"x":"guess"}}`,
}

var pathParameter = regexp.MustCompile(`{([a-z]+)}`)

// TestWalkOverEveryRoute calls every operation of openapi.yaml with the
// administrator's token, in every scope, with the body that it has for an
// example, with one that asks for secrets, with an empty one and with a broken
// one. No answer has the value of a secret, or a form of it, and none is a fault
// of the server.
func TestWalkOverEveryRoute(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	values := map[string][]apitest.Disguise{}
	w := &world{name: "walk"}
	for _, prefix := range []string{"/v1", "/v1/projects/shop", "/v1/projects/shop/services/cart"} {
		if prefix != "/v1" {
			if a := deliver(t, s, message{method: "PUT", path: prefix}); a.Status != http.StatusCreated {
				t.Fatalf("%s: %d %s", prefix, a.Status, a.Body)
			}
		}
		for _, m := range planted {
			m.path = prefix + m.path
			for _, name := range []string{"STRING", "SECOND", "LEAF", "ELEMENT", "FILE"} {
				if marked := `"` + name + `"`; strings.Contains(m.body, marked) {
					value := w.draw(prefix+name, 32)
					values[prefix+" "+name] = apitest.Disguises(value)
					m.body = strings.Replace(m.body, marked, `"`+value+`"`, 1)
				}
			}
			if a := deliver(t, s, m); a.Status != http.StatusCreated && a.Status != http.StatusOK {
				t.Fatalf("%s: %d %s", m.path, a.Status, a.Body)
			}
		}
	}
	answers, masked := 0, 0
	for _, op := range walk(t) {
		for _, m := range op.messages {
			a := deliver(t, s, m)
			answers++
			if strings.Contains(string(a.Body), "***") {
				masked++
			}
			if found := apitest.Leak(written(a), values); found != "" {
				t.Errorf("%s %s: the answer to %q shows %s:\n%s", m.method, m.path, m.body, found, a.Body)
			}
			// What is bound does not enumerate, as a search then says.
			failed := a.Status >= http.StatusInternalServerError && a.Status != http.StatusNotImplemented
			if failed || a.Status == http.StatusUnauthorized || a.Status == http.StatusMethodNotAllowed {
				t.Errorf("%s %s %q: %d %s", m.method, m.path, m.body, a.Status, a.Body)
			}
		}
	}
	metrics := deliver(t, s, message{method: "GET", path: "/metrics"})
	if !strings.Contains(string(metrics.Body), `reticent_secrets_expiring{state="soon"} 0`) {
		t.Error("the metrics do not count secrets that expire")
	}
	if found := apitest.Leak(s.Log.String(), values); found != "" {
		t.Errorf("the log shows %s", found)
	}
	// It came to where the values are.
	if masked < 10 || len(values) != 15 {
		t.Errorf("%d of %d answers had something to mask, of %d values", masked, answers, len(values))
	}
	t.Logf("%d answers, %d masked", answers, masked)
}

// step is an operation of the document and how it is called.
type step struct {
	method, path string
	messages     []message
}

// walk gives every operation: those that only read at first, those that delete
// at last, and the deeper ones before what they are in.
func walk(t *testing.T) []step {
	t.Helper()
	doc, err := described()
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			steps = append(steps, step{method, path, calls(t, method, path, operation)})
		}
		if get := item.Get; get != nil {
			steps = append(steps, step{"HEAD", path, calls(t, "HEAD", path, get)})
		}
	}
	order := []string{"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"}
	slices.SortFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.method), slices.Index(order, b.method)), -cmp.Compare(len(a.path), len(b.path)), cmp.Compare(a.path, b.path))
	})
	return steps
}

func calls(t *testing.T, method, path string, operation *openapi3.Operation) []message {
	t.Helper()
	m := message{method: method, path: pathParameter.ReplaceAllStringFunc(path, func(p string) string {
		switch p {
		case "{project}":
			return "shop"
		case "{service}":
			return "cart"
		case "{version}":
			return "1"
		case "{point}":
			return "authzen"
		}
		return "PLANTED"
	})}
	if operation.RequestBody == nil {
		return []message{m}
	}
	bodies := []string{"", "{}", `{"a":`, `["PLANTED"]`}
	for suffix, body := range walked {
		if strings.HasSuffix(path, suffix) {
			bodies = append(bodies, body)
		}
	}
	for _, media := range operation.RequestBody.Value.Content {
		if media.Example != nil {
			example, err := json.Marshal(media.Example)
			if err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, string(example))
		}
	}
	var out []message
	for _, m.body = range bodies {
		out = append(out, m)
	}
	return out
}
