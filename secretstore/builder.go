package secretstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/envelope"
	"github.com/reticent/reticent/secretstore/kv"
)

// builder makes the next state.
type builder struct {
	s       *Store
	st      *state
	owned   map[any]bool // inner maps that are already copies
	touched map[Scope]map[string]bool
	changed map[*Document]bool
	removed []*Document
	rights  bool // a token, a group or a grant changed
	cleared []Cleared

	ownsRouted, ownsExpiring bool // those of st are already copies

	ownsIndex bool            // st.referrers is already a copy
	reindexed map[string]bool // as are these of its sets
}

func (s *Store) builder(st *state) *builder {
	if st.scopes == nil {
		st.scopes = make(map[Scope]ScopeInfo)
		st.secrets = make(map[Scope]map[string]*secret)
		st.docs = make(map[docScope]map[string]*Document)
		st.tokens = make(map[string]*tokenRecord)
		st.byDigest = make(map[string]string)
		st.access = access.NewIndex(nil, nil)
	}
	return &builder{
		s: s, st: st, owned: make(map[any]bool),
		touched: make(map[Scope]map[string]bool), changed: make(map[*Document]bool), reindexed: make(map[string]bool),
	}
}

func (b *builder) applyAll(batch kv.Batch) error {
	var first error
	for _, c := range batch.Changes {
		if err := b.applyRow(c); err != nil && first == nil {
			first = fmt.Errorf("row %s: %w", c.Key, err)
		}
	}
	return first
}

func (b *builder) applyRow(c kv.Change) error {
	kind, rest, _ := strings.Cut(c.Key, ":")
	switch kind {
	case "scope":
		return b.applyScope(rest, c)
	case "secret":
		return b.applySecret(rest, c)
	case "value":
		return b.applyValue(rest, c)
	case "use":
		return b.applyUse(rest, c)
	case "doc":
		return b.applyDocument(rest, c)
	case "token":
		return b.applyToken(rest, c)
	case "cleared":
		return b.applyCleared(rest, c)
	}
	return nil
}

func (b *builder) applyScope(path string, c kv.Change) error {
	scope, err := parseScope(path)
	if err != nil {
		return err
	}
	if c.Deleted {
		delete(b.st.scopes, scope)
		return nil
	}
	var info ScopeInfo
	if err := json.Unmarshal(c.Value, &info); err != nil {
		return err
	}
	b.st.scopes[scope] = info
	return nil
}

func splitScopeName(s string) (Scope, string, error) {
	path, name, ok := strings.Cut(s, ":")
	if !ok {
		return Scope{}, "", fmt.Errorf("no name")
	}
	scope, err := parseScope(path)
	return scope, name, err
}

// secretAt gives a copy of a secret that may be changed until finish.
func (b *builder) secretAt(scope Scope, name string) *secret {
	if !b.owned[scope] {
		b.owned[scope] = true
		b.st.secrets[scope] = cloneMap(b.st.secrets[scope])
	}
	if b.touched[scope] == nil {
		b.touched[scope] = make(map[string]bool)
	}
	current := b.st.secrets[scope][name]
	if current == nil || !b.touched[scope][name] {
		next := &secret{scope: scope, name: name, values: make(map[int]*atomic.Pointer[envelope.Sealed]), used: &usage{}}
		if current != nil {
			next.record, next.used = current.record, current.used
			maps.Copy(next.values, current.values)
		}
		current = next
		b.st.secrets[scope][name] = current
	}
	b.touched[scope][name] = true
	return current
}

func (b *builder) applySecret(rest string, c kv.Change) error {
	scope, name, err := splitScopeName(rest)
	if err != nil {
		return err
	}
	secret := b.secretAt(scope, name)
	if c.Deleted {
		delete(b.st.secrets[scope], name)
		return nil
	}
	// Into a fresh record: what a row leaves out is not what it was before, and
	// the versions of the old state are shared with its readers.
	var record secretRecord
	if err := json.Unmarshal(c.Value, &record); err != nil {
		return err
	}
	if secret.record.ID != record.ID {
		secret.used = &usage{}
	}
	secret.record = record
	return nil
}

func (b *builder) applyValue(rest string, c kv.Change) error {
	rest, number, ok := cutLast(rest, ":")
	if !ok {
		return fmt.Errorf("no version")
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	scope, name, err := splitScopeName(rest)
	if err != nil {
		return err
	}
	if c.Deleted {
		if b.st.secrets[scope][name] != nil {
			delete(b.secretAt(scope, name).values, n)
		}
		return nil
	}
	var sealed envelope.Sealed
	if err := json.Unmarshal(c.Value, &sealed); err != nil {
		return err
	}
	if x := b.st.secrets[scope][name]; x != nil {
		if cell := x.values[n]; cell != nil && bytes.Equal(cell.Load().Ciphertext, sealed.Ciphertext) {
			cell.Store(&sealed)
			return nil
		}
	}
	cell := new(atomic.Pointer[envelope.Sealed])
	cell.Store(&sealed)
	b.secretAt(scope, name).values[n] = cell
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func (b *builder) documents(at docScope) map[string]*Document {
	if !b.owned[at] {
		b.owned[at] = true
		b.st.docs[at] = cloneMap(b.st.docs[at])
	}
	return b.st.docs[at]
}

func (b *builder) applyDocument(rest string, c kv.Change) error {
	kind, rest, _ := strings.Cut(rest, ":")
	scope, name, err := splitScopeName(rest)
	if err != nil {
		return err
	}
	docs := b.documents(docScope{Kind(kind), scope})
	b.rights = b.rights || Kind(kind).decides()
	if Kind(kind) == KindManager {
		// What was fetched as it was before is not what it fetches now.
		b.cleared = append(b.cleared, Cleared{Scope: scope, Manager: name})
	}
	if c.Deleted {
		if doc := docs[name]; doc != nil {
			b.removed = append(b.removed, doc)
			b.index(doc, false)
			delete(docs, name)
		}
		return nil
	}
	doc := &Document{Kind: Kind(kind), Scope: scope, Name: name}
	if err := json.Unmarshal(c.Value, doc); err != nil {
		return err
	}
	if err := doc.assign(); err != nil {
		return err
	}
	if old := docs[name]; old != nil {
		b.index(old, false)
	}
	docs[name] = doc
	b.changed[doc] = true
	return nil
}

// finish completes the state: secrets learn to open themselves, and documents
// whose secrets changed are made anew.
func (b *builder) finish() Change {
	for scope, names := range b.touched {
		for name := range names {
			at, secret := secretPlace{scope, name}, b.st.secrets[scope][name]
			if secret != nil && len(secret.record.Versions) == 0 {
				// A value without its secret: the row was deleted or lost.
				delete(b.st.secrets[scope], name)
				secret = nil
			}
			if secret != nil {
				secret.complete(b.s)
			}
			mark(&b.st.routed, &b.ownsRouted, at, secret, secret != nil && secret.routed)
			mark(&b.st.expiring, &b.ownsExpiring, at, secret, secret != nil && secret.record.ExpiresAt != nil)
		}
	}
	b.renewUsers()
	b.renewAffected()
	b.clear()
	if err := b.reindexRights(); err != nil {
		b.s.log.Error("a grant or a group cannot be read and gives nothing", "error", err)
	}
	out := Change{Cleared: b.cleared}
	for doc := range b.changed {
		if b.st.docs[docScope{doc.Kind, doc.Scope}][doc.Name] != doc {
			continue // replaced within the commit
		}
		b.s.gather(b.st, doc)
		b.index(doc, true)
		out.Changed = append(out.Changed, doc)
	}
	for _, doc := range b.removed {
		if b.st.docs[docScope{doc.Kind, doc.Scope}][doc.Name] == nil {
			out.Removed = append(out.Removed, doc)
		}
	}
	return out
}

// mark keeps a secret in an index, or out of it, which is copied when it changes.
func mark(index *map[secretPlace]*secret, owned *bool, at secretPlace, x *secret, in bool) {
	if _, was := (*index)[at]; !was && !in {
		return
	}
	if !*owned {
		*owned = true
		if *index = maps.Clone(*index); *index == nil {
			*index = make(map[secretPlace]*secret)
		}
	}
	if in {
		(*index)[at] = x
	} else {
		delete(*index, at)
	}
}

// renewAffected replaces the documents that may mean a secret that changed.
func (b *builder) renewAffected() {
	for scope, names := range b.touched {
		for name := range names {
			for key := range b.st.referrers[entry(name)] {
				doc := b.st.docs[key.docScope][key.name]
				if doc != nil && key.scope.sees(scope) {
					b.renew(key, doc)
				}
			}
		}
	}
}

// renew makes a document anew that is itself unchanged.
func (b *builder) renew(at place, doc *Document) {
	if b.changed[doc] {
		return
	}
	next := *doc
	b.documents(at.docScope)[at.name] = &next
	b.changed[&next] = true
}

func cloneMap[V any](m map[string]V) map[string]V {
	if m == nil {
		return make(map[string]V)
	}
	return maps.Clone(m)
}
