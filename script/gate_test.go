package script

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/reticent/reticent/secretstore/egress"
)

// TestGate holds up runs of one script and no others.
func TestGate(t *testing.T) {
	g := newGate(1, 1)
	leave, err := g.enter(t.Context(), "slow")
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan func())
	go func() {
		out, err := g.enter(t.Context(), "slow")
		if err != nil {
			t.Error(err)
		}
		second <- out
	}()
	for { // until the second waits
		g.mu.Lock()
		inside := g.byID["slow"].inside
		g.mu.Unlock()
		if inside == 2 {
			break
		}
		runtime.Gosched()
	}
	if _, err := g.enter(t.Context(), "slow"); !errors.Is(err, errBusy) {
		t.Errorf("a third: %v", err)
	}
	for _, id := range []string{"other", "", ""} {
		out, err := g.enter(t.Context(), id)
		if err != nil {
			t.Errorf("%q: %v", id, err)
			continue
		}
		out()
	}
	leave()
	(<-second)()
	ended, cancel := context.WithCancel(t.Context())
	leave, _ = g.enter(t.Context(), "slow")
	cancel()
	if _, err := g.enter(ended, "slow"); !errors.Is(err, context.Canceled) {
		t.Errorf("after its caller went: %v", err)
	}
	leave()
	if len(g.byID) != 0 {
		t.Errorf("%d scripts are remembered", len(g.byID))
	}
}

// TestSlowScriptLeavesWorkers has a script wait in as many runs as there are
// workers; another is answered meanwhile, and more of the slow one are refused.
func TestSlowScriptLeavesWorkers(t *testing.T) {
	arrived, release := make(chan bool, 8), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- true
		<-release
	}))
	defer slow.Close()
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	e := engine(t, Config{Workers: 2, MaxQueuedPerScript: 1, Egress: client, Limits: patient})
	start := func(id, body string) Result {
		return e.Run(t.Context(), Run{ID: id, Name: id, Source: Source{Language: JavaScript, Source: head + body + "\n}"}, Seal: sealRun(t, nil), Input: json.RawMessage("{}")})
	}
	body := "return (await fetch('" + slow.URL + "')).status"
	ends := make(chan Result, 3)
	for range 3 {
		go func() { ends <- start("slow", body) }()
	}
	<-arrived
	if r := <-ends; r.Error == nil || r.Error.Code != CodeOverloaded {
		t.Errorf("the third of the slow script: %v", r.Error)
	}
	if r := start("quick", "return 2"); r.Error != nil {
		t.Errorf("another script: %v", r.Error)
	}
	close(release)
	for range 2 {
		if r := <-ends; r.Error != nil {
			t.Errorf("%v", r.Error)
		}
	}
}
