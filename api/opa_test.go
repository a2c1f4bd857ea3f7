package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
)

const opaSecret = "opa-door-key-8c1f0b7d2e"

// opaFixture is a server with policies on the platform, in a project and in a
// service.
func opaFixture(t testing.TB) *apitest.Server {
	t.Helper()
	s := apitest.Start(t, apitest.Options{InProcess: true, RecordInputs: true})
	for _, r := range []request{
		{"POST", "/v1/secrets", `{"name":"DOOR","value":"` + opaSecret + `"}`, nil},
		{"PUT", "/v1/projects/shop", "", nil},
		{"PUT", "/v1/projects/shop/services/cart", "", nil},
		regoPolicy("/v1", "door", "package door\n\nallow if input.key == data.secrets.DOOR\n\nkey := data.secrets.DOOR\n\nnumber := to_number(input.n)\n\nwho := input.who\n\nfirst := data.rooms[0]", `{"rooms":["hall","attic"]}`),
		regoPolicy("/v1", "main", "package system\n\nmain := {\"hello\": input.who}", ""),
		regoPolicy("/v1", "library", "package door.lib\n\nversion := 1", ""),
		regoPolicy("/v1", "rows", "package rows\n\ninclude if input.row.owner == input.user", ""),
		regoPolicy("/v1", "clash", "package clash\n\nx := input.x\n\nx := 2 if input.also", ""),
		regoPolicy("/v1", "twin-a", "package twin\n\na := 1", ""),
		regoPolicy("/v1", "twin-b", "package twin\n\nb := 1", ""),
		regoPolicy("/v1/projects/shop", "shop-door", "package door\n\nallow := input.shop", ""),
		regoPolicy("/v1/projects/shop/services/cart", "library", "package cart\n\nallow := true", ""),
	} {
		want(t, s, http.StatusCreated, r)
	}
	return s
}

func regoPolicy(scope, name, source, data string) request {
	rule, _, _ := strings.Cut(source[strings.Index(source, "\n\n")+2:], " ")
	decision := strings.ReplaceAll(strings.Fields(source)[1], ".", "/") + "/" + rule
	body := `{"language":"rego","decision":"` + decision + `","source":` + string(must(json.Marshal(source)))
	if data != "" {
		body += `,"data":` + data
	}
	return request{method: "PUT", path: scope + "/policies/" + name, body: body + "}"}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

var decisionID = regexp.MustCompile(`(,|\s*)"(batch_)?decision_id": ?"x[0-9a-f]{32}"(,?)`)

// opaBody is the body of an answer without its decision ids.
func opaBody(a answer) string {
	return strings.TrimSpace(decisionID.ReplaceAllString(string(a.Body), ""))
}

func TestOPAData(t *testing.T) {
	s := opaFixture(t)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"allow", "POST", "/opa/v1/data/door/allow", `{"input":{"key":"` + opaSecret + `"}}`, 200, `{"result":true}`},
		{"undefined", "POST", "/opa/v1/data/door/allow", `{"input":{"key":"x"}}`, 200, `{}`},
		{"no input", "POST", "/opa/v1/data/door/allow", ``, 200, `{}`},
		{"no such document", "GET", "/opa/v1/data/nowhere", ``, 200, `{}`},
		{"input in the query", "GET", "/opa/v1/data/door/who?input=" + `%7B%22who%22%3A%22ada%22%7D`, ``, 200, `{"result":"ada"}`},
		{"other members are metadata", "POST", "/opa/v1/data/door/who", `{"input":{"who":"ada"},"trace":1}`, 200, `{"result":"ada"}`},
		{"an element", "GET", "/opa/v1/data/rooms/1", ``, 200, `{"result":"attic"}`},
		{"empty parts", "GET", "/opa/v1/data//rooms//0/", ``, 200, `{"result":"hall"}`},
		{"an escaped slash is no separator", "GET", "/opa/v1/data/rooms%2f0", ``, 200, `{}`},
		{"a package of several policies", "GET", "/opa/v1/data/door/lib", ``, 200, `{"result":{"version":1}}`},
		{"a secret is masked", "GET", "/opa/v1/data/door/key", ``, 200, `{"result":"***","masked":[{"path":"/result","secrets":["DOOR"]}]}`},
		{"policies put together", "GET", "/opa/v1/data/door", ``, 200, `{"result":{"first":"hall","key":"***","lib":{"version":1}},"masked":[{"path":"/result/key","secrets":["DOOR"]}]}`},
		{"no secrets", "GET", "/opa/v1/data/secrets", ``, 200, `{}`},
		{"no secret", "GET", "/opa/v1/data/secrets/DOOR", ``, 200, `{}`},
		{"pretty", "GET", "/opa/v1/data/door/first?pretty", ``, 200, "{\n  \"result\": \"hall\"\n}"},
		{"a project has its own", "POST", "/opa/projects/shop/v1/data/door/allow", `{"input":{"shop":1}}`, 200, `{"result":1}`},
		{"and what the platform has", "GET", "/opa/projects/shop/v1/data/rooms/0", ``, 200, `{"result":"hall"}`},
		{"a service as well", "GET", "/opa/projects/shop/services/cart/v1/data/cart/allow", ``, 200, `{"result":true}`},
		{"which hides a name", "GET", "/opa/projects/shop/services/cart/v1/data/door/lib", ``, 200, `{}`},
		{"v0", "POST", "/opa/v0/data/door/who", `{"who":[1,2]}`, 200, `[1,2]`},
		{"v0 of nothing", "POST", "/opa/v0/data/door/who", `{}`, 404, `{"code":"undefined_document","message":"the document is undefined for this input","errors":[{"code":"undefined_document","message":"the document is undefined for this input"}]}`},
		{"the default", "POST", "/opa/", `{"who":"ada"}`, 200, `{"hello":"ada"}`},
		{"the default of a project", "POST", "/opa/projects/shop/", `{"who":"ada"}`, 200, `{"hello":"ada"}`},
		{"the default, undefined", "POST", "/opa/", `{}`, 404, `{"code":"undefined_document","message":"the document is undefined for this input","errors":[{"code":"undefined_document","message":"the document is undefined for this input"}]}`},
		{"health", "GET", "/opa/health?bundles", ``, 200, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := want(t, s, c.status, request{method: c.method, path: c.path, body: c.body})
			if diff := cmp.Diff(c.want, opaBody(a)); diff != "" {
				t.Error(diff)
			}
			if got := a.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type %q", got)
			}
		})
	}
}

// Errors have OPA's shape: its code, a message, and this server's code with the
// place in the policy.
func TestOPAErrors(t *testing.T) {
	s := opaFixture(t)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code, own                string
	}{
		{"no JSON", "POST", "/opa/v1/data/door/allow", `{"input":`, 400, "invalid_parameter", "invalid_json"},
		{"a duplicate name", "POST", "/opa/v1/data/door/allow", `{"input":{"a":1,"a":2}}`, 400, "invalid_parameter", "invalid_json"},
		{"secrets of the caller", "POST", "/opa/v1/data/door/allow", `{"input":{"secrets":{}}}`, 400, "invalid_parameter", "input_has_secrets"},
		{"a bad explanation", "GET", "/opa/v1/data/door/allow?explain=loud", ``, 400, "invalid_parameter", "invalid_input"},
		{"a conflict of rules", "POST", "/opa/v1/data/clash/x", `{"input":{"x":1,"also":true}}`, 500, "internal_error", "policy_conflict"},
		{"a conflict of policies", "GET", "/opa/v1/data/twin/a", ``, 409, "resource_conflict", "ambiguous_package"},
		{"in the whole as well", "GET", "/opa/v1/data", ``, 409, "resource_conflict", "ambiguous_package"},
		{"strict", "POST", "/opa/v1/data/door/number?strict-builtin-errors", `{"input":{"n":"x"}}`, 500, "internal_error", "builtin_failed"},
		{"no such project", "GET", "/opa/projects/none/v1/data/a", ``, 404, "resource_not_found", "not_found"},
		{"no such route", "GET", "/opa/v2/data", ``, 404, "resource_not_found", "no_route"},
		{"no such method", "PUT", "/opa/v1/policies/x", ``, 405, "invalid_operation", "method_not_allowed"},
		{"a query that is none", "GET", "/opa/v1/query?q=%5B", ``, 400, "invalid_parameter", "invalid_query"},
		{"no query", "POST", "/opa/v1/query", `{}`, 400, "invalid_parameter", "invalid_request"},
		{"a query about two", "POST", "/opa/v1/query", `{"query":"data.rows.include; data.door.allow"}`, 400, "invalid_parameter", "several_policies"},
		{"a residual with a secret", "POST", "/opa/v1/compile", `{"query":"data.door.allow"}`, 400, "invalid_parameter", "secret_in_residual"},
		{"no inputs", "POST", "/opa/v1/batch/data/door/allow", `{}`, 400, "invalid_parameter", "invalid_request"},
		{"YAML", "POST", "/opa/v1/data/door/allow", `input: 1`, 415, "invalid_parameter", "unsupported_media_type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request{method: c.method, path: c.path, body: c.body}
			if c.name == "YAML" {
				r.header = map[string]string{"Content-Type": "application/yaml"}
			}
			a := want(t, s, c.status, r)
			p := decode[struct {
				Code, Message string
				Errors        []struct{ Code string }
			}](t, a.Body)
			if p.Code != c.code || p.Message == "" || len(p.Errors) != 1 || p.Errors[0].Code != c.own {
				t.Errorf("%s", a.Body)
			}
		})
	}
}

func TestOPABatch(t *testing.T) {
	s := opaFixture(t)
	for _, c := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"all answered", "door/allow", `{"inputs":{"a":{"key":"` + opaSecret + `"},"b":{"key":"x"}}}`, 200, `{"responses":{"a":{"result":true},"b":{}}}`},
		{"what is common", "door/who", `{"common_input":{"who":"ada"},"inputs":{"a":{},"b":{"who":"bob"},"c":[1]}}`, 200, `{"responses":{"a":{"result":"ada"},"b":{"result":"bob"},"c":{}}}`},
		{"a common secret", "door/allow", `{"common_input":{"key":"` + opaSecret + `"},"inputs":{"a":{"n":1},"b":{"key":"x"}}}`, 200, `{"responses":{"a":{"result":true},"b":{}}}`},
		{"of several policies", "door", `{"common_input":{"who":"ada"},"inputs":{"a":{}}}`, 200,
			`{"responses":{"a":{"result":{"first":"hall","key":"***","lib":{"version":1},"who":"ada"},"masked":[{"path":"/result/key","secrets":["DOOR"]}]}}}`},
		{"mixed", "clash/x", `{"inputs":{"a":{"x":1},"b":{"x":1,"also":true}}}`, 207,
			`{"responses":{"a":{"result":1,"http_status_code":"200"},"b":{"code":"internal_error","message":"an error occurred while the query was evaluated: rules gave different values for the same document","errors":[{"code":"policy_conflict","message":"rules gave different values for the same document","location":{"file":"policy.rego","row":5,"col":1}}],"http_status_code":"500"}}}`},
		{"none", "clash/x", `{"inputs":{"b":{"x":1,"also":true}}}`, 500,
			`{"responses":{"b":{"code":"internal_error","message":"an error occurred while the query was evaluated: rules gave different values for the same document","errors":[{"code":"policy_conflict","message":"rules gave different values for the same document","location":{"file":"policy.rego","row":5,"col":1}}]}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := want(t, s, c.status, request{method: "POST", path: "/opa/v1/batch/data/" + c.path, body: c.body})
			got := opaBody(a)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff, string(a.Body))
			}
		})
	}
	// Each item has an id of its own, and is in the decision log by it.
	a := want(t, s, 200, request{method: "POST", path: "/opa/v1/batch/data/door/who", body: `{"inputs":{"a":{},"b":{}}}`})
	ids := regexp.MustCompile(`"(?:batch_)?decision_id":"([^"]+)"`).FindAllStringSubmatch(string(a.Body), -1)
	if len(ids) != 3 || ids[0][1] == ids[1][1] || ids[1][1] == ids[2][1] {
		t.Errorf("%s", a.Body)
	}
	a = want(t, s, 200, request{method: "POST", path: "/opa/v1/batch/data/door/key", body: `{"inputs":{"a":{"key":"` + opaSecret + `"}},"common_input":{"who":"ada"}}`})
	id := decode[struct {
		Responses map[string]struct {
			ID string `json:"decision_id"`
		}
	}](t, a.Body).Responses["a"].ID
	got := decode[struct {
		Policy, Path, Point string
		Input, Result       any
	}](t, want(t, s, 200, request{method: "GET", path: "/v1/decisions/" + id}).Body)
	if got.Policy != "door" || got.Path != "door/key" || got.Point != "opa" || got.Result != "***" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(map[string]any{"key": "***", "who": "ada"}, got.Input); diff != "" {
		t.Error(diff)
	}
}

func TestOPAQueryAndCompile(t *testing.T) {
	s := opaFixture(t)
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/opa/v1/query?q=x+%3A%3D+1%2B1", "", `{"result":[{"x":2}]}`},
		{"POST", "/opa/v1/query", `{"query":"x = data.rooms[i]"}`, `{"result":[{"i":0,"x":"hall"},{"i":1,"x":"attic"}]}`},
		{"POST", "/opa/v1/query", `{"query":"x = data.door.key"}`, `{"result":[{"x":"***"}],"masked":[{"path":"/result/0/x","secrets":["DOOR"]}]}`},
		{"POST", "/opa/v1/query", `{"query":"data.nowhere.x"}`, `{}`},
		{"POST", "/opa/v1/query", `{"query":"opa.runtime()"}`, ``},
		{"POST", "/opa/v1/compile", `{"query":"data.rows.include","input":{"user":"ada"},"unknowns":["input.row"]}`, `"value":"ada"`},
		{"POST", "/opa/v1/compile", `{"query":"data.rows.include","input":{"user":"ada","row":{"owner":"ada"}},"unknowns":["input.x"]}`, `{"result":{"queries":[[]]}}`},
		{"POST", "/opa/v1/compile", `{"query":"data.rows.include","input":{"user":"ada","row":{"owner":"bob"}},"unknowns":["input.x"]}`, `{"result":{}}`},
	} {
		r := request{method: c.method, path: c.path, body: c.body}
		if c.want == "" {
			want(t, s, 400, r)
			continue
		}
		if got := opaBody(want(t, s, 200, r)); !strings.Contains(got, c.want) {
			t.Errorf("%s %s: %s", c.path, c.body, got)
		}
	}
}

func TestOPAModules(t *testing.T) {
	s := opaFixture(t)
	list := decode[struct{ Result []struct{ ID, Raw string } }](t, want(t, s, 200, request{method: "GET", path: "/opa/projects/shop/services/cart/v1/policies"}).Body)
	var ids []string
	for _, m := range list.Result {
		ids = append(ids, m.ID)
	}
	if !slices.Contains(ids, "door/policy.rego") || !slices.Contains(ids, "shop-door/policy.rego") || !slices.IsSorted(ids) {
		t.Error(ids)
	}
	if got := string(want(t, s, 200, request{method: "GET", path: "/opa/v1/policies/library/policy.rego"}).Body); !strings.Contains(got, "package door.lib") {
		t.Error(got)
	}
	want(t, s, 404, request{method: "GET", path: "/opa/v1/policies/none"})
}

func TestOPAParameters(t *testing.T) {
	s := opaFixture(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(`{"input":{"who":"ada"}}`))
	_ = z.Close()
	a := want(t, s, 200, request{method: "POST", path: "/opa/v1/data/door/who?metrics=true&provenance&instrument=true&explain=full", body: packed.String(),
		header: map[string]string{"Content-Encoding": "gzip"}})
	got := decode[struct {
		Result      string
		Metrics     map[string]any
		Provenance  map[string]string
		Explanation []string
	}](t, a.Body)
	if got.Result != "ada" || got.Metrics["timer_rego_query_eval_ns"] == nil || got.Metrics["timer_rego_input_parse_ns"] == nil || len(got.Metrics) < 6 || got.Provenance["version"] == "" || len(got.Explanation) == 0 {
		t.Errorf("%s", a.Body)
	}
	bomb := bytes.Buffer{}
	z = gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 8<<20))
	_ = z.Close()
	want(t, s, 413, request{method: "POST", path: "/opa/v1/data/door/who", body: bomb.String(), header: map[string]string{"Content-Encoding": "gzip"}})
	want(t, s, 400, request{method: "POST", path: "/opa/v1/data/door/who", body: "{}", header: map[string]string{"Content-Encoding": "gzip"}})
}
