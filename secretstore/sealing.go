package secretstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/seal"
)

// secret is a secret in memory. Its values stay encrypted until an artefact that
// names it is bound.
type secret struct {
	scope  Scope
	name   string
	record secretRecord
	// values are replaced in place when a key is rotated: they are wrapped anew and
	// hold the same.
	values map[int]*atomic.Pointer[envelope.Sealed]

	// current opens the version that artefacts use; nil when there is none.
	current func() *seal.Secret
	// enabled opens every enabled version, for sealing what hosts answer.
	enabled func() []*seal.Secret
	routed  bool // some enabled version may go to a host
	used    *usage
}

// complete makes the functions that open the secret, each at most once.
func (x *secret) complete(s *Store) {
	x.current = sync.OnceValue(func() *seal.Secret {
		v := x.record.current()
		if v == nil {
			return nil
		}
		return x.open(s, v)
	})
	x.enabled = sync.OnceValue(func() []*seal.Secret {
		var out []*seal.Secret
		for i := range x.record.Versions {
			if v := &x.record.Versions[i]; v.Status == Enabled && len(v.Limits.AllowedHosts) > 0 {
				if opened := x.open(s, v); opened != nil {
					out = append(out, opened)
				}
			}
		}
		return out
	})
	for _, v := range x.record.Versions {
		x.routed = x.routed || v.Status == Enabled && len(v.Limits.AllowedHosts) > 0
	}
}

// open decrypts a version. One that does not open is as good as absent, and
// logged: somebody changed the database.
func (x *secret) open(s *Store, v *versionRecord) *seal.Secret {
	out, err := x.decrypt(s, v)
	if err != nil {
		s.log.Error("a secret cannot be opened and is unavailable", "scope", x.scope.Path(), "name", x.name, "version", v.Version, "error", err)
		return nil
	}
	return out
}

// value decrypts the value of a version.
func (x *secret) value(s *Store, v *versionRecord) (Value, error) {
	cell, ok := x.values[v.Version]
	if !ok {
		return Value{}, fmt.Errorf("its encrypted value is missing")
	}
	sealed := cell.Load()
	opened, err := s.keys.Open(*sealed, associated(x.scope, x.name, v.Version))
	if again := cell.Load(); again != sealed && errors.Is(err, envelope.ErrWrongKey) {
		// A rotation has wrapped it anew and dropped the old key in between.
		opened, err = s.keys.Open(*again, associated(x.scope, x.name, v.Version))
	}
	return Value{Value: opened, structured: v.Structured}, err
}

func (x *secret) decrypt(s *Store, v *versionRecord) (*seal.Secret, error) {
	value, err := x.value(s, v)
	if err != nil {
		return nil, err
	}
	tree, err := value.tree(v.Limits.Plain, seal.AsRecorded(v.LongWeak))
	if err != nil {
		return nil, err
	}
	allowed, err := v.Limits.parse()
	if err != nil {
		return nil, err
	}
	return &seal.Secret{
		ID: x.record.ID, Name: x.name, Value: tree, Limits: allowed, Release: v.Limits.Release,
		From: v.DerivedFrom, Encoded: v.Encoded, Bound: v.Bound, Base64: x.record.Encoding == Base64HMAC || x.record.Encoding == Base64AES,
	}, nil
}

// usable reports whether artefacts may have the secret now.
func (x *secret) usable(now time.Time) bool {
	return x.usableBy(KindScript, now)
}

// usableBy reports whether documents of a kind may have the secret now. One that is
// no placeholder's is for keys alone.
func (x *secret) usableBy(kind Kind, now time.Time) bool {
	if x == nil || x.record.ExpiresAt != nil && !now.Before(*x.record.ExpiresAt) {
		return false
	}
	v := x.record.current()
	return v != nil && (v.Limits.UseInPlaceholders || kind == KindKey)
}

// pinned is what the names that something refers to mean.
type pinned struct {
	set func() *seal.Set
	// managed are those of external managers.
	managed []ManagedReference
	used    []*usage
	denied  []denial
}

// pin looks the names of a document up now. The set is built at most once and when
// first asked. What its authors may not use is as good as absent.
func (s *Store) pin(st *state, doc *Document) pinned {
	var used []*usage
	denied := st.denied(doc)
	managed, fetched := s.pinManaged(st, doc, denied)
	found := make(map[string]*secret, len(doc.names))
	for _, name := range doc.names {
		found[name] = nil
		if x := st.findSecret(doc.Scope, name); x.usableBy(doc.Kind, time.Now()) && !slices.ContainsFunc(denied, func(d denial) bool { return d.secret == name }) {
			found[name] = x
			used = append(used, x.used)
		}
	}
	return pinned{used: used, denied: denied, managed: managed, set: sync.OnceValue(func() *seal.Set {
		secrets := make(map[string]*seal.Secret, len(found))
		var missing []string
		for name, x := range found {
			if opened := fetched[name]; opened != nil {
				secrets[name] = opened
				continue
			}
			if x != nil {
				if opened := x.current(); opened != nil {
					secrets[name] = opened
					continue
				}
			}
			missing = append(missing, name)
		}
		return seal.NewSet(secrets, missing)
	})}
}

// SealingSet gives the secrets that a script or policy refers to which is not
// stored, as a scope sees them. Testing one counts as storing it.
func (s *Store) SealingSet(ctx context.Context, by Principal, kind Kind, scope Scope, refers References) (*seal.Set, error) {
	if err := s.authorize(by, string(kind)+".create", scope, ""); err != nil {
		return nil, err
	}
	st := s.state.Load()
	if err := st.checkScope(scope); err != nil {
		return nil, err
	}
	doc := &Document{Kind: kind, Scope: scope, Author: by, Secrets: refers.Secrets, Uses: refers.Uses}
	s.gather(st, doc)
	if err := s.authorizeUse(by, scope, doc.names); err != nil {
		return nil, err
	}
	if refused := doc.Forbidden(); refused != nil {
		return nil, fail(ErrForbidden, "%s", refused.Message)
	}
	if len(doc.managed) > 0 {
		if err := s.ensure(ctx, doc); err != nil {
			return nil, err
		}
		s.gather(s.state.Load(), doc)
	}
	doc.touch(by, Reference{Kind: KindTest, Scope: scope.Path()})
	return doc.set(), nil
}

// RunOptions are the surroundings of a run of an artefact of a scope.
func (s *Store) RunOptions(by Principal, scope Scope) seal.Options {
	return seal.Options{
		Principal: by.ID,
		Guard:     s.guard,
		Random:    s.random,
		Hosts:     func(t seal.Target) []*seal.Secret { return s.allowedTo(scope, t) },
		Found: func(names []string) {
			for _, name := range names {
				s.log.Error("a plaintext was about to leave unsealed and was masked; this is a bug", "secret", name)
				if s.found != nil {
					s.found(name)
				}
			}
		},
	}
}

// allowedTo gives the secrets of all scopes that may go to a host, in an order
// that depends on their places only. Those that the scope does not see are masked
// without a name and go nowhere; nor do those that no artefact may have.
func (s *Store) allowedTo(scope Scope, t seal.Target) []*seal.Secret {
	var out []*seal.Secret
	st, now := s.state.Load(), time.Now()
	byPlace := func(a, b secretPlace) int {
		return cmp.Or(strings.Compare(a.scope.Path(), b.scope.Path()), strings.Compare(a.name, b.name))
	}
	for _, at := range slices.SortedFunc(maps.Keys(st.routed), byPlace) {
		x := st.routed[at]
		for _, v := range x.enabled() {
			if !v.Limits.Allow(t) {
				continue
			}
			if sees := scope.sees(at.scope); !sees || !x.usable(now) {
				kept := *v
				kept.Hidden, kept.Limits = !sees, seal.Limits{}
				v = &kept
			}
			out = append(out, v)
		}
	}
	return append(out, s.managedTo(scope, t)...)
}

// Structured reports whether a name means, as a scope sees it, a secret whose
// value is an object or array.
func (s *Store) Structured(scope Scope, name string) bool {
	x := s.state.Load().findSecret(scope, name)
	if x == nil {
		return false
	}
	v := x.record.current()
	return v != nil && v.Structured
}

// MissingSecrets gives those of the names that have no secret that documents of a
// kind could use, as a scope sees them, for a warning at upload. A name that a variable has is none of them:
// there are calls that ask for either.
func (s *Store) MissingSecrets(kind Kind, scope Scope, names []string) []string {
	st := s.state.Load()
	var out []string
	for _, name := range names {
		if st.findManager(scope, name) != nil {
			continue // whether it has the secret shows when it is asked
		}
		if !st.findSecret(scope, name).usableBy(kind, time.Now()) && !s.hasVariable(scope, name) {
			out = append(out, name)
		}
	}
	return out
}

// scheduleExpiry renews, when the next secret expires, the documents that refer
// to it. s.mu is held.
func (s *Store) scheduleExpiry(st *state) {
	if s.expiry != nil {
		s.expiry.Stop()
		s.expiry = nil
	}
	if s.failed != nil {
		return // closed
	}
	var next time.Time
	now := time.Now()
	for _, x := range st.expiring {
		if at := x.record.ExpiresAt; at.After(now) && (next.IsZero() || at.Before(next)) {
			next = *at
		}
	}
	if next.IsZero() {
		return
	}
	s.expiry = time.AfterFunc(time.Until(next), s.expire)
}

// expire renews the documents that refer to secrets whose time has come.
func (s *Store) expire() {
	s.applying.Lock()
	defer s.applying.Unlock()
	current := s.state.Load()
	b := s.builder(current.clone(current.revision))
	now := time.Now()
	for at, x := range current.expiring {
		if !x.usable(now) {
			b.secretAt(at.scope, at.name)
		}
	}
	s.swap(b.st, b.finish())
}
