package seal

import (
	"sync"
	"time"
)

// Guard counts the comparisons with weak secrets that missed, by principal and
// secret, and refuses more after [MaxMissesPerMinute]: a weak secret can be
// found by asking often enough. One Guard serves a server. A nil Guard counts
// nothing; only tests have one.
type Guard struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu     sync.Mutex
	misses map[guardKey]*window
	swept  time.Time
}

type guardKey struct{ principal, secret string }

// window holds the times of the latest misses, in no order.
type window [MaxMissesPerMinute]time.Time

const guardPeriod = time.Minute

// NewGuard makes a Guard.
func NewGuard() *Guard { return &Guard{} }

// reserve counts a miss in advance, so that a hundred comparisons at once
// cannot all pass the check; release takes it back when the comparison hit.
func (g *Guard) reserve(principal, secret string) (release func(), ok bool) {
	if g == nil {
		return func() {}, true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.Now != nil {
		now = g.Now()
	}
	g.sweep(now)
	key := guardKey{principal, secret}
	w := g.misses[key]
	if w == nil {
		w = &window{}
		g.misses[key] = w
	}
	for i, previous := range w {
		if now.Sub(previous) < guardPeriod {
			continue
		}
		w[i] = now
		return func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			// After a period the place may be another miss's.
			if w[i] == now {
				w[i] = previous
			}
		}, true
	}
	return nil, false
}

// sweep forgets, once a period, windows with no miss in the last one.
func (g *Guard) sweep(now time.Time) {
	if g.misses != nil && now.Sub(g.swept) < guardPeriod {
		return
	}
	g.swept = now
	kept := make(map[guardKey]*window)
	for key, w := range g.misses {
		for _, at := range w {
			if now.Sub(at) < guardPeriod {
				kept[key] = w
				break
			}
		}
	}
	g.misses = kept
}
