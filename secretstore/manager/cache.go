package manager

import (
	"sync"
	"time"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// cache is what was fetched from one manager as it is stored now.
type cache struct {
	doc     *secretstore.Document
	config  Document
	limits  seal.Limits
	source  Source
	failed  error // why there is no source
	breaker *breaker

	mu      sync.Mutex
	entries map[string]*entry
	flights map[string]*flight
}

// entry is a secret, or that there is none.
type entry struct {
	name    string
	err     error // why there is none
	version string
	keys    map[string]func() *seal.Secret
	fetched time.Time
	// refresh is when it is to be fetched anew in the background, fresh until when it
	// is good, end until when it may be used at all. Of one that is not there, fresh is
	// until when it is not asked for.
	refresh, fresh, end time.Time
	used                time.Time
	// stale is set when fetching it anew has failed.
	stale bool
	// shown is set when the documents that name it have it.
	shown bool
}

// flight is a fetch that goes on.
type flight struct{ done chan struct{} }

// usable reports whether the secret may be used.
func (e *entry) usable(now time.Time) bool { return e != nil && e.err == nil && now.Before(e.end) }

// secret gives a value of a usable entry.
func (e *entry) secret(key string) *seal.Secret {
	if make := e.keys[key]; make != nil {
		return make()
	}
	return nil
}

// keep takes an entry in, unless the cache was cleared of it since its flight began,
// and the oldest out for it. mu is held.
func (c *cache) keep(e *entry) {
	c.entries[e.name] = e
	for len(c.entries) > MaxEntries {
		var oldest *entry
		for _, o := range c.entries {
			if o != e && (oldest == nil || o.used.Before(oldest.used)) {
				oldest = o
			}
		}
		delete(c.entries, oldest.name)
	}
}

// drop forgets a secret, or all for "". Fetches that go on come to nothing.
func (c *cache) drop(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name == "" {
		clear(c.entries)
		clear(c.flights)
		return
	}
	delete(c.entries, name)
	delete(c.flights, name)
}

// sweep forgets what must not be used any more and gives the names.
func (c *cache) sweep(now time.Time) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for name, e := range c.entries {
		if !now.Before(e.end) {
			delete(c.entries, name)
			out = append(out, name)
		}
	}
	return out
}
