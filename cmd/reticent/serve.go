package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api"
	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/api/identity"
	"github.com/reticent/reticent/policy"
	"github.com/reticent/reticent/policy/decisionlog"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/audit"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/envelope/keyuri"
	"github.com/reticent/reticent/secretstore/key"
	"github.com/reticent/reticent/secretstore/manager"
)

// server is what `reticent serve` is told.
type server struct {
	addr    string
	data    string
	dev     bool
	key     string
	keyFile string
	keyTo   []string
	tls     tlsFiles

	auditRetention time.Duration
	auditRestart   bool

	apply     []string
	logFormat string
	logLevel  slog.Level
	publicURL string
	script    script.Config
	egress    egress.Config
	recorder  script.RecorderConfig
	decisions decisionFlags
	envoy     envoyFlags
	local     manager.Local
}

func serveCommand() *cobra.Command {
	var s server
	c := &cobra.Command{
		Use:   "serve (--data DIR | --dev)",
		Short: "run the server",
		Long: `Run the server: one process, one port. It speaks TLS with --tls-cert and
--tls-key, plain HTTP without; let it listen beyond this machine only with TLS, or
with a proxy that speaks TLS in front of it.

With --data, the state is kept in DIR/state.db and the key-encryption key in
DIR/key.json. Both are made at the first start. Back the key up, apart from the
database: without it no secret can be read, with it all can. With --key, that key is
kept in the database, encrypted under a passphrase or a key of AWS KMS, Google Cloud
KMS, Azure Key Vault, Vault or OpenBao, which is asked at the start and never by an
evaluation.

With --dev, the data are thrown away at the end, and scripts may reach this
machine's loopback addresses.

At the first start there is an administrator's token: the value of RETICENT_TOKEN
if it is set, otherwise one that is drawn at random and printed once.

SIGTERM or SIGINT stops the server when the requests under way are answered; a
second one stops it at once. SIGHUP opens the file of --decision-log again.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return s.serve(c) },
	}
	flags := c.Flags()
	flags.StringVar(&s.publicURL, "public-url", "", "how clients reach the server, an `URL` for the metadata of AuthZEN; without it the metadata go by the request")
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8640", "listen on this `address`; port 0 takes any free one")
	flags.StringVar(&s.data, "data", "", "keep the data in this `directory`")
	flags.BoolVar(&s.dev, "dev", false, "use throw-away data")
	flags.StringVar(&s.key, "key", "", "the key that the data are encrypted under, a `URI`: "+keyuri.Forms+"; file:DIR/key.json without it")
	flags.StringVar(&s.keyFile, "key-file", "", "the key `file`, short for --key file:FILE")
	flags.StringArrayVar(&s.keyTo, "key-to", nil, "a key, as the `URI` of --key, that \"reticent key rotate --to\" may move to; repeatable")
	flags.StringArrayVar(&s.apply, "apply", nil, "apply the resources in this `directory` or file before the server is ready; repeatable")
	flags.StringVar(&s.logFormat, "log-format", "text", "how to log to standard error: text or `json`")
	flags.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "log from this `level` on: debug, info, warn or error")
	flags.StringVar(&s.tls.Cert, "tls-cert", "", "speak TLS with this certificate `file` (PEM, with its chain); it is read again when it changes")
	flags.StringVar(&s.tls.Key, "tls-key", "", "the private key `file` of --tls-cert")
	flags.StringVar(&s.tls.ClientCA, "tls-client-ca", "", "take client certificates that the authorities in this `file` signed, in place of tokens")
	c.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	flags.DurationVar(&s.auditRetention, "audit-retention", audit.DefaultRetention, "keep audit entries this `long`")
	flags.BoolVar(&s.auditRestart, "audit-restart", false, "begin a new audit chain if the head of the old one was changed or lost")
	registerEgress(flags, &s.egress)
	registerScriptLimits(flags, &s.script)
	registerRecords(flags, &s.recorder)
	s.decisions.register(flags)
	s.envoy.register(flags)
	registerManagers(flags, &s.local)
	c.MarkFlagsOneRequired("data", "dev")
	c.MarkFlagsMutuallyExclusive("data", "dev")
	c.MarkFlagsMutuallyExclusive("key", "key-file")
	return c
}

// serve runs the server until a signal.
func (s *server) serve(c *cobra.Command) (err error) {
	// From here on a first signal ends the context. stop gives the second one
	// back its meaning.
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop()
	}()

	stderr := c.ErrOrStderr()
	log, err := s.logger(stderr)
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	chosen := os.Getenv(tokenVariable)
	if chosen != "" && len(chosen) < StrongTokenLength {
		log.Warn("the administrator's token is short and could be guessed; let the server draw one", "variable", tokenVariable, "advised_length", StrongTokenLength)
	}
	if s.dev {
		if s.data, err = os.MkdirTemp("", "reticent-dev-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(s.data)) }()
		s.egress.AllowLoopback = true
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return hint(err, "--addr takes another address")
	}
	defer func() { _ = listener.Close() }() // Shutdown has closed it, mostly

	if s.keyFile != "" {
		s.key = "file:" + s.keyFile
	}
	p, err := s.start(ctx, log, c.OutOrStdout(), passphrasePrompt(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	token, err := p.store.EnsureAdminToken(ctx, chosen)
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	if s.tls.Cert != "" {
		url = "https://" + listener.Addr().String()
	}
	if token != "" { // at once: whatever happens next, it is stored
		say(stderr, "the administrator's token, which is not shown again; to use it, type:")
		fmt.Fprintf(stderr, "\n  export %s=%s %s=%s\n\n", addrVariable, url, tokenVariable, token)
	} else {
		token = chosen
	}
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() && s.tls.Cert == "" {
		say(stderr, "warning: %s is open to other machines and speaks plain HTTP: give it --tls-cert and --tls-key, or put a proxy that speaks TLS in front of it", url)
	}
	h := api.NewServer(p.handler, log)
	failed := make(chan error, 2)
	if s.tls.Cert != "" {
		if h.TLSConfig, err = s.tls.Config(log); err != nil {
			return err
		}
	}
	// Before the server begins, which then has its configuration for itself.
	stopEnvoy, err := s.envoy.serve(p, h.TLSConfig, failed)
	if err != nil {
		return errors.Join(err, shutdown(ctx, h))
	}
	defer stopEnvoy()
	if s.tls.Cert != "" {
		go func() { failed <- h.ServeTLS(listener, "", "") }()
	} else {
		go func() { failed <- h.Serve(listener) }()
	}
	err = s.prepare(ctx, url, token, stderr)
	if err == nil {
		p.ready.Store(true)
		say(stderr, "ready on %s", url)
		select {
		case <-ctx.Done():
			say(stderr, "stopping")
		case err = <-failed:
		}
		p.ready.Store(false)
	}
	return errors.Join(err, shutdown(ctx, h))
}

// shutdown lets the requests under way be answered.
func shutdown(ctx context.Context, h *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), StopTime)
	defer cancel()
	if err := h.Shutdown(ctx); err != nil {
		return fmt.Errorf("requests were still under way after %s (StopTime): %w", StopTime, err)
	}
	return nil
}

// parts are what a running server is made of.
type parts struct {
	records    *script.Recorder
	decisions  *decisionlog.Log
	store      *secretstore.Store
	policies   *policy.Service
	engine     *script.Engine
	identities *identity.Service
	managers   *manager.Service
	egress     *egress.Client
	rotator    *secretstore.Rotator
	handler    http.Handler
	log        *slog.Logger
	ready      *atomic.Bool
}

// start wires the parts.
func (s *server) start(ctx context.Context, log *slog.Logger, stdout io.Writer, ask func(fresh bool) ([]byte, error)) (p *parts, err error) {
	p = &parts{log: log, ready: new(atomic.Bool)}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	metrics := api.NewMetrics()
	s.egress.Logger, s.egress.Count = log, metrics.Egress
	if p.egress, err = egress.New(s.egress); err != nil {
		return p, err
	}
	d, err := openData(ctx, s.data, s.key, ask)
	if err != nil {
		return p, err
	}
	state := d.kv
	p.store, err = secretstore.Open(ctx, secretstore.Config{KV: state, Keys: d.keys, Holder: d.holder, Holders: d.opener.Open, KeysTo: s.keyTo,
		Log: log, Found: metrics.Found, AuditRetention: s.auditRetention, AuditRestart: s.auditRestart})
	if err != nil {
		return p, errors.Join(err, state.Close())
	}
	if p.managers, err = s.openManagers(p.store, p.egress, log, metrics); err != nil {
		return p, err
	}
	s.script.Egress, s.script.Logger = p.egress, log
	if p.engine, err = script.New(s.script); err != nil {
		return p, err
	}
	s.recorder.KV, s.recorder.Log, s.recorder.Dropped = state, log, metrics.Dropped
	if p.records, err = script.NewRecorder(ctx, s.recorder); err != nil {
		return p, err
	}
	scripts := script.NewService(p.store, p.engine)
	scripts.Recorder, scripts.Keys = p.records, key.NewService(p.store)
	metrics.Sandbox(p.engine.Sandbox())
	metrics.Workers(p.engine.Load)
	p.rotator = p.store.NewRotator(secretstore.RotatorConfig{Run: scripts.Rotate, Count: metrics.Rotated})
	p.rotator.Start()
	p.policies = policy.NewService(policy.Config{Store: p.store, Egress: p.egress, RecordInputs: s.decisions.inputs})
	c := &s.decisions.log
	c.KV, c.Store, c.Policies, c.Log, c.Dropped, c.Tried = state, p.store, p.policies, log, metrics.DecisionsDropped, metrics.Tried
	if p.decisions, err = s.decisions.open(ctx, p.egress, stdout); err != nil {
		return p, err
	}
	p.policies.Record = p.decisions.Record
	p.identities = identity.New(identity.Config{Store: p.store, Fetch: policy.FetchKeySets(p.egress, p.store), Log: log})
	p.handler = api.New(api.Config{
		Identities: p.identities, Store: p.store, Policies: p.policies, Scripts: scripts, Keys: scripts.Keys, Managers: p.managers, Decisions: p.decisions,
		Log: log, Metrics: metrics, PublicURL: s.publicURL,
		Ready: func() error {
			if !p.ready.Load() {
				return errors.New("starting or stopping")
			}
			return nil
		},
	})
	return p, nil
}

// close ends the parts that started.
func (p *parts) close() error {
	if p.rotator != nil {
		p.rotator.Close()
	}
	if p.engine != nil {
		p.engine.Close()
	}
	if p.decisions != nil {
		p.decisions.Close() // writes down and sends on what waits
	}
	if p.policies != nil {
		p.policies.Close()
	}
	if p.identities != nil {
		p.identities.Close()
	}
	if p.managers != nil {
		p.managers.Close()
	}
	if p.egress != nil {
		p.egress.Close()
	}
	if p.records != nil {
		p.records.Close() // writes down what waits
	}
	if p.store != nil {
		return p.store.Close()
	}
	return nil
}

// prepare applies what --apply names, through the API like any client.
func (s *server) prepare(ctx context.Context, url, token string, stderr io.Writer) error {
	if len(s.apply) == 0 {
		return nil
	}
	if token == "" {
		return hint(errors.New("--apply needs the administrator's token"), "set "+tokenVariable+" to the one that the first start printed")
	}
	own, err := s.tls.client()
	if err != nil {
		return err
	}
	c, err := client.New(url, token, own)
	if err != nil {
		return err
	}
	a := applier{client: c, stderr: stderr}
	for _, name := range s.apply {
		if err := a.apply(ctx, name); err != nil {
			return fmt.Errorf("--apply %s: %w", name, err)
		}
	}
	return nil
}

// logger makes the log, which goes to standard error.
func (s *server) logger(w io.Writer) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: s.logLevel}
	switch strings.ToLower(s.logFormat) {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, errors.New("--log-format is text or json")
}
