// Package script runs extension scripts in JavaScript and TypeScript,
//
//	module.exports = async function (context) { … }
//
// over sealed secrets.
//
// # How it fits
//
// [Engine.Check] is called when a script is stored; what it finds out, the names
// of secrets above all, becomes the sealing set (package seal). [Engine.Run] is
// called when something asks for a decision: it seals the input, has a worker
// (package worker) run the program (package program) with what the host offers
// (package host), does for the worker what only the server can do, and masks
// what comes out.
//
// # What it protects
//
// Secrets, from everybody: a worker never holds one, and nothing leaves Run that
// was not masked here, in the server. The server, from scripts, which cost their
// own run and nothing else, whatever they do.
package script

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/script/worker"
	"github.com/reticent/reticent/secretstore/egress"
)

// Language is what a source is written in; package program says what becomes of
// each.
type Language = program.Language

// The languages.
const (
	JavaScript = program.JavaScript
	TypeScript = program.TypeScript
)

// Config configures an Engine. The zero Config works, without fetch.
type Config struct {
	// Workers is how many scripts run at a time, at most.
	Workers int
	// Warm is how many workers are kept; more, up to Workers, start while runs wait
	// and end once they were idle for WorkerIdle.
	Warm       int
	WorkerIdle time.Duration
	// MaxQueued is how many runs may wait for a worker; more are refused.
	MaxQueued int
	// PerScript is how many runs of one script may go on at a time, by default one
	// less than Workers, so that a slow script leaves a worker to the others.
	PerScript int
	// MaxQueuedPerScript is how many runs of one script may wait for that; more
	// are refused.
	MaxQueuedPerScript int
	// MemoryBytes is how much memory a worker may have, at least
	// worker.MinMemoryBytes.
	MemoryBytes int64
	// Limits are those of every run.
	Limits Limits
	// Egress sends what fetch asks for; nil means that fetch is refused.
	Egress *egress.Client
	// InProcess runs scripts in this process: for tests, and for embedding where
	// authors are trusted. Nothing limits their memory then, and a built-in
	// function that does not end is not ended.
	InProcess bool
	// Logger gets what an operator should know; nil means none.
	Logger *slog.Logger
}

// Engine runs scripts. It is safe for concurrent use.
type Engine struct {
	cfg      Config
	pool     *worker.Pool
	programs *programs
	caches   *caches
	gate     *gate
}

// New starts an engine and its workers.
func New(cfg Config) (*Engine, error) {
	warm := max(MinWarm, runtime.NumCPU())
	if cfg.Workers == 0 {
		cfg.Workers = max(cfg.Warm, WorkersPerWarm*warm)
	}
	if cfg.Warm == 0 {
		cfg.Warm = min(warm, cfg.Workers)
	}
	if cfg.Warm > cfg.Workers {
		return nil, fmt.Errorf("script: Warm (%d) must not be more than Workers (%d)", cfg.Warm, cfg.Workers)
	}
	if cfg.WorkerIdle == 0 {
		cfg.WorkerIdle = DefaultWorkerIdle
	}
	if cfg.MaxQueued == 0 {
		cfg.MaxQueued = DefaultMaxQueued
	}
	if cfg.PerScript == 0 {
		cfg.PerScript = max(1, cfg.Workers-1)
	}
	if cfg.MaxQueuedPerScript == 0 {
		cfg.MaxQueuedPerScript = DefaultMaxQueuedPerScript
	}
	if cfg.MemoryBytes == 0 {
		cfg.MemoryBytes = DefaultMemoryBytes
	}
	if cfg.MemoryBytes < worker.MinMemoryBytes {
		return nil, fmt.Errorf("script: MemoryBytes must be at least %d", worker.MinMemoryBytes)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Limits = cfg.Limits.WithDefaults()
	e := &Engine{cfg: cfg, programs: newPrograms(), caches: newCaches(), gate: newGate(cfg.PerScript, cfg.MaxQueuedPerScript)}
	if cfg.InProcess {
		return e, nil
	}
	pool, err := worker.NewPool(worker.Config{Workers: cfg.Workers, Warm: cfg.Warm, MaxQueued: cfg.MaxQueued,
		MemoryBytes: cfg.MemoryBytes, IdleTime: cfg.WorkerIdle, Logger: cfg.Logger})
	if err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	e.pool = pool
	return e, nil
}

// Close ends the workers. Runs under way fail.
func (e *Engine) Close() {
	if e.pool != nil {
		e.pool.Close()
	}
}

// Sandbox says what of the kernel keeps the workers in; in process, nothing does.
func (e *Engine) Sandbox() worker.Sandbox {
	if e.pool == nil {
		return worker.Sandbox{}
	}
	return e.pool.Sandbox()
}

// Load says what the workers do; in process, there are none.
func (e *Engine) Load() worker.Load {
	if e.pool == nil {
		return worker.Load{}
	}
	return e.pool.Load()
}

// execute runs a task in a worker, or here.
func (e *Engine) execute(ctx context.Context, t worker.Task, s *session) (host.Outcome, error) {
	if e.pool != nil {
		return e.pool.Run(ctx, t)
	}
	compiled, findings := e.programs.get(t)
	if findings != nil {
		return host.Outcome{Failure: host.Refused(findings[0])}, nil
	}
	t.Job.Script = compiled.script
	t.Job.Limits.Time = t.Limit
	h := compiled.host()
	if t.ID != "" {
		compiled.prepare()
	}
	return h.Run(t.Job, &local{session: s, ends: make(chan host.Completion)}), nil
}

// local is the bridge of a run in process.
type local struct {
	*session
	ends chan host.Completion
}

// Fetch is host.Bridge's.
func (l *local) Fetch(id int, r host.Request) error {
	return l.StartFetch(id, r, func(c host.Completion) {
		select {
		case l.ends <- c:
		case <-l.ctx.Done():
		}
	})
}

// Wait is host.Bridge's.
func (l *local) Wait(until time.Time) (host.Completion, bool, error) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case c := <-l.ends:
		return c, true, nil
	case <-timer.C:
		return host.Completion{}, false, nil
	case <-l.ctx.Done():
		return host.Completion{}, false, errors.New("the run was cancelled")
	}
}
