package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/reticent/reticent/policy/decisionlog"
	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// decisionFlags say what becomes of decisions.
type decisionFlags struct {
	log    decisionlog.Config
	inputs bool
	to     string
	secret string
}

func (d *decisionFlags) register(flags *pflag.FlagSet) {
	flags.DurationVar(&d.log.Keep, "keep-decisions", decisionlog.DefaultKeep, "how long decisions are kept")
	flags.IntVar(&d.log.Max, "max-decisions", decisionlog.DefaultMax, "how many `decisions` are kept")
	flags.BoolVar(&d.inputs, "record-decision-input", false, "record the inputs of decisions, sealed, masked and redacted, not only of policies with record_input")
	flags.StringVar(&d.to, "decision-log", "", "send each decision to `stdout`, a file, or the http or https URL of a collector")
	flags.StringVar(&d.secret, "decision-log-secret", "", "the `name` of a secret of the platform that the collector gets as a bearer token; its allowed_hosts must have the collector")
	flags.StringVar(&d.log.Node, "node", "", "what the server calls itself in decisions; without it, the `name` of its host")
}

// open starts the decision log and its stream.
func (d *decisionFlags) open(ctx context.Context, client *egress.Client, stdout io.Writer) (*decisionlog.Log, error) {
	if d.log.Node == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, hint(err, "--node gives the server a name")
		}
		d.log.Node = name
	}
	log := d.log.Log
	switch u, err := url.Parse(d.to); {
	case d.to == "":
	case d.to == "stdout":
		d.log.Stream = decisionlog.NewWriter(stdout, log)
	case err == nil && (u.Scheme == "http" || u.Scheme == "https"):
		if u.User != nil {
			return nil, errors.New("--decision-log: a URL has no password; use --decision-log-secret")
		}
		dropped := d.log.Dropped
		d.log.Stream = decisionlog.NewCollector(decisionlog.CollectorConfig{
			URL: d.to, Egress: client, Credential: collectorCredential(d.log.Store, d.secret), Log: log,
			Dropped: func(n int) { dropped(decisionlog.DroppedStream, n) },
		})
	case strings.Contains(d.to, "://"):
		return nil, errors.New("--decision-log is stdout, a file, or a URL of http or https")
	default:
		w, err := decisionlog.OpenFile(d.to, log)
		if err != nil {
			return nil, err
		}
		reopenOnHangup(ctx, w)
		d.log.Stream = w
	}
	return decisionlog.Open(ctx, d.log)
}

// reopenOnHangup has a signal open the file again, as programs that rotate logs
// expect.
func reopenOnHangup(ctx context.Context, w *decisionlog.Writer) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-hangup:
				slog.Info("opening the decision log again")
				w.Reopen()
			case <-ctx.Done():
				return
			}
		}
	}()
}

// collectorCredential gives the secret that a collector gets, if it gets one.
func collectorCredential(store *secretstore.Store, name string) func() (*seal.Run, string, error) {
	server := secretstore.Principal{ID: "decision log", Admin: true}
	return func() (*seal.Run, string, error) {
		refers := secretstore.References{}
		if name != "" {
			refers.Secrets = []string{name}
		}
		set, err := store.SealingSet(context.Background(), server, secretstore.KindPolicy, secretstore.Scope{}, refers)
		if err != nil {
			return nil, "", err
		}
		run := set.NewRun(store.RunOptions(server, secretstore.Scope{}))
		if name == "" {
			return run, "", nil
		}
		token, err := run.Lookup(name)
		if err != nil {
			return nil, "", err
		}
		text, ok := token.(string)
		if !ok {
			return nil, "", errors.New("the secret of --decision-log-secret has parts; it must be a text")
		}
		return run, text, nil
	}
}
