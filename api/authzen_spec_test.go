package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api/apitest"
)

// These tests have the requirements (MUST, SHOULD, REQUIRED, RECOMMENDED) of the
// OpenID AuthZEN Authorization API 1.0 on a decision point, by section. What the
// specification demands of enforcement points alone is not here.

const notes = `package notes

default allow := false

allow if input.action.name in data.roles[input.subject.id][input.resource.id]

subjects contains s if some s, _ in data.roles

resources contains r if {
	some _, rs in data.roles
	some r, _ in rs
}

actions := ["write", "read", "admin"]

output := {"seen": input}
`

const notesData = `{"roles":{"alice":{"1":["read","write"],"2":["read"],"3":["read"]},"bob":{"1":["read"]}}}`

// decisionPoint is a server with a policy bound to resources of the type note, and
// in the project shop another that permits everything.
func decisionPoint(t *testing.T) *apitest.Server {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	for _, r := range []request{
		{"PUT", "/v1/policies/notes", `{"language":"rego","source":` + asJSON(t, notes) + `,"data":` + notesData + `}`, nil},
		{"PUT", "/v1/bindings/authzen", `{"policy":"notes","target":"note"}`, nil},
		{"PUT", "/v1/policies/flat", `{"language":"validators","validators":[{"name":"true"}]}`, nil},
		{"PUT", "/v1/bindings/authzen", `{"policy":"flat","target":"flat"}`, nil},
		{"PUT", "/v1/projects/shop", ``, nil},
		{"PUT", "/v1/projects/shop/policies/open", `{"language":"rego","source":"package open\n\nallow := true"}`, nil},
		{"PUT", "/v1/projects/shop/bindings/authzen", `{"policy":"open"}`, nil},
	} {
		want(t, s, http.StatusCreated, r)
	}
	return s
}

// zen is a request of AuthZEN.
func zen(endpoint, body string) request {
	return request{"POST", "/access/v1/" + endpoint, body, map[string]string{"Content-Type": "application/json"}}
}

func note(subject, action, id string) string {
	return fmt.Sprintf(`{"subject":{"type":"user","id":%q},"action":{"name":%q},"resource":{"type":"note","id":%q}}`, subject, action, id)
}

// decided asks and gives the decision, or fails.
func decided(t *testing.T, s *apitest.Server, r request) bool {
	t.Helper()
	a := decode[map[string]any](t, want(t, s, 200, r).Body)
	d, ok := a["decision"].(bool)
	if !ok {
		t.Errorf("no decision in %v", a)
	}
	return d
}

// evaluated asks for several and gives the decisions as a text of t and f.
func evaluated(t *testing.T, s *apitest.Server, body string) string {
	t.Helper()
	a := decode[map[string]json.RawMessage](t, want(t, s, 200, zen("evaluations", body)).Body)
	if len(a) != 1 {
		t.Errorf("an answer with %v", slices.Collect(maps.Keys(a)))
	}
	out := ""
	for _, e := range decode[[]struct{ Decision *bool }](t, a["evaluations"]) {
		out += fmt.Sprint(*e.Decision)[:1]
	}
	return out
}

func TestAuthZENSection4(t *testing.T) {
	s := decisionPoint(t)
	t.Run("every method is directly behind /v1/", func(t *testing.T) {
		if !decided(t, s, zen("evaluation", note("alice", "read", "1"))) {
			t.Error("denied")
		}
	})
}

func TestAuthZENSection5(t *testing.T) {
	s := decisionPoint(t)
	whole := note("alice", "read", "1")
	for _, c := range []struct{ section, from, to string }{
		{"5.1 type of a subject is required", `"type":"user"`, `"kind":"user"`},
		{"5.1 id of a subject is required", `"id":"alice"`, `"name":"alice"`},
		{"5.1 type of a subject is a string", `"type":"user"`, `"type":1`},
		{"5.1 id of a subject is a string", `"id":"alice"`, `"id":["alice"]`},
		{"5.1 properties of a subject are an object", `"id":"alice"`, `"id":"alice","properties":["a"]`},
		{"5.2 type of a resource is required", `"type":"note"`, `"x":1`},
		{"5.2 id of a resource is required", `"id":"1"`, `"x":1`},
		{"5.2 properties of a resource are an object", `"id":"1"`, `"id":"1","properties":"a"`},
		{"5.3 name of an action is required", `"name":"read"`, `"x":"read"`},
		{"5.3 name of an action is a string", `"name":"read"`, `"name":true`},
		{"5.3 properties of an action are an object", `"name":"read"`, `"name":"read","properties":1`},
		{"5.4 a context is an object", `{"subject"`, `{"context":"x","subject"`},
	} {
		t.Run(c.section, func(t *testing.T) {
			wantProblem(t, s, 400, "invalid_input", zen("evaluation", strings.Replace(whole, c.from, c.to, 1)))
		})
	}
	t.Run("5 properties and context reach the policy", func(t *testing.T) {
		body := `{"subject":{"type":"user","id":"alice","properties":{"a":[1,{"b":true}]}},"action":{"name":"read","properties":{"method":"GET"}},
			"resource":{"type":"note","id":"1","properties":{"c":{}}},"context":{"time":"1985-10-26T01:22-07:00"}}`
		a := decode[struct {
			Context struct{ Output struct{ Seen any } }
		}](t, want(t, s, 200, zen("evaluation", body)).Body)
		if diff := cmp.Diff(decode[any](t, []byte(body)), a.Context.Output.Seen); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAuthZENSection6(t *testing.T) {
	s := decisionPoint(t)
	for _, name := range []string{"subject", "action", "resource"} {
		t.Run("6.1 "+name+" is required", func(t *testing.T) {
			body := decode[map[string]any](t, []byte(note("alice", "read", "1")))
			delete(body, name)
			wantProblem(t, s, 400, "invalid_input", zen("evaluation", asJSON(t, body)))
			body[name] = nil
			wantProblem(t, s, 400, "invalid_input", zen("evaluation", asJSON(t, body)))
		})
	}
	t.Run("6.2 the answer has a boolean decision", func(t *testing.T) {
		if !decided(t, s, zen("evaluation", note("alice", "write", "1"))) || decided(t, s, zen("evaluation", note("bob", "write", "1"))) {
			t.Error("wrong decisions")
		}
	})
	t.Run("6.2.1 the context is an object", func(t *testing.T) {
		a := decode[struct{ Context map[string]any }](t, want(t, s, 200, zen("evaluation", note("bob", "write", "1"))).Body)
		if a.Context["output"] == nil {
			t.Errorf("%v", a)
		}
	})
}

func TestAuthZENSection7(t *testing.T) {
	s := decisionPoint(t)
	const three = `"evaluations":[{"resource":{"type":"note","id":"1"}},{"resource":{"type":"note","id":"2"}},{"resource":{"type":"note","id":"3"}}]`
	const bob = `"subject":{"type":"user","id":"bob"},"action":{"name":"read"}`
	const alice = `"subject":{"type":"user","id":"alice"},"action":{"name":"read"}`
	for _, c := range []struct{ section, body, want string }{
		{"7.1 distinct requests without defaults, in order", `{"evaluations":[` + note("alice", "read", "1") + `,` + note("bob", "write", "1") + `,` + note("bob", "read", "1") + `]}`, "tft"},
		{"7.1.1 defaults", `{` + alice + `,` + three + `}`, "ttt"},
		{"7.1.1 what an evaluation says takes precedence", `{` + alice + `,"evaluations":[{"subject":{"type":"user","id":"bob"},"resource":{"type":"note","id":"2"}},{"action":{"name":"admin"},"resource":{"type":"note","id":"1"}},{"resource":{"type":"note","id":"1"}}]}`, "fft"},
		{"7.1.1 a part is replaced whole", `{` + alice + `,"resource":{"type":"note","id":"1","properties":{"a":1}},"evaluations":[{"resource":{"type":"note","properties":{"b":1}}},{}]}`, "ft"},
		{"7.1.2 options that nobody knows are ignored", `{` + bob + `,"options":{"another_option":"value"},` + three + `}`, "tff"},
		{"7.1.2.1 execute_all", `{` + bob + `,"options":{"evaluations_semantic":"execute_all"},` + three + `}`, "tff"},
		{"7.1.2.1 deny_on_first_deny", `{` + bob + `,"options":{"evaluations_semantic":"deny_on_first_deny"},` + three + `}`, "tf"},
		{"7.1.2.1 deny_on_first_deny ends at a failure", `{` + alice + `,"options":{"evaluations_semantic":"deny_on_first_deny"},"evaluations":[{"resource":{"type":"note","id":"1"}},{},{"resource":{"type":"note","id":"1"}}]}`, "tf"},
		{"7.1.2.1 permit_on_first_permit", `{` + bob + `,"options":{"evaluations_semantic":"permit_on_first_permit"},` + three + `}`, "t"},
		{"7.1.2.1 permit_on_first_permit goes on after a failure", `{` + bob + `,"options":{"evaluations_semantic":"permit_on_first_permit"},"evaluations":[{},{"resource":{"type":"note","id":"2"}},{"resource":{"type":"note","id":"1"}},{"resource":{"type":"note","id":"1"}}]}`, "fft"},
	} {
		t.Run(c.section, func(t *testing.T) {
			if got := evaluated(t, s, c.body); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	t.Run("7.1.2.1 exactly one of the values", func(t *testing.T) {
		for _, options := range []string{`{"evaluations_semantic":"all"}`, `{"evaluations_semantic":1}`, `{"evaluations_semantic":""}`, `[]`} {
			wantProblem(t, s, 400, "invalid_input", zen("evaluations", `{`+alice+`,"options":`+options+`,`+three+`}`))
		}
	})
	t.Run("7.1 without evaluations it is a single one", func(t *testing.T) {
		single := note("alice", "read", "1")
		for _, with := range []string{``, `"evaluations":[],`, `"evaluations":null,`} {
			if !decided(t, s, zen("evaluations", `{`+with+single[1:])) {
				t.Errorf("%q: denied", with)
			}
		}
		wantProblem(t, s, 400, "invalid_input", zen("evaluations", `{}`))
		wantProblem(t, s, 400, "wrong_type", request{"POST", "/access/v1/evaluations", `[]`, nil})
		wantProblem(t, s, 400, "invalid_input", zen("evaluations", `{"evaluations":{}}`))
	})
	t.Run("7.2 decision is omitted beside evaluations", func(t *testing.T) {
		evaluated(t, s, `{`+alice+`,`+three+`}`) // fails where there is another member
	})
	t.Run("7.2.1 what is wrong with one is its own", func(t *testing.T) {
		a := want(t, s, 200, zen("evaluations", `{`+alice+`,"evaluations":[{"resource":{"type":"note","id":"1"}},{"resource":{"type":"note"}},"x",{"resource":{"type":"unbound","id":"1"}}]}`))
		got := decode[struct {
			Evaluations []struct {
				Decision bool
				Context  struct {
					Error struct {
						Status        int
						Code, Message string
					}
				}
			}
		}](t, a.Body).Evaluations
		if len(got) != 4 || !got[0].Decision || got[1].Decision || got[2].Decision || got[3].Decision {
			t.Fatalf("%s", a.Body)
		}
		for i, code := range []string{"", "invalid_input", "invalid_input", "no_binding"} {
			if e := got[i].Context.Error; e.Code != code || code == "invalid_input" && (e.Status != 400 || e.Message == "") {
				t.Errorf("%d: %+v", i, e)
			}
		}
	})
	t.Run("7.2.1 what is wrong with all is an error", func(t *testing.T) {
		wantProblem(t, s, 400, "duplicate_key", zen("evaluations", `{"evaluations":[{"subject":{},"subject":{}}]}`))
		wantProblem(t, s, 400, "invalid_input", zen("evaluations", `{`+alice+`,"evaluations":[`+strings.Repeat(`{},`, 1000)+`{}]}`))
	})
}

// results searches and gives the ids or names that it finds, and the next token.
func results(t *testing.T, s *apitest.Server, what, body string) ([]string, string) {
	t.Helper()
	a := want(t, s, 200, zen("search/"+what, body))
	if !strings.HasPrefix(string(a.Body), `{"page":{"next_token":`) {
		t.Errorf("page is not the first member: %s", a.Body)
	}
	page := decode[struct {
		Page struct {
			NextToken *string `json:"next_token"`
			Count     int
		}
		Results []struct{ Type, ID, Name string }
	}](t, a.Body)
	out := []string{}
	for _, r := range page.Results {
		if (r.Type == "" || r.ID == "") == (r.Name == "") {
			t.Errorf("neither an entity nor an action: %s", a.Body)
		}
		out = append(out, r.ID+r.Name)
	}
	if page.Page.NextToken == nil || page.Page.Count != len(out) {
		t.Errorf("page %s", a.Body)
	}
	return out, *page.Page.NextToken
}

const (
	whoReads  = `{"subject":{"type":"user"},"action":{"name":"read"},"resource":{"type":"note","id":"1"}}`
	whatReads = `{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"note"}}`
	howAlice  = `{"subject":{"type":"user","id":"alice"},"resource":{"type":"note","id":"1"}}`
)

func TestAuthZENSection8(t *testing.T) {
	s := decisionPoint(t)
	for _, c := range []struct {
		section, what, body string
		want                []string
	}{
		{"8.4 subjects", "subject", whoReads, []string{"alice", "bob"}},
		{"8.4 the id of a subject is ignored", "subject", strings.Replace(whoReads, `"user"`, `"user","id":"bob"`, 1), []string{"alice", "bob"}},
		{"8.4 the id of a subject is ignored whatever it is", "subject", strings.Replace(whoReads, `"user"`, `"user","id":""`, 1), []string{"alice", "bob"}},
		{"8.4 nobody", "subject", strings.Replace(whoReads, `read`, `admin`, 1), []string{}},
		{"8.5 resources", "resource", whatReads, []string{"1", "2", "3"}},
		{"8.5 the id of a resource is ignored", "resource", strings.Replace(whatReads, `"note"`, `"note","id":"1"`, 1), []string{"1", "2", "3"}},
		{"8.6 actions, in the policy's order", "action", howAlice, []string{"write", "read"}},
		{"8.6 an action is ignored", "action", strings.Replace(howAlice, `{"subject"`, `{"action":7,"subject"`, 1), []string{"write", "read"}},
	} {
		t.Run(c.section, func(t *testing.T) {
			got, next := results(t, s, c.what, c.body)
			if diff := cmp.Diff(c.want, got); diff != "" || next != "" {
				t.Error(diff, next)
			}
		})
	}
	t.Run("8.1 what is found is permitted", func(t *testing.T) {
		found, _ := results(t, s, "resource", strings.Replace(whatReads, "read", "write", 1))
		if len(found) != 1 || !decided(t, s, zen("evaluation", note("alice", "write", found[0]))) {
			t.Errorf("%v", found)
		}
	})
	t.Run("8.4 8.5 8.6 what is required", func(t *testing.T) {
		for what, bodies := range map[string][]string{
			"subject":  {`{}`, strings.Replace(whoReads, `"type":"user"`, ``, 1), strings.Replace(whoReads, `"name":"read"`, ``, 1), strings.Replace(whoReads, `,"id":"1"`, ``, 1)},
			"resource": {`{}`, strings.Replace(whatReads, `,"id":"alice"`, ``, 1), strings.Replace(whatReads, `"name":"read"`, ``, 1), strings.Replace(whatReads, `"type":"note"`, ``, 1)},
			"action":   {`{}`, strings.Replace(howAlice, `,"id":"alice"`, ``, 1), strings.Replace(howAlice, `,"id":"1"`, ``, 1)},
		} {
			for _, body := range bodies {
				wantProblem(t, s, 400, "invalid_input", zen("search/"+what, body))
			}
		}
	})
	paged := func(body, page string) string { return body[:len(body)-1] + `,"page":` + page + `}` }
	t.Run("8.2 pages", func(t *testing.T) {
		first, token := results(t, s, "resource", paged(whatReads, `{"limit":2}`))
		if diff := cmp.Diff([]string{"1", "2"}, first); diff != "" || token == "" {
			t.Fatal(diff, token)
		}
		for _, page := range []string{`{"token":"` + token + `"}`, `{"limit":2,"token":"` + token + `"}`} {
			rest, end := results(t, s, "resource", paged(whatReads, page))
			if diff := cmp.Diff([]string{"3"}, rest); diff != "" || end != "" {
				t.Error(diff, end)
			}
		}
		t.Run("8.2 all else stays as it was", func(t *testing.T) {
			for _, body := range []string{
				paged(strings.Replace(whatReads, "alice", "bob", 1), `{"token":"`+token+`"}`),
				paged(strings.Replace(whatReads, `{"subject"`, `{"context":{"a":1},"subject"`, 1), `{"token":"`+token+`"}`),
				paged(whatReads, `{"limit":3,"token":"`+token+`"}`),
			} {
				wantProblem(t, s, 400, "invalid_input", zen("search/resource", body))
			}
			wantProblem(t, s, 400, "invalid_input", zen("search/subject", paged(whoReads, `{"token":"`+token+`"}`)))
		})
	})
	t.Run("8.2.1 limit is a number from 0", func(t *testing.T) {
		for _, page := range []string{`{"limit":-1}`, `{"limit":1.5}`, `{"limit":"2"}`, `[]`, `{"token":7}`, `{"token":"nonsense"}`, `{"token":"LTEuMi54"}`} {
			wantProblem(t, s, 400, "invalid_input", zen("search/resource", paged(whatReads, page)))
		}
		got, token := results(t, s, "resource", paged(whatReads, `{"limit":0,"properties":{"sort":"x"}}`))
		if len(got) != 0 || token == "" {
			t.Errorf("%v %q", got, token)
		}
	})
	t.Run("8.3 only entities of the type", func(t *testing.T) {
		want(t, s, 200, request{"PUT", "/v1/policies/flat", `{"language":"rego","source":"package flat\n\nallow := true\n\nsubjects := [{\"type\":\"bot\",\"id\":\"b\"},{\"type\":\"user\",\"id\":\"u\",\"properties\":{\"team\":\"a\"}},\"v\",\"v\"]"}`, nil})
		a := want(t, s, 200, zen("search/subject", strings.Replace(whoReads, `"note"`, `"flat"`, 1)))
		if diff := cmp.Diff(`{"page":{"next_token":"","count":2},"results":[{"type":"user","id":"u","properties":{"team":"a"}},{"type":"user","id":"v"}]}`+"\n", string(a.Body)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAuthZENSection9(t *testing.T) {
	s := decisionPoint(t)
	for path, point := range map[string]string{"": "", "/v1/projects/shop": "/v1/projects/shop", "/v1/projects/shop/services/till": "/v1/projects/shop/services/till", "/v1/projects/v1": "/v1/projects/v1"} {
		t.Run("9.1 9.2 metadata of "+point, func(t *testing.T) {
			a := want(t, s, 200, request{"GET", "/.well-known/authzen-configuration" + path, "", map[string]string{"Authorization": ""}})
			if got := a.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type %q", got)
			}
			base := s.URL + point
			if diff := cmp.Diff(map[string]string{
				"policy_decision_point":       base,
				"access_evaluation_endpoint":  base + "/access/v1/evaluation",
				"access_evaluations_endpoint": base + "/access/v1/evaluations",
				"search_subject_endpoint":     base + "/access/v1/search/subject",
				"search_resource_endpoint":    base + "/access/v1/search/resource",
				"search_action_endpoint":      base + "/access/v1/search/action",
			}, decode[map[string]string](t, a.Body)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("11.9 metadata may be cached", func(t *testing.T) {
		a := want(t, s, 200, request{"GET", "/.well-known/authzen-configuration", "", nil})
		if got := a.Header.Get("Cache-Control"); !strings.Contains(got, "max-age=") {
			t.Errorf("Cache-Control %q", got)
		}
	})
	t.Run("9.2 the endpoints of a project are its own", func(t *testing.T) {
		r := zen("evaluation", note("eve", "admin", "1"))
		if decided(t, s, r) {
			t.Error("the platform permits")
		}
		r.path = "/v1/projects/shop" + r.path
		if !decided(t, s, r) {
			t.Error("the project denies")
		}
		r.path = strings.Replace(r.path, "shop", "none", 1)
		wantProblem(t, s, 404, "not_found", r)
	})
}

func TestAuthZENSection10(t *testing.T) {
	s := decisionPoint(t)
	whole := note("alice", "read", "1")
	t.Run("10.1 content types", func(t *testing.T) {
		for _, r := range []request{zen("evaluation", whole), zen("evaluations", whole), zen("search/subject", whoReads), zen("search/resource", whatReads), zen("search/action", howAlice)} {
			if got := want(t, s, 200, r).Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("%s: Content-Type %q", r.path, got)
			}
			r.header = map[string]string{"Content-Type": "text/plain"}
			wantProblem(t, s, 415, "unsupported_media_type", r)
			r.method, r.body = "GET", ""
			wantProblem(t, s, 405, "method_not_allowed", r)
		}
	})
	t.Run("10.1.1 the top is an object", func(t *testing.T) {
		for _, endpoint := range []string{"evaluation", "evaluations", "search/subject"} {
			for _, body := range []string{`[]`, `"x"`, `null`, `1`, ``} {
				want(t, s, 400, zen(endpoint, body))
			}
		}
	})
	t.Run("10.1.1 unknown fields are ignored, in any order", func(t *testing.T) {
		body := `{"resource":{"id":"1","owner":"x","type":"note"},"page":7,"options":[],"evaluations":"x","action":{"verb":1,"name":"read"},"secrets":{"K":1},"subject":{"id":"alice","secrets":{},"type":"user"}}`
		if !decided(t, s, zen("evaluation", body)) {
			t.Error("denied")
		}
	})
	t.Run("10.1.2 a deny is no error", func(t *testing.T) {
		if decided(t, s, zen("evaluation", note("eve", "read", "1"))) {
			t.Error("permitted")
		}
	})
	t.Run("10.1.3 the identifier of a request comes back", func(t *testing.T) {
		for _, r := range []request{zen("evaluation", whole), zen("evaluations", whole), zen("search/action", howAlice), zen("evaluation", `{}`)} {
			r.header = map[string]string{"X-Request-ID": "bfe9eb29 any \"string\""}
			if got := send(t, s, r).Header.Get("X-Request-ID"); got != r.header["X-Request-ID"] {
				t.Errorf("%s: %q", r.path, got)
			}
		}
	})
}

func TestAuthZENSection11(t *testing.T) {
	s := decisionPoint(t)
	t.Run("11.3 who is not authenticated is told so", func(t *testing.T) {
		for _, endpoint := range []string{"evaluation", "evaluations", "search/subject", "search/resource", "search/action"} {
			for _, authorization := range []string{"", "Bearer wrong", "Basic YTpi"} {
				r := zen(endpoint, `{}`)
				r.header["Authorization"] = authorization
				if got := want(t, s, 401, r).Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `Bearer realm=`) {
					t.Errorf("WWW-Authenticate %q", got)
				}
			}
		}
	})
	whole := note("alice", "read", "1")
	with := func(context string) request {
		return zen("evaluation", `{"context":`+context+`,`+whole[1:])
	}
	t.Run("11.5 JSON that others may read otherwise", func(t *testing.T) {
		for _, context := range []string{`{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`} {
			want(t, s, 400, with(context))
		}
		for _, number := range []string{`9007199254740993`, `1e400`, `-123456789012345678901`, `0.123456789012345678`, `3.141592653589793238462643383279`} {
			wantProblem(t, s, 400, "invalid_input", with(`{"a":["1",{"b":`+number+`}]}`))
			wantProblem(t, s, 400, "invalid_input", zen("evaluation", strings.Replace(whole, `"id":"1"`, `"id":"1","properties":{"n":`+number+`}`, 1)))
		}
		for _, number := range []string{`0`, `-0`, `9007199254740992`, `-12.5`, `1e21`, `100000000000000000000`, `0.1`, `1.7976931348623157e308`} {
			want(t, s, 200, with(`{"a":`+number+`,"text":"9007199254740993 \" 1e999"}`))
		}
	})
	t.Run("11.5 null is absent", func(t *testing.T) {
		want(t, s, 200, request{"PUT", "/v1/policies/flat", `{"language":"rego","source":"package flat\n\nallow := {\"decision\": object.keys(input) == {\"subject\", \"action\", \"resource\"}, \"context\": {\"a\": null, \"b\": {\"c\": null, \"d\": [{\"e\": null}]}}}"}`, nil})
		body := `{"context":null,` + strings.Replace(strings.Replace(whole, `"note"`, `"flat"`, 1), `"id":"1"`, `"id":"1","properties":null`, 1)[1:]
		if got := string(want(t, s, 200, zen("evaluation", body)).Body); got != `{"decision":true,"context":{"b":{"d":[{}]}}}`+"\n" {
			t.Error(got)
		}
	})
	t.Run("11.7 size and nesting are bounded", func(t *testing.T) {
		wantProblem(t, s, 413, "too_large", with(`{"a":"`+strings.Repeat("x", 4<<20)+`"}`))
		wantProblem(t, s, 400, "nesting_limit", with(`{"a":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`}`))
	})
}

// TestAuthZENSearchesThatCannotBe has what finds nothing, and says so.
func TestAuthZENSearchesThatCannotBe(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	bind := func(target, source string) {
		t.Helper()
		want(t, s, 201, request{"PUT", "/v1/policies/" + target, `{"language":"rego","source":` + asJSON(t, "package p\n\n"+source) + `}`, nil})
		want(t, s, 201, request{"PUT", "/v1/bindings/authzen", `{"policy":"` + target + `","target":"` + target + `"}`, nil})
	}
	ask := func(target string) request {
		return zen("search/subject", strings.Replace(whoReads, `"note"`, `"`+target+`"`, 1))
	}
	want(t, s, 201, request{"PUT", "/v1/bindings/authzen", `{"script":"S","target":"scripted"}`, nil})
	bind("silent", `allow := true`)
	bind("function", "allow := true\n\nsubjects(x) := x")
	for _, target := range []string{"scripted", "silent", "function", "other"} {
		wantProblem(t, s, 501, "search_unsupported", ask(target))
	}
	bind("secretive", "allow if data.secrets.K != \"\"\n\nsubjects := [\"a\", data.secrets.K]")
	bind("odd", "allow := true\n\nsubjects := [1]")
	bind("object", "allow := true\n\nsubjects := {\"a\": 1}")
	bind("absent", "allow if data.secrets.GONE != \"\"\n\nsubjects := {\"a\"}")
	bind("undefined", "allow := true\n\nsubjects := {\"a\"} if input.none")
	for target, code := range map[string]string{"secretive": "secret_in_result", "odd": "invalid_candidates", "object": "invalid_candidates", "absent": "secret_unavailable", "undefined": ""} {
		a := want(t, s, 200, ask(target))
		got := decode[struct {
			Context struct{ Error struct{ Code string } }
			Results []any
		}](t, a.Body)
		if got.Context.Error.Code != code || got.Results == nil || len(got.Results) > 0 || strings.Contains(string(a.Body), "fixture") {
			t.Errorf("%s: %s", target, a.Body)
		}
	}
}
