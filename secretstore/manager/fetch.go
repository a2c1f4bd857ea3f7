package manager

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// Ensure implements secretstore.Managers. A fetch goes on when ctx ends: who asks next
// has it.
func (s *Service) Ensure(ctx context.Context, all []secretstore.ManagedReference) error {
	for range ensureTries {
		now := s.now()
		var waits []*flight
		for _, r := range all {
			if f := s.need(r, now); f != nil {
				waits = append(waits, f)
			}
		}
		if len(waits) == 0 {
			return nil
		}
		for _, f := range waits {
			select {
			case <-f.done:
			case <-ctx.Done():
				return seal.Errorf(seal.CodeUnavailable, "whoever asked did not wait for the secrets of managers")
			}
		}
	}
	return nil
}

// ensureTries is how often a fetch is waited for that comes to nothing since the cache
// was cleared meanwhile.
const ensureTries = 3

// need gives the fetch that has to be waited for, nil for none.
func (s *Service) need(r secretstore.ManagedReference, now time.Time) *flight {
	c := s.of(r.Manager)
	if c == nil {
		return nil
	}
	name, _ := c.config.split(r.Path)
	if name == "" {
		return nil // a manager whose secrets have keys, and a reference without one
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[name]
	if e != nil {
		e.used = now
	}
	flying := c.flights[name]
	switch {
	case e != nil && !e.shown: // fetched this moment
		return flying
	case e != nil && (now.Before(e.refresh) || e.err != nil && now.Before(e.fresh)):
		return nil
	case flying == nil:
		flying = s.fly(c, name)
	}
	if e.usable(now) && (now.Before(e.fresh) || e.stale) {
		return nil // used as it is, and fetched anew in the background
	}
	return flying
}

// fly begins to fetch. c.mu is held.
func (s *Service) fly(c *cache, name string) *flight {
	f := &flight{done: make(chan struct{})}
	c.flights[name] = f
	go func() {
		defer close(f.done)
		fetched, err := s.fetch(c, name)
		s.land(c, name, f, fetched, err)
	}()
	return f
}

// fetch asks the manager, within its time.
func (s *Service) fetch(c *cache, name string) (Fetched, error) {
	if c.failed != nil {
		return Fetched{}, ErrConfig
	}
	start := s.now()
	if !c.breaker.enter(start) {
		s.cfg.Fetched(string(c.config.Kind), errOpen.Error(), 0)
		return Fetched{}, errOpen
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.config.timeout())
	defer cancel()
	var fetched Fetched
	var err error
	for try := 1; ; try++ {
		if fetched, err = s.once(ctx, c, name); err == nil || !fails(err) || try == Tries || ctx.Err() != nil {
			break
		}
		pause := time.NewTimer(RetryPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
	c.breaker.leave(s.now(), err)
	outcome := "ok"
	if err != nil {
		outcome = reason(err).Error()
		s.cfg.Log.Warn("a secret could not be fetched", "manager", c.doc.Name, "scope", c.doc.Scope.Path(), "secret", name, "reason", outcome)
	}
	s.cfg.Fetched(string(c.config.Kind), outcome, time.Since(start))
	return fetched, err
}

// once asks and makes sure of the answer. A source that does not end with its context
// is left to itself.
func (s *Service) once(ctx context.Context, c *cache, name string) (Fetched, error) {
	type result struct {
		Fetched
		error
	}
	done := make(chan result, 1)
	go func() {
		f, err := c.source.Fetch(ctx, name)
		done <- result{f, err}
	}()
	var f Fetched
	select {
	case r := <-done:
		if r.error != nil {
			return Fetched{}, r.error
		}
		f = r.Fetched
	case <-ctx.Done():
		return Fetched{}, ErrUnreachable
	}
	if c.config.keyed() && f.Keys == nil {
		var err error
		if f.Keys, err = keysOf([]byte(f.Text)); err != nil {
			return Fetched{}, err
		}
	}
	switch {
	case f.size() > MaxManagedBytes:
		return Fetched{}, ErrTooLarge
	case f.size() == 0, !f.ExpiresAt.IsZero() && !s.now().Before(f.ExpiresAt):
		return Fetched{}, ErrNotFound
	}
	return f, nil
}

// land takes what was fetched into the cache, and the documents that name it have it
// then. What was cleared meanwhile stays so.
func (s *Service) land(c *cache, name string, f *flight, fetched Fetched, err error) {
	now := s.now()
	e := &entry{name: name, err: err, fetched: now, used: now}
	if err == nil {
		e.version = fetched.Version
		e.keys = s.secrets(c, name, fetched)
		e.fresh, e.end = c.config.life(now, fetched)
		e.refresh = now.Add(time.Duration(float64(e.fresh.Sub(now)) * RefreshAt))
	} else {
		wait := NegativeTTL
		if fails(err) || errors.Is(err, errOpen) {
			wait = RetryAfter
		}
		e.fresh = now.Add(wait)
		e.end = e.fresh
	}
	c.mu.Lock()
	if c.flights[name] != f {
		c.mu.Unlock()
		return
	}
	old := c.entries[name]
	if err != nil && (fails(err) || errors.Is(err, errOpen) || errors.Is(err, ErrConfig)) && old.usable(now) {
		// It is used as it was, and asked for again a while later.
		kept := *old
		kept.refresh, kept.used, kept.stale = now.Add(RetryAfter), now, true
		e = &kept
	}
	changed := old == nil || old.err != nil || e.err != nil || old.fetched != e.fetched
	e.shown = !changed
	c.keep(e)
	c.mu.Unlock()
	if changed && (old != nil && old.err == nil || e.err == nil) {
		s.cfg.Store.Fetched(c.doc, name)
	}
	c.mu.Lock()
	e.shown = true
	if c.flights[name] == f {
		delete(c.flights, name)
	}
	c.mu.Unlock()
}

// secrets gives what makes the secrets of a fetched version, each when it is first
// needed: judging a value takes its time.
func (s *Service) secrets(c *cache, name string, f Fetched) map[string]func() *seal.Secret {
	if !c.config.keyed() {
		return map[string]func() *seal.Secret{"": sync.OnceValue(func() *seal.Secret {
			return secretstore.ManagedSecret(c.doc, name, f.Text, c.limits)
		})}
	}
	out := make(map[string]func() *seal.Secret, len(f.Keys))
	for key, text := range f.Keys {
		if text == "" || strings.Contains(key, "/") {
			continue
		}
		out[key] = sync.OnceValue(func() *seal.Secret {
			return secretstore.ManagedSecret(c.doc, name+"/"+key, text, c.limits)
		})
	}
	return out
}
