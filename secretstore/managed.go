package secretstore

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/internal/plaintext"
	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/seal"
)

// Secrets of external managers are pinned like the store's own: a document that
// names one has it in its sealing set once it was fetched, and is made anew when it
// is fetched again, or is dropped. So an evaluation asks nobody. What fetches and
// keeps them is package manager, which the store knows as Managers.

// ManagedReference is a secret of an external manager that a document names.
type ManagedReference struct {
	// Manager is the one that the document's scope sees.
	Manager *Document
	// Path is what follows the manager's name.
	Path string
}

// Managers keep what was fetched from external managers. Secret, To and Drop are
// called while the next state is made and must not wait or call the store.
type Managers interface {
	// Secret gives what was fetched, nil for nothing that may be used now.
	Secret(ManagedReference) *seal.Secret
	// To calls fn for everything that may go to a host, in a fixed order.
	To(t seal.Target, fn func(manager Scope, s *seal.Secret))
	// Drop forgets what was fetched.
	Drop(Cleared)
	// Ensure fetches what is not there, and returns when the documents that name it
	// have it, or when it cannot be fetched. The error, which is for everybody, says that
	// ctx ended before.
	Ensure(ctx context.Context, all []ManagedReference) error
}

// Cleared is a cache of a manager that was cleared.
type Cleared struct {
	Scope   Scope  `json:"-"`
	Manager string `json:"-"`
	// Name is the only secret that was cleared, "" for all.
	Name string `json:"name,omitempty"`
	// ID is random and makes each clearing a change.
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// ManagedBy has the store use managers, from the next change on and for everything
// that is stored.
func (s *Store) ManagedBy(m Managers) {
	s.managers.Store(&m)
	s.renewManaged(func(Scope, string) bool { return true })
}

// Fetched makes documents anew that may mean a secret of a manager, whose keys
// follow its name or not.
func (s *Store) Fetched(manager *Document, name string) {
	of := manager.Name + "/" + name
	s.renewManaged(func(from Scope, reference string) bool {
		return from.sees(manager.Scope) && (reference == of || strings.HasPrefix(reference, of+"/"))
	})
}

func (s *Store) renewManaged(affected func(from Scope, reference string) bool) {
	s.applying.Lock()
	defer s.applying.Unlock()
	current := s.state.Load()
	b := s.builder(current.clone(current.revision))
	b.renewManaged(affected)
	s.swap(b.st, b.finish())
}

func (b *builder) renewManaged(affected func(from Scope, reference string) bool) {
	for reference, places := range b.st.referrers {
		if !Managed(reference) {
			continue
		}
		for at := range places {
			if doc := b.st.docs[at.docScope][at.name]; doc != nil && affected(at.scope, reference) {
				b.renew(at, doc)
			}
		}
	}
}

// clear forgets what was cleared, before documents are made anew.
func (b *builder) clear() {
	m := b.s.managers.Load()
	for _, c := range b.cleared {
		if m != nil {
			(*m).Drop(c)
		}
		b.renewManaged(func(from Scope, reference string) bool {
			return from.sees(c.Scope) && strings.HasPrefix(reference, c.Manager+"/")
		})
	}
}

func (b *builder) applyCleared(rest string, c kv.Change) error {
	scope, name, err := splitScopeName(rest)
	if err != nil || c.Deleted {
		return err
	}
	var row Cleared
	if err := json.Unmarshal(c.Value, &row); err != nil {
		return err
	}
	row.Scope, row.Manager = scope, name
	b.cleared = append(b.cleared, row)
	return nil
}

func clearedKey(scope Scope, name string) string { return "cleared:" + scope.Path() + ":" + name }

// ClearManager has every node forget what it fetched from a manager: one secret, or
// all for "". When it returns, this node has.
func (s *Store) ClearManager(ctx context.Context, by Principal, scope Scope, manager, name string) error {
	if err := s.authorize(by, "manager.clear", scope, manager); err != nil {
		return err
	}
	return s.write(ctx, act{by, "manager.clear", scope, manager}, func(tx kv.WriteTx) error {
		if err := scopeExists(tx, scope); err != nil {
			return err
		}
		if !s.state.Load().exists(KindManager, scope, manager) {
			return noDocument(KindManager, scope, manager)
		}
		return put(tx, clearedKey(scope, manager), Cleared{Name: name, ID: randomID(), At: s.now()})
	})
}

// findManager gives the manager that a reference means, nil for one that means none.
func (st *state) findManager(scope Scope, reference string) *Document {
	name, _, managed := strings.Cut(reference, "/")
	if !managed {
		return nil
	}
	return st.findDocument(KindManager, scope, name)
}

// assign reads whom a manager is assigned to.
func (d *Document) assign() error {
	if d.Kind != KindManager {
		return nil
	}
	var body struct {
		Groups []string `json:"groups"`
	}
	err := json.Unmarshal(d.Body, &body)
	d.groups = body.Groups
	return err
}

// mayUseManaged reports whether somebody may name a secret of a manager. One that
// is assigned to groups is for them, and for who may assign it; any other goes by
// grants of use, on secrets by the name of the reference, in the manager's scope.
func (st *state) mayUseManaged(by Principal, m *Document, reference string) bool {
	if len(m.groups) == 0 {
		return st.permits(by, access.Use, access.Resource{Kind: access.Kind(KindSecret), Scope: m.Scope.Path(), Name: reference})
	}
	return st.permits(by, access.Update, st.resource(KindManager, m.Scope, m.Name)) ||
		st.access.Member(append([]string{by.ID}, by.Groups...), m.groups)
}

// pinManaged looks up what a document names of managers, and gives what was fetched
// of it.
func (s *Store) pinManaged(st *state, doc *Document, denied []denial) (all []ManagedReference, fetched map[string]*seal.Secret) {
	managers := s.managers.Load()
	for _, reference := range doc.names {
		m := st.findManager(doc.Scope, reference)
		if m == nil || managers == nil || CheckReference(reference) != nil || slices.ContainsFunc(denied, func(d denial) bool { return d.secret == reference }) {
			continue
		}
		_, path, _ := strings.Cut(reference, "/")
		r := ManagedReference{Manager: m, Path: path}
		all = append(all, r)
		if x := (*managers).Secret(r); x != nil {
			if fetched == nil {
				fetched = make(map[string]*seal.Secret)
			}
			fetched[reference] = x
		}
	}
	return all, fetched
}

func (s *Store) ensure(ctx context.Context, doc *Document) error {
	if m := s.managers.Load(); m != nil {
		return (*m).Ensure(ctx, doc.managed)
	}
	return nil
}

// Complete gives a stored document with the secrets of external managers that it
// names, fetched unless they are there. What cannot be fetched within its manager's
// time is missing from the sealing set. It costs nothing where no such secret is named.
// The error, a [seal.Error], says that ctx ended before.
func (s *Store) Complete(ctx context.Context, doc *Document) (*Document, error) {
	if len(doc.managed) == 0 {
		return doc, nil
	}
	if err := s.ensure(ctx, doc); err != nil {
		return nil, err
	}
	if now := s.state.Load().docs[docScope{doc.Kind, doc.Scope}][doc.Name]; now != nil && now.ETag == doc.ETag {
		return now, nil
	}
	renewed := *doc // replaced this moment
	s.gather(s.state.Load(), &renewed)
	return &renewed, nil
}

// managedTo gives the fetched secrets that may go to a host, those that the scope
// does not see hidden.
func (s *Store) managedTo(scope Scope, t seal.Target) []*seal.Secret {
	var out []*seal.Secret
	m := s.managers.Load()
	if m == nil {
		return nil
	}
	(*m).To(t, func(at Scope, x *seal.Secret) {
		if !scope.sees(at) {
			kept := *x
			kept.Hidden, kept.Limits = true, seal.Limits{}
			x = &kept
		}
		out = append(out, x)
	})
	return out
}

// ManagedSecret makes a secret of what was fetched. It may be used in scripts and
// policies within the manager's limits; nothing keyed with it is released.
func ManagedSecret(manager *Document, path string, text string, l seal.Limits) *seal.Secret {
	reference := manager.Name + "/" + path
	return &seal.Secret{
		ID: "manager:" + manager.Scope.Path() + ":" + reference, Name: reference, Limits: l,
		Value: seal.StringTree(plaintext.FromString(text), seal.ByValue),
	}
}

// ParseLimits reads allowed_hosts and allowed_in.
func ParseLimits(hosts, in []string) (seal.Limits, error) {
	return limits{AllowedHosts: hosts, AllowedIn: in}.parse()
}

// Credential gives the text of a secret that a manager refers to, for a place of its
// requests. The error is a [seal.Error] where there is none, where who stored the
// manager may not use it, or where its own limits keep it from there.
func (s *Store) Credential(doc *Document, name string, to seal.Place) (plaintext.Value, error) {
	if refused := doc.Forbidden(); refused != nil {
		return plaintext.Value{}, refused
	}
	x := s.state.Load().findSecret(doc.Scope, name)
	if !slices.Contains(doc.names, name) || !x.usableBy(doc.Kind, time.Now()) {
		return plaintext.Value{}, seal.Unavailable(name)
	}
	v := x.record.current()
	l, err := v.Limits.parse()
	if err != nil {
		return plaintext.Value{}, err
	}
	if by := l.Forbids(to); by != "" {
		return plaintext.Value{}, seal.Errorf(seal.CodeEgressDenied, "the secret %s may not go to %s in the %s (%s of the secret)", name, to.Host, to.In, by)
	}
	value, err := x.value(s, v)
	if err != nil || value.structured {
		return plaintext.Value{}, seal.Unavailable(name)
	}
	return value.Value, nil
}

// ManagedUsers lists the documents that name secrets of a manager.
func (s *Store) ManagedUsers(scope Scope, manager string) []Reference {
	st := s.state.Load()
	found := make(map[Reference]bool)
	for reference, places := range st.referrers {
		for at := range places {
			if m := st.findManager(at.scope, reference); m != nil && m.Name == manager && m.Scope == scope {
				found[Reference{Kind: at.kind, Scope: at.scope.Path(), Name: at.name}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b Reference) int {
		return strings.Compare(string(a.Kind)+" "+a.Scope+" "+a.Name, string(b.Kind)+" "+b.Scope+" "+b.Name)
	})
}
