package envoy

import (
	"net/http"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

// answerOf gives what a document says: a boolean, or an object with allowed and, of
// those that OPA's plugin knows, headers, response_headers_to_add,
// request_headers_to_remove, body and http_status. Anything else denies.
func answerOf(document any) *authv3.CheckResponse {
	object, _ := document.(map[string]any)
	allowed := document == true || object["allowed"] == true
	headers, ok := headersOf(object["headers"])
	added, ok2 := headersOf(object["response_headers_to_add"])
	removed, ok3 := stringsOf(object["request_headers_to_remove"])
	if !ok || !ok2 || !ok3 {
		return denied(http.StatusForbidden)
	}
	if allowed {
		return &authv3.CheckResponse{Status: &status.Status{Code: int32(codes.OK)}, HttpResponse: &authv3.CheckResponse_OkResponse{
			OkResponse: &authv3.OkHttpResponse{Headers: headers, ResponseHeadersToAdd: added, HeadersToRemove: removed}}}
	}
	out := denied(statusOf(object["http_status"]))
	body, _ := object["body"].(string)
	out.GetDeniedResponse().Body, out.GetDeniedResponse().Headers = body, headers
	return out
}

func denied(code int) *authv3.CheckResponse {
	return &authv3.CheckResponse{Status: &status.Status{Code: int32(codes.PermissionDenied)}, HttpResponse: &authv3.CheckResponse_DeniedResponse{
		DeniedResponse: &authv3.DeniedHttpResponse{Status: &typev3.HttpStatus{Code: typev3.StatusCode(code)}}}}
}

// statusOf gives the status of a deny: that of the document if it is one of an
// error or a redirection, else 403.
func statusOf(v any) int {
	if n, ok := v.(interface{ Int64() (int64, error) }); ok {
		if code, err := n.Int64(); err == nil && code >= 300 && code < 600 {
			return int(code)
		}
	}
	return http.StatusForbidden
}

// headersOf reads an object of strings or arrays of strings; false if it is
// another.
func headersOf(v any) ([]*corev3.HeaderValueOption, bool) {
	if v == nil {
		return nil, true
	}
	object, ok := v.(map[string]any)
	var out []*corev3.HeaderValueOption
	for name, value := range object {
		values, isArray := stringsOf(value)
		if one, isString := value.(string); isString {
			values, isArray = []string{one}, true
		}
		ok = ok && isArray
		for _, text := range values {
			out = append(out, &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: name, Value: text}})
		}
	}
	return out, ok
}

func stringsOf(v any) ([]string, bool) {
	if v == nil {
		return nil, true
	}
	array, ok := v.([]any)
	var out []string
	for _, e := range array {
		text, isString := e.(string)
		ok = ok && isString
		out = append(out, text)
	}
	return out, ok
}
