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
	Workers     int
	MaxQueued   int
	MemoryBytes int64
	Logger      *slog.Logger
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

// Pool is a set of warm workers.
type Pool struct {
	cfg    Config
	spawn  *spawner
	ready  chan struct{} // one for each of idle
	queue  chan struct{} // a place for each run that waits or runs
	closed chan struct{}
	// sandbox is that of the first workers; all start alike.
	sandbox Sandbox

	mu   sync.Mutex
	all  map[*process]bool
	idle []*process // the last is the one that ran last, whose memory is at hand
	bg   sync.WaitGroup
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
	for range cfg.Workers {
		go func() {
			if w, err := p.start(); err != nil {
				failed <- err
			} else {
				started <- w
			}
		}()
	}
	var err error
	for range cfg.Workers {
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
	p.mu.Unlock()
	return w, nil
}

// Close kills every worker. No call of Run or Check may start after it.
func (p *Pool) Close() {
	close(p.closed)
	p.mu.Lock()
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

// acquire waits for an idle worker.
func (p *Pool) acquire(ctx context.Context) (*process, error) {
	select {
	case p.queue <- struct{}{}:
	default:
		return nil, ErrOverloaded
	}
	select {
	case <-p.ready:
		p.mu.Lock()
		defer p.mu.Unlock()
		last := len(p.idle) - 1
		w := p.idle[last]
		p.idle = p.idle[:last]
		return w, nil
	case <-ctx.Done():
		<-p.queue
		return nil, ctx.Err()
	case <-p.closed:
		<-p.queue
		return nil, ErrClosed
	}
}

// rest has a worker wait for its next run.
func (p *Pool) rest(w *process) {
	p.mu.Lock()
	p.idle = append(p.idle, w)
	p.mu.Unlock()
	p.ready <- struct{}{}
}

// release gives back a worker that is well.
func (p *Pool) release(w *process) {
	p.rest(w)
	<-p.queue
}

// replace kills a worker and starts another in its place, in the background.
func (p *Pool) replace(w *process) {
	<-p.queue
	p.bg.Add(1)
	go func() {
		defer p.bg.Done()
		w.kill()
		p.mu.Lock()
		delete(p.all, w)
		p.mu.Unlock()
		for wait := 10 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
			select {
			case <-p.closed:
				return
			default:
			}
			fresh, err := p.start()
			if err == nil {
				p.rest(fresh)
				return
			}
			p.cfg.Logger.Error("a script worker did not start", "error", err)
			select {
			case <-p.closed:
				return
			case <-time.After(wait):
			}
		}
	}()
}

// deadline kills the worker when the time is over or ctx ends; stop must be
// called, and says whether it did not come to that.
func (w *process) deadline(ctx context.Context, limit time.Duration) (stop func()) {
	timer := time.AfterFunc(limit, func() {
		w.timely.Store(false)
		_ = w.cmd.Process.Kill()
	})
	off := context.AfterFunc(ctx, func() { _ = w.cmd.Process.Kill() })
	return func() { timer.Stop(); off() }
}

// Run runs a script. The error is ErrOverloaded, ErrClosed or that of ctx; how
// the script fared is in the outcome.
func (p *Pool) Run(ctx context.Context, t Task) (host.Outcome, error) {
	w, err := p.acquire(ctx)
	if err != nil {
		return host.Outcome{}, err
	}
	stop := w.deadline(ctx, t.Limit+Grace)
	t.Job.Limits.Time = t.Limit
	w.setOpen(true)
	out, err := w.run(t)
	w.setOpen(false)
	stop()
	if err == nil && w.timely.Load() && ctx.Err() == nil && !w.spent {
		p.release(w)
		return out, nil
	}
	if err != nil && errors.Is(err, errProtocol) {
		p.cfg.Logger.Warn("a script worker broke the protocol and was killed")
		_ = w.cmd.Process.Kill()
	}
	if err != nil {
		_ = w.cmd.Process.Kill()
		out = host.Outcome{Failure: w.death()}
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
	stop := w.deadline(ctx, CheckTime)
	var said word
	if err = w.send(order{Check: true, Units: units}); err == nil {
		err = readFrame(w.read, &said)
	}
	stop()
	if err == nil && (said.Findings == nil || said.Info == nil && len(*said.Findings) == 0) {
		err = errProtocol
	}
	if err != nil || !w.timely.Load() || ctx.Err() != nil {
		_ = w.cmd.Process.Kill()
		died := w.death()
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
