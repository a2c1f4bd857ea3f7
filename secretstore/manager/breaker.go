package manager

import (
	"sync"
	"time"
)

// breaker keeps evaluations from waiting for a manager that is down. After BreakAfter
// failures in a row it lets nothing through for BreakTime, and then one fetch, by
// which it goes.
type breaker struct {
	mu       sync.Mutex
	failures int
	until    time.Time
	trying   bool
	last     error     // the reason of the last failure
	lastAt   time.Time // of it
	okAt     time.Time // of the last success
}

// enter reports whether a fetch may go on.
func (b *breaker) enter(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < BreakAfter {
		return true
	}
	if now.Before(b.until) || b.trying {
		return false
	}
	b.trying = true
	return true
}

// leave notes how a fetch ended.
func (b *breaker) leave(now time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
	if err == nil || !fails(err) {
		b.failures = 0
		if err == nil {
			b.okAt = now
		} else {
			b.last, b.lastAt = reason(err), now
		}
		return
	}
	b.last, b.lastAt = reason(err), now
	if b.failures++; b.failures >= BreakAfter {
		b.until = now.Add(BreakTime)
	}
}

// open reports whether it lets nothing through.
func (b *breaker) open(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failures >= BreakAfter && now.Before(b.until)
}

// Health is how a manager is, as this node has seen it.
type Health struct {
	// State is "ok", "failing" after a failure, "open" while the circuit breaker keeps
	// fetches from it, and "idle" before the first fetch.
	State string `json:"state"`
	// Failures are those in a row.
	Failures int `json:"failures"`
	// LastError is the reason of the last one, LastErrorAt its time.
	LastError   string     `json:"last_error,omitempty"`
	LastErrorAt *time.Time `json:"last_error_at"`
	LastOKAt    *time.Time `json:"last_ok_at"`
}

func (b *breaker) health(now time.Time) Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := Health{State: "ok", Failures: b.failures, LastErrorAt: at(b.lastAt), LastOKAt: at(b.okAt)}
	if b.last != nil {
		h.LastError = b.last.Error()
	}
	switch {
	case b.failures >= BreakAfter && now.Before(b.until):
		h.State = "open"
	case b.failures > 0 || b.lastAt.After(b.okAt):
		h.State = "failing"
	case b.okAt.IsZero():
		h.State = "idle"
	}
	return h
}

// at gives a time as JSON has it, nil for none.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}
