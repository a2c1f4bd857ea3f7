package manager

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/reticent/reticent/secretstore"
)

// Cached is what the view of a cache tells of a secret: never its value.
type Cached struct {
	Name string `json:"name"`
	// State is "fresh", "stale" past its time, "expired" when it must not be used any
	// more, or "missing" for one that could not be fetched.
	State string `json:"state"`
	// Expired reports whether it is past its time.
	Expired bool `json:"expired"`
	// Reason is why it is missing.
	Reason     string     `json:"reason,omitempty"`
	Version    string     `json:"version,omitempty"`
	FetchedAt  *time.Time `json:"fetched_at"`
	AgeSeconds int        `json:"age_seconds"`
	ExpiresAt  *time.Time `json:"expires_at"`
}

// Cache lists what this node has fetched from a manager of the scope itself.
func (s *Service) Cache(by secretstore.Principal, scope secretstore.Scope, name string) ([]Cached, error) {
	c, err := s.shown(by, scope, name)
	if err != nil || c == nil {
		return []Cached{}, err
	}
	now := s.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Cached, 0, len(c.entries))
	for _, name := range slices.Sorted(maps.Keys(c.entries)) {
		e := c.entries[name]
		x := Cached{Name: name, State: "fresh", Version: e.version, FetchedAt: at(e.fetched), AgeSeconds: int(now.Sub(e.fetched).Seconds()), ExpiresAt: at(e.fresh)}
		switch {
		case e.err != nil:
			x.State, x.Reason = "missing", reason(e.err).Error()
		case !now.Before(e.end):
			x.State = "expired"
		case !now.Before(e.fresh):
			x.State = "stale"
		}
		x.Expired = !now.Before(e.fresh)
		out = append(out, x)
	}
	return out, nil
}

// Clear has every node forget what it fetched from a manager of the scope itself: one
// secret, or all for "".
func (s *Service) Clear(ctx context.Context, by secretstore.Principal, scope secretstore.Scope, manager, name string) error {
	return s.Store.ClearManager(ctx, by, scope, manager, name)
}

// Health tells how a manager of the scope itself is.
func (s *Service) Health(by secretstore.Principal, scope secretstore.Scope, name string) (Health, error) {
	c, err := s.shown(by, scope, name)
	if err != nil || c == nil {
		return Health{State: "idle"}, err
	}
	h := c.breaker.health(s.now())
	if c.failed != nil {
		h.State, h.LastError = "failing", ErrConfig.Error()
	}
	return h, nil
}

// Open counts the managers that the circuit breaker keeps fetches from.
func (s *Service) Open() int {
	n := 0
	for _, c := range s.all() {
		if c.breaker.open(s.now()) {
			n++
		}
	}
	return n
}

func (s *Service) shown(by secretstore.Principal, scope secretstore.Scope, name string) (*cache, error) {
	doc, err := s.Store.Document(by, secretstore.KindManager, scope, name)
	if err != nil {
		return nil, err
	}
	return s.of(doc), nil
}
