// Package worker keeps the processes that scripts run in.
//
// # How it fits
//
// A [Pool] belongs to the server. Its workers are children of the same binary,
// which [Main] turns into workers; they speak with the server over a pipe each
// and run one script at a time. Package script decides what they are told.
//
// # What it protects
//
// The server, from scripts: the engine has no limit on memory, and built-in
// functions that run for hours cannot be stopped. A worker has limits on memory
// and stack and is killed at its deadline. It has no environment, no open file
// but its pipes, and surrogates instead of secrets; the kernel lets it open,
// connect, start or look at nothing (see [Sandbox]). A script that breaks out of
// the engine finds nothing. The server takes nothing that a worker says
// on trust: a worker can ask for what a script could ask for, as often, and no
// more.
package worker

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/secretstore/seal"
)

// Config configures a Pool; none of its fields may be 0.
type Config struct {
	// Workers is how many there are at most, Warm how many at least.
	Workers, Warm int
	MaxQueued     int
	MemoryBytes   int64
	// IdleTime is how long one that is not among the warm ones waits for a run
	// before it is ended.
	IdleTime time.Duration
	Logger   *slog.Logger
}

// Errors of a Pool.
var (
	// ErrOverloaded is given when MaxQueued runs wait already.
	ErrOverloaded = errors.New("worker: too many runs wait (the limit MaxQueued)")
	// ErrClosed is given after Close.
	ErrClosed = errors.New("worker: the pool is closed")
	// ErrNotHooked is given in a program that does not call Main.
	ErrNotHooked = errors.New("worker: the program does not call worker.Main first of all; its workers would not be workers")
)

// Pool is a set of workers: the warm ones, and more while runs wait.
type Pool struct {
	cfg    Config
	spawn  *spawner
	ready  chan struct{} // one for each of idle
	queue  chan struct{} // a place for each run that waits or runs
	closed chan struct{} // is closed under mu
	// sandbox is that of the first workers; all start alike.
	sandbox Sandbox

	mu       sync.Mutex
	all      map[*process]bool
	idle     []*process // the last is the one that ran last, whose memory is at hand
	size     int        // workers that live or are to start
	starting int
	waiting  int // runs
	started  int // workers, ever
	bg       sync.WaitGroup
}

// NewPool starts the workers.
func NewPool(cfg Config) (*Pool, error) {
	if !hooked.Load() {
		return nil, ErrNotHooked
	}
	p := &Pool{cfg: cfg, spawn: newSpawner(), ready: make(chan struct{}, cfg.Workers),
		queue: make(chan struct{}, cfg.Workers+cfg.MaxQueued), closed: make(chan struct{}), all: map[*process]bool{}}
	started := make(chan *process)
	failed := make(chan error)
	p.size = cfg.Warm
	for range cfg.Warm {
		go func() {
			if w, err := p.start(); err != nil {
				failed <- err
			} else {
				started <- w
			}
		}()
	}
	var err error
	for range cfg.Warm {
		select {
		case w := <-started:
			p.sandbox = w.sandbox
			p.rest(w)
		case err = <-failed:
		}
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	if cfg.Workers > cfg.Warm {
		p.background(p.watch)
	}
	if missing := p.sandbox.Missing(); len(missing) > 0 {
		cfg.Logger.Warn("script workers are confined, but this kernel lacks a part of the sandbox or refuses it", "has", p.sandbox.String(), "lacks", missing)
	} else {
		cfg.Logger.Info("script workers are confined", "by", p.sandbox.String())
	}
	return p, nil
}

// Sandbox says what keeps the workers in.
func (p *Pool) Sandbox() Sandbox { return p.sandbox }

func (p *Pool) start() (*process, error) {
	w, err := p.spawn.start(p.cfg.MemoryBytes)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.all[w] = true
	p.started++
	p.mu.Unlock()
	return w, nil
}

// Close kills every worker. No call of Run or Check may start after it.
func (p *Pool) Close() {
	p.mu.Lock()
	close(p.closed)
	for w := range p.all {
		_ = w.cmd.Process.Kill()
	}
	p.mu.Unlock()
	p.bg.Wait()
	p.mu.Lock()
	for w := range p.all {
		w.kill()
	}
	p.mu.Unlock()
	close(p.spawn.requests)
}

// deadline kills the worker when the time is over, when it has used its processor
// time, or when ctx ends; stop must be called.
func (w *process) deadline(ctx context.Context, limit, cpu time.Duration) (stop func()) {
	kill := func(why cause) {
		w.cause.CompareAndSwap(int32(causeNone), int32(why))
		_ = w.cmd.Process.Kill()
	}
	timer := time.AfterFunc(limit, func() { kill(causeTime) })
	spent := host.Budget(cpu, w.processorTime, func() { kill(causeCPU) })
	off := context.AfterFunc(ctx, func() { _ = w.cmd.Process.Kill() })
	return func() { timer.Stop(); spent(); off() }
}

// Run runs a script. The error is ErrOverloaded, ErrClosed or that of ctx; how
// the script fared is in the outcome.
func (p *Pool) Run(ctx context.Context, t Task) (host.Outcome, error) {
	w, err := p.acquire(ctx)
	if err != nil {
		return host.Outcome{}, err
	}
	stop := w.deadline(ctx, t.Limit+Grace, t.Job.Limits.CPU+Grace)
	t.Job.Limits.Time = t.Limit
	w.setOpen(true)
	out, err := w.run(t)
	w.setOpen(false)
	stop()
	if err == nil && w.timely() && ctx.Err() == nil && !w.spent {
		p.release(w)
		return out, nil
	}
	if err != nil && errors.Is(err, errProtocol) {
		p.cfg.Logger.Warn("a script worker broke the protocol and was killed")
		_ = w.cmd.Process.Kill()
	}
	if err != nil {
		_ = w.cmd.Process.Kill()
		out = host.Outcome{Failure: w.death(t.Limit, t.Job.Limits.CPU)}
	}
	p.replace(w)
	if ctx.Err() != nil {
		return host.Outcome{}, ctx.Err()
	}
	return out, nil
}

// run tells a worker to run t and does what it asks for.
func (w *process) run(t Task) (host.Outcome, error) {
	o := order{ID: t.ID, Sealed: t.Sealed, Job: &t.Job}
	if t.ID == "" {
		o.Units = t.Units
	}
	if err := w.send(o); err != nil {
		if errors.Is(err, errFrame) {
			return host.Outcome{Failure: &host.Failure{Code: "input_limit", Message: "the input is too large for a worker (MaxFrameBytes)"}}, nil
		}
		return host.Outcome{}, err
	}
	sent := t.ID == ""
	for {
		var said word
		if err := readFrame(w.read, &said); err != nil {
			return host.Outcome{}, err
		}
		switch {
		case said.NeedSource && !sent:
			sent = true
			if err := w.send(order{Units: t.Units}); err != nil {
				return host.Outcome{}, err
			}
		case said.Call != nil:
			r, err := w.answer(t.Server, said.Call)
			if err != nil {
				return host.Outcome{}, err
			}
			if err := w.send(r); err != nil {
				return host.Outcome{}, err
			}
		case said.Findings != nil && len(*said.Findings) > 0:
			f := (*said.Findings)[0]
			return host.Outcome{Failure: host.Refused(f)}, nil
		case said.Outcome != nil:
			w.spent = said.Spent
			return *said.Outcome, nil
		default:
			return host.Outcome{}, errProtocol
		}
	}
}

// answer does what a worker asks for.
func (w *process) answer(s Server, c *call) (reply, error) {
	var r reply
	var err error
	x, y := string(c.A), string(c.B)
	switch c.Op {
	case opHolds:
		r.Bool, err = s.Holds(x)
	case opEqual:
		r.Bool, err = s.Equal(x, y)
	case opEqualNumber:
		n, parse := strconv.ParseFloat(c.Number, 64)
		if parse != nil && !math.IsInf(n, 0) {
			return r, errProtocol
		}
		r.Bool, err = s.EqualNumber(x, n)
	case opContains:
		r.Bool, err = s.Contains(x, y)
	case opIndex:
		r.Number, err = s.Index(x, y)
	case opDerive:
		var derived string
		derived, err = s.Derive(seal.Func(x), y)
		r.Text = host.Bytes(derived)
	case opUnderive:
		var text string
		text, err = s.Underive(seal.Func(x), y)
		r.Text = host.Bytes(text)
	case opMAC:
		var mac string
		mac, err = s.MAC(seal.Hash(x), y, string(c.C))
		r.Text = host.Bytes(mac)
	case opSign:
		var signature string
		signature, err = s.Sign(seal.Algorithm(x), y, string(c.C))
		r.Text = host.Bytes(signature)
	case opVerify:
		r.Bool, err = s.Verify(seal.Algorithm(x), y, string(c.C), string(c.D))
	case opKeyKind:
		var kind seal.KeyKind
		kind, err = s.KeyKind(x)
		r.Text = host.Bytes(kind)
	case opUseKey:
		if c.Use == nil {
			return r, errProtocol
		}
		var text string
		text, r.Bool, err = s.UseKey(*c.Use)
		r.Text = host.Bytes(text)
	case opSetSecret:
		err = s.SetSecret(x, c.Value, y)
	case opCacheGet:
		var text string
		text, r.Bool, err = s.CacheGet(x)
		r.Text = host.Bytes(text)
	case opCacheSet:
		seconds, parse := strconv.ParseFloat(c.Number, 64)
		if parse != nil {
			return r, errProtocol
		}
		err = s.CacheSet(x, y, seconds)
	case opCacheDelete:
		err = s.CacheDelete(x)
	case opParseJSON:
		var text string
		text, err = s.ParseJSON(x)
		r.Text = host.Bytes(text)
	case opCancel:
		err = s.Cancel(c.ID)
	case opFetch:
		if c.Request == nil {
			return r, errProtocol
		}
		err = s.StartFetch(c.ID, *c.Request, w.report)
	default:
		return r, errProtocol
	}
	if err != nil {
		var refused *seal.Error
		if !errors.As(err, &refused) {
			refused = &seal.Error{Code: host.CodeEngine, Message: "the host did not answer"}
		}
		r = reply{Error: refused}
	}
	return r, nil
}

// Check checks a script with its modules, as program.Compile does. The error is
// as of Run; a source that a worker dies of is a finding.
func (p *Pool) Check(ctx context.Context, units []program.Unit) (*program.Info, []program.Finding, error) {
	w, err := p.acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	stop := w.deadline(ctx, CheckTime, host.Processors*CheckTime)
	var said word
	if err = w.send(order{Check: true, Units: units}); err == nil {
		err = readFrame(w.read, &said)
	}
	stop()
	if err == nil && (said.Findings == nil || said.Info == nil && len(*said.Findings) == 0) {
		err = errProtocol
	}
	if err != nil || !w.timely() || ctx.Err() != nil {
		_ = w.cmd.Process.Kill()
		died := w.death(CheckTime, host.Processors*CheckTime)
		p.replace(w)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, []program.Finding{{Code: program.CodeLimit, Line: 1, Column: 1,
			Message: "the source takes too much time or memory to compile: " + died.Message, Advice: "write it simpler"}}, nil
	}
	p.release(w)
	return said.Info, *said.Findings, nil
}
