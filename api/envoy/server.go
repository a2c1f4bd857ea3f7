package envoy

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/secretstore"
)

// DefaultPath is the document that is asked for where nothing else is said: that of
// OPA's plugin.
const DefaultPath = "envoy/authz/allow"

// MaxCheckBytes is the size of the largest request of Envoy's.
const MaxCheckBytes = 4 << 20

// Config is what the service is made of.
type Config struct {
	Policies *policy.Service
	// Authenticate gives who has a token.
	Authenticate func(token string) (secretstore.Principal, bool)
	// Path is the document, its parts with slashes between them.
	Path string
	// Scope is the one whose policies are asked.
	Scope secretstore.Scope
	// Log gets what went wrong; nothing of a request.
	Log *slog.Logger
}

type service struct {
	authv3.UnimplementedAuthorizationServer
	Config
	path []string
}

// NewServer makes a gRPC server with the service.
func NewServer(c Config, options ...grpc.ServerOption) *grpc.Server {
	s := grpc.NewServer(append(options, grpc.MaxRecvMsgSize(MaxCheckBytes))...)
	authv3.RegisterAuthorizationServer(s, &service{Config: c, path: strings.Split(c.Path, "/")})
	return s
}

// Check decides on a request that reached Envoy. Envoy has a token in its initial
// metadata, as `authorization: Bearer TOKEN`; that of the request is for the policy.
func (s *service) Check(ctx context.Context, r *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	by, ok := s.principal(ctx)
	if !ok {
		return nil, status.Error(codes.Unauthenticated, "the metadata need authorization: Bearer TOKEN, with a token of the server")
	}
	input, err := inputOf(r)
	if err != nil {
		return denied(http.StatusBadRequest), nil
	}
	answer, err := s.Policies.Document(ctx, policy.Question{By: by, Scope: s.Scope}, s.path, input)
	switch {
	case err != nil:
		s.Log.WarnContext(ctx, "a check of Envoy was denied: it could not be asked", "error", err)
		return denied(http.StatusForbidden), nil
	case answer.Problem != nil:
		s.Log.WarnContext(ctx, "a check of Envoy was denied: the evaluation failed", "code", answer.Problem.Code)
		return denied(http.StatusForbidden), nil
	case len(answer.Masked) > 0:
		s.Log.WarnContext(ctx, "a check of Envoy was denied: a secret stood in the answer")
		return denied(http.StatusForbidden), nil
	case !answer.Defined:
		return denied(http.StatusForbidden), nil
	}
	return answerOf(answer.Value), nil
}

func (s *service) principal(ctx context.Context) (secretstore.Principal, bool) {
	md, _ := metadata.FromIncomingContext(ctx)
	values := md.Get("authorization")
	if len(values) != 1 {
		return secretstore.Principal{}, false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return secretstore.Principal{}, false
	}
	return s.Authenticate(strings.TrimSpace(token))
}
