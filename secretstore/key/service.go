package key

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/seal"
)

// Entry is a stored key with what the store knows of it.
type Entry = secretstore.Entry[Document]

// Service keeps the keys of a store and operates with them.
type Service struct {
	secretstore.Shelf[Document]
	bound sync.Map // place to *bound
	now   func() time.Time
}

// NewService makes a Service.
func NewService(store *secretstore.Store) *Service {
	s := &Service{
		Shelf: secretstore.Shelf[Document]{Store: store, Kind: secretstore.KindKey, Name: CheckID, Check: check},
		now:   time.Now,
	}
	store.Subscribe(s.follow)
	return s
}

type place struct {
	scope secretstore.Scope
	name  string
}

// bound is a key with the versions of its secret.
type bound struct {
	doc  *secretstore.Document
	read func() (*ring, error)
}

// ring is a key that was read: at least one version, newest first.
type ring struct {
	Document
	versions  []*version
	expiresAt *time.Time
}

// follow forgets what was read of keys that changed or whose secrets did. The store
// calls it one change at a time.
func (s *Service) follow(change secretstore.Change) {
	for _, doc := range change.Removed {
		if doc.Kind == secretstore.KindKey {
			s.bound.Delete(place{doc.Scope, doc.Name})
		}
	}
	for _, doc := range change.Changed {
		if doc.Kind == secretstore.KindKey {
			s.bound.Store(place{doc.Scope, doc.Name}, s.bind(doc))
		}
	}
}

func (s *Service) bind(doc *secretstore.Document) *bound {
	return &bound{doc: doc, read: sync.OnceValues(func() (*ring, error) {
		r := new(ring)
		if err := json.Unmarshal(doc.Body, &r.Document); err != nil {
			return nil, seal.Errorf(seal.CodeKey, "the stored key cannot be read; store it again")
		}
		stored, err := s.Store.KeySecret(doc)
		if err != nil {
			return nil, err
		}
		r.expiresAt = stored.ExpiresAt
		for _, v := range stored.Versions {
			r.versions = append(r.versions, r.Document.read(v))
		}
		return r, nil
	})}
}

// ring gives what a document and its secret are now.
func (s *Service) ring(doc *secretstore.Document) (*ring, error) {
	b, ok := s.bound.Load(place{doc.Scope, doc.Name})
	if !ok || b.(*bound).doc != doc {
		// Stored this moment: the store has it and the service will.
		b = s.bind(doc)
	}
	r, err := b.(*bound).read()
	if err != nil {
		return nil, err
	}
	if r.expiresAt != nil && !s.now().Before(*r.expiresAt) {
		return nil, seal.Unavailable(r.Secret)
	}
	return r, nil
}

// find looks a key up from a scope, for an operation.
func (s *Service) find(by secretstore.Principal, scope secretstore.Scope, id string, o Operation) (*ring, error) {
	doc, err := s.Store.FindDocument(by, secretstore.KindKey, scope, id)
	if err != nil {
		return nil, err
	}
	r, err := s.ring(doc)
	if err != nil {
		return nil, err
	}
	if !r.does(o) {
		return nil, invalid("key %s does not %s: its use and its operations say so", id, o)
	}
	s.Store.Used(by, doc)
	s.Store.Operated(by, doc, string(o))
	return r, nil
}

// newest gives the version that makes tokens.
func (r *ring) newest() (*version, error) {
	if v := r.versions[0]; v.problem != "" {
		return nil, v.unusable()
	}
	return r.versions[0], nil
}

// candidates gives the versions that may have made a token of an algorithm: that of
// the kid, or if none has it all, as the maker may have names of his own. An empty
// algorithm is any.
func (r *ring) candidates(kid, algorithm string) []*version {
	var out []*version
	for _, v := range r.versions {
		if v.problem != "" || algorithm != "" && !slices.Contains(v.algorithms, algorithm) {
			continue
		}
		if kid != "" && v.kid == kid {
			return []*version{v}
		}
		out = append(out, v)
	}
	return out
}

// Versions lists the enabled versions of the secret of a key of the scope itself,
// newest first.
func (s *Service) Versions(by secretstore.Principal, scope secretstore.Scope, id string) ([]Version, error) {
	doc, err := s.Store.Document(by, secretstore.KindKey, scope, id)
	if err != nil {
		return nil, err
	}
	r, err := s.ring(doc)
	if err != nil {
		return nil, err
	}
	out := make([]Version, len(r.versions))
	for i, v := range r.versions {
		out[i] = v.metadata(i == 0)
	}
	return out, nil
}
