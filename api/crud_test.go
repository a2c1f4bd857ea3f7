package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// resources are one of each kind, with what writes and changes it.
var resources = []struct{ path, query, put, changed, patch string }{
	{"/v1/secrets/R", "", `{"value":"the-value-0123456789"}`, `{"value":"the-value-9876543210"}`, `{"description":"x"}`},
	{"/v1/variables/R", "", `{"value":1}`, `{"value":2}`, `{"value":3}`},
	{"/v1/scripts/R", "", `{"source":"module.exports = async () => 1"}`, `{"source":"module.exports = async () => 2"}`, `{"description":"x"}`},
	{"/v1/policies/R", "", `{"language":"rego","source":"package p\n\nallow := true"}`, `{"language":"rego","source":"package p\n\nallow := false"}`, `{"description":"x"}`},
	{"/v1/keys/R", "", `{"secret":"ABSENT"}`, `{"secret":"ABSENT","use":"enc"}`, `{"description":"x"}`},
	{"/v1/bindings/authzen", "?target=R", `{"policy":"P","target":"R"}`, `{"script":"S","target":"R"}`, `{"policy":null,"script":"S"}`},
}

// TestResources goes through the life of a resource of each kind, in each kind of
// scope: 201, 200 and 204, a new ETag for each change and the old one refused.
func TestResources(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{method: "PUT", path: "/v1/projects/shop/services/cart"})
	for _, scope := range []string{"/v1", "/v1/projects/shop", "/v1/projects/shop/services/cart"} {
		for _, x := range resources {
			path := scope + strings.TrimPrefix(x.path, "/v1")
			t.Run(path, func(t *testing.T) {
				one := path + x.query
				collection := path[:strings.LastIndexByte(path, '/')]
				match := func(etag string) map[string]string { return map[string]string{"If-Match": etag} }

				wantProblem(t, s, 412, "changed", request{"PUT", path, x.put, match("*")})
				wantProblem(t, s, 404, "not_found", request{"GET", one, "", nil})
				created := want(t, s, 201, request{"PUT", path, x.put, nil})
				first := created.Header.Get("ETag")
				got := want(t, s, 200, request{"GET", one, "", nil})
				if string(got.Body) != string(created.Body) || got.Header.Get("ETag") != first || first == "" {
					t.Errorf("GET answers\n%s, PUT answered\n%s", got.Body, created.Body)
				}
				if list := want(t, s, 200, request{"GET", collection, "", nil}); !strings.Contains(string(list.Body), strings.TrimSpace(string(got.Body))) {
					t.Errorf("it is not in the list: %s", list.Body)
				}
				changed := want(t, s, 200, request{"PUT", path, x.changed, match(first)})
				second := changed.Header.Get("ETag")
				if second == first || second == "" {
					t.Errorf("ETag %s after a change, %s before", second, first)
				}
				for _, r := range []request{
					{"PUT", path, x.put, match(first)},
					{"PATCH", one, x.patch, match(first)},
					{"DELETE", one, "", match(first)},
				} {
					wantProblem(t, s, 412, "changed", r)
				}
				if got := want(t, s, 200, request{"GET", one, "", nil}); string(got.Body) != string(changed.Body) {
					t.Errorf("a refused write changed it: %s", got.Body)
				}
				patched := want(t, s, 200, request{"PATCH", one, x.patch, map[string]string{"If-Match": second, "Content-Type": "application/merge-patch+json"}})
				want(t, s, 200, request{"PATCH", one, x.patch, match("*")})
				want(t, s, 200, request{"PUT", path, x.put, match("*")})
				if patched.Header.Get("ETag") == "" {
					t.Error("PATCH answers no ETag")
				}
				last := want(t, s, 200, request{"GET", one, "", nil}).Header.Get("ETag")
				want(t, s, 204, request{"DELETE", one, "", match(last)})
				wantProblem(t, s, 404, "not_found", request{"DELETE", one, "", nil})
				wantProblem(t, s, 404, "not_found", request{"PATCH", one, x.patch, nil})
			})
		}
	}
}

func TestCreateSecretSaysWhere(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	a := want(t, s, 201, request{"POST", "/v1/projects/shop/secrets", `{"name":"N","value":"v"}`, nil})
	if got := a.Header.Get("Location"); got != "/v1/projects/shop/secrets/N" {
		t.Errorf("Location %q", got)
	}
	want(t, s, 200, request{"GET", a.Header.Get("Location"), "", nil})
	a = want(t, s, 201, request{"POST", "/v1/projects/shop/secrets/N/versions", `{"value_base64":"c2Vjb25k"}`, nil})
	if got := a.Header.Get("Location"); got != "/v1/projects/shop/secrets/N/versions/2" {
		t.Errorf("Location %q", got)
	}
}

// TestNullResetsAMemberOfAPatch makes sure that null, absent and a value differ.
func TestNullResetsAMemberOfAPatch(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	type metadata struct {
		Description  string            `json:"description"`
		Tags         map[string]string `json:"tags"`
		AllowedHosts []string          `json:"allowed_hosts"`
		ExpiresAt    *string           `json:"expires_at"`
	}
	want(t, s, 201, request{"PUT", "/v1/secrets/N", `{"value":"v","description":"d","tags":{"a":"1","b":"2"},"allowed_hosts":["a.example"],"expires_at":"2099-01-02T03:04:05Z"}`, nil})
	a := want(t, s, 200, request{"PATCH", "/v1/secrets/N", `{"tags":{"a":null,"c":"3"},"expires_at":null,"allowed_hosts":null}`, nil})
	m := decode[metadata](t, a.Body)
	if m.Description != "d" || fmt.Sprint(m.Tags) != "map[b:2 c:3]" || len(m.AllowedHosts) != 0 || m.ExpiresAt != nil {
		t.Errorf("%s", a.Body)
	}
}

// TestPages walks a list by its tokens.
func TestPages(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	var names []string
	for i := range 7 {
		names = append(names, fmt.Sprintf("V%d", i))
		want(t, s, 201, request{"PUT", "/v1/variables/" + names[i], `{"value":1}`, nil})
	}
	type page struct {
		Items []struct{ Name string }
		Next  string `json:"next_page_token"`
	}
	var got []string
	token, pages := "", 0
	for {
		p := decode[page](t, want(t, s, 200, request{method: "GET", path: "/v1/variables?page_size=3&page_token=" + url.QueryEscape(token)}).Body)
		for _, item := range p.Items {
			got = append(got, item.Name)
		}
		pages++
		if token = p.Next; token == "" {
			break
		}
	}
	if !slices.Equal(got, names) || pages != 3 {
		t.Errorf("%d pages with %v", pages, got)
	}
	empty := want(t, s, 200, request{method: "GET", path: "/v1/scripts"})
	if string(empty.Body) != `{"items":[],"next_page_token":""}`+"\n" {
		t.Errorf("an empty list is %s", empty.Body)
	}
}

// TestANameThatIsARoute makes sure that a script may be called test.
func TestANameThatIsARoute(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"PUT", "/v1/scripts/test", `{"source":"module.exports = async () => 1"}`, nil})
	want(t, s, 200, request{"GET", "/v1/scripts/test", "", nil})
	want(t, s, 200, request{"POST", "/v1/scripts/test/run", "{}", nil})
	want(t, s, 200, request{"POST", "/v1/scripts/test", `{"source":"module.exports = async () => 1"}`, nil})
	want(t, s, 204, request{"DELETE", "/v1/scripts/test", "", nil})
}

// TestMissingSecretIsAWarning and secret_unavailable at run, never undefined.
func TestMissingSecretIsAWarning(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	a := want(t, s, 201, request{"PUT", "/v1/scripts/S", `{"source":"module.exports = async function (context) { return context.input.k === context.secrets.GONE }"}`, nil})
	if !strings.Contains(string(a.Body), `"warnings":["secret GONE`) {
		t.Errorf("no warning: %s", a.Body)
	}
	a = want(t, s, 200, request{"POST", "/v1/scripts/S/run", `{"input":{}}`, nil})
	if !strings.Contains(string(a.Body), `"code":"secret_unavailable"`) || !strings.Contains(string(a.Body), `"output":null`) {
		t.Errorf("run: %s", a.Body)
	}
	a = want(t, s, 201, request{"PUT", "/v1/policies/P", `{"language":"rego","source":"package p\n\nallow if input.k != data.secrets.GONE"}`, nil})
	if !strings.Contains(string(a.Body), `"warnings":["secret GONE`) {
		t.Errorf("no warning: %s", a.Body)
	}
	a = want(t, s, 200, request{"POST", "/v1/policies/P/evaluate", `{"input":{}}`, nil})
	if !strings.Contains(string(a.Body), `"decision":false`) || !strings.Contains(string(a.Body), `"code":"secret_unavailable"`) {
		t.Errorf("evaluation: %s", a.Body)
	}
}

// TestAWriteIsSeenByTheNextEvaluation rotates a secret and asks at once.
func TestAWriteIsSeenByTheNextEvaluation(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	for i := range 20 {
		value := fmt.Sprintf("rotated-value-%010d", i)
		want(t, s, 201, request{"POST", "/v1/secrets/K/versions", `{"value":"` + value + `"}`, nil})
		a := want(t, s, 200, request{"POST", "/v1/policies/P/evaluate", `{"input":{"k":"` + value + `"}}`, nil})
		if !strings.Contains(string(a.Body), `"decision":true`) {
			t.Fatalf("after rotation %d: %s", i, a.Body)
		}
	}
}

// TestStateSurvivesARestart stops a server and starts another on its data.
func TestStateSurvivesARestart(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	before := state(t, s)
	s.Stop()
	s = apitest.Start(t, apitest.Options{InProcess: true, DataDir: s.DataDir})
	if after := state(t, s); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	a := want(t, s, http.StatusOK, request{"POST", "/v1/policies/P/evaluate", `{"input":{"k":"fixture-0123456789-abcdef"}}`, nil})
	if !strings.Contains(string(a.Body), `"decision":true`) {
		t.Errorf("%s", a.Body)
	}
}
