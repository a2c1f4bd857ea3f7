package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/reticent/reticent/api/identity"
	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/key"
	"github.com/reticent/reticent/secretstore/manager"
)

// methods are those that a route may have.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func (s *server) routes() chi.Router {
	root := chi.NewRouter()
	root.Use(identify, s.observe, secure, s.rescue, middleware.GetHead)
	root.NotFound(s.handle(func(http.ResponseWriter, *http.Request) error {
		return refuse(http.StatusNotFound, "no_route", "there is nothing at this path; /openapi.json lists what there is")
	}))
	root.MethodNotAllowed(s.handle(func(w http.ResponseWriter, r *http.Request) error {
		allowed := allowedMethods(root, r)
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return refuse(http.StatusMethodNotAllowed, "method_not_allowed", "this path has %s", strings.Join(allowed, ", "))
	}))

	root.Get("/healthz", s.handle(s.healthz))
	root.Get("/readyz", s.handle(s.readyz))
	root.Get("/openapi.json", s.handle(s.openAPI))
	root.Get("/reticent.d.ts", s.handle(s.declarations))
	for _, base := range opaBases {
		root.Get(base+"/health", s.handle(s.opaHealth))
	}
	for _, scope := range []string{"", "/v1/projects/{project}", "/v1/projects/{project}/services/{service}"} {
		root.Get(wellKnown+scope, s.handle(s.authZENConfiguration))
	}
	for _, scope := range scopePrefixes {
		root.Get(scope+"/jwks.json", s.handle(s.keySet))
	}

	root.Group(func(r chi.Router) {
		r.Use(s.authenticate, s.permit)
		// Metrics name secrets and show what is asked how often.
		r.Method(http.MethodGet, "/metrics", s.metrics.handler())
		r.Get("/v1/script-templates", s.handle(s.scriptTemplates))
		s.accessEvaluation(r, "")
		for _, base := range opaBases {
			s.opa(r, base)
		}

		r.Get("/v1/projects", s.handle(s.listScopes))
		r.Get("/v1/projects/{project}/services", s.handle(s.listScopes))
		for _, scope := range scopePrefixes {
			if scope != "/v1" { // which is there always
				r.Get(scope, s.handle(s.getScope))
				r.Put(scope, s.handle(s.putScope))
				s.accessEvaluation(r, scope)
			}
			s.scoped(r, scope)
		}
		r.Get("/v1/audit/verification", s.handle(s.verifyAudit))
		r.Get("/v1/kek", s.handle(s.getKEK))
		r.Post("/v1/kek/rotate", s.handle(s.rotateKEK))
		mount(r, "/v1/issuers", collection[identity.Issuer]{s, identity.Issuers(s.store)})
		mount(r, "/v1/groups", collection[access.Group]{s, secretstore.GroupShelf(s.store)})
	})
	return root
}

// scoped mounts what every scope has.
func (s *server) scoped(r chi.Router, scope string) {
	r.Get(scope+"/secrets", s.handle(s.listSecrets))
	r.Post(scope+"/secrets", s.handle(s.createSecret))
	r.Put(scope+"/secrets.json", s.handle(s.putSecretsFile))
	r.Get(scope+"/secrets/{name}", s.handle(s.getSecret))
	r.Put(scope+"/secrets/{name}", s.handle(s.putSecret))
	r.Patch(scope+"/secrets/{name}", s.handle(s.patchSecret))
	r.Delete(scope+"/secrets/{name}", s.handle(removal(s.store.DeleteSecret)))
	r.Get(scope+"/secrets/{name}/versions", s.handle(s.listVersions))
	r.Post(scope+"/secrets/{name}/versions", s.handle(s.addVersion))
	r.Patch(scope+"/secrets/{name}/versions/{version}", s.handle(s.patchVersion))
	r.Delete(scope+"/secrets/{name}/versions/{version}", s.handle(s.destroyVersion))

	mount(r, scope+"/variables", collection[secretstore.Variable]{s, secretstore.VariableShelf(s.store)})
	mount(r, scope+"/scripts", collection[script.Document]{s, s.scripts.Shelf})
	mountVersions(r, scope+"/scripts", collection[script.Document]{s, s.scripts.Shelf})
	mount(r, scope+"/policies", collection[policy.Document]{s, s.policies.Shelf})
	mountVersions(r, scope+"/policies", collection[policy.Document]{s, s.policies.Shelf})

	mount(r, scope+"/keys", collection[key.Document]{s, s.keys.Shelf})
	r.Get(scope+"/keys/{name}/versions", s.handle(s.listKeyVersions))
	r.Post(scope+"/keys/{name}/sign", s.handle(s.sign))
	r.Post(scope+"/keys/{name}/verify", s.handle(s.verify))
	r.Post(scope+"/keys/{name}/encrypt", s.handle(s.encrypt))
	r.Post(scope+"/keys/{name}/decrypt", s.handle(s.decrypt))

	mount(r, scope+"/managers", collection[manager.Document]{s, s.managers.Shelf})
	r.Get(scope+"/managers/{name}/cache", s.handle(s.listManagerCache))
	r.Delete(scope+"/managers/{name}/cache", s.handle(s.clearManagerCache))
	r.Delete(scope+"/managers/{name}/cache/*", s.handle(s.clearManagerCache))
	r.Get(scope+"/managers/{name}/health", s.handle(s.managerHealth))

	r.Get(scope+"/bindings", s.handle(s.listBindings))
	r.Get(scope+"/bindings/{point}", s.handle(s.getBinding))
	r.Put(scope+"/bindings/{point}", s.handle(s.putBinding))
	r.Patch(scope+"/bindings/{point}", s.handle(s.patchBinding))
	r.Delete(scope+"/bindings/{point}", s.handle(s.deleteBinding))

	r.Post(scope+"/points/{point}/evaluate", s.handle(s.evaluatePoint))
	r.Post(scope+"/points/{point}/run", s.handle(s.runPoint))
	r.Get(scope+"/audit", s.handle(s.listAudit))
	r.Get(scope+"/executions", s.handle(s.listExecutions))
	r.Get(scope+"/executions/{id}", s.handle(s.getExecution))
	r.Get(scope+"/decisions", s.handle(s.listDecisions))
	r.Get(scope+"/decisions/{id}", s.handle(s.getDecision))

	mount(r, scope+"/grants", collection[access.Grant]{s, secretstore.GrantShelf(s.store)})
	r.Get(scope+"/tokens", s.handle(s.listTokens))
	r.Post(scope+"/tokens", s.handle(s.createToken))
	r.Get(scope+"/tokens/{name}", s.handle(s.getToken))
	r.Patch(scope+"/tokens/{name}", s.handle(s.patchToken))
	r.Delete(scope+"/tokens/{name}", s.handle(removal(s.store.RevokeToken)))

	r.Post(scope+"/scripts/{name}/run", s.handle(s.runScript))
	r.Post(scope+"/scripts/test", s.handle(s.testScript))
	r.Post(scope+"/policies/{name}/evaluate", s.handle(s.evaluatePolicy))
	r.Post(scope+"/policies/test", s.handle(s.testPolicy))
}

// accessEvaluation mounts the OpenID AuthZEN Authorization API 1.0 of a decision
// point.
func (s *server) accessEvaluation(r chi.Router, point string) {
	at := point + "/access/v1"
	r.Post(at+"/evaluation", s.handle(s.evaluation))
	r.Post(at+"/evaluations", s.handle(s.evaluations))
	for _, what := range []policy.Search{policy.SearchSubject, policy.SearchResource, policy.SearchAction} {
		r.Post(at+"/search/"+string(what), s.handle(s.search(what)))
	}
}

func mount[T any](r chi.Router, path string, c collection[T]) {
	r.Get(path, c.s.handle(c.list))
	r.Get(path+"/{name}", c.s.handle(c.get))
	r.Put(path+"/{name}", c.s.handle(c.put))
	r.Patch(path+"/{name}", c.s.handle(c.patch))
	r.Delete(path+"/{name}", c.s.handle(removal(c.shelf.Delete)))
}

// mountVersions mounts the versions of a kind of documents that keeps them.
func mountVersions[T any](r chi.Router, path string, c collection[T]) {
	r.Get(path+"/{name}/versions", c.s.handle(c.listVersions))
	r.Get(path+"/{name}/versions/{version}", c.s.handle(c.getVersion))
	r.Post(path+"/{name}/versions/{version}/restore", c.s.handle(c.restoreVersion))
}

// allowedMethods gives the methods that a path has.
func allowedMethods(router chi.Routes, r *http.Request) []string {
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.Path
	}
	var out []string
	for _, m := range methods {
		if router.Match(chi.NewRouteContext(), m, path) {
			out = append(out, m)
		}
	}
	return out
}
