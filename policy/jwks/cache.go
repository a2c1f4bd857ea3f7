package jwks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Fetch gets the body of a URL. It keeps to the rules of egress.
type Fetch func(ctx context.Context, url string) ([]byte, error)

// Cache keeps the sets of URLs fresh. It is safe for concurrent use.
type Cache struct {
	fetch  Fetch
	log    *slog.Logger
	now    func() time.Time
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	sources map[string]*source
}

// source is the set of one URL.
type source struct {
	url     string
	fetched atomic.Pointer[fetched]
}

// fetched is a set, and when it was fetched.
type fetched struct {
	keys *Keys
	at   time.Time
}

// Config configures a Cache.
type Config struct {
	Fetch Fetch
	// Log is told of sets that cannot be fetched; nil means slog.Default.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// NewCache makes a Cache, which works until Close.
func NewCache(c Config) *Cache {
	out := &Cache{fetch: c.Fetch, log: c.Log, now: c.Now, sources: make(map[string]*source)}
	if out.log == nil {
		out.log = slog.Default()
	}
	if out.now == nil {
		out.now = time.Now
	}
	out.ctx, out.cancel = context.WithCancel(context.Background())
	return out
}

// Close ends the fetching. The sets stay as they are.
func (c *Cache) Close() {
	c.mu.Lock()
	c.cancel()
	c.mu.Unlock()
	c.done.Wait()
}

// Source gives the set of a URL as it was last fetched, and begins to fetch it
// where nobody has asked for it before. What it gives returns nil while there is
// no set, or only one that is older than [MaxStale].
func (c *Cache) Source(url string) func() *Keys {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sources[url]
	if s == nil {
		if len(c.sources) == MaxURLs || c.ctx.Err() != nil {
			c.log.Error("a JWKS is not fetched: there are too many, or the server stops", "max", MaxURLs)
			return func() *Keys { return nil }
		}
		s = &source{url: url}
		c.sources[url] = s
		c.done.Go(func() { c.follow(s) })
	}
	return func() *Keys {
		f := s.fetched.Load()
		if f == nil || c.now().Sub(f.at) > MaxStale {
			return nil
		}
		return f.keys
	}
}

// follow fetches a set again and again until Close.
func (c *Cache) follow(s *source) {
	for {
		wait := RefreshEvery
		if err := c.refresh(s); err != nil {
			if errors.Is(c.ctx.Err(), context.Canceled) {
				return
			}
			c.log.Warn("a JWKS cannot be fetched", "error", err, "have_one", s.fetched.Load() != nil)
			wait = RetryEvery
		}
		select {
		case <-c.ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (c *Cache) refresh(s *source) error {
	ctx, cancel := context.WithTimeout(c.ctx, FetchTimeout)
	defer cancel()
	body, err := c.fetch(ctx, s.url)
	if err != nil {
		return err
	}
	keys, err := Parse(body)
	if err != nil {
		return fmt.Errorf("what the URL answers cannot be used: %w", err)
	}
	s.fetched.Store(&fetched{keys, c.now()})
	return nil
}
