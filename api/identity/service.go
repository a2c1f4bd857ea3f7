package identity

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/reticent/reticent/policy/jwks"
	"github.com/reticent/reticent/secretstore"
)

// Config is what a Service is made of.
type Config struct {
	Store *secretstore.Store
	// Fetch gets the key sets of issuers; nil means that none that has a URL is ever
	// there.
	Fetch jwks.Fetch
	// Log is told of issuers that cannot be used; nil discards.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service knows the issuers of a store. It is safe for concurrent use.
type Service struct {
	log     *slog.Logger
	now     func() time.Time
	keys    *jwks.Cache
	issuers atomic.Pointer[map[string]*trusted] // by name
}

// New makes a Service, which works until Close.
func New(c Config) *Service {
	s := &Service{log: c.Log, now: c.Now}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if c.Fetch != nil {
		s.keys = jwks.NewCache(jwks.Config{Fetch: c.Fetch, Log: s.log})
	}
	s.issuers.Store(&map[string]*trusted{})
	c.Store.Subscribe(s.follow)
	return s
}

// Close ends what the Service does in the background.
func (s *Service) Close() {
	if s.keys != nil {
		s.keys.Close()
	}
}

// follow takes over what changed of the issuers.
func (s *Service) follow(change secretstore.Change) {
	next := maps.Clone(*s.issuers.Load())
	for _, doc := range change.Removed {
		if doc.Kind == secretstore.KindIssuer {
			delete(next, doc.Name)
		}
	}
	for _, doc := range change.Changed {
		if doc.Kind == secretstore.KindIssuer {
			next[doc.Name] = s.trust(doc)
		}
	}
	s.issuers.Store(&next)
}

func (s *Service) trust(doc *secretstore.Document) *trusted {
	t := &trusted{name: doc.Name, keys: func() *jwks.Keys { return nil }}
	err := json.Unmarshal(doc.Body, &t.Issuer)
	switch {
	case err != nil:
	case len(t.JWKS) > 0:
		var keys *jwks.Keys
		if keys, err = jwks.Parse(t.JWKS); err == nil {
			t.keys = func() *jwks.Keys { return keys }
		}
	case s.keys != nil:
		t.keys = s.keys.Source(t.JWKSURL)
	}
	if err != nil {
		s.log.Error("a stored issuer cannot be used: its tokens are refused", "issuer", doc.Name)
	}
	return t
}

// Token gives the principal of a token of an issuer.
func (s *Service) Token(text string) (secretstore.Principal, bool) {
	issuers := *s.issuers.Load()
	if len(issuers) == 0 || strings.Count(text, ".") != 2 {
		return secretstore.Principal{}, false
	}
	t, ok := parse(text)
	if !ok {
		return secretstore.Principal{}, false
	}
	for _, name := range slices.Sorted(maps.Keys(issuers)) {
		if p, ok := issuers[name].principal(t, s.now()); ok {
			return p, true
		}
	}
	return secretstore.Principal{}, false
}
