package script

import (
	"container/list"
	"encoding/json"
	"math"
	"sync"
	"time"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/secretstore/seal"
	"github.com/reticent/reticent/secretstore/strictjson"
)

// CodeCache: a value, a key or a time to live does not fit context.cache.
const CodeCache Code = "cache_limit"

// caches are what scripts keep from one run to the next, in the memory of this
// server: a cache for each version of a script and each scope that calls it.
// What they hold of secrets is parked (see [seal.Parked]); no worker has it.
type caches struct {
	mu    sync.Mutex
	byID  map[string]*cache
	used  list.List // of *cache, the one that was used last first
	bytes int
	now   func() time.Time
}

// cache is one script's.
type cache struct {
	id      string
	entries map[string]*list.Element
	order   list.List // of *cached, the one that was used last first
	bytes   int
	place   *list.Element
}

type cached struct {
	key     string
	value   *seal.Parked
	expires time.Time
}

func (c *cached) size() int { return len(c.key) + c.value.Size() }

func newCaches() *caches { return &caches{byID: map[string]*cache{}, now: time.Now} }

// get gives a value that has not expired.
func (c *caches) get(id, key string) *seal.Parked {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.byID[id]
	if of == nil {
		return nil
	}
	at := of.entries[key]
	if at == nil {
		return nil
	}
	entry := at.Value.(*cached)
	if !c.now().Before(entry.expires) {
		c.remove(of, at)
		return nil
	}
	of.order.MoveToFront(at)
	c.used.MoveToFront(of.place)
	return entry.value
}

// set keeps a value. What was used longest ago makes room for it, first of the
// same script.
func (c *caches) set(id, key string, value *seal.Parked, ttl time.Duration) error {
	entry := &cached{key: key, value: value, expires: c.now().Add(ttl)}
	if entry.size() > MaxCacheBytes {
		return seal.Errorf(CodeCache, "context.cache.set: the value is larger than %d bytes (MaxCacheBytes), of which each secret in it takes %d", MaxCacheBytes, seal.MaxSecretBytes)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.byID[id]
	if of == nil {
		of = &cache{id: id, entries: map[string]*list.Element{}}
		of.place = c.used.PushFront(of)
		c.byID[id] = of
	}
	if at := of.entries[key]; at != nil {
		c.drop(of, at)
	}
	for len(of.entries) >= MaxCacheEntries || of.bytes+entry.size() > MaxCacheBytes {
		c.drop(of, of.order.Back())
	}
	of.entries[key] = of.order.PushFront(entry)
	of.bytes += entry.size()
	c.bytes += entry.size()
	c.used.MoveToFront(of.place)
	for c.bytes > MaxCachesBytes {
		last := c.used.Back().Value.(*cache)
		c.remove(last, last.order.Back())
	}
	return nil
}

func (c *caches) delete(id, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of := c.byID[id]; of != nil && of.entries[key] != nil {
		c.remove(of, of.entries[key])
	}
}

// drop takes an entry out.
func (c *caches) drop(of *cache, at *list.Element) {
	entry := at.Value.(*cached)
	of.order.Remove(at)
	delete(of.entries, entry.key)
	of.bytes -= entry.size()
	c.bytes -= entry.size()
}

// remove takes an entry out, and its cache with the last.
func (c *caches) remove(of *cache, at *list.Element) {
	c.drop(of, at)
	if len(of.entries) == 0 {
		c.used.Remove(of.place)
		delete(c.byID, of.id)
	}
}

// CacheGet gives the JSON of what context.cache keeps under a key.
func (s *session) CacheGet(key string) (text string, found bool, err error) {
	if err := s.cacheKey(key); err != nil {
		return "", false, err
	}
	parked := s.cache.get(s.run.CacheID, key)
	if parked == nil {
		return "", false, nil
	}
	v, ok, err := s.run.Seal.Unpark(parked)
	if err != nil || !ok {
		if err == nil {
			s.cache.delete(s.run.CacheID, key)
		}
		return "", false, err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "", false, seal.Errorf(CodeCache, "context.cache.get: the value has no JSON")
	}
	return string(b), true, nil
}

// CacheSet keeps the value of a JSON text under a key, for seconds; 0 is
// DefaultCacheTTL.
func (s *session) CacheSet(key, text string, seconds float64) error {
	if err := s.cacheKey(key); err != nil {
		return err
	}
	ttl := DefaultCacheTTL
	if seconds != 0 {
		if !(seconds > 0) || seconds > MaxCacheTTL.Seconds() {
			return seal.Errorf(CodeCache, "context.cache.set: the time to live is in seconds, above 0 and at most %.0f (MaxCacheTTL)", MaxCacheTTL.Seconds())
		}
		ttl = time.Duration(math.Ceil(seconds * float64(time.Second)))
	}
	if len(text) > MaxCacheBytes || strictjson.Nesting([]byte(text)) > MaxOutputDepth {
		return seal.Errorf(CodeCache, "context.cache.set: the value is larger than %d bytes (MaxCacheBytes) or nests deeper than %d (MaxOutputDepth)", MaxCacheBytes, MaxOutputDepth)
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return seal.Errorf(CodeCache, "context.cache.set: the value has no JSON")
	}
	parked, err := s.run.Seal.Park(v)
	if err != nil {
		return err
	}
	return s.cache.set(s.run.CacheID, key, parked, ttl)
}

// CacheDelete forgets a key.
func (s *session) CacheDelete(key string) error {
	if err := s.cacheKey(key); err != nil {
		return err
	}
	s.cache.delete(s.run.CacheID, key)
	return nil
}

// cacheKey counts a call and refuses keys that are too long, and secrets: to find
// one again would be a comparison.
func (s *session) cacheKey(key string) error {
	if err := s.count(); err != nil {
		return err
	}
	if len(key) > MaxCacheKeyBytes {
		return seal.Errorf(CodeCache, "context.cache: the key is longer than %d bytes (MaxCacheKeyBytes)", MaxCacheKeyBytes)
	}
	if s.run.Seal.Holds(key) {
		return seal.Errorf(seal.CodeInspected, "looking a value up by a secret would compare it with others; use a name as the key")
	}
	return nil
}

var _ host.Cache = (*session)(nil)
