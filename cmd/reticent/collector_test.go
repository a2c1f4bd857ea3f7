package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/policy/decisionlog"
	"github.com/reticent/reticent/secretstore/egress"
)

// TestCollectorGetsItsSecret sends decisions to a collector that echoes what it
// gets: it has the secret that is meant for it, and the log nothing. A secret that
// is meant for another host goes nowhere.
func TestCollectorGetsItsSecret(t *testing.T) {
	s := apitest.Start(t, apitest.Options{InProcess: true})
	got := make(chan string, 10)
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("Authorization")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, r.Header.Get("Authorization"))
	}))
	defer host.Close()
	const canary = "canary-8w3n-of-the-collector"
	for name, allowed := range map[string]string{"COLLECTOR": host.URL, "ELSEWHERE": "collector.example.com"} {
		value := client.StringValue(canary)
		if _, err := s.Client.Secrets(client.Scope{}).Create(t.Context(), name, client.SecretSpec{Value: value, AllowedHosts: []string{allowed}}); err != nil {
			t.Fatal(err)
		}
	}
	sending, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		header string
		lost   int
	}{"COLLECTOR": {"Bearer " + canary, 0}, "ELSEWHERE": {"", 1}, "ABSENT": {"", 1}, "": {"", 0}} {
		var log bytes.Buffer
		c := decisionlog.NewCollector(decisionlog.CollectorConfig{
			URL: host.URL, Egress: sending, Credential: collectorCredential(s.Store, name), Log: slog.New(slog.NewTextHandler(&log, nil)), Dropped: func(int) {},
		})
		c.Send([]byte("{}\n"))
		if lost := c.Close(); lost != want.lost {
			t.Errorf("%s: %d lost", name, lost)
		}
		header := ""
		if want.lost == 0 {
			header = <-got
		}
		if header != want.header || len(got) > 0 {
			t.Errorf("%s: the collector got %q", name, header)
		}
		if strings.Contains(log.String(), canary) || log.Len() == 0 {
			t.Errorf("%s: %s", name, log.String())
		}
	}
}
