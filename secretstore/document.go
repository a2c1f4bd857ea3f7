package secretstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reticent/reticent/secretstore/kv"
	"github.com/reticent/reticent/secretstore/seal"
)

// Kind is what a resource is.
type Kind string

// The kinds of resources that are no documents.
const (
	KindSecret Kind = "secret"
	KindScope  Kind = "scope"
	KindToken  Kind = "token"
	// KindExecution is the record of a run, by the name of its script.
	KindExecution Kind = "execution"
	// KindDecision is the record of a decision, by the name of its policy.
	KindDecision Kind = "decision"
	// KindAudit is the audit log.
	KindAudit Kind = "audit"
	// KindKEK is the server's key-encryption key, of which there is one.
	KindKEK Kind = "kek"
	// KindMetrics is the server's counters, of which there is one.
	KindMetrics Kind = "metrics"
)

// The kinds of documents.
const (
	KindVariable Kind = "variable"
	KindScript   Kind = "script"
	KindPolicy   Kind = "policy"
	KindBinding  Kind = "binding"
	KindGrant    Kind = "grant"
	KindGroup    Kind = "group"
	KindIssuer   Kind = "issuer"
	KindKey      Kind = "key"
	KindManager  Kind = "manager"
)

// Document is a stored resource that is no secret: a variable, a script, a
// policy, a binding. It is immutable. The store does not read its body; who
// writes one says which secrets it refers to.
type Document struct {
	Kind      Kind      `json:"-"`
	Scope     Scope     `json:"-"`
	Name      string    `json:"-"`
	ETag      string    `json:"etag"`
	Version   int       `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Secrets   []string  `json:"secrets,omitempty"`
	Uses      []string  `json:"uses,omitempty"`
	Others    []Named   `json:"others,omitempty"`
	// Author is who stored it as it is, on whose permissions it stands.
	Author Principal `json:"author"`
	// Note is what the author said of the version.
	Note string `json:"note,omitempty"`
	// Set is the set of manifests that it belongs to, see [WriteOptions].
	Set  string          `json:"set,omitempty"`
	Body json.RawMessage `json:"body"`

	pinned
	names []string // of the secrets of all its parts
	// groups are, of a manager, the subjects that it is assigned to.
	groups []string
}

// SealingSet gives the secrets that the document and its parts refer to, looked up
// from its scope and pinned. A change of one of them makes a new Document.
func (d *Document) SealingSet() *seal.Set { return d.set() }

// Draft is a document to be written.
type Draft struct {
	Kind    Kind
	Scope   Scope
	Name    string
	Secrets []string
	Uses    []string
	Others  []Named
	Body    json.RawMessage
	IfMatch string
	WriteOptions
	// Settle, if there is one, gives the body by the one that is stored, nil for
	// none. It is part of the transaction.
	Settle func(old json.RawMessage) (json.RawMessage, error)
}

// PutDocument creates or replaces a document and gives what it wrote.
func (s *Store) PutDocument(ctx context.Context, by Principal, d Draft) (*Document, bool, error) {
	if err := s.authorize(by, string(d.Kind)+".put", d.Scope, d.Name); err != nil {
		return nil, false, err
	}
	if err := s.authorizeParts(by, d); err != nil {
		return nil, false, err
	}
	if err := d.check(); err != nil {
		return nil, false, err
	}
	var doc Document
	var created bool
	err := s.commit(ctx, act{by, string(d.Kind) + ".put", d.Scope, d.Name}, d.WriteOptions, func(tx kv.WriteTx) error {
		if err := scopeExists(tx, d.Scope); err != nil {
			return err
		}
		key := docKey(d.Kind, d.Scope, d.Name)
		raw, err := tx.Get(key)
		doc = Document{Kind: d.Kind, Scope: d.Scope, Name: d.Name, CreatedAt: s.now()}
		created = errors.Is(err, kv.ErrNotFound)
		switch {
		case created:
		case err != nil:
			return err
		default:
			if err := json.Unmarshal(raw, &doc); err != nil {
				return fmt.Errorf("document %s: %w", key, err)
			}
		}
		if err := (precondition{etag: d.IfMatch}).check(!created, doc.ETag, string(d.Kind)+" "+d.Name); err != nil {
			return err
		}
		if err := s.authorizeWrite(by, d.Kind, d.Scope, d.Name, created); err != nil {
			return err
		}
		if d.Settle != nil {
			if d.Body, err = d.Settle(doc.Body); err != nil {
				return err
			}
		}
		same := bytes.Equal(doc.Body, d.Body) && slices.Equal(doc.Secrets, d.Secrets) && slices.Equal(doc.Uses, d.Uses) && slices.Equal(doc.Others, d.Others)
		stays := d.Set == "" || d.Set == doc.Set
		if !created && same && stays && doc.Author.ID == by.ID && slices.Equal(doc.Author.Groups, by.Groups) {
			return nil
		}
		if created || !same {
			doc.Version++
		}
		doc.ETag, doc.UpdatedAt = randomID(), s.now()
		doc.Secrets, doc.Uses, doc.Others, doc.Body, doc.Author, doc.Note = d.Secrets, d.Uses, d.Others, d.Body, by, d.Note
		doc.Set = d.setOr(doc.Set)
		if err := keepVersion(tx, &doc); err != nil {
			return err
		}
		return put(tx, key, doc)
	})
	if err != nil {
		return nil, false, err
	}
	// What the state has may be somebody else's by now.
	s.gather(s.state.Load(), &doc)
	return &doc, created, nil
}

// DeleteDocument deletes a document.
func (s *Store) DeleteDocument(ctx context.Context, by Principal, kind Kind, scope Scope, name, ifMatch string) error {
	if err := s.authorize(by, string(kind)+".delete", scope, name); err != nil {
		return err
	}
	return s.write(ctx, act{by, string(kind) + ".delete", scope, name}, func(tx kv.WriteTx) error {
		if err := scopeExists(tx, scope); err != nil {
			return err
		}
		key := docKey(kind, scope, name)
		raw, err := tx.Get(key)
		if errors.Is(err, kv.ErrNotFound) {
			return noDocument(kind, scope, name)
		}
		if err != nil {
			return err
		}
		var doc Document
		if err := json.Unmarshal(raw, &doc); err != nil {
			return fmt.Errorf("document %s: %w", key, err)
		}
		if err := (precondition{etag: ifMatch}).check(true, doc.ETag, string(kind)+" "+name); err != nil {
			return err
		}
		if kind == KindGroup && s.state.Load().access.Names("group:"+name) {
			return fail(ErrInUse, "grants are for group %s, and a new group of that name would have them; delete the grants first", name)
		}
		if err := forgetVersions(tx, kind, scope, name); err != nil {
			return err
		}
		if kind == KindManager {
			if err := tx.Delete(clearedKey(scope, name)); err != nil && !errors.Is(err, kv.ErrNotFound) {
				return err
			}
		}
		return tx.Delete(key)
	})
}

// Document gives a document of the scope itself.
func (s *Store) Document(by Principal, kind Kind, scope Scope, name string) (*Document, error) {
	if err := s.authorize(by, string(kind)+".get", scope, name); err != nil {
		return nil, err
	}
	st := s.state.Load()
	if err := st.checkScope(scope); err != nil {
		return nil, err
	}
	if doc := st.docs[docScope{kind, scope}][name]; doc != nil {
		return doc, nil
	}
	return nil, noDocument(kind, scope, name)
}

// Documents lists the documents of a kind in the scope itself, by name.
func (s *Store) Documents(by Principal, kind Kind, scope Scope, page PageRequest) (Page[*Document], error) {
	if err := s.authorize(by, string(kind)+".list", scope, ""); err != nil {
		return Page[*Document]{}, err
	}
	st := s.state.Load()
	if err := st.checkScope(scope); err != nil {
		return Page[*Document]{}, err
	}
	return pageOf(st.docs[docScope{kind, scope}], page, s.shows(by, kind, scope), func(_ string, d *Document) *Document { return d })
}

// FindDocument looks a document up from a scope: the nearest wins.
func (s *Store) FindDocument(by Principal, kind Kind, scope Scope, name string) (*Document, error) {
	if err := s.authorize(by, string(kind)+".execute", scope, name); err != nil {
		return nil, err
	}
	if doc := s.state.Load().findDocument(kind, scope, name); doc != nil {
		return doc, nil
	}
	return nil, noDocument(kind, scope, name)
}

// Visible gives the documents of a kind that a scope sees, by name, the nearest
// of each.
func (s *Store) Visible(kind Kind, scope Scope) map[string]*Document {
	return s.state.Load().visible(kind, scope)
}

func (st *state) visible(kind Kind, scope Scope) map[string]*Document {
	out := make(map[string]*Document)
	for _, at := range scope.Chain() {
		for name, doc := range st.docs[docScope{kind, at}] {
			if _, nearer := out[name]; !nearer {
				out[name] = doc
			}
		}
	}
	return out
}

func noDocument(kind Kind, scope Scope, name string) error {
	return fail(ErrNotFound, "there is no %s %s in %s", kind, name, scope)
}

func docKey(kind Kind, scope Scope, name string) string {
	return strings.Join([]string{"doc", string(kind), scope.Path(), name}, ":")
}

// docScope is where a document is found.
type docScope struct {
	kind  Kind
	scope Scope
}
