package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/reticent/reticent/api"
	"github.com/reticent/reticent/api/apitest"
)

// described is openapi.yaml.
var described = sync.OnceValues(func() (*openapi3.T, error) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	text, err = yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(text)
})

// contract is a round tripper that holds requests and responses to
// openapi.yaml, and notes which operations it has seen.
type contract struct {
	routes chi.Routes
	doc    *openapi3.T
	// lax lets requests through that the document forbids; what a server answers
	// to them is held to it all the same.
	lax bool

	mu   sync.Mutex
	seen map[string]bool
}

func newContract(t testing.TB, s *apitest.Server) *contract {
	t.Helper()
	doc, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return &contract{routes: api.New(s.API).(chi.Routes), doc: doc, seen: map[string]bool{}}
}

// RoundTrip is http.RoundTripper's.
func (c *contract) RoundTrip(r *http.Request) (*http.Response, error) {
	match := chi.NewRouteContext()
	pattern := c.routes.Find(match, r.Method, r.URL.EscapedPath())
	item := c.doc.Paths.Value(documented(pattern))
	if item == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	params := map[string]string{}
	for i, key := range match.URLParams.Keys {
		if key == "*" {
			key = "path"
		}
		params[key] = match.URLParams.Values[i]
	}
	c.mu.Lock()
	c.seen[r.Method+" "+documented(pattern)] = true
	c.mu.Unlock()
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params,
		Route:   &routers.Route{Spec: c.doc, Path: pattern, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, SkipSettingDefaults: true},
	}
	if !c.lax {
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			return nil, fmt.Errorf("the request breaks openapi.yaml: %w", err)
		}
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: response.StatusCode, Header: response.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: in.Options,
	})
	if err != nil {
		return nil, fmt.Errorf("%s %s: the response %d breaks openapi.yaml: %w: %s", r.Method, pattern, response.StatusCode, err, body)
	}
	return response, nil
}

// documented is how openapi.yaml has a route.
func documented(pattern string) string {
	if rest, ok := strings.CutSuffix(pattern, "/*"); ok {
		return rest + "/{path}"
	}
	return strings.TrimSuffix(pattern, "/")
}

func operations(doc *openapi3.T) []string {
	var out []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			out = append(out, method+" "+path)
		}
	}
	slices.Sort(out)
	return out
}

// TestContractIsValid validates the document that the server serves, with its
// examples.
func TestContractIsValid(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	a := want(t, s, http.StatusOK, request{method: "GET", path: "/openapi.json", header: map[string]string{"Authorization": ""}})
	doc, err := openapi3.NewLoader().LoadFromData(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
}

// TestContractHasEveryRoute compares the routes with the document, both ways.
func TestContractHasEveryRoute(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	doc, err := described()
	if err != nil {
		t.Fatal(err)
	}
	var routed []string
	err = chi.Walk(api.New(s.API).(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routed = append(routed, method+" "+documented(route))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(routed)
	routed = slices.Compact(routed) // some are there with and without a slash
	if diff := cmp.Diff(routed, operations(doc)); diff != "" {
		t.Errorf("routes (-) and openapi.yaml (+) differ:\n%s", diff)
	}
}
