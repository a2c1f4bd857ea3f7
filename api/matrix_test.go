package api_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/api"
	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
	rights "github.com/reticent/reticent/secretstore/access"
)

// roles is what each role may do to a kind, written down a second time, by hand.
var roles = map[string]map[string]string{
	"admin": {
		"secret": "create read update delete use", "variable": "create read update delete",
		"script": "create read update delete execute", "policy": "create read update delete execute", "binding": "create read update delete execute",
		"scope": "create read", "token": "create read update delete", "group": "create read update delete", "grant": "create read update delete", "issuer": "create read update delete",
		"metrics": "read", "execution": "read", "decision": "read", "audit": "read", "key": "create read update delete execute", "manager": "create read update delete", "kek": "read update",
	},
	"author": {
		"secret": "read", "scope": "read", "execution": "read", "decision": "read", "key": "read", "manager": "read", "variable": "create read update delete",
		"script": "create read update delete execute", "policy": "create read update delete execute", "binding": "create read update delete execute",
	},
	"evaluator": {"script": "execute", "policy": "execute", "binding": "execute"},
	"auditor": {
		"secret": "read", "variable": "read", "script": "read", "policy": "read", "binding": "read", "scope": "read",
		"token": "read", "group": "read", "grant": "read", "issuer": "read", "metrics": "read", "execution": "read", "decision": "read", "audit": "read", "key": "read", "manager": "read", "kek": "read",
	},
	"": {},
}

type permission = rights.Permission

// TestTableHasEveryRoute compares the table of permissions with the router, both
// ways.
func TestTableHasEveryRoute(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	routed := make(map[string]bool)
	err := chi.Walk(api.New(s.API).(chi.Routes), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routed[api.RouteOf(method, strings.TrimSuffix(pattern, "/"))] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(routed, api.RoutesOfTable()); diff != "" {
		t.Errorf("routes (-) and the table of permissions (+) differ:\n%s", diff)
	}
}

// TestPermissionMatrix sends every operation of the document as every role, in its
// own scope, in those above and below and in a foreign one, to a resource that
// exists and to one that does not. Nothing is left out: what the document gains
// is in here, and is refused or not by the table that this file repeats by hand.
func TestPermissionMatrix(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	for _, path := range []string{"/v1/projects/shop/services/cart", "/v1/projects/other"} {
		want(t, s, 201, request{method: "PUT", path: path})
	}
	for _, scope := range []string{"/v1", "/v1/projects/shop", "/v1/projects/shop/services/cart"} {
		for _, x := range resources {
			send(t, s, request{"PUT", scope + strings.TrimPrefix(x.path, "/v1"), x.put, nil})
		}
		want(t, s, 201, request{"PUT", scope + "/grants/R", `{"subject":"group:R","role":"auditor"}`, nil})
	}
	want(t, s, 201, request{"PUT", "/v1/groups/R", `{"members":[]}`, nil})

	scopes := []client.Scope{{}, {Project: "shop"}, {Project: "shop", Service: "cart"}, {Project: "other"}}
	doc, err := described()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for role := range roles {
		for _, own := range scopes {
			token, err := s.Client.Tokens(own).Create(t.Context(), client.TokenSpec{Role: role})
			if err != nil {
				t.Fatal(err)
			}
			for pattern, item := range doc.Paths.Map() {
				for method := range item.Operations() {
					any, kind, public, known := api.Need(method, pattern)
					if !known {
						t.Fatalf("%s %s is in no table", method, pattern)
					}
					has := strings.Fields(roles[role][string(kind)])
					may := public || len(any) == 0 || within(scopeOf(pattern), own) && slices.ContainsFunc(any, func(p permission) bool { return slices.Contains(has, string(p)) })
					for _, name := range []string{"R", "ABSENT"} {
						path := strings.NewReplacer("{project}", "shop", "{service}", "cart", "{name}", name, "{version}", "1", "{point}", "authzen", "{id}", "x0", "{path}", "x").Replace(pattern)
						status := plain(t, s, method, path, token.Value)
						if refused := status == http.StatusForbidden; refused == may || status == http.StatusUnauthorized || status >= 500 {
							t.Errorf("%s of %+v: %s %s is answered %d", role, own, method, path, status)
						}
						count++
					}
				}
			}
		}
	}
	t.Logf("%d requests", count)
}

func scopeOf(pattern string) client.Scope {
	var s client.Scope
	pattern = strings.Replace(pattern, "/opa/projects/", "/v1/projects/", 1)
	if strings.HasPrefix(pattern, "/v1/projects/{project}") {
		s.Project = "shop"
	}
	if strings.HasPrefix(pattern, "/v1/projects/{project}/services/{service}") {
		s.Service = "cart"
	}
	return s
}

func within(s, outer client.Scope) bool {
	return outer == client.Scope{} || s == outer || outer.Service == "" && s.Project == outer.Project
}

// plain sends a request that changes nothing where it is let through: its body is
// broken, and so is its If-Match.
func plain(t *testing.T, s *apitest.Server, method, path, token string) int {
	t.Helper()
	var body io.Reader
	if method != http.MethodGet && method != http.MethodDelete {
		body = strings.NewReader("{")
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	if method == http.MethodDelete {
		r.Header.Set("If-Match", `"none"`)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

// TestTokensEndAtOnce revokes tokens, and lets them expire, between two requests.
func TestTokensEndAtOnce(t *testing.T) {
	s := fixture(t, apitest.Options{InProcess: true})
	tokens := s.Client.Tokens(client.Scope{})
	make := func(role string) (client.Token, string) {
		token, err := tokens.Create(t.Context(), client.TokenSpec{Role: role})
		if err != nil {
			t.Fatal(err)
		}
		return token, token.Value
	}
	asks := func(value string) int { return plain(t, s, "GET", "/v1/scripts/S", value) }

	revoked, value := make("author")
	if got := asks(value); got != 200 {
		t.Fatalf("status %d", got)
	}
	if err := tokens.Revoke(t.Context(), revoked.ID, "", false); err != nil {
		t.Fatal(err)
	}
	if got := asks(value); got != 401 {
		t.Errorf("a revoked token is answered %d", got)
	}

	expired, value := make("author")
	past := time.Now().Add(-time.Second)
	if _, err := tokens.Expire(t.Context(), expired.ID, &past, ""); err != nil {
		t.Fatal(err)
	}
	if got := asks(value); got != 401 {
		t.Errorf("an expired token is answered %d", got)
	}

	// A role that is granted goes while the token stays.
	none, value := make("")
	grants := s.Client.Grants(client.Scope{})
	if got := asks(value); got != 403 {
		t.Errorf("a token without a role is answered %d", got)
	}
	if _, _, err := grants.Put(t.Context(), "g", client.GrantSpec{Subject: none.Subject, Role: "auditor"}, ""); err != nil {
		t.Fatal(err)
	}
	if got := asks(value); got != 200 {
		t.Errorf("with a grant it is answered %d", got)
	}
	if err := grants.Delete(t.Context(), "g", "", false); err != nil {
		t.Fatal(err)
	}
	if got := asks(value); got != 403 {
		t.Errorf("without it again it is answered %d", got)
	}
}

// TestTheLastAdministratorStays keeps a server from being left to nobody.
func TestTheLastAdministratorStays(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	wantProblem(t, s, 409, "in_use", request{"DELETE", "/v1/tokens/admin?force=true", "", nil})
	past := fmt.Sprintf(`{"expires_at":%q}`, time.Now().Add(-time.Hour).Format(time.RFC3339))
	wantProblem(t, s, 409, "in_use", request{"PATCH", "/v1/tokens/admin", past, nil})
	other := decode[client.Token](t, want(t, s, 201, request{"POST", "/v1/tokens", `{"role":"admin"}`, nil}).Body)
	want(t, s, 204, request{"DELETE", "/v1/tokens/admin", "", nil})
	if got := plain(t, s, "GET", "/v1/tokens", s.Token); got != 401 {
		t.Errorf("the revoked administrator is answered %d", got)
	}

	// Nor does the next start make it again.
	s.Stop()
	again := apitest.Start(t, apitest.Options{InProcess: true, DataDir: s.DataDir})
	if got := plain(t, again, "GET", "/v1/tokens", apitest.Token); got != 401 {
		t.Errorf("after a start the revoked administrator is answered %d", got)
	}
	if got := plain(t, again, "GET", "/v1/tokens", other.Value); got != 200 {
		t.Errorf("after a start the other one is answered %d", got)
	}
}
