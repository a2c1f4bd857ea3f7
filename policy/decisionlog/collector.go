package decisionlog

import (
	"bytes"
	"compress/gzip"
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// CollectorConfig says where a Collector sends to.
type CollectorConfig struct {
	// URL takes a POST of a JSON array, compressed with gzip, as OPA's collectors do.
	URL string
	// Egress sends, by the rules of every request that leaves the server.
	Egress *egress.Client
	// Credential gives a run and the surrogate of the secret that the collector gets as
	// a bearer token, "" for none. It is asked before each upload, so that a new
	// version of the secret is used.
	Credential func() (run *seal.Run, token string, err error)
	Log        *slog.Logger
	// Dropped counts entries that the collector does not take.
	Dropped func(n int)
}

// Collector is a [Stream] to a collector over HTTP. Uploads that fail are tried
// again; what comes meanwhile waits, up to MaxStreamed entries.
type Collector struct {
	cfg     CollectorConfig
	lines   chan []byte
	stop    chan struct{}
	done    chan struct{}
	pending atomic.Int64 // entries that were taken and are not sent
}

// NewCollector starts a Collector.
func NewCollector(cfg CollectorConfig) *Collector {
	c := &Collector{cfg: cfg, lines: make(chan []byte, MaxStreamed), stop: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c
}

// Send is [Stream]'s.
func (c *Collector) Send(line []byte) bool {
	c.pending.Add(1)
	select {
	case c.lines <- line:
		return true
	default:
		c.pending.Add(-1)
		return false
	}
}

// Close is [Stream]'s.
func (c *Collector) Close() int {
	close(c.stop)
	<-c.done
	return int(c.pending.Load())
}

func (c *Collector) run() {
	defer close(c.done)
	for {
		select {
		case line := <-c.lines:
			c.upload(c.gather(line))
		case <-c.stop:
			c.last()
			return
		}
	}
}

// gather takes what comes within a delay, up to what one upload may have.
func (c *Collector) gather(first []byte) [][]byte {
	out, size := [][]byte{first}, len(first)
	timer := time.NewTimer(UploadDelay)
	defer timer.Stop()
	for size < MaxUploadBytes {
		select {
		case line := <-c.lines:
			out, size = append(out, line), size+len(line)
		case <-timer.C:
			return out
		case <-c.stop:
			return out
		}
	}
	return out
}

// upload sends until the collector has taken it, or never will, or the server
// stops; then it is tried once more.
func (c *Collector) upload(lines [][]byte) {
	wait := FirstRetry
	for {
		if lines = c.send(context.Background(), lines); len(lines) == 0 {
			return
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, LastRetry)
		case <-c.stop:
			ctx, cancel := context.WithTimeout(context.Background(), StopTime)
			defer cancel()
			c.send(ctx, lines)
			return
		}
	}
}

// last sends what waits, for StopTime at most.
func (c *Collector) last() {
	ctx, cancel := context.WithTimeout(context.Background(), StopTime)
	defer cancel()
	for ctx.Err() == nil {
		select {
		case line := <-c.lines:
			if len(c.send(ctx, c.gather(line))) > 0 {
				return
			}
		default:
			return
		}
	}
}

// send sends entries once and gives those that are to be sent again. What the
// collector finds too large it gets in halves, and what it takes from nobody is
// lost to it.
func (c *Collector) send(ctx context.Context, lines [][]byte) (rest [][]byte) {
	status, err := c.post(ctx, lines)
	switch {
	case err != nil:
		c.cfg.Log.Warn("decisions were not sent to the collector and will be again", "entries", len(lines), "error", err)
		return lines
	case status >= http.StatusOK && status < http.StatusMultipleChoices:
		c.pending.Add(-int64(len(lines)))
		return nil
	case status == http.StatusRequestEntityTooLarge && len(lines) > 1:
		half := len(lines) / 2
		return append(c.send(ctx, lines[:half:half]), c.send(ctx, lines[half:])...)
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		c.cfg.Log.Warn("the collector refuses decisions, which are lost to it", "entries", len(lines), "status", status)
		c.pending.Add(-int64(len(lines)))
		c.cfg.Dropped(len(lines))
		return nil
	}
	c.cfg.Log.Warn("decisions were not sent to the collector and will be again", "entries", len(lines), "status", status)
	return lines
}

func (c *Collector) post(ctx context.Context, lines [][]byte) (status int, err error) {
	var body bytes.Buffer
	w := gzip.NewWriter(&body)
	open := "["
	for _, line := range lines {
		// A bytes.Buffer takes everything.
		_, _ = w.Write([]byte(open))
		_, _ = w.Write(bytes.TrimSuffix(line, []byte("\n")))
		open = ","
	}
	_, _ = w.Write([]byte("]"))
	if err := w.Close(); err != nil {
		return 0, err
	}
	run, token, err := c.cfg.Credential()
	if err != nil {
		return 0, err
	}
	header := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	response, err := c.cfg.Egress.Do(ctx, run, egress.Request{Method: http.MethodPost, URL: c.cfg.URL, Header: header, Body: body.Bytes(), Redirect: egress.ReturnRedirects})
	if err != nil {
		return 0, err
	}
	return response.Status, nil // what it says beside is nobody's to read
}
