package secretstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/kv"
)

// state is everything, at one revision. It is immutable: a commit makes a new
// one that shares what did not change.
type state struct {
	revision int64
	scopes   map[Scope]ScopeInfo
	secrets  map[Scope]map[string]*secret
	docs     map[docScope]map[string]*Document
	tokens   map[string]*tokenRecord
	byDigest map[string]string // IDs of tokens
	access   *access.Index
	// routed are the secrets that may go to some host, and expiring those that have a
	// time at which they end: few of many.
	routed, expiring map[secretPlace]*secret
	// referrers are the documents that refer to secrets, by name (see entry).
	referrers map[string]referrers
	// variables has what [Store.Variables] gives, by scope, once it was asked for. A
	// copy of the state with the same documents shares it.
	variables *sync.Map
}

// Change is what subscribers are told: documents that are new, changed, or whose
// secrets changed; and documents that are gone.
type Change struct {
	Changed []*Document
	Removed []*Document
	// Cleared are the caches of managers that somebody cleared.
	Cleared []Cleared
}

func (st *state) clone(revision int64) *state {
	return &state{
		revision:  revision,
		scopes:    maps.Clone(st.scopes),
		secrets:   maps.Clone(st.secrets),
		docs:      maps.Clone(st.docs),
		tokens:    maps.Clone(st.tokens),
		byDigest:  maps.Clone(st.byDigest),
		access:    st.access,
		routed:    st.routed,
		expiring:  st.expiring,
		referrers: st.referrers,
		variables: new(sync.Map),
	}
}

// secretPlace is where a secret is stored.
type secretPlace struct {
	scope Scope
	name  string
}

func (st *state) checkScope(scope Scope) error {
	if _, ok := st.scopes[scope]; ok || scope == (Scope{}) {
		return nil
	}
	return fail(ErrNotFound, "%s does not exist; create it with PUT /v1/%s", scope, scope.Path())
}

// findSecret looks a reference up from a scope: the nearest wins. It is the one way
// in which scripts, policies and placeholders come from a name to a secret.
func (st *state) findSecret(scope Scope, reference string) *secret {
	for _, at := range scope.Chain() {
		if secret, ok := find(st.secrets[at], reference); ok {
			return secret
		}
	}
	return nil
}

// metadata gives what the API tells of a secret.
func (st *state) metadata(scope Scope, name string, r *secretRecord) Secret {
	out := r.metadata(scope, name)
	out.UsedBy = st.usedBy(scope, name)
	out.UsedBy = out.UsedBy[:min(len(out.UsedBy), MaxReferences)]
	if x := st.secrets[scope][name]; x != nil && x.record.ID == r.ID {
		out.LastUsed = x.used.last.Load()
	}
	if len(out.DerivedFrom) == 0 {
		return out
	}
	names := make(map[string]string)
	for _, at := range scope.Chain() {
		for name, secret := range st.secrets[at] {
			names[secret.record.ID] = strings.TrimPrefix(at.Path()+"/"+name, "/")
		}
	}
	sources := make([]string, len(out.DerivedFrom))
	for i, id := range out.DerivedFrom {
		if sources[i] = names[id]; sources[i] == "" {
			sources[i] = "?"
		}
	}
	out.DerivedFrom = sources
	return out
}

// rowKinds begin the keys of the rows that the state is made of, uses after the
// secrets that they are of. Logs, which grow without an end, are read from disk
// when somebody asks.
var rowKinds = []string{"cleared", "doc", "scope", "secret", "token", "use", "value"}

// ofState reports whether a change is one of the state.
func ofState(c kv.Change) bool {
	kind, _, _ := strings.Cut(c.Key, ":")
	return slices.Contains(rowKinds, kind)
}

// load reads all state.
func (s *Store) load(ctx context.Context) (*state, error) {
	var batch kv.Batch
	err := s.kv.View(ctx, func(tx kv.Tx) error {
		batch = kv.Batch{Revision: tx.Revision()}
		for _, kind := range rowKinds {
			entries, err := tx.List(kind+":", "", 0)
			if err != nil {
				return err
			}
			for _, e := range entries {
				batch.Changes = append(batch.Changes, kv.Change{Key: e.Key, Value: e.Value})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	b := s.builder((&state{}).clone(batch.Revision))
	if err := b.applyAll(batch); err != nil {
		return nil, err
	}
	b.finish()
	return b.st, nil
}

// apply makes the state after a commit. A row that cannot be read is logged and
// left out: one bad row must not stop every later write from being seen.
func (s *Store) apply(batch kv.Batch) {
	s.applying.Lock()
	defer s.applying.Unlock()
	if !slices.ContainsFunc(batch.Changes, ofState) {
		s.advance(batch.Revision)
		return
	}
	b := s.builder(s.state.Load().clone(batch.Revision))
	if err := b.applyAll(batch); err != nil {
		s.log.Error("a committed row cannot be read", "error", err)
	}
	s.swap(b.st, b.finish())
}

// replace makes st, which was read anew, the state.
func (s *Store) replace(st *state) {
	s.applying.Lock()
	defer s.applying.Unlock()
	change := Change{}
	for at, byName := range s.state.Load().docs {
		for name, doc := range byName {
			if st.docs[at][name] == nil {
				change.Removed = append(change.Removed, doc)
			}
		}
	}
	for _, byName := range st.docs {
		for _, doc := range byName {
			change.Changed = append(change.Changed, doc)
		}
	}
	s.swap(st, change)
}
