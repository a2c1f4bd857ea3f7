package worker

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/program"
)

// holding is a server whose fetches end when release is closed.
type holding struct {
	counting
	arrived chan struct{}
	release chan struct{}
}

func (s *holding) StartFetch(id int, _ host.Request, done func(host.Completion)) error {
	go func() {
		s.arrived <- struct{}{}
		<-s.release
		done(host.Completion{ID: id, Response: &host.Response{Status: 200}})
	}()
	return nil
}

// pool starts one that ends with the test.
func pool(t *testing.T, cfg Config) *Pool {
	t.Helper()
	if cfg.MemoryBytes == 0 {
		cfg.MemoryBytes = DefaultMemoryBytes
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	p, err := NewPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// of makes a task of a handler's body.
func of(body string, s Server, limits host.Limits) Task {
	limits = limits.WithDefaults()
	return Task{Units: []program.Unit{{Language: program.JavaScript, Source: "module.exports = async function () {\n" + body + "\n}"}},
		Server: s, Limit: limits.Time, Job: host.Job{Limits: limits}}
}

const waits = "return (await fetch('https://example.org/')).status"

// TestCrew has a pool of one warm worker grow with the runs that wait, refuse what
// is more than its queue, and shrink once they are over.
func TestCrew(t *testing.T) {
	p := pool(t, Config{Workers: 3, Warm: 1, MaxQueued: 1, IdleTime: time.Hour})
	if l := p.Load(); l.Idle != 1 || l.Started != 1 {
		t.Fatalf("at the start: %+v", l)
	}
	s := &holding{arrived: make(chan struct{}), release: make(chan struct{})}
	var runs sync.WaitGroup
	start := func() {
		runs.Go(func() {
			out, err := p.Run(t.Context(), of(waits, s, host.Limits{Time: time.Minute, CPU: time.Minute}))
			if err != nil || string(out.Output) != "200" {
				t.Errorf("%v %s %v", err, out.Output, out.Failure)
			}
		})
	}
	for range 3 {
		start()
	}
	for range 3 {
		<-s.arrived // all three run at the same time
	}
	if l := p.Load(); l.Busy != 3 || l.Idle != 0 || l.Started != 3 {
		t.Errorf("with three runs: %+v", l)
	}
	// One more may wait; whatever comes beyond that is refused.
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	for range 2 {
		go func() {
			_, err := p.Run(ctx, of("return 1", s, host.Limits{}))
			waited <- err
		}()
	}
	if err := <-waited; !errors.Is(err, ErrOverloaded) {
		t.Errorf("beyond the queue: %v", err)
	}
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("in the queue: %v", err)
	}
	close(s.release)
	runs.Wait()
	p.shrink(time.Now())
	if l := p.Load(); l.Idle != 3 {
		t.Errorf("before they were idle for long: %+v", l)
	}
	p.shrink(time.Now().Add(2 * time.Hour))
	if l := p.Load(); l.Idle != 1 || l.Busy != 0 {
		t.Errorf("after that: %+v", l)
	}
	if out, err := p.Run(t.Context(), of("return 2", s, host.Limits{})); err != nil || string(out.Output) != "2" {
		t.Errorf("and then: %v %s %v", err, out.Output, out.Failure)
	}
}

// TestReplacedOnlyWhileNeeded kills the workers of three runs: the warm one is
// replaced at once, the others only when runs wait again.
func TestReplacedOnlyWhileNeeded(t *testing.T) {
	p := pool(t, Config{Workers: 3, Warm: 1, MaxQueued: 1, IdleTime: time.Hour})
	s := &holding{arrived: make(chan struct{}), release: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	var runs sync.WaitGroup
	for range 3 {
		runs.Go(func() { _, _ = p.Run(ctx, of(waits, s, host.Limits{Time: time.Minute, CPU: time.Minute})) })
	}
	for range 3 {
		<-s.arrived
	}
	cancel()
	runs.Wait()
	close(s.release)
	size := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.size
	}
	for end := time.Now().Add(10 * time.Second); size() != 1; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d workers are left or to come", size())
		}
	}
	if out, err := p.Run(t.Context(), of("return 2", s, host.Limits{})); err != nil || string(out.Output) != "2" {
		t.Fatalf("%v %s %v", err, out.Output, out.Failure)
	}
}

// TestProcessorTime tells runs that compute from runs that wait: the first end at
// the limit CPU, by the engine or by a kill, the second go on until Time.
func TestProcessorTime(t *testing.T) {
	p := pool(t, Config{Workers: 1, Warm: 1, MaxQueued: 1, IdleTime: time.Hour})
	for _, c := range []struct{ name, body, code, message string }{
		{"a loop", "for (;;) {}", "cpu_limit", "more than 300ms of processor time (the limit CPU)"},
		{"microtasks", "for (;;) await 0", "cpu_limit", "(the limit CPU)"},
		{"a loop in the output", "return { toJSON() { for (;;) {} } }", "cpu_limit", "(the limit CPU)"},
		{"bits of loops between waits", "for (;;) { for (const end = Date.now() + 20; Date.now() < end;); await new Promise((r) => setTimeout(r, 1)) }", "cpu_limit", "(the limit CPU)"},
		{"a built-in function", "return [].indexOf.call({ length: 2 ** 53 - 1 }, 1)", "cpu_limit", "(the limit CPU), in a built-in function, and was killed"},
	} {
		out, err := p.Run(t.Context(), of(c.body, &counting{}, host.Limits{Time: time.Minute, CPU: 300 * time.Millisecond}))
		if err != nil || out.Failure == nil || string(out.Failure.Code) != c.code || !strings.Contains(out.Failure.Message, c.message) {
			t.Errorf("%s: %v %+v", c.name, err, out.Failure)
		}
	}
	// It waits for longer than it may compute.
	out, err := p.Run(t.Context(), of("await new Promise((r) => setTimeout(r, 700)); return 1", &counting{}, host.Limits{Time: time.Minute, CPU: 300 * time.Millisecond}))
	if err != nil || string(out.Output) != "1" {
		t.Errorf("waiting: %v %+v", err, out.Failure)
	}
	out, err = p.Run(t.Context(), of("await new Promise((r) => setTimeout(r, 1e6))", &counting{}, host.Limits{Time: 400 * time.Millisecond, CPU: 300 * time.Millisecond}))
	if err != nil || out.Failure == nil || out.Failure.Code != host.CodeTime {
		t.Errorf("waiting too long: %v %+v", err, out.Failure)
	}
}
