// Package apitest starts whole servers for tests: a database in a temporary
// directory, real keys, real engines, a real listener.
//
// A test that lets scripts run in worker processes, as a server does, calls
// worker.Main first in its TestMain.
package apitest

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/reticent/reticent/api"
	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/api/identity"
	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/policy/decisionlog"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/key"
	"github.com/reticent/reticent/secretstore/kv/bolt"
	"github.com/reticent/reticent/secretstore/manager"
)

// Token is the administrator's token of every server that a test starts.
const Token = "apitest-administrator-token-4f9c"

// Options are how a server differs from the usual one.
type Options struct {
	// InProcess runs scripts in the test's process: faster to start, and without
	// the limits of a worker.
	InProcess bool
	// Now is the time that versions of secrets and plans go by; nil means time.Now.
	Now func() time.Time
	// Random draws surrogates; nil means crypto/rand. See Counter.
	Random io.Reader
	// DataDir is that of an earlier server, to start it again; "" makes one.
	DataDir string
	// Script changes the engine's configuration, which has loopback egress.
	Script func(*script.Config)
	// Recorder changes how runs are recorded.
	Recorder func(*script.RecorderConfig)
	// RecordInputs has the decision log tell inputs.
	RecordInputs bool
	// Decisions changes the decision log.
	Decisions func(*decisionlog.Config)
	// Egress changes the configuration of what scripts send.
	Egress func(*egress.Config)
	// Managers is what managers may use of the server's own.
	Managers manager.Local
}

// Server is a server that ends with its test.
type Server struct {
	// URL is "http://127.0.0.1:port".
	URL   string
	Token string
	// DataDir has state.db and key.json.
	DataDir string
	Client  *client.Client
	// Log is everything that the server has logged, at all levels.
	Log *Log
	// Store, Metrics and API are what the server is made of.
	Store   *secretstore.Store
	Metrics *api.Metrics
	// Rotator follows the plans of secrets when a test has it do so.
	Rotator *secretstore.Rotator
	API     api.Config

	stop func()
}

// Stop ends the server before its test does. It may be called again.
func (s *Server) Stop() { s.stop() }

// Start starts a server.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{Token: Token, DataDir: o.DataDir, Log: &Log{}, Metrics: api.NewMetrics()}
	if s.DataDir == "" {
		s.DataDir = filepath.Join(t.TempDir(), "data")
	}
	log := slog.New(slog.NewJSONHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))

	db, err := bolt.Open(filepath.Join(s.DataDir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keyPath := filepath.Join(s.DataDir, "key.json")
	holder, err := envelope.NewFileHolder(keyPath)
	if err != nil {
		t.Fatal(err)
	}
	s.Store, err = secretstore.Open(t.Context(), secretstore.Config{KV: db, Keys: keys(t, keyPath), Holder: holder, Log: log, Found: s.Metrics.Found, Random: o.Random, Now: o.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.EnsureAdminToken(t.Context(), Token); err != nil {
		t.Fatal(err)
	}
	sending := egress.Config{AllowLoopback: true, Logger: log, Count: s.Metrics.Egress}
	if o.Egress != nil {
		o.Egress(&sending)
	}
	out, err := egress.New(sending)
	if err != nil {
		t.Fatal(err)
	}
	managers := manager.NewService(manager.Config{Store: s.Store, Egress: out, Local: o.Managers, Log: log, Fetched: s.Metrics.Fetched})
	s.Metrics.Managers(managers.Open)
	running := script.Config{Egress: out, InProcess: o.InProcess, Logger: log}
	if o.Script != nil {
		o.Script(&running)
	}
	engine, err := script.New(running)
	if err != nil {
		t.Fatal(err)
	}
	policies := policy.NewService(policy.Config{Store: s.Store, Egress: out, RecordInputs: o.RecordInputs})
	recording := script.RecorderConfig{KV: db, Log: log, Dropped: s.Metrics.Dropped}
	if o.Recorder != nil {
		o.Recorder(&recording)
	}
	recorder, err := script.NewRecorder(t.Context(), recording)
	if err != nil {
		t.Fatal(err)
	}
	scripts := script.NewService(s.Store, engine)
	scripts.Recorder, scripts.Keys = recorder, key.NewService(s.Store)
	s.Metrics.Workers(engine.Load)
	logging := decisionlog.Config{KV: db, Store: s.Store, Policies: policies, Node: "test", Log: log, Dropped: s.Metrics.DecisionsDropped, Tried: s.Metrics.Tried}
	if o.Decisions != nil {
		o.Decisions(&logging)
	}
	decisions, err := decisionlog.Open(t.Context(), logging)
	if err != nil {
		t.Fatal(err)
	}
	policies.Record = decisions.Record
	s.Rotator = s.Store.NewRotator(secretstore.RotatorConfig{Run: scripts.Rotate, Count: s.Metrics.Rotated})
	identities := identity.New(identity.Config{Store: s.Store, Fetch: policy.FetchKeySets(out, s.Store), Log: log})
	s.API = api.Config{Identities: identities, Store: s.Store, Policies: policies, Scripts: scripts, Keys: scripts.Keys, Managers: managers, Decisions: decisions, Log: log, Metrics: s.Metrics}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := api.NewServer(api.New(s.API), log)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // it always ends with an error, at Close
	}()
	s.URL = "http://" + listener.Addr().String()
	if s.Client, err = client.New(s.URL, Token, nil); err != nil {
		t.Fatal(err)
	}
	s.stop = sync.OnceFunc(func() {
		_ = server.Close()
		<-served
		engine.Close()
		decisions.Close()
		policies.Close()
		identities.Close()
		managers.Close()
		out.Close()
		recorder.Close()
		if err := s.Store.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

func keys(t testing.TB, path string) *envelope.Keyring {
	t.Helper()
	ring, err := envelope.OpenFile(path)
	if err == nil {
		return ring
	}
	if ring, err = envelope.CreateFile(path); err != nil {
		t.Fatal(err)
	}
	return ring
}

// Log keeps what a server logs.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is io.Writer's.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String gives everything, a JSON object a line.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Counter gives bytes that are the same for every Counter, and never repeat.
// With it for Options.Random two servers draw the same surrogates for the same
// requests, and may be compared byte by byte.
func Counter() io.Reader { return &counter{} }

type counter struct {
	mu sync.Mutex
	n  uint64
}

// Read is io.Reader's. Each byte comes from a step of splitmix64.
func (c *counter) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range b {
		c.n += 0x9e3779b97f4a7c15
		z := c.n
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		b[i] = byte(z ^ z>>31)
	}
	return len(b), nil
}
