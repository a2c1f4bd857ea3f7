package secretstore

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/reticent/reticent/secretstore/kv"
)

// The versions of scripts and policies are kept as they were stored, in the
// transaction that stores them. They are compressed: a document and its copy must
// fit into one. None has a secret in it, only names.

// historyKinds are the kinds of documents whose versions are kept.
var historyKinds = []Kind{KindScript, KindPolicy}

// DocumentVersion is one version of a document.
type DocumentVersion struct {
	Version int `json:"version"`
	// StoredBy is the ID of its author, and Note what he said of it.
	StoredBy string    `json:"stored_by"`
	Note     string    `json:"note,omitempty"`
	StoredAt time.Time `json:"stored_at"`
}

func historyPrefix(kind Kind, scope Scope, name string) string {
	return strings.Join([]string{"history", string(kind), scope.Path(), name, ""}, ":")
}

// historyKey orders newer versions after older ones.
func historyKey(doc *Document, version int) string {
	return fmt.Sprintf("%s%010d", historyPrefix(doc.Kind, doc.Scope, doc.Name), version)
}

// keepVersion keeps a document that is being stored, and forgets the oldest.
func keepVersion(tx kv.WriteTx, doc *Document) error {
	if !slices.Contains(historyKinds, doc.Kind) {
		return nil
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if doc.Version > MaxDocumentVersions {
		if err := tx.Delete(historyKey(doc, doc.Version-MaxDocumentVersions)); err != nil {
			return err
		}
	}
	return tx.Put(historyKey(doc, doc.Version), packed.Bytes())
}

// forgetVersions deletes the versions of a document that is being deleted: a new
// one of its name has its own.
func forgetVersions(tx kv.WriteTx, kind Kind, scope Scope, name string) error {
	entries, err := tx.List(historyPrefix(kind, scope, name), "", 0)
	for _, e := range entries {
		if err == nil {
			err = tx.Delete(e.Key)
		}
	}
	return err
}

func unpackVersion(kind Kind, scope Scope, name string, packed []byte) (*Document, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("a stored version of %s %s: %w", kind, name, err)
	}
	raw, err := io.ReadAll(r)
	doc := &Document{Kind: kind, Scope: scope, Name: name}
	if err == nil {
		err = json.Unmarshal(raw, doc)
	}
	if err != nil {
		return nil, fmt.Errorf("a stored version of %s %s: %w", kind, name, err)
	}
	return doc, nil
}

// versions gives what is kept of a document of the scope itself, newest first. The
// current one is always there.
func (s *Store) versions(ctx context.Context, by Principal, kind Kind, scope Scope, name string) ([]*Document, error) {
	current, err := s.Document(by, kind, scope, name)
	if err != nil {
		return nil, err
	}
	var entries []kv.Entry
	err = s.kv.View(ctx, func(tx kv.Tx) (err error) {
		entries, err = tx.List(historyPrefix(kind, scope, name), "", 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := []*Document{current}
	for _, e := range slices.Backward(entries) {
		doc, err := unpackVersion(kind, scope, name, e.Value)
		if err != nil {
			return nil, err
		}
		if doc.Version < current.Version {
			out = append(out, doc)
		}
	}
	return out, nil
}

// KeepsVersions reports whether versions of the kind are kept.
func (s Shelf[T]) KeepsVersions() bool { return slices.Contains(historyKinds, s.Kind) }

// With gives the shelf for writes with options.
func (s Shelf[T]) With(o WriteOptions) Shelf[T] {
	s.options = o
	return s
}

// Versions lists the versions of a value of the scope itself, newest first: there
// are at most MaxDocumentVersions.
func (s Shelf[T]) Versions(ctx context.Context, by Principal, scope Scope, name string) ([]DocumentVersion, error) {
	docs, err := s.Store.versions(ctx, by, s.Kind, scope, name)
	if err != nil {
		return nil, err
	}
	out := make([]DocumentVersion, len(docs))
	for i, d := range docs {
		out[i] = DocumentVersion{Version: d.Version, StoredBy: d.Author.ID, Note: d.Note, StoredAt: d.UpdatedAt}
	}
	return out, nil
}

// Version gives a value as it was in a version.
func (s Shelf[T]) Version(ctx context.Context, by Principal, scope Scope, name string, version int) (Entry[T], error) {
	doc, err := s.version(ctx, by, scope, name, version)
	if err != nil {
		return Entry[T]{}, err
	}
	return s.entry(doc)
}

func (s Shelf[T]) version(ctx context.Context, by Principal, scope Scope, name string, version int) (*Document, error) {
	docs, err := s.Store.versions(ctx, by, s.Kind, scope, name)
	if err != nil {
		return nil, err
	}
	for _, d := range docs {
		if d.Version == version {
			if d != docs[0] {
				s.Store.gather(s.Store.state.Load(), d)
			}
			return d, nil
		}
	}
	return nil, fail(ErrNotFound, "%s %s has no version %d, or no longer: the last %d are kept (MaxDocumentVersions)", s.Kind, name, version, MaxDocumentVersions)
}

// Restore stores a value again as it was in a version, as the next one. It is
// checked as if it were new, and stands on the permissions of who restores it.
func (s Shelf[T]) Restore(ctx context.Context, by Principal, scope Scope, name string, version int, ifMatch string) (Entry[T], error) {
	doc, err := s.version(ctx, by, scope, name, version)
	if err != nil {
		return Entry[T]{}, err
	}
	if s.options.Note == "" {
		s.options.Note = fmt.Sprintf("as version %d", version)
	}
	e, _, err := s.Put(ctx, by, scope, name, doc.Body, ifMatch)
	return e, err
}
