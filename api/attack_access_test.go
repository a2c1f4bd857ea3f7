package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
)

// person is somebody with a token.
type person struct {
	*apitest.Server
	client.Token
}

// made gives somebody a token of a role in a scope.
func made(t *testing.T, s *apitest.Server, scope client.Scope, role string) person {
	t.Helper()
	token, err := s.Client.Tokens(scope).Create(t.Context(), client.TokenSpec{Role: role})
	if err != nil {
		t.Fatal(err)
	}
	as := *s
	as.Token = token.Value
	return person{&as, token}
}

// given gives a permission.
func given(t *testing.T, s *apitest.Server, scope, name, body string) {
	t.Helper()
	want(t, s, 201, request{"PUT", scope + "/grants/" + name, body, nil})
}

var shop = client.Scope{Project: "shop"}

const (
	namesK = `{"source":"module.exports = async function (context) { return context.input === context.secrets.K }"}`
	askK   = `{"input":"fixture-0123456789-abcdef"}`
)

// TestStoringNeedsUse makes sure that nobody stores or tests what names a secret
// that he may not use, and that what he may use is a matter of names, kinds, tags
// and scopes.
func TestStoringNeedsUse(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"PUT", "/v1/secrets/tagged", `{"value":"tagged-0123456789-abcdef","tags":{"env":"dev"}}`, nil})
	names := func(name string) []request {
		script := fmt.Sprintf(`module.exports = async function (context) { return context.input === context.secrets[%q] }`, name)
		rego := fmt.Sprintf("package p\n\nallow if input.k == data.secrets[%q]", name)
		validators := fmt.Sprintf(`{"language":"validators","validators":[{"name":"attributes","conf":{"fields":[{"field":"key","comparator":"equals","secret":%q}]}}]}`, name)
		policy := asJSON(t, map[string]any{"language": "rego", "source": rego})
		return []request{
			{"PUT", "/scripts/N", asJSON(t, map[string]any{"source": script}), nil},
			{"PUT", "/policies/N", policy, nil},
			{"PUT", "/policies/V", validators, nil},
			{"POST", "/scripts/test", asJSON(t, map[string]any{"source": script, "input": 1}), nil},
			{"POST", "/policies/test", `{"policy":` + policy + `,"input":{}}`, nil},
			{"POST", "/policies/test", `{"policy":` + validators + `,"input":{}}`, nil},
			{"POST", "/scripts/test", asJSON(t, map[string]any{"source": "module.exports = async function (context) { return context.secrets.get(context.input) }", "secrets": []string{name}, "input": 1}), nil},
		}
	}
	for _, x := range []struct {
		grant, scope string // on which the author has it
		name         string
		may          bool
	}{
		{"", "", "K", false},
		{`"permissions":["read","create","update","delete","execute"]`, "/v1", "K", false},
		{`"permissions":["use"]`, "/v1", "K", true},
		{`"permissions":["use"]`, "/v1/projects/shop", "K", false}, // K is the platform's
		{`"permissions":["use"],"names":"K"`, "/v1", "K", true},
		{`"permissions":["use"],"names":"k*"`, "/v1", "K", false},
		{`"permissions":["use"],"kinds":["script","policy"]`, "/v1", "K", false},
		{`"permissions":["use"],"tag":"env:dev"`, "/v1", "tagged", true},
		{`"permissions":["use"],"tag":"env:dev"`, "/v1", "K", false},
		{`"permissions":["use"],"tag":"env:prod"`, "/v1", "tagged", false},
		// What is not there yet needs a permission on its name where it would be.
		{`"permissions":["use"],"names":"later-*"`, "/v1/projects/shop", "later-1", true},
		{`"permissions":["use"],"names":"other-*"`, "/v1/projects/shop", "later-1", false},
	} {
		t.Run(x.grant+" in "+x.scope+" for "+x.name, func(t *testing.T) {
			author := made(t, s, shop, "author")
			if x.grant != "" {
				given(t, s, x.scope, "g", fmt.Sprintf(`{"subject":%q,%s}`, author.Subject, x.grant))
				defer want(t, s, 204, request{"DELETE", x.scope + "/grants/g", "", nil})
			}
			for _, r := range names(x.name) {
				r.path = "/v1/projects/shop" + r.path
				a := send(t, author.Server, r)
				if may := a.Status < 300; may != x.may || !may && (a.Status != 403 || !strings.Contains(string(a.Body), "the permission use on "+x.name)) {
					t.Errorf("%s %s: %d %s", r.method, r.path, a.Status, a.Body)
				}
			}
			for _, path := range []string{"/v1/projects/shop/scripts/N", "/v1/projects/shop/policies/N", "/v1/projects/shop/policies/V"} {
				send(t, s, request{"DELETE", path, "", nil})
			}
		})
	}
}

// TestUseIsTakenAway takes the permission away in every way there is, and asks at
// each what an author has stored: it denies and says why, and works again with
// the permission.
func TestUseIsTakenAway(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	author := made(t, s, shop, "author")
	group := fmt.Sprintf(`{"members":[%q]}`, author.Subject)
	want(t, s, 201, request{"PUT", "/v1/groups/users", group, nil})
	want(t, s, 200, request{"PATCH", "/v1/secrets/K", `{"tags":{"team":"users"}}`, nil})
	const use = `{"subject":"group:users","permissions":["use"],"tag":"team:users"}`
	given(t, s, "/v1", "g", use)

	want(t, author.Server, 201, request{"PUT", "/v1/projects/shop/scripts/mine", namesK, nil})
	want(t, author.Server, 201, request{"PUT", "/v1/projects/shop/policies/mine", `{"language":"rego","source":"package p\n\nallow if input == data.secrets.K"}`, nil})
	want(t, author.Server, 201, request{"PUT", "/v1/projects/shop/policies/outer", `{"language":"validators","validators":[{"name":"policy","conf":{"policy":"mine"}}]}`, nil})

	works := func(t *testing.T, should bool) {
		t.Helper()
		for _, by := range []*apitest.Server{s, author.Server} {
			run := string(want(t, by, 200, request{"POST", "/v1/projects/shop/scripts/mine/run", askK, nil}).Body)
			decision := string(want(t, by, 200, request{"POST", "/v1/projects/shop/policies/mine/evaluate", askK, nil}).Body)
			outer := string(want(t, by, 200, request{"POST", "/v1/projects/shop/policies/outer/evaluate", askK, nil}).Body)
			if should {
				if !strings.Contains(run, `"output":true`) || !strings.Contains(decision, `"decision":true`) || !strings.Contains(outer, `"decision":true`) {
					t.Errorf("it does not work: %s %s %s", run, decision, outer)
				}
				continue
			}
			if !strings.Contains(run, "secret_forbidden") || !strings.Contains(run, `"output":null`) {
				t.Errorf("the script: %s", run)
			}
			for _, d := range []string{decision, outer} {
				if !strings.Contains(d, `"decision":false`) || !strings.Contains(d, "secret_forbidden") {
					t.Errorf("the policy: %s", d)
				}
			}
		}
		shown := string(want(t, s, 200, request{"GET", "/v1/projects/shop/scripts/mine", "", nil}).Body)
		if strings.Contains(shown, "may not use secret K") == should {
			t.Errorf("its metadata: %s", shown)
		}
	}
	works(t, true)

	t.Run("the grant goes", func(t *testing.T) {
		want(t, s, 204, request{"DELETE", "/v1/grants/g", "", nil})
		works(t, false)
		given(t, s, "/v1", "g", use)
		works(t, true)
	})
	t.Run("the grant is narrowed", func(t *testing.T) {
		want(t, s, 200, request{"PATCH", "/v1/grants/g", `{"tag":"team:others"}`, nil})
		works(t, false)
		want(t, s, 200, request{"PATCH", "/v1/grants/g", `{"tag":"team:users"}`, nil})
		works(t, true)
	})
	t.Run("the group loses the author", func(t *testing.T) {
		want(t, s, 200, request{"PATCH", "/v1/groups/users", `{"members":[]}`, nil})
		works(t, false)
		want(t, s, 200, request{"PUT", "/v1/groups/users", group, nil})
		works(t, true)
	})
	t.Run("the secret loses the tag", func(t *testing.T) {
		want(t, s, 200, request{"PATCH", "/v1/secrets/K", `{"tags":{"team":null}}`, nil})
		works(t, false)
		want(t, s, 200, request{"PATCH", "/v1/secrets/K", `{"tags":{"team":"users"}}`, nil})
		works(t, true)
	})
	t.Run("the name means a nearer secret", func(t *testing.T) {
		want(t, s, 201, request{"PUT", "/v1/projects/shop/secrets/K", `{"value":"fixture-0123456789-abcdef"}`, nil})
		works(t, false)
		want(t, s, 204, request{"DELETE", "/v1/projects/shop/secrets/K?force=true", "", nil})
		works(t, true)
	})
	t.Run("somebody else stores it", func(t *testing.T) {
		want(t, s, 204, request{"DELETE", "/v1/grants/g", "", nil})
		works(t, false)
		want(t, s, 200, request{"PUT", "/v1/projects/shop/scripts/mine", namesK, nil})
		want(t, s, 200, request{"PUT", "/v1/projects/shop/policies/mine", `{"language":"rego","source":"package p\n\nallow if input == data.secrets.K"}`, nil})
		works(t, true)
		// And who lost the permission cannot take it over again.
		want(t, author.Server, 403, request{"PUT", "/v1/projects/shop/scripts/mine", namesK, nil})
		want(t, author.Server, 403, request{"PATCH", "/v1/projects/shop/scripts/mine", `{"description":"x"}`, nil})
		works(t, true)
	})
}

// TestRevokingSaysWhatStandsOnAToken makes sure that nobody is surprised by what
// denies when a token is deleted, and that one that expires leaves it be.
func TestRevokingSaysWhatStandsOnAToken(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	ci := made(t, s, client.Scope{}, "admin")
	want(t, ci.Server, 201, request{"PUT", "/v1/scripts/deployed", namesK, nil})
	runs := func(want string) {
		t.Helper()
		if a := send(t, s, request{"POST", "/v1/scripts/deployed/run", askK, nil}); !strings.Contains(string(a.Body), want) {
			t.Errorf("the script: %s", a.Body)
		}
	}
	want(t, s, 200, request{"PATCH", "/v1/tokens/" + ci.ID, `{"expires_at":"2020-01-01T00:00:00Z"}`, nil})
	want(t, ci.Server, 401, request{"GET", "/v1/scripts", "", nil})
	runs(`"output":true`)
	if p := wantProblem(t, s, 409, "in_use", request{"DELETE", "/v1/tokens/" + ci.ID, "", nil}); len(p.UsedBy) != 1 || p.UsedBy[0].Name != "deployed" {
		t.Errorf("used by %+v", p.UsedBy)
	}
	want(t, s, 204, request{"DELETE", "/v1/tokens/" + ci.ID + "?force=true", "", nil})
	runs("secret_forbidden")
}

// TestEscalation is what people try who have something and want more.
func TestEscalation(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"PUT", "/v1/projects/other", "", nil})
	want(t, s, 201, request{"PUT", "/v1/projects/other/policies/theirs", `{"language":"rego","source":"package p\n\nallow := true"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/projects/other/secrets/THEIRS", `{"value":"theirs-0123456789-abcdef"}`, nil})
	author := made(t, s, shop, "author")
	local := made(t, s, shop, "admin")
	full := made(t, s, shop, "")
	given(t, s, "/v1/projects/shop", "full", fmt.Sprintf(`{"subject":%q,"permissions":["create","read","update","delete","use","execute"]}`, full.Subject))

	grant := func(p person) string { return fmt.Sprintf(`{"subject":%q,"role":"admin"}`, p.Subject) }
	for _, x := range []struct {
		name   string
		who    person
		ask    request
		status int
		code   string
	}{
		{"an author grants himself", author, request{"PUT", "/v1/projects/shop/grants/x", grant(author), nil}, 403, "forbidden"},
		{"one with every permission grants himself", full, request{"PUT", "/v1/projects/shop/grants/x", grant(full), nil}, 403, "forbidden"},
		{"one with every permission widens his grant", full, request{"PATCH", "/v1/projects/shop/grants/full", `{"kinds":["secret","audit"]}`, nil}, 403, "forbidden"},
		{"one with every permission makes a token", full, request{"POST", "/v1/projects/shop/tokens", `{"role":"admin"}`, nil}, 403, "forbidden"},
		{"one with every permission joins a group", full, request{"PUT", "/v1/groups/g", `{"members":[]}`, nil}, 403, "forbidden"},
		{"a project's administrator grants on the platform", local, request{"PUT", "/v1/grants/x", grant(local), nil}, 403, "forbidden"},
		{"a project's administrator grants elsewhere", local, request{"PUT", "/v1/projects/other/grants/x", grant(local), nil}, 403, "forbidden"},
		{"a project's administrator makes a platform token", local, request{"POST", "/v1/tokens", `{"role":"admin"}`, nil}, 403, "forbidden"},
		{"a project's administrator makes a group", local, request{"PUT", "/v1/groups/g", `{"members":[]}`, nil}, 403, "forbidden"},
		{"a project's administrator extends a platform token", local, request{"PATCH", "/v1/projects/shop/tokens/admin", `{"description":"x"}`, nil}, 404, "not_found"},
		{"a project's administrator revokes a platform token", local, request{"DELETE", "/v1/projects/shop/tokens/admin?force=true", "", nil}, 404, "not_found"},
		{"a project's administrator uses a platform secret", local, request{"PUT", "/v1/projects/shop/scripts/x", namesK, nil}, 403, "forbidden"},
		{"a project's administrator tests with a platform secret", local, request{"POST", "/v1/projects/shop/scripts/test", namesK, nil}, 403, "forbidden"},
		{"administration cannot be granted", local, request{"PUT", "/v1/projects/shop/grants/x", fmt.Sprintf(`{"subject":%q,"permissions":["create"],"kinds":["grant"]}`, author.Subject), nil}, 400, "invalid_request"},
		{"a foreign policy is bound", author, request{"PUT", "/v1/projects/shop/bindings/authzen", `{"policy":"theirs"}`, nil}, 404, "not_found"},
		{"a foreign policy is bound by path", author, request{"PUT", "/v1/projects/shop/bindings/authzen", `{"policy":"../../other/policies/theirs"}`, nil}, 422, "invalid_binding"},
		{"a foreign policy is evaluated", author, request{"POST", "/v1/projects/other/policies/theirs/evaluate", "{}", nil}, 403, "forbidden"},
		{"a scope is made elsewhere", local, request{"PUT", "/v1/projects/mine", "", nil}, 403, "forbidden"},
		{"a scope is made above", local, request{"PUT", "/v1/projects/shopping", "", nil}, 403, "forbidden"},
	} {
		t.Run(x.name, func(t *testing.T) {
			before := state(t, s)
			a := send(t, x.who.Server, x.ask)
			if p := decode[problem](t, a.Body); a.Status != x.status || p.Code != x.code {
				t.Errorf("status %d: %s", a.Status, a.Body)
			}
			if strings.Contains(string(a.Body), "theirs-") || state(t, s) != before {
				t.Error("something was done")
			}
		})
	}
}

// TestTagsAreGrants makes sure that who may change a secret cannot change who else
// may use it, by the tags that grants go by.
func TestTagsAreGrants(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	const tagged = `{"value":"fixture-0123456789-abcdef","tags":{"env":"dev"}}`
	keeper := made(t, s, shop, "")
	given(t, s, "/v1/projects/shop", "keeper", fmt.Sprintf(`{"subject":%q,"permissions":["create","read","update","delete"],"kinds":["secret"]}`, keeper.Subject))
	want(t, keeper.Server, 201, request{"PUT", "/v1/projects/shop/secrets/before", tagged, nil})
	want(t, keeper.Server, 201, request{"PUT", "/v1/projects/shop/secrets/plain", `{"value":"fixture-0123456789-abcdef"}`, nil})
	given(t, s, "/v1/projects/shop", "dev", `{"subject":"group:dev","permissions":["use"],"tag":"env:dev"}`)

	for _, r := range []request{
		{"PUT", "/v1/projects/shop/secrets/new", tagged, nil},
		{"POST", "/v1/projects/shop/secrets", `{"name":"new",` + tagged[1:], nil},
		{"PATCH", "/v1/projects/shop/secrets/plain", `{"tags":{"env":"dev"}}`, nil},
		{"PATCH", "/v1/projects/shop/secrets/before", `{"tags":{"env":null}}`, nil},
		{"PATCH", "/v1/projects/shop/secrets/before", `{"tags":{"env":"prod"}}`, nil},
		{"PATCH", "/v1/projects/shop/secrets/before", `{"tags":null}`, nil},
		{"PUT", "/v1/projects/shop/secrets/before", `{"value":"fixture-0123456789-abcdef"}`, nil},
	} {
		wantProblem(t, keeper.Server, 403, "forbidden", r)
	}
	want(t, keeper.Server, 200, request{"PATCH", "/v1/projects/shop/secrets/before", `{"tags":{"team":"x"},"description":"y"}`, nil})
	want(t, made(t, s, shop, "admin").Server, 200, request{"PATCH", "/v1/projects/shop/secrets/plain", `{"tags":{"env":"dev"}}`, nil})
}

// TestRefusalsDoNotTellWhatExists compares what somebody without a permission is
// answered about what exists and what does not, byte for byte.
func TestRefusalsDoNotTellWhatExists(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"PUT", "/v1/projects/shop/secrets/KNOWN", `{"value":"known-0123456789-abcdef","tags":{"env":"dev"}}`, nil})
	want(t, s, 201, request{"PUT", "/v1/projects/shop/grants/KNOWN", `{"subject":"group:x","role":"auditor"}`, nil})
	reader := made(t, s, shop, "")
	given(t, s, "/v1/projects/shop", "reader", fmt.Sprintf(`{"subject":%q,"permissions":["read","update","delete"],"names":"billing-*"}`, reader.Subject))
	given(t, s, "/v1/projects/shop", "tagged", fmt.Sprintf(`{"subject":%q,"permissions":["read","update","delete"],"tag":"env:prod"}`, reader.Subject))
	outsider := made(t, s, client.Scope{Project: "shop"}, "evaluator")

	answer := func(p person, r request) string {
		a := send(t, p.Server, r)
		body := decode[map[string]any](t, a.Body)
		delete(body, "request_id")
		return fmt.Sprint(a.Status, asJSON(t, body))
	}
	for _, p := range []person{reader, outsider} {
		for _, kind := range []string{"secrets", "scripts", "policies", "variables", "grants", "tokens"} {
			for _, r := range []request{{method: "GET"}, {method: "DELETE"}, {method: "PATCH", body: "{}"}, {method: "PUT", body: `{"value":"x"}`}} {
				if kind == "tokens" && r.method == "PUT" {
					continue
				}
				known, absent := r, r
				known.path, absent.path = "/v1/projects/shop/"+kind+"/KNOWN", "/v1/projects/shop/"+kind+"/ABSENT"
				a, b := answer(p, known), answer(p, absent)
				if a != b || !strings.HasPrefix(a, "403") {
					t.Errorf("%s %s: %s, and of what is not there %s", r.method, kind, a, b)
				}
			}
		}
		for _, path := range []string{"/v1/projects/other/secrets", "/v1/projects/absent/secrets", "/v1/secrets"} {
			if a := send(t, p.Server, request{method: "GET", path: path}); a.Status != http.StatusForbidden {
				t.Errorf("GET %s: %d", path, a.Status)
			}
		}
	}

	// A list has what may be read, and tells nothing of the rest.
	want(t, s, 201, request{"PUT", "/v1/projects/shop/secrets/billing-1", `{"value":"known-0123456789-abcdef"}`, nil})
	list := decode[client.Page[client.Secret]](t, want(t, reader.Server, 200, request{"GET", "/v1/projects/shop/secrets?page_size=1", "", nil}).Body)
	if len(list.Items) != 1 || list.Items[0].Name != "billing-1" || list.NextPageToken != "" {
		t.Errorf("the list %+v", list)
	}

	// Nor do names of documents elsewhere come with a secret's metadata.
	looker := made(t, s, client.Scope{}, "")
	given(t, s, "/v1", "looker", fmt.Sprintf(`{"subject":%q,"permissions":["read","delete"],"kinds":["secret"]}`, looker.Subject))
	want(t, s, 200, request{"POST", "/v1/scripts/S/run", "{}", nil})
	for _, r := range []request{{"GET", "/v1/secrets/K", "", nil}, {"GET", "/v1/secrets", "", nil}, {"DELETE", "/v1/secrets/K", "", nil}} {
		if a := send(t, looker.Server, r); strings.Contains(string(a.Body), `"S"`) || strings.Contains(string(a.Body), `"P"`) {
			t.Errorf("%s %s names what it may not: %s", r.method, r.path, a.Body)
		}
	}
}

// TestSettingIsItsAuthors makes sure that context.secrets.set needs the permission
// of who stored the script, and not of who runs it.
func TestSettingIsItsAuthors(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	const sets = `{"source":"module.exports = async function (context) { await context.secrets.set('SET', 'a-value-0123456789', 'project'); return 1 }"}`
	author := made(t, s, shop, "author")
	want(t, author.Server, 201, request{"PUT", "/v1/projects/shop/scripts/sets", sets, nil})
	run := request{"POST", "/v1/projects/shop/scripts/sets/run", "{}", nil}
	if a := want(t, s, 200, run); !strings.Contains(string(a.Body), `"error"`) {
		t.Errorf("an administrator's run sets what the author may not: %s", a.Body)
	}
	wantProblem(t, s, 404, "not_found", request{"GET", "/v1/projects/shop/secrets/SET", "", nil})

	given(t, s, "/v1/projects/shop", "sets", fmt.Sprintf(`{"subject":%q,"permissions":["create"],"kinds":["secret"],"names":"SET"}`, author.Subject))
	runner := made(t, s, shop, "evaluator")
	if a := want(t, runner.Server, 200, run); strings.Contains(string(a.Body), `"error"`) {
		t.Errorf("an evaluator's run: %s", a.Body)
	}
	want(t, s, 200, request{"GET", "/v1/projects/shop/secrets/SET", "", nil})
	// It may create and not replace.
	if a := want(t, runner.Server, 200, run); !strings.Contains(string(a.Body), `"error"`) {
		t.Errorf("the second run: %s", a.Body)
	}
}

// TestModulesHaveTheirAuthors makes sure that nobody gets at the secrets of those
// who require his module, by changing it, by putting a nearer one in its place or
// by having it required.
func TestModulesHaveTheirAuthors(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	const module = `{"kind":"module","source":"exports.same = (a, b) => a === b"}`
	const requires = `{"source":"const m = require('m'); module.exports = async function (context) { return m.same(context.input, context.secrets.K) }"}`
	owner, other := made(t, s, shop, "author"), made(t, s, shop, "author")
	given(t, s, "/v1", "owner", fmt.Sprintf(`{"subject":%q,"permissions":["use"],"names":"K"}`, owner.Subject))
	runs := func(want string) {
		t.Helper()
		if a := send(t, s, request{"POST", "/v1/projects/shop/scripts/mine/run", askK, nil}); !strings.Contains(string(a.Body), want) {
			t.Errorf("the script: %s", a.Body)
		}
	}
	want(t, s, 201, request{"PUT", "/v1/scripts/m", module, nil})
	want(t, owner.Server, 201, request{"PUT", "/v1/projects/shop/scripts/mine", requires, nil})
	runs(`"output":true`)
	wantProblem(t, other.Server, 403, "forbidden", request{"PUT", "/v1/projects/shop/scripts/m", module, nil})
	runs(`"output":true`)
	want(t, owner.Server, 201, request{"PUT", "/v1/projects/shop/scripts/m", module, nil})
	runs(`"output":true`)
	wantProblem(t, other.Server, 403, "forbidden", request{"PUT", "/v1/projects/shop/scripts/m", module, nil})
	wantProblem(t, other.Server, 403, "forbidden", request{"PATCH", "/v1/projects/shop/scripts/m", `{"description":"x"}`, nil})

	// One that was there first is part of what requires it, and of a test.
	want(t, other.Server, 201, request{"PUT", "/v1/projects/shop/scripts/n", module, nil})
	const requiresOthers = `{"source":"const m = require('n'); module.exports = async function (context) { return m.same(context.input, context.secrets.K) }"}`
	a := want(t, owner.Server, 200, request{"PUT", "/v1/projects/shop/scripts/mine", requiresOthers, nil})
	if !strings.Contains(string(a.Body), "the script n, which this one requires") {
		t.Errorf("stored without a warning: %s", a.Body)
	}
	runs("secret_forbidden")
	wantProblem(t, owner.Server, 403, "forbidden", request{"POST", "/v1/projects/shop/scripts/test", requiresOthers, nil})
	want(t, owner.Server, 200, request{"PUT", "/v1/projects/shop/scripts/n", module, nil})
	runs(`"output":true`)
}

// TestAskingAtAPoint makes sure that who may ask at a point is answered by what is
// bound there or above, whatever else he may do, and nobody else is.
func TestAskingAtAPoint(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"PUT", "/v1/bindings/custom", `{"script":"S"}`, nil})
	want(t, s, 201, request{"PUT", "/v1/bindings/api", `{"policy":"P"}`, nil})
	asker := made(t, s, shop, "")
	requests := []request{
		{"POST", "/v1/projects/shop/points/api/evaluate", `{"input":{"k":"fixture-0123456789-abcdef"}}`, nil},
		{"POST", "/v1/projects/shop/points/custom/run", `{"context":{}}`, nil},
	}
	for _, r := range requests {
		wantProblem(t, asker.Server, 403, "forbidden", r)
	}
	given(t, s, "/v1/projects/shop", "asker", fmt.Sprintf(`{"subject":%q,"permissions":["execute"],"kinds":["binding"]}`, asker.Subject))
	for _, r := range requests {
		want(t, asker.Server, 200, r)
	}
	if a := send(t, asker.Server, requests[0]); !strings.Contains(string(a.Body), `"decision":true`) {
		t.Errorf("%s", a.Body)
	}
	for _, r := range []request{
		{"POST", "/v1/projects/shop/policies/P/evaluate", "{}", nil}, {"POST", "/v1/projects/shop/scripts/S/run", "{}", nil},
		{"POST", "/v1/points/api/evaluate", "{}", nil}, {"POST", "/access/v1/evaluation", "{}", nil},
	} {
		wantProblem(t, asker.Server, 403, "forbidden", r)
	}
	// And only for the targets that he was given.
	want(t, s, 200, request{"PATCH", "/v1/projects/shop/grants/asker", `{"names":"api:record"}`, nil})
	wantProblem(t, asker.Server, 403, "forbidden", requests[0])
	want(t, asker.Server, 200, request{"POST", "/v1/projects/shop/points/api/evaluate", `{"target":"record","input":{}}`, nil})
}
