package decisionlog_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reticent/reticent/policy/decisionlog"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// TestFileIsOpenedAgain moves the file away, as who rotates logs does, with and
// without a word to the Writer.
func TestFileIsOpenedAgain(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "decisions.jsonl")
	w, err := decisionlog.OpenFile(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	write := func(line string) {
		if !w.Send([]byte(line + "\n")) {
			t.Error("a line is lost")
		}
	}
	write("one")
	for !has(t, path, "one\n") {
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write("two") // finds out by itself
	for !has(t, path, "two\n") {
	}
	w.Reopen()
	write("three")
	if lost := w.Close(); lost != 0 {
		t.Errorf("%d lost", lost)
	}
	if !has(t, path+".1", "one\n") || !has(t, path, "two\nthree\n") {
		t.Error("the lines are not where they should be")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if _, err := decisionlog.OpenFile(filepath.Join(dir, "none", "x"), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a file in no directory is opened")
	}
}

// has reports whether a file is there and has a text.
func has(t *testing.T, path, text string) bool {
	t.Helper()
	if t.Context().Err() != nil {
		t.Fatal(t.Context().Err())
	}
	b, err := os.ReadFile(path)
	return err == nil && string(b) == text
}

// stuckWriter takes nothing until it is let go.
type stuckWriter struct{ gate chan struct{} }

func (w stuckWriter) Write(b []byte) (int, error) {
	<-w.gate
	return len(b), nil
}

// TestWriterNeverWaits has nobody read standard output.
func TestWriterNeverWaits(t *testing.T) {
	gate := make(chan struct{})
	w := decisionlog.NewWriter(stuckWriter{gate}, slog.New(slog.DiscardHandler))
	lost := 0
	const n = decisionlog.MaxStreamed + 100
	for range n {
		if !w.Send([]byte("x\n")) {
			lost++
		}
	}
	if lost < n-decisionlog.MaxStreamed-1 || lost > 100 {
		t.Errorf("%d lost", lost)
	}
	close(gate)
	if lost := w.Close(); lost != 0 {
		t.Errorf("%d lost at the end", lost)
	}
}

// collecting is a collector that answers as it is told.
type collecting struct {
	mu       sync.Mutex
	statuses []int // of the next uploads, then 200
	got      []string
	uploads  int
	seen     chan struct{}
}

func (c *collecting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() { c.seen <- struct{}{} }()
	c.uploads++
	status := http.StatusOK
	if len(c.statuses) > 0 {
		status, c.statuses = c.statuses[0], c.statuses[1:]
	}
	zr, err := gzip.NewReader(r.Body)
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Content-Type") != "application/json" {
		status = http.StatusTeapot
	} else if raw, err := io.ReadAll(zr); err != nil || status == http.StatusOK {
		var events []struct{ ID string }
		if json.Unmarshal(raw, &events) != nil {
			status = http.StatusTeapot
		}
		for _, e := range events {
			c.got = append(c.got, e.ID)
		}
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "echo "+r.Header.Get("Authorization"))
}

// TestCollector gets failures before it gets the entries: each comes once.
func TestCollector(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int
		dropped  int
		want     []string
	}{
		"at once":             {nil, 0, []string{"a", "b"}},
		"after failures":      {[]int{503, 429}, 0, []string{"a", "b"}},
		"too large":           {[]int{413}, 0, []string{"a", "b"}},
		"too large and down":  {[]int{413, 200, 500}, 0, []string{"a", "b"}},
		"never":               {[]int{400}, 2, nil},
		"a redirect is a no":  {[]int{307}, 0, []string{"a", "b"}},
		"not without a token": {[]int{401}, 0, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			host := &collecting{statuses: c.statuses, seen: make(chan struct{}, 100)}
			server := httptest.NewServer(host)
			defer server.Close()
			client, err := egress.New(egress.Config{AllowLoopback: true})
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			dropped := 0
			collector := decisionlog.NewCollector(decisionlog.CollectorConfig{
				URL: server.URL, Egress: client, Log: slog.New(slog.NewTextHandler(&log, nil)), Dropped: func(n int) { dropped += n },
				Credential: func() (*seal.Run, string, error) {
					return seal.NewSet(nil, nil).NewRun(seal.Options{}), "public", nil
				},
			})
			collector.Send([]byte("{\"id\":\"a\"}\n"))
			collector.Send([]byte("{\"id\":\"b\"}\n"))
			for range len(c.statuses) + 1 {
				if name == "never" && host.count() == 1 {
					break
				}
				<-host.seen
			}
			if lost := collector.Close(); lost != 0 || dropped != c.dropped {
				t.Errorf("%d lost, %d dropped", lost, dropped)
			}
			if diff := cmp.Diff(c.want, host.got); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(log.String(), "public") || strings.Contains(log.String(), "echo") {
				t.Error(log.String())
			}
		})
	}
}

func (c *collecting) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.uploads
}

// TestCollectorIsDown stops while nobody takes the entries: they are counted.
func TestCollectorIsDown(t *testing.T) {
	client, err := egress.New(egress.Config{}) // loopback is out of reach
	if err != nil {
		t.Fatal(err)
	}
	collector := decisionlog.NewCollector(decisionlog.CollectorConfig{
		URL: "http://127.0.0.1:9/", Egress: client, Log: slog.New(slog.DiscardHandler), Dropped: func(int) {},
		Credential: func() (*seal.Run, string, error) { return seal.NewSet(nil, nil).NewRun(seal.Options{}), "", nil },
	})
	for range 3 {
		collector.Send([]byte("{}\n"))
	}
	if lost := collector.Close(); lost != 3 {
		t.Errorf("%d lost", lost)
	}
}
