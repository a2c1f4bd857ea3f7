package api

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/reticent/reticent/api/identity"
	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/policy/decisionlog"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/key"
	"github.com/reticent/reticent/secretstore/manager"
)

// Config is what the API serves.
type Config struct {
	Store    *secretstore.Store
	Policies *policy.Service
	Scripts  *script.Service
	Keys     *key.Service
	Managers *manager.Service
	// Decisions is the decision log; nil keeps none.
	Decisions *decisionlog.Log
	// Identities tells who has a token of an issuer or a client certificate.
	Identities *identity.Service
	// Log receives a line a request; nil discards. A line has the route's
	// pattern and never a path, a query, a header or a body.
	Log *slog.Logger
	// Metrics are what /metrics shows; nil makes new ones.
	Metrics *Metrics
	// Ready reports why the server should get no requests now, for /readyz; nil
	// means that it always should.
	Ready func() error
	// PublicURL is how clients reach the server, for AuthZEN's metadata: scheme and
	// host, and maybe a path; "" goes by the request.
	PublicURL string
}

type server struct {
	publicURL  string
	identities *identity.Service
	store      *secretstore.Store
	policies   *policy.Service
	scripts    *script.Service
	keys       *key.Service
	managers   *manager.Service
	decisions  *decisionlog.Log
	log        *slog.Logger
	metrics    *Metrics
	ready      func() error
}

// New makes the handler of the whole API.
func New(c Config) http.Handler {
	s := &server{store: c.Store, identities: c.Identities, policies: c.Policies, scripts: c.Scripts, keys: c.Keys, managers: c.Managers, decisions: c.Decisions, log: c.Log, metrics: c.Metrics, ready: c.Ready, publicURL: strings.TrimSuffix(c.PublicURL, "/")}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.metrics == nil {
		s.metrics = NewMetrics()
	}
	s.metrics.secrets(s.store)
	if s.ready == nil {
		s.ready = func() error { return nil }
	}
	return s.routes()
}

// NewServer makes an HTTP server of a handler, with the timeouts and the bounds
// that a public port needs.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: HeaderTimeout,
		ReadTimeout:       ReadTimeout,
		WriteTimeout:      WriteTimeout,
		IdleTimeout:       IdleTimeout,
		MaxHeaderBytes:    MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
