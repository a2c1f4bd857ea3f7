package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/key"
)

// parameter gives a name from the path, "" where the route has none of it.
func parameter(r *http.Request, parameter string) (string, error) {
	raw := chi.URLParam(r, parameter)
	if raw == "" {
		return "", nil
	}
	name, err := url.PathUnescape(raw)
	if err != nil {
		return "", refuse(http.StatusBadRequest, "invalid_request", "the {%s} of the path has a broken percent-encoding", parameter)
	}
	if parameter == "name" && strings.Contains(chi.RouteContext(r.Context()).RoutePattern(), "/keys/{name}") {
		return name, key.CheckID(name) // with dots, as other products have them
	}
	return name, secretstore.CheckName(name)
}

// scopeOf gives the scope that a path names.
func scopeOf(r *http.Request) (secretstore.Scope, error) {
	project, err := parameter(r, "project")
	if err != nil {
		return secretstore.Scope{}, err
	}
	service, err := parameter(r, "service")
	return secretstore.Scope{Project: project, Service: service}, err
}

// target is the resource that a path names.
type target struct {
	by    secretstore.Principal
	scope secretstore.Scope
	name  string
}

// targetOf gives who wants what; the name is "" for a list.
func targetOf(r *http.Request) (target, error) {
	scope, err := scopeOf(r)
	if err != nil {
		return target{}, err
	}
	name, err := parameter(r, "name")
	return target{by: exchangeOf(r).principal, scope: scope, name: name}, err
}

// query gives the parameters of a query, each at most once and of the allowed
// names: a misspelt one must not be taken for absent.
func query(r *http.Request, allowed ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "invalid_request", "the query cannot be read")
	}
	for name, values := range q {
		if !slices.Contains(allowed, name) || len(values) > 1 {
			return nil, refuse(http.StatusBadRequest, "invalid_request", "the query may have %s, each once", strings.Join(allowed, " and "))
		}
	}
	return q, nil
}

// pageOf reads page_size and page_token.
func pageOf(q url.Values) (secretstore.PageRequest, error) {
	page := secretstore.PageRequest{Token: q.Get("page_token")}
	if !q.Has("page_size") {
		return page, nil
	}
	n, err := strconv.Atoi(q.Get("page_size"))
	if err != nil || n < 1 || n > secretstore.MaxPageSize {
		return page, refuse(http.StatusBadRequest, "invalid_request", "page_size is a number from 1 to %d (MaxPageSize)", secretstore.MaxPageSize)
	}
	page.Size = n
	return page, nil
}

// ifMatch gives the entity tag that the If-Match header (RFC 9110 section
// 13.1.1) wants, "*" for any, "" where there is no such header.
func ifMatch(r *http.Request) (string, error) {
	values := r.Header.Values("If-Match")
	if len(values) == 0 {
		return "", nil
	}
	tag := strings.TrimSpace(values[0])
	if tag == "*" && len(values) == 1 {
		return tag, nil
	}
	inner, ok := strings.CutPrefix(tag, `"`)
	if ok {
		inner, ok = strings.CutSuffix(inner, `"`)
	}
	if !ok || inner == "" || strings.Contains(inner, `"`) || len(values) > 1 {
		return "", refuse(http.StatusBadRequest, "invalid_request", "If-Match is * or one quoted ETag as a response gave it")
	}
	return inner, nil
}

// unconditional refuses If-Match where nothing would heed it.
func unconditional(r *http.Request) error {
	if r.Header.Get("If-Match") != "" {
		return refuse(http.StatusBadRequest, "invalid_request", "If-Match is not supported here")
	}
	return nil
}

// listOf gives what a list asks for.
func listOf(r *http.Request) (target, secretstore.PageRequest, error) {
	t, err := targetOf(r)
	if err != nil {
		return t, secretstore.PageRequest{}, err
	}
	q, err := query(r, "page_size", "page_token")
	if err != nil {
		return t, secretstore.PageRequest{}, err
	}
	page, err := pageOf(q)
	return t, page, err
}

// writeOf gives what a write is about, and the ETag that it expects.
func writeOf(r *http.Request) (target, string, error) {
	t, err := targetOf(r)
	if err != nil {
		return t, "", err
	}
	etag, err := ifMatch(r)
	return t, etag, err
}

// truth reads a parameter that is "true" or "false", which is the default.
func truth(q url.Values, name string) (bool, error) {
	switch q.Get(name) {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, refuse(http.StatusBadRequest, "invalid_request", "%s is true or false", name)
}

// optionsOf gives the options of a write. The query may have others beside them.
func optionsOf(r *http.Request, others ...string) (secretstore.WriteOptions, error) {
	q, err := query(r, append(others, "set", "preview")...)
	if err != nil {
		return secretstore.WriteOptions{}, err
	}
	preview, err := truth(q, "preview")
	return secretstore.WriteOptions{Note: q.Get("note"), Set: q.Get("set"), Preview: preview}, err
}

// pathOf gives the path of a resource.
func pathOf(scope secretstore.Scope, parts ...string) string {
	path := "/v1"
	if scope != (secretstore.Scope{}) {
		path += "/" + scope.Path()
	}
	return path + "/" + strings.Join(parts, "/")
}
