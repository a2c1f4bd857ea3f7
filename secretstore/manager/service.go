package manager

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/egress"
	"github.com/reticent/reticent/secretstore/seal"
)

// Entry is a stored manager with what the store knows of it.
type Entry = secretstore.Entry[Document]

// Config is what a Service is made of.
type Config struct {
	Store *secretstore.Store
	// Egress reaches managers; nil reaches none.
	Egress *egress.Client
	// Local is what managers may use of the server's own.
	Local Local
	// Log receives failures, by class; nil discards.
	Log *slog.Logger
	// Fetched is told how each fetch ended and how long it took: the kind of the
	// manager and "ok" or a reason. Nil counts nothing.
	Fetched func(kind, outcome string, took time.Duration)
}

// Service keeps the managers of a store and what was fetched from them.
type Service struct {
	secretstore.Shelf[Document]
	cfg  Config
	now  func() time.Time
	stop context.CancelFunc
	done chan struct{}

	mu     sync.RWMutex
	caches map[place]*cache
}

type place struct {
	scope secretstore.Scope
	name  string
}

// NewService makes a Service, which works until Close, and has the store use it. It is
// to be made before what evaluates.
func NewService(c Config) *Service {
	s := &Service{cfg: c, now: time.Now, done: make(chan struct{}), caches: make(map[place]*cache)}
	if s.cfg.Log == nil {
		s.cfg.Log = slog.New(slog.DiscardHandler)
	}
	if s.cfg.Fetched == nil {
		s.cfg.Fetched = func(string, string, time.Duration) {}
	}
	s.Shelf = secretstore.Shelf[Document]{Store: c.Store, Kind: secretstore.KindManager, Check: c.Local.check, Users: c.Store.ManagedUsers}
	c.Store.Subscribe(s.follow)
	c.Store.ManagedBy(s)
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.watch(ctx)
	return s
}

// Close ends what the Service does in the background.
func (s *Service) Close() {
	s.stop()
	<-s.done
}

// follow forgets managers that are gone and, by the credentials too, changed. The
// store calls it one change at a time.
func (s *Service) follow(change secretstore.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, doc := range change.Removed {
		if doc.Kind == secretstore.KindManager {
			delete(s.caches, place{doc.Scope, doc.Name})
		}
	}
	for _, doc := range change.Changed {
		if doc.Kind == secretstore.KindManager {
			s.connect(doc)
		}
	}
}

// connect has the cache of a manager for the document as it is now. mu is held.
func (s *Service) connect(doc *secretstore.Document) *cache {
	at := place{doc.Scope, doc.Name}
	old := s.caches[at]
	if old != nil && old.doc == doc {
		return old
	}
	c := &cache{doc: doc, breaker: new(breaker), entries: make(map[string]*entry), flights: make(map[string]*flight)}
	if c.failed = json.Unmarshal(doc.Body, &c.config); c.failed == nil {
		c.limits, c.failed = secretstore.ParseLimits(c.config.AllowedHosts, c.config.AllowedIn)
	}
	if c.failed == nil {
		c.failed = s.cfg.Local.allows(&c.config)
	}
	if c.failed == nil {
		c.source, c.failed = s.open(doc, &c.config)
	}
	if c.failed != nil {
		s.cfg.Log.Error("a manager cannot be used", "manager", doc.Name, "scope", doc.Scope.Path(), "error", c.failed)
	}
	if old != nil && old.doc.ETag == doc.ETag { // only its credentials changed
		old.mu.Lock()
		for name, e := range old.entries {
			if kept := *e; e.shown && e.err == nil {
				c.entries[name] = &kept
			}
		}
		old.mu.Unlock()
	}
	s.caches[at] = c
	return c
}

// of gives the cache of a manager, nil for one that the service does not have yet.
func (s *Service) of(doc *secretstore.Document) *cache {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.caches[place{doc.Scope, doc.Name}]
	if c == nil || c.doc.ETag != doc.ETag {
		return nil
	}
	return c
}

// Secret implements secretstore.Managers.
func (s *Service) Secret(r secretstore.ManagedReference) *seal.Secret {
	c := s.of(r.Manager)
	if c == nil {
		return nil
	}
	name, key := c.config.split(r.Path)
	c.mu.Lock()
	e := c.entries[name]
	c.mu.Unlock()
	if !e.usable(s.now()) {
		return nil
	}
	return e.secret(key)
}

// To implements secretstore.Managers.
func (s *Service) To(t seal.Target, fn func(secretstore.Scope, *seal.Secret)) {
	s.mu.RLock()
	all := slices.Collect(maps.Values(s.caches))
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b *cache) int {
		return strings.Compare(a.doc.Scope.Path()+":"+a.doc.Name, b.doc.Scope.Path()+":"+b.doc.Name)
	})
	now := s.now()
	for _, c := range all {
		if !c.limits.Allow(t) {
			continue
		}
		c.mu.Lock()
		entries := maps.Clone(c.entries)
		c.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			e := entries[name]
			if !e.usable(now) {
				continue
			}
			for _, key := range slices.Sorted(maps.Keys(e.keys)) {
				fn(c.doc.Scope, e.secret(key))
			}
		}
	}
}

// Drop implements secretstore.Managers.
func (s *Service) Drop(cleared secretstore.Cleared) {
	s.mu.RLock()
	c := s.caches[place{cleared.Scope, cleared.Manager}]
	s.mu.RUnlock()
	if c != nil {
		c.drop(cleared.Name)
	}
}

// watch forgets what must not be used any more, and what changed in directories.
func (s *Service) watch(ctx context.Context) {
	defer close(s.done)
	sweep, look := time.NewTicker(SweepInterval), time.NewTicker(WatchInterval)
	defer sweep.Stop()
	defer look.Stop()
	for {
		select {
		case <-sweep.C:
			s.sweep()
		case <-look.C:
			s.look(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) all() []*cache {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.caches))
}

func (s *Service) sweep() {
	for _, c := range s.all() {
		for _, name := range c.sweep(s.now()) {
			s.cfg.Store.Fetched(c.doc, name)
		}
	}
}

// look forgets the secrets of directories whose files are not those that were read.
func (s *Service) look(ctx context.Context) {
	for _, c := range s.all() {
		if c.config.Directory == nil || c.source == nil {
			continue
		}
		c.mu.Lock()
		entries := maps.Clone(c.entries)
		c.mu.Unlock()
		for name, e := range entries {
			f, err := c.source.Fetch(ctx, name)
			if (err == nil) == (e.err == nil) && f.Version == e.version {
				continue
			}
			c.drop(name)
			s.cfg.Store.Fetched(c.doc, name)
		}
	}
}
