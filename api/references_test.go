package api_test

import (
	"net/http"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// What a document of another kind names is deleted by force alone: a script that is
// bound, a key that a script operates with. A nearer one of the name takes its place.
func TestDeleteSaysWhatIsNamed(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	put := func(path, body string) {
		t.Helper()
		want(t, s, http.StatusCreated, request{"PUT", path, body, nil})
	}
	put("/v1/projects/shop", `{}`)
	put("/v1/secrets/SIGNING", `{"value":"a-signing-key-of-the-tests-0123456789abcdef"}`)
	put("/v1/keys/hooks", `{"secret":"SIGNING","operations":["sign"]}`)
	put("/v1/scripts/enrich", `{"source":"module.exports = () => ({allowed: true})"}`)
	put("/v1/projects/shop/scripts/sender", `{"source":"module.exports = (context) => { context.keys.hooks.sign('m') }"}`)
	put("/v1/projects/shop/bindings/custom", `{"script":"enrich"}`)

	for path, user := range map[string]struct{ Kind, Scope, Name string }{
		"/v1/scripts/enrich": {"binding", "projects/shop", "custom:*"},
		"/v1/keys/hooks":     {"script", "projects/shop", "sender"},
	} {
		p := wantProblem(t, s, http.StatusConflict, "in_use", request{"DELETE", path, "", nil})
		if len(p.UsedBy) != 1 || p.UsedBy[0] != user {
			t.Errorf("DELETE %s: used by %+v, want %+v", path, p.UsedBy, user)
		}
	}
	put("/v1/projects/shop/scripts/enrich", `{"source":"module.exports = () => ({allowed: false})"}`)
	want(t, s, http.StatusNoContent, request{"DELETE", "/v1/scripts/enrich", "", nil})
	want(t, s, http.StatusNoContent, request{"DELETE", "/v1/keys/hooks?force=true", "", nil})
}
