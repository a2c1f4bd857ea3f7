package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
)

// embedding is a list of validators that embeds policies.
func embedding(names ...string) string {
	var all []string
	for _, n := range names {
		all = append(all, `{"name": "policy", "conf": {"policy": "`+n+`"}}`)
	}
	return "[" + strings.Join(all, ",") + "]"
}

func policyBody(kind, validators string) string {
	return `{"language": "validators", "type": "` + kind + `", "validators": ` + validators + `}`
}

func TestEmbeddedPolicies(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"PUT", "/v1/projects/shop", `{}`, nil})
	want(t, s, 201, request{"POST", "/v1/secrets", `{"name": "API_KEY", "value": "kM4tq8Zr1vXw9Lb3Nc7d"}`, nil})
	const byKey = `[{"name": "attributes", "conf": {"fields": [{"field": "key", "comparator": "equals", "secret": "API_KEY"}]}, "recovery": [{"hint": "kM4tq8Zr1vXw9Lb3Nc7d"}]}]`
	putPolicy(t, s, "/v1", "base", "api", byKey)
	putPolicy(t, s, "/v1", "outer", "api", `[{"name": "false"}, {"name": "policy", "conf": {"policy": "base"}, "recovery": [{"type": "own"}]}]`)
	putPolicy(t, s, "/v1", "only", "api", embedding("base"))
	putPolicy(t, s, "/v1", "none", "api", `[{"name": "not", "conf": {"validator": {"name": "policy", "conf": {"policy": "base"}}}}]`)
	putPolicy(t, s, "/v1/projects/shop", "shop", "api", embedding("only"))
	want(t, s, 201, request{"PUT", "/v1/policies/rego", `{"language": "rego", "source": "package p\nallow if input.key == data.secrets.API_KEY\nfailures contains \"show the key\" if not allow\n"}`, nil})
	putPolicy(t, s, "/v1", "over-rego", "api", embedding("rego"))
	putPolicy(t, s, "/v1", "not-rego", "api", `[{"name": "not", "conf": {"validator": {"name": "policy", "conf": {"policy": "rego"}}}}]`)

	decide := func(scope, name, input, begins string) {
		t.Helper()
		a := want(t, s, 200, request{"POST", scope + "/policies/" + name + "/evaluate", `{"input": ` + input + `}`, nil})
		if !strings.HasPrefix(string(a.Body), begins) || strings.Contains(string(a.Body), "kM4tq8Zr1vXw9Lb3Nc7d") {
			t.Errorf("%s with %s: %s", name, input, a.Body)
		}
	}
	const key, wrong = `{"key": "kM4tq8Zr1vXw9Lb3Nc7d"}`, `{"key": "x"}`
	decide("/v1", "only", key, `{"decision":true`)
	decide("/v1/projects/shop", "shop", key, `{"decision":true`)
	decide("/v1", "over-rego", key, `{"decision":true`)
	decide("/v1", "over-rego", wrong, `{"decision":false,"failures":[{"validator":"policy","field":"rego","message":"the policy rego must allow"},{"message":"show the key"}]`)
	decide("/v1", "none", key, `{"decision":false`)
	decide("/v1", "none", wrong, `{"decision":true`)
	// What is missing is missing in an embedded policy too, and why Rego denies
	// nobody knows.
	decide("/v1", "none", `{}`, `{"decision":false`)
	decide("/v1", "not-rego", wrong, `{"decision":false`)
	// Failures and recovery of both, masked where they stand now.
	decide("/v1", "outer", wrong, `{"decision":false,"failures":[{"validator":"false","message":"nobody is allowed"},`+
		`{"validator":"policy","field":"base","message":"the policy base must allow"},`+
		`{"validator":"attributes","field":"key","message":"key must equal secret API_KEY (equals)"}],`+
		`"recovery":[{"hint":"***"},{"type":"own"}],"output":{},"masked":[{"path":"/recovery/0/hint","secrets":["API_KEY"]}]`)

	// A nearer policy of the name is for those who are stored where it is seen.
	putPolicy(t, s, "/v1/projects/shop", "only", "api", `[{"name": "false"}]`)
	decide("/v1/projects/shop", "shop", key, `{"decision":false`)
	decide("/v1", "only", key, `{"decision":true`)

	// A change is followed; what is in use is deleted by force only, and denies.
	want(t, s, 200, request{"PUT", "/v1/policies/base", policyBody("api", `[{"name": "true"}]`), nil})
	decide("/v1", "only", wrong, `{"decision":true`)
	a := want(t, s, 409, request{"DELETE", "/v1/policies/base", "", nil})
	if !strings.Contains(string(a.Body), `"used_by":[{"kind":"policy","scope":"","name":"none"},{"kind":"policy","scope":"","name":"only"},{"kind":"policy","scope":"","name":"outer"}]`) {
		t.Errorf("%s", a.Body)
	}
	want(t, s, 204, request{"DELETE", "/v1/policies/base?force=true", "", nil})
	for _, name := range []string{"only", "none"} {
		a := want(t, s, 200, request{"POST", "/v1/policies/" + name + "/evaluate", `{"input": ` + key + `}`, nil})
		if !strings.Contains(string(a.Body), `"decision":false`) || !strings.Contains(string(a.Body), `"policy_unavailable"`) {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}

// A policy that would come to embed itself is refused, whichever is stored last,
// and so is what is not there and what is of another type.
func TestEmbeddingIsChecked(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	want(t, s, 201, request{"PUT", "/v1/projects/shop", `{}`, nil})
	refused := func(path, body, pointer, says string) {
		t.Helper()
		a := want(t, s, 422, request{"PUT", path, body, nil})
		if !strings.Contains(string(a.Body), `"pointer":"`+pointer+`"`) || !strings.Contains(string(a.Body), says) {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	const at = "/validators/0/conf/policy"
	refused("/v1/policies/a", policyBody("api", embedding("a")), at, "would embed itself")
	refused("/v1/policies/a", policyBody("api", embedding("b")), at, "there is no policy b")
	putPolicy(t, s, "/v1", "a", "api", `[{"name": "true"}]`)
	putPolicy(t, s, "/v1", "b", "api", embedding("a"))
	putPolicy(t, s, "/v1", "c", "api", embedding("b"))
	refused("/v1/policies/a", policyBody("api", embedding("c")), at, "would embed itself")
	refused("/v1/policies/a", policyBody("api", `[{"name": "if", "conf": {"if": [{"name": "true"}], "then": [{"name": "true"}], "else": `+embedding("b")+`}}]`),
		"/validators/0/conf/else/0/conf/policy", "would embed itself")
	a := want(t, s, 422, request{"PATCH", "/v1/policies/a", `{"validators": ` + embedding("c") + `}`, nil})
	if !strings.Contains(string(a.Body), "would embed itself") {
		t.Errorf("%s", a.Body)
	}
	// By a nearer policy of a name: in the project d embeds c of the platform until
	// there is one of its own.
	putPolicy(t, s, "/v1/projects/shop", "d", "api", embedding("c"))
	refused("/v1/projects/shop/policies/c", policyBody("api", embedding("d")), at, "would embed itself")
	putPolicy(t, s, "/v1/projects/shop", "a", "api", embedding("d")) // those of the platform do not see it

	refused("/v1/policies/e", policyBody("user", embedding("a")), at, "is of type api")
	refused("/v1/policies/a", policyBody("user", `[{"name": "true"}]`), "/type", "embeds this one")
	a = want(t, s, 422, request{"POST", "/v1/policies/test", `{"policy": ` + policyBody("api", embedding("z")) + `, "input": {}}`, nil})
	if !strings.Contains(string(a.Body), "there is no policy z") {
		t.Errorf("%s", a.Body)
	}
}

// A change of a variable is seen by the policies that name it.
func TestPoliciesFollowVariables(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	putPolicy(t, s, "/v1", "region", "api", `[{"name": "attributes", "conf": {"fields": [{"field": "region", "comparator": "in", "variable": "REGIONS"}]}}]`)
	decide := func(says string) {
		t.Helper()
		a := want(t, s, 200, request{"POST", "/v1/policies/region/evaluate", `{"input": {"region": "eu"}}`, nil})
		if !strings.Contains(string(a.Body), says) {
			t.Errorf("%s, want %s", a.Body, says)
		}
	}
	decide(`"variable_unavailable"`)
	want(t, s, 201, request{"PUT", "/v1/variables/REGIONS", `{"value": ["us"]}`, nil})
	decide(`"decision":false,"failures":[{`)
	want(t, s, 200, request{"PUT", "/v1/variables/REGIONS", `{"value": ["us", "eu"]}`, nil})
	decide(`"decision":true`)
	want(t, s, 204, request{"DELETE", "/v1/variables/REGIONS", "", nil})
	decide(`"variable_unavailable"`)
}

// The keys of a URL come through egress, which decides where the server may go.
func TestKeysAreFetched(t *testing.T) {
	asked := make(chan string, 10)
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		_, _ = w.Write([]byte(`{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	}))
	defer idp.Close()
	s := apitest.Start(t, apitest.Options{InProcess: true})
	putPolicy(t, s, "/v1", "jwt", "api", `[{"name": "jwt", "conf": {"jwks_uri": "`+idp.URL+`/keys", "token": "token"}}]`)
	if path := <-asked; path != "/keys" {
		t.Errorf("asked for %s", path)
	}
	a := want(t, s, 200, request{"POST", "/v1/policies/jwt/evaluate", `{"input": {"token": "a.b.c"}}`, nil})
	if !strings.Contains(string(a.Body), `"decision":false`) {
		t.Errorf("%s", a.Body)
	}
}
