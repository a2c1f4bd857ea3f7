package envoy

import (
	"encoding/json"
	"net/url"
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

// inputOf gives the input of a check: what Envoy sent, and its path, query and body
// read for the policy.
func inputOf(r *authv3.CheckRequest) (json.RawMessage, error) {
	attributes, err := protojson.Marshal(r.GetAttributes())
	if err != nil {
		return nil, err
	}
	sent := r.GetAttributes().GetRequest().GetHttp()
	path, query, _ := strings.Cut(sent.GetPath(), "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	parts, err := pathOf(path)
	if err != nil {
		return nil, err
	}
	body, truncated := bodyOf(sent.GetHeaders(), sent.GetBody())
	return json.Marshal(map[string]any{
		"attributes": json.RawMessage(attributes), "parsed_path": parts, "parsed_query": values, "parsed_body": body, "truncated_body": truncated,
		"version": map[string]string{"encoding": "protojson", "ext_authz": "v3"},
	})
}

// pathOf splits a path, whose first slash alone is no separator: "//admin" is not
// "/admin", and no host.
func pathOf(path string) ([]string, error) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, part := range parts {
		var err error
		if parts[i], err = url.PathUnescape(part); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// bodyOf reads a body of JSON, nil for any other, and reports whether Envoy has cut
// it.
func bodyOf(headers map[string]string, body string) (any, bool) {
	cut := headers["x-envoy-auth-partial-body"] == "true"
	if cut || body == "" || !strings.Contains(headers["content-type"], "application/json") || !json.Valid([]byte(body)) {
		return nil, cut
	}
	return json.RawMessage(body), false
}
