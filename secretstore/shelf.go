package secretstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Shelf keeps the documents of one kind as values of a Go type: the plain
// configuration of variables, and the artefacts of the engines. The zero Name
// means CheckName.
type Shelf[T any] struct {
	Store *Store
	Kind  Kind
	// Name checks a name.
	Name func(string) error
	// Check says whether a value may be stored in a scope under a name and what it
	// refers to. Its error goes to who wrote it.
	Check func(ctx context.Context, scope Scope, name string, value *T) (References, error)
	// Fits says whether a value that passed Check may stand under a name in a
	// scope, beside the others of its kind; nil means that any may.
	Fits func(scope Scope, name string, value *T) error
	// Users are the documents that refer to a value and would miss it, beside those
	// that name it among others ([References]); nil means that there are none.
	Users func(scope Scope, name string) []Reference
	// Settle, if there is one, completes a value by the one whose place it takes,
	// nil for none, and says whether it may. It is part of the transaction and must
	// be quick.
	Settle func(old, value *T) error

	options WriteOptions // of what is written, see With
}

// Entry is a stored value with what the store knows of it. It marshals to one
// JSON object with the members of both.
type Entry[T any] struct {
	Value   T      `json:"-"`
	Name    string `json:"name"`
	Scope   string `json:"scope"`
	Version int    `json:"version"`
	// Secrets are the names that it refers to.
	Secrets   []string  `json:"sealing_set,omitempty"`
	Warnings  []string  `json:"warnings,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// StoredBy is the ID of the principal on whose permissions it stands.
	StoredBy string `json:"stored_by"`
	// Set is the set of manifests that it belongs to, see [WriteOptions].
	Set  string `json:"set,omitempty"`
	ETag string `json:"-"`
}

// MarshalJSON gives one object of the value's members and the entry's.
func (e Entry[T]) MarshalJSON() ([]byte, error) {
	type meta Entry[T] // without this method
	about, err := marshal(meta(e))
	if err != nil {
		return nil, err
	}
	value, err := marshal(e.Value)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(value, []byte("{}")) {
		return about, nil
	}
	return append(append(about[:len(about)-1], ','), value[1:]...), nil
}

// marshal is json.Marshal without the escapes for HTML, which nobody reads here.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Put stores the value that raw describes.
func (s Shelf[T]) Put(ctx context.Context, by Principal, scope Scope, name string, raw json.RawMessage, ifMatch string) (Entry[T], bool, error) {
	if err := s.Store.authorize(by, string(s.Kind)+".put", scope, name); err != nil {
		return Entry[T]{}, false, err
	}
	checkName := s.Name
	if checkName == nil {
		checkName = CheckName
	}
	if err := checkName(name); err != nil {
		return Entry[T]{}, false, err
	}
	if err := s.Store.state.Load().checkScope(scope); err != nil {
		return Entry[T]{}, false, err
	}
	var value T
	if err := Decode(raw, &value); err != nil {
		return Entry[T]{}, false, err
	}
	refers, err := s.Check(ctx, scope, name, &value)
	if err == nil {
		err = s.Store.authorizeKeys(by, scope, refers.Others)
	}
	if err != nil {
		return Entry[T]{}, false, err
	}
	if s.Fits != nil {
		if err := s.Fits(scope, name, &value); err != nil {
			return Entry[T]{}, false, err
		}
	}
	body, err := marshal(value)
	if err != nil {
		return Entry[T]{}, false, fmt.Errorf("encode %s: %w", s.Kind, err)
	}
	doc, created, err := s.Store.PutDocument(ctx, by, Draft{
		Kind: s.Kind, Scope: scope, Name: name, Secrets: refers.Secrets, Uses: refers.Uses, Others: refers.Others, Body: body, IfMatch: ifMatch, Settle: s.settle(value), WriteOptions: s.options,
	})
	if err != nil {
		return Entry[T]{}, false, err
	}
	e, err := s.entry(doc)
	return e, created, err
}

// settle gives what a transaction does to settle a value, or nil.
func (s Shelf[T]) settle(value T) func(old json.RawMessage) (json.RawMessage, error) {
	if s.Settle == nil {
		return nil
	}
	return func(raw json.RawMessage) (json.RawMessage, error) {
		var old *T
		if raw != nil {
			old = new(T)
			if err := json.Unmarshal(raw, old); err != nil {
				return nil, fmt.Errorf("stored %s: %w", s.Kind, err)
			}
		}
		settled := value
		if err := s.Settle(old, &settled); err != nil {
			return nil, err
		}
		return marshal(settled)
	}
}

// Patch applies a JSON merge patch (RFC 7396) to a stored value.
func (s Shelf[T]) Patch(ctx context.Context, by Principal, scope Scope, name string, patch json.RawMessage, ifMatch string) (Entry[T], error) {
	doc, err := s.Store.Document(by, s.Kind, scope, name)
	if err != nil {
		return Entry[T]{}, err
	}
	if ifMatch == "" || ifMatch == "*" {
		// The patch is of what was read; a write in between makes it fail.
		ifMatch = doc.ETag
	}
	merged, err := MergePatch(doc.Body, patch)
	if err != nil {
		return Entry[T]{}, err
	}
	e, _, err := s.Put(ctx, by, scope, name, merged, ifMatch)
	return e, err
}

// MergePatch applies a JSON merge patch (RFC 7396), which must be an object, to
// the JSON of target. What the patch does not name stays to the letter.
func MergePatch(target any, patch json.RawMessage) (json.RawMessage, error) {
	var changes map[string]json.RawMessage
	if err := Decode(patch, &changes); err != nil {
		return nil, err
	}
	raw, err := marshal(target)
	if err != nil {
		return nil, err
	}
	return merge(raw, changes)
}

func merge(target json.RawMessage, changes map[string]json.RawMessage) (json.RawMessage, error) {
	var object map[string]json.RawMessage
	if json.Unmarshal(target, &object) != nil || object == nil {
		object = make(map[string]json.RawMessage)
	}
	for k, v := range changes {
		var nested map[string]json.RawMessage
		switch v = bytes.TrimSpace(v); {
		case bytes.Equal(v, []byte("null")):
			delete(object, k)
		case v[0] == '{' && json.Unmarshal(v, &nested) == nil:
			merged, err := merge(object[k], nested)
			if err != nil {
				return nil, err
			}
			object[k] = merged
		default:
			object[k] = v
		}
	}
	return marshal(object)
}

// Get gives a value of the scope itself.
func (s Shelf[T]) Get(by Principal, scope Scope, name string) (Entry[T], error) {
	doc, err := s.Store.Document(by, s.Kind, scope, name)
	if err != nil {
		return Entry[T]{}, err
	}
	return s.entry(doc)
}

// Find looks a value up from a scope: the nearest wins.
func (s Shelf[T]) Find(by Principal, scope Scope, name string) (*Document, T, error) {
	var zero T
	doc, err := s.Store.FindDocument(by, s.Kind, scope, name)
	if err != nil {
		return nil, zero, err
	}
	e, err := s.entry(doc)
	return doc, e.Value, err
}

// List lists the values of the scope itself.
func (s Shelf[T]) List(by Principal, scope Scope, page PageRequest) (Page[Entry[T]], error) {
	docs, err := s.Store.Documents(by, s.Kind, scope, page)
	if err != nil {
		return Page[Entry[T]]{}, err
	}
	out := Page[Entry[T]]{Items: make([]Entry[T], 0, len(docs.Items)), NextPageToken: docs.NextPageToken}
	var failed error
	for _, doc := range docs.Items {
		e, err := s.entry(doc)
		failed = errors.Join(failed, err)
		out.Items = append(out.Items, e)
	}
	return out, failed
}

// Delete deletes a value. Where documents refer to it, it fails with ErrInUse
// unless force is set.
func (s Shelf[T]) Delete(ctx context.Context, by Principal, scope Scope, name, ifMatch string, force bool) error {
	if !force {
		if err := s.Store.authorize(by, string(s.Kind)+".delete", scope, name); err != nil {
			return err
		}
		st := s.Store.state.Load()
		used := st.referring(s.Kind, scope, name)
		if s.Users != nil {
			used = append(used, s.Users(scope, name)...)
		}
		slices.SortFunc(used, Reference.compare)
		if len(used) > 0 && st.exists(s.Kind, scope, name) {
			return &Failure{Class: ErrInUse, UsedBy: s.Store.visible(by, used),
				Message: fmt.Sprintf("%s %s is referred to by %d documents; change them first or delete with ?force=true", s.Kind, name, len(used))}
		}
	}
	return s.Store.DeleteDocument(ctx, by, s.Kind, scope, name, ifMatch)
}

func (s Shelf[T]) entry(doc *Document) (Entry[T], error) {
	e := Entry[T]{
		Name: doc.Name, Scope: doc.Scope.Path(), Version: doc.Version, Secrets: doc.names,
		CreatedAt: doc.CreatedAt, UpdatedAt: doc.UpdatedAt, StoredBy: doc.Author.ID, Set: doc.Set, ETag: doc.ETag,
	}
	if refused := doc.Forbidden(); refused != nil {
		e.Warnings = append(e.Warnings, refused.Message)
	}
	for _, name := range s.Store.MissingSecrets(doc.Kind, doc.Scope, doc.names) {
		e.Warnings = append(e.Warnings, fmt.Sprintf("secret %s is absent, disabled or expired in this scope; until there is one, evaluations that need it end with secret_unavailable", name))
	}
	if err := json.Unmarshal(doc.Body, &e.Value); err != nil {
		return Entry[T]{}, fmt.Errorf("stored %s %s: %w", s.Kind, doc.Name, err)
	}
	return e, nil
}
