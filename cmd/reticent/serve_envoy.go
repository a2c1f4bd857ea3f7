package main

import (
	"crypto/tls"
	"net"

	"github.com/spf13/pflag"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/reticent/reticent/api/envoy"
	"github.com/reticent/reticent/secretstore"
)

// envoyFlags say how checks of Envoy are answered, if they are.
type envoyFlags struct {
	addr    string
	path    string
	project string
}

func (e *envoyFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&e.addr, "envoy-listen", "", "answer Envoy's external authorization (gRPC) on this `address`, such as 127.0.0.1:9191; with TLS if the server has it")
	flags.StringVar(&e.path, "envoy-path", envoy.DefaultPath, "the document of a Rego policy, a `path`, that decides on what Envoy asks")
	flags.StringVar(&e.project, "envoy-project", "", "the `project` whose policies are asked; without it, the platform's")
}

// serve answers checks until stop is called. What ends it before goes to failed.
func (e *envoyFlags) serve(p *parts, config *tls.Config, failed chan<- error) (stop func(), err error) {
	if e.addr == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", e.addr)
	if err != nil {
		return nil, hint(err, "--envoy-listen takes another address")
	}
	var options []grpc.ServerOption
	if config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	server := envoy.NewServer(envoy.Config{
		Policies: p.policies, Path: e.path, Scope: secretstore.Scope{Project: e.project}, Log: p.log,
		Authenticate: func(token string) (secretstore.Principal, bool) {
			if by, ok := p.store.Authenticate(token); ok {
				return by, true
			}
			return p.identities.Token(token)
		},
	}, options...)
	go func() {
		if err := server.Serve(listener); err != nil {
			failed <- err
		}
	}()
	return server.GracefulStop, nil
}
