package secretstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/kv"
)

// Scope is where a resource lives: the platform (the zero Scope), a project, or
// a service of a project. Names are looked up from the service to the platform
// and the nearest wins.
type Scope struct {
	Project string
	Service string
}

// Path gives "", "projects/p" or "projects/p/services/s".
func (s Scope) Path() string {
	switch {
	case s.Project == "":
		return ""
	case s.Service == "":
		return "projects/" + s.Project
	}
	return "projects/" + s.Project + "/services/" + s.Service
}

// String names the scope for people.
func (s Scope) String() string {
	if s.Project == "" {
		return "the platform"
	}
	return s.Path()
}

// parent gives the scope that a name is looked up in next.
func (s Scope) parent() (Scope, bool) {
	switch {
	case s.Service != "":
		return Scope{Project: s.Project}, true
	case s.Project != "":
		return Scope{}, true
	}
	return Scope{}, false
}

// Chain gives the scopes that a name is looked up in, in that order.
func (s Scope) Chain() []Scope {
	out := []Scope{s}
	for at, ok := s.parent(); ok; at, ok = at.parent() {
		out = append(out, at)
	}
	return out
}

// sees reports whether names of o can be looked up from s.
func (s Scope) sees(o Scope) bool {
	return o == Scope{} || o == Scope{Project: s.Project} || o == s
}

// check makes sure that the names of a scope are names.
func (s Scope) check() error {
	if s.Project == "" && s.Service != "" {
		return fail(ErrInvalid, "a service belongs to a project")
	}
	for _, name := range []string{s.Project, s.Service} {
		if name == "" {
			continue
		}
		if err := CheckName(name); err != nil {
			return err
		}
	}
	return nil
}

func parseScope(path string) (Scope, error) {
	parts := strings.Split(path, "/")
	switch {
	case path == "":
		return Scope{}, nil
	case len(parts) == 2:
		return Scope{Project: parts[1]}, nil
	case len(parts) == 4:
		return Scope{Project: parts[1], Service: parts[3]}, nil
	}
	return Scope{}, fmt.Errorf("scope %q: not a path of a scope", path)
}

// ScopeInfo is what the API tells of a scope.
type ScopeInfo struct {
	Name      string    `json:"name"`
	Scope     string    `json:"scope"`
	CreatedAt time.Time `json:"created_at"`
}

// Scope tells of a project or a service.
func (s *Store) Scope(by Principal, scope Scope) (ScopeInfo, error) {
	if err := s.authorize(by, "scope.get", scope, ""); err != nil {
		return ScopeInfo{}, err
	}
	st := s.state.Load()
	if err := st.checkScope(scope); err != nil {
		return ScopeInfo{}, err
	}
	return st.scopes[scope], nil
}

// Scopes lists the projects, or the services of a project, by name.
func (s *Store) Scopes(by Principal, parent Scope, page PageRequest) (Page[ScopeInfo], error) {
	if err := s.authorize(by, "scope.list", parent, ""); err != nil {
		return Page[ScopeInfo]{}, err
	}
	st := s.state.Load()
	if err := st.checkScope(parent); err != nil {
		return Page[ScopeInfo]{}, err
	}
	below := make(map[string]ScopeInfo)
	for scope, info := range st.scopes {
		if at, ok := scope.parent(); ok && at == parent {
			below[info.Name] = info
		}
	}
	// Who may see the parent may see what is in it.
	everything := func(string) bool { return true }
	return pageOf(below, page, everything, func(_ string, info ScopeInfo) ScopeInfo { return info })
}

// PutScope creates a project or a service, and does nothing to one that exists.
// The project of a service must exist.
func (s *Store) PutScope(ctx context.Context, by Principal, scope Scope) (ScopeInfo, bool, error) {
	// Who may see that it is there is told so: what creates it if need be is for
	// everybody to apply.
	if info, exists := s.state.Load().scopes[scope]; exists && s.state.Load().permits(by, access.Read, access.Resource{Kind: access.Kind(KindScope), Scope: scope.Path(), Any: true}) {
		return info, false, nil
	}
	if err := s.authorize(by, "scope.create", scope, ""); err != nil {
		return ScopeInfo{}, false, err
	}
	if err := scope.check(); err != nil {
		return ScopeInfo{}, false, err
	}
	var info ScopeInfo
	var created bool
	err := s.write(ctx, act{by, "scope.create", scope, ""}, func(tx kv.WriteTx) error {
		parent, ok := scope.parent()
		if !ok {
			return fail(ErrInvalid, "the platform always exists")
		}
		if err := scopeExists(tx, parent); err != nil {
			return err
		}
		key := scopeKey(scope)
		raw, err := tx.Get(key)
		created = errors.Is(err, kv.ErrNotFound)
		if err == nil {
			return json.Unmarshal(raw, &info)
		}
		if !created {
			return err
		}
		name := scope.Service
		if name == "" {
			name = scope.Project
		}
		info = ScopeInfo{Name: name, Scope: scope.Path(), CreatedAt: s.now()}
		return put(tx, key, info)
	})
	return info, created, err
}

func scopeKey(s Scope) string { return "scope:" + s.Path() }

// scopeExists is how a write makes sure of its scope.
func scopeExists(tx kv.Tx, scope Scope) error {
	if scope == (Scope{}) {
		return nil
	}
	_, err := tx.Get(scopeKey(scope))
	if errors.Is(err, kv.ErrNotFound) {
		return fail(ErrNotFound, "%s does not exist; create it with PUT /v1/%s", scope, scope.Path())
	}
	return err
}

// put writes v as JSON, documents in it to the letter.
func put(tx kv.WriteTx, key string, v any) error {
	raw, err := marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	return tx.Put(key, raw)
}

// CheckScope says whether a scope exists. The error is [ErrNotFound].
func (s *Store) CheckScope(scope Scope) error { return s.state.Load().checkScope(scope) }
