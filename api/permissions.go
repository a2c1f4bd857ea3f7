package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/access"
)

// need is the permission that a route needs: any of these on a resource of a kind,
// in the scope and of the name that the path has. The zero need is that of what
// everybody may see who has a token.
type need struct {
	any  []access.Permission
	kind secretstore.Kind
	// some says that one on some resource of the kind will do; the store knows the
	// name, and decides on it.
	some bool
}

// isPublic has the routes that need no principal.
var isPublic = map[string]bool{
	"GET /healthz":       true,
	"GET /readyz":        true,
	"GET /openapi.json":  true,
	"GET /reticent.d.ts": true,

	"GET " + wellKnown: true,
	"GET " + wellKnown + "/v1/projects/{project}":                    true,
	"GET " + wellKnown + "/v1/projects/{project}/services/{service}": true,
	"GET {opa}/health": true,
	// Public keys, for whoever verifies tokens.
	"GET {scope}/jwks.json": true,
}

// scopePrefixes are those under which every scope has its routes; the longest
// first.
var scopePrefixes = []string{"/v1/projects/{project}/services/{service}", "/v1/projects/{project}", "/v1"}

// permissions has what every other route needs; {scope} stands for each of
// scopePrefixes, {opa} for each of opaBases. A route that is not here is refused.
var permissions = permissionTable()

func permissionTable() map[string]need {
	var (
		read    = []access.Permission{access.Read}
		create  = []access.Permission{access.Create}
		update  = []access.Permission{access.Update}
		write   = []access.Permission{access.Create, access.Update}
		remove  = []access.Permission{access.Delete}
		execute = []access.Permission{access.Execute}
	)
	t := map[string]need{
		"GET {scope}/script-templates": {},

		"GET /metrics": {any: read, kind: secretstore.KindMetrics},

		"GET {scope}":          {any: read, kind: secretstore.KindScope},
		"GET {scope}/projects": {any: read, kind: secretstore.KindScope},
		"GET {scope}/services": {any: read, kind: secretstore.KindScope},
		"PUT {scope}":          {any: []access.Permission{access.Read, access.Create}, kind: secretstore.KindScope},

		"POST {scope}/secrets":                             {any: create, kind: secretstore.KindSecret, some: true},
		"GET {scope}/secrets/{name}/versions":              {any: read, kind: secretstore.KindSecret},
		"POST {scope}/secrets/{name}/versions":             {any: update, kind: secretstore.KindSecret},
		"PATCH {scope}/secrets/{name}/versions/{version}":  {any: update, kind: secretstore.KindSecret},
		"DELETE {scope}/secrets/{name}/versions/{version}": {any: remove, kind: secretstore.KindSecret},
		"GET {scope}/audit":                                {any: read, kind: secretstore.KindAudit, some: true},
		"GET {scope}/audit/verification":                   {any: read, kind: secretstore.KindAudit, some: true},
		"GET {scope}/kek":                                  {any: read, kind: secretstore.KindKEK},
		"POST {scope}/kek/rotate":                          {any: update, kind: secretstore.KindKEK},
		"GET {scope}/executions":                           {any: read, kind: secretstore.KindExecution, some: true},
		"GET {scope}/executions/{id}":                      {any: read, kind: secretstore.KindExecution, some: true},
		"GET {scope}/decisions":                            {any: read, kind: secretstore.KindDecision, some: true},
		"GET {scope}/decisions/{id}":                       {any: read, kind: secretstore.KindDecision, some: true},
		"PUT {scope}/secrets.json":                         {any: write, kind: secretstore.KindSecret, some: true},
		"POST {scope}/points/{point}/run":                  {any: execute, kind: secretstore.KindBinding, some: true},
		"POST {scope}/points/{point}/evaluate":             {any: execute, kind: secretstore.KindBinding, some: true},
		"POST {scope}/tokens":                              {any: create, kind: secretstore.KindToken, some: true},
		"POST {scope}/scripts/{name}/run":                  {any: execute, kind: secretstore.KindScript},
		"POST {scope}/scripts/test":                        {any: create, kind: secretstore.KindScript, some: true},
		"POST {scope}/policies/{name}/evaluate":            {any: execute, kind: secretstore.KindPolicy},
		"POST {scope}/policies/test":                       {any: create, kind: secretstore.KindPolicy, some: true},
		"GET {scope}/bindings":                             {any: read, kind: secretstore.KindBinding, some: true},
		"GET {scope}/bindings/{point}":                     {any: read, kind: secretstore.KindBinding, some: true},
		"PUT {scope}/bindings/{point}":                     {any: write, kind: secretstore.KindBinding, some: true},
		"PATCH {scope}/bindings/{point}":                   {any: update, kind: secretstore.KindBinding, some: true},
		"DELETE {scope}/bindings/{point}":                  {any: remove, kind: secretstore.KindBinding, some: true},
	}
	for _, question := range []string{"evaluation", "evaluations", "search/subject", "search/resource", "search/action"} {
		n := need{any: execute, kind: secretstore.KindBinding, some: true}
		t["POST /access/v1/"+question], t["POST {scope}/access/v1/"+question] = n, n
	}
	// Each policy that a question of OPA's API leads to is asked about again.
	for _, question := range []string{"GET {opa}/v1/data", "POST {opa}/v1/data", "POST {opa}/v0/data", "POST {opa}/v1/batch/data"} {
		n := need{any: execute, kind: secretstore.KindPolicy, some: true}
		t[question], t[question+"/*"] = n, n
	}
	for _, question := range []string{"POST {opa}", "GET {opa}/v1/query", "POST {opa}/v1/query", "POST {opa}/v1/compile"} {
		t[question] = need{any: execute, kind: secretstore.KindPolicy, some: true}
	}
	t["GET {opa}/v1/policies"] = need{any: read, kind: secretstore.KindPolicy, some: true}
	t["GET {opa}/bundles/{name}.tar.gz"] = need{any: read, kind: secretstore.KindPolicy}
	t["POST {opa}/logs"] = need{any: execute, kind: secretstore.KindPolicy, some: true}
	t["GET {opa}/v1/policies/*"] = t["GET {opa}/v1/policies"]
	for _, operation := range []string{"sign", "verify", "encrypt", "decrypt"} {
		t["POST {scope}/keys/{name}/"+operation] = need{any: execute, kind: secretstore.KindKey}
	}
	t["GET {scope}/keys/{name}/versions"] = need{any: read, kind: secretstore.KindKey}
	t["GET {scope}/managers/{name}/cache"] = need{any: read, kind: secretstore.KindManager}
	t["GET {scope}/managers/{name}/health"] = need{any: read, kind: secretstore.KindManager}
	t["DELETE {scope}/managers/{name}/cache"] = need{any: update, kind: secretstore.KindManager}
	t["DELETE {scope}/managers/{name}/cache/*"] = need{any: update, kind: secretstore.KindManager}
	for path, kind := range map[string]secretstore.Kind{"scripts": secretstore.KindScript, "policies": secretstore.KindPolicy} {
		at := "{scope}/" + path + "/{name}/versions"
		t["GET "+at], t["GET "+at+"/{version}"] = need{any: read, kind: kind}, need{any: read, kind: kind}
		t["POST "+at+"/{version}/restore"] = need{any: update, kind: kind}
	}
	// Collections have the same routes.
	for path, kind := range map[string]secretstore.Kind{
		"secrets": secretstore.KindSecret, "variables": secretstore.KindVariable, "scripts": secretstore.KindScript, "policies": secretstore.KindPolicy,
		"keys": secretstore.KindKey, "managers": secretstore.KindManager, "grants": secretstore.KindGrant, "groups": secretstore.KindGroup, "issuers": secretstore.KindIssuer, "tokens": secretstore.KindToken,
	} {
		one := "{scope}/" + path + "/{name}"
		t["GET {scope}/"+path] = need{any: read, kind: kind, some: true}
		t["GET "+one] = need{any: read, kind: kind}
		t["PATCH "+one] = need{any: update, kind: kind}
		t["DELETE "+one] = need{any: remove, kind: kind}
		if kind != secretstore.KindToken {
			t["PUT "+one] = need{any: write, kind: kind}
		}
	}
	return t
}

// route is how the table has a route.
func route(method, pattern string) string {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, prefix := range scopePrefixes {
		if rest, ok := strings.CutPrefix(pattern, prefix); ok && (rest == "" || rest[0] == '/') {
			return method + " {scope}" + rest
		}
	}
	for _, base := range opaBases {
		if rest, ok := strings.CutPrefix(pattern, base); ok && (rest == "" || rest[0] == '/') {
			return method + " {opa}" + rest
		}
	}
	return method + " " + pattern
}

// permit lets through who has the permission that the route needs, before
// anything of the request but its path is read. The store asks again about what it
// is about to do.
func (s *server) permit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.permitted(r); err != nil {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) permitted(r *http.Request) error {
	n, ok := permissions[route(r.Method, chi.RouteContext(r.Context()).RoutePattern())]
	if !ok {
		return refuse(http.StatusForbidden, "forbidden", "nobody may do that: this path has no permission")
	}
	if len(n.any) == 0 {
		return nil
	}
	scope := secretstore.Scope{Project: pathValue(r, "project"), Service: pathValue(r, "service")}
	name := ""
	if !n.some {
		name = pathValue(r, "name")
	}
	return s.store.Permit(r.Context(), exchangeOf(r).principal, n.kind, scope, name, n.any...)
}

// pathValue gives a part of the path as it is: permissions are matched against
// what no name can be as well, and match nothing.
func pathValue(r *http.Request, key string) string {
	raw := chi.URLParam(r, key)
	if name, err := url.PathUnescape(raw); err == nil {
		return name
	}
	return raw
}
