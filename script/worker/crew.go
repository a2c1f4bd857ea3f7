package worker

import (
	"context"
	"slices"
	"time"
)

// acquire waits for an idle worker, and has one more started where none is.
func (p *Pool) acquire(ctx context.Context) (*process, error) {
	select {
	case p.queue <- struct{}{}:
	default:
		return nil, ErrOverloaded
	}
	select {
	case <-p.ready:
		return p.take(), nil
	default:
	}
	p.wait(1)
	defer p.wait(-1)
	select {
	case <-p.ready:
		return p.take(), nil
	case <-ctx.Done():
		<-p.queue
		return nil, ctx.Err()
	case <-p.closed:
		<-p.queue
		return nil, ErrClosed
	}
}

// take gives the idle worker that ran last to whoever received from ready.
func (p *Pool) take() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	w := p.idle[last]
	p.idle = p.idle[:last]
	return w
}

// wait counts the runs that wait, and grows the pool while more of them do than
// workers are on their way.
func (p *Pool) wait(n int) {
	p.mu.Lock()
	p.waiting += n
	grow := p.waiting > p.starting && p.size < p.cfg.Workers
	if grow {
		p.size++
		p.starting++
	}
	p.mu.Unlock()
	if grow {
		p.background(p.fill)
	}
}

// background runs f, unless the pool is closed; Close waits for its end.
func (p *Pool) background(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
	default:
		p.bg.Go(f)
	}
}

// fill starts the worker that size and starting count already, and tries until
// it does or until nobody needs it.
func (p *Pool) fill() {
	for wait := 10 * time.Millisecond; p.needed(); wait = min(2*wait, 5*time.Second) {
		fresh, err := p.start()
		if err == nil {
			p.mu.Lock()
			p.starting--
			p.mu.Unlock()
			p.rest(fresh)
			return
		}
		p.cfg.Logger.Error("a script worker did not start", "error", err)
		select {
		case <-p.closed:
		case <-time.After(wait):
		}
	}
}

// needed reports whether fill should start a worker, and counts it no more if it
// should not: the warm ones are there and no run waits.
func (p *Pool) needed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		return false
	default:
	}
	if p.size > p.cfg.Warm && p.waiting == 0 {
		p.size--
		p.starting--
		return false
	}
	return true
}

// rest has a worker wait for its next run.
func (p *Pool) rest(w *process) {
	p.mu.Lock()
	w.rested = time.Now()
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
	p.mu.Lock()
	p.starting++
	p.mu.Unlock()
	p.background(func() {
		p.end(w)
		p.fill()
	})
}

// end kills a worker.
func (p *Pool) end(w *process) {
	w.kill()
	p.mu.Lock()
	delete(p.all, w)
	p.mu.Unlock()
}

// watch looks for workers that have been idle too long.
func (p *Pool) watch() {
	tick := time.NewTicker(p.cfg.IdleTime / 4)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			p.shrink(now)
		case <-p.closed:
			return
		}
	}
}

// shrink ends the workers beyond the warm ones that have been idle for IdleTime.
func (p *Pool) shrink(now time.Time) {
	for {
		select {
		case <-p.ready:
		default:
			return
		}
		p.mu.Lock()
		w := p.idle[0] // of all, it has rested longest
		if p.size <= p.cfg.Warm || now.Sub(w.rested) < p.cfg.IdleTime {
			p.mu.Unlock()
			p.ready <- struct{}{}
			return
		}
		p.idle = slices.Delete(p.idle, 0, 1)
		p.size--
		p.mu.Unlock()
		p.end(w)
	}
}

// Load is what the workers of a pool do at a moment.
type Load struct {
	// Busy and Idle are workers.
	Busy, Idle int
	// Waiting are runs that wait for one.
	Waiting int
	// Started is how many workers have started so far.
	Started int
}

// Load says what the workers do.
func (p *Pool) Load() Load {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Load{Busy: len(p.all) - len(p.idle), Idle: len(p.idle), Waiting: p.waiting, Started: p.started}
}
