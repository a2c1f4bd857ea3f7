package envoy_test

import (
	"log/slog"
	"net"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/api/envoy"
)

const key = "envoy-door-key-0f6e2d9a41"

const authz = `package envoy.authz

default allow := false

http := input.attributes.request.http

allow if {
	http.headers["x-api-key"] == data.secrets.DOOR
	input.parsed_path == ["doors", "a/b"]
	input.parsed_query.color == ["red", "blue"]
	input.parsed_body.open == true
}

allow := {"allowed": true, "headers": {"x-user": "ada", "x-list": ["1", "2"]}, "response_headers_to_add": {"x-seen": "yes"}, "request_headers_to_remove": ["x-api-key"]} if http.path == "/rich"

allow := {"allowed": false, "http_status": 401, "body": "who are you?", "headers": {"www-authenticate": "Bearer"}} if http.path == "/poor"

allow := {"allowed": true, "headers": {"x-key": data.secrets.DOOR}} if http.path == "/leak"

allow := {"allowed": true, "headers": 1} if http.path == "/broken"

allow := "yes" if http.path == "/word"

allow := true if input.parsed_path == ["admin"]
`

// TestCheck asks by a real client what Envoy would ask.
func TestCheck(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	if _, err := s.Client.Secrets(client.Scope{}).Create(t.Context(), "DOOR", client.SecretSpec{Value: client.StringValue(key)}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Client.Policies(client.Scope{}).Put(t.Context(), "envoy", client.PolicySpec{Language: "rego", Source: authz}, ""); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := envoy.NewServer(envoy.Config{Policies: s.API.Policies, Authenticate: s.Store.Authenticate, Path: envoy.DefaultPath, Log: slog.New(slog.NewTextHandler(s.Log, nil))})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ask := func(token, http string) (*authv3.CheckResponse, error) {
		var r authv3.CheckRequest
		if err := protojson.Unmarshal([]byte(`{"attributes":{"request":{"http":`+http+`}}}`), &r); err != nil {
			t.Fatal(err)
		}
		return authv3.NewAuthorizationClient(conn).Check(metadata.AppendToOutgoingContext(t.Context(), "authorization", token), &r)
	}
	full := func(k string) string {
		return `{"method":"POST","path":"/doors/a%2Fb?color=red&color=blue","headers":{"x-api-key":"` + k + `","content-type":"application/json"},"body":"{\"open\":true}"}`
	}
	for _, c := range []struct {
		name, http string
		status     int // of a deny; 0 allows
	}{
		{"the key", full(key), 0},
		{"another key", full("x"), 403},
		{"rich", `{"path":"/rich"}`, 0},
		{"poor", `{"path":"/poor"}`, 401},
		{"a secret in a header", `{"path":"/leak"}`, 403},
		{"headers that are none", `{"path":"/broken"}`, 403},
		{"no boolean", `{"path":"/word"}`, 403},
		{"admin", `{"path":"/admin"}`, 0},
		{"not admin", `{"path":"//admin"}`, 403},
		{"a broken path", `{"path":"/%zz"}`, 400},
		{"nothing", `{}`, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := ask("Bearer "+s.Token, c.http)
			if err != nil {
				t.Fatal(err)
			}
			if c.status == 0 {
				if a.GetOkResponse() == nil || a.GetStatus().GetCode() != int32(codes.OK) {
					t.Errorf("%v", a)
				}
				return
			}
			if got := int(a.GetDeniedResponse().GetStatus().GetCode()); got != c.status || a.GetStatus().GetCode() != int32(codes.PermissionDenied) {
				t.Errorf("%v", a)
			}
		})
	}
	rich, err := ask("Bearer "+s.Token, `{"path":"/rich"}`)
	if err != nil || len(rich.GetOkResponse().GetHeaders()) != 3 || len(rich.GetOkResponse().GetResponseHeadersToAdd()) != 1 || len(rich.GetOkResponse().GetHeadersToRemove()) != 1 {
		t.Errorf("%v %v", rich, err)
	}
	poor, err := ask("Bearer "+s.Token, `{"path":"/poor"}`)
	if err != nil || poor.GetDeniedResponse().GetBody() != "who are you?" || len(poor.GetDeniedResponse().GetHeaders()) != 1 {
		t.Errorf("%v %v", poor, err)
	}
	for _, token := range []string{"", "Bearer", "Bearer x", "Basic " + s.Token, s.Token} {
		if a, err := ask(token, `{"path":"/admin"}`); status.Code(err) != codes.Unauthenticated {
			t.Errorf("the token %q: %v %v", token, a, err)
		}
	}
}
