package api

import (
	"encoding/json"
	"net/http"

	"github.com/reticent/reticent/secretstore"
)

// collection has the endpoints of a kind of named documents: variables, scripts
// or policies.
type collection[T any] struct {
	s     *server
	shelf secretstore.Shelf[T]
}

func (c collection[T]) list(w http.ResponseWriter, r *http.Request) error {
	t, page, err := listOf(r)
	if err != nil {
		return err
	}
	items, err := c.shelf.List(t.by, t.scope, page)
	if err != nil {
		return err
	}
	return c.s.answer(w, http.StatusOK, "", items)
}

func (c collection[T]) get(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	entry, err := c.shelf.Get(t.by, t.scope, t.name)
	if err != nil {
		return err
	}
	return c.s.answer(w, http.StatusOK, entry.ETag, entry)
}

func (c collection[T]) put(w http.ResponseWriter, r *http.Request) error {
	t, etag, err := writeOf(r)
	if err != nil {
		return err
	}
	body, err := document[T](w, r, MaxBodyBytes)
	if err != nil {
		return err
	}
	options, err := c.options(r)
	if err != nil {
		return err
	}
	entry, created, err := c.shelf.With(options).Put(r.Context(), t.by, t.scope, t.name, body, etag)
	if err != nil {
		return err
	}
	return c.s.stored(w, created, entry.ETag, entry)
}

func (c collection[T]) patch(w http.ResponseWriter, r *http.Request) error {
	t, etag, err := writeOf(r)
	if err != nil {
		return err
	}
	body, err := document[map[string]json.RawMessage](w, r, MaxBodyBytes)
	if err != nil {
		return err
	}
	options, err := c.options(r)
	if err != nil {
		return err
	}
	entry, err := c.shelf.With(options).Patch(r.Context(), t.by, t.scope, t.name, body, etag)
	if err != nil {
		return err
	}
	return c.s.answer(w, http.StatusOK, entry.ETag, entry)
}

// options gives those of a write; a note is for kinds of which versions are kept.
func (c collection[T]) options(r *http.Request) (secretstore.WriteOptions, error) {
	if c.shelf.KeepsVersions() {
		return optionsOf(r, "note")
	}
	return optionsOf(r)
}

// listVersions gives all versions: they are one page.
func (c collection[T]) listVersions(w http.ResponseWriter, r *http.Request) error {
	t, err := targetOf(r)
	if err != nil {
		return err
	}
	versions, err := c.shelf.Versions(r.Context(), t.by, t.scope, t.name)
	if err != nil {
		return err
	}
	return c.s.answer(w, http.StatusOK, "", secretstore.Page[secretstore.DocumentVersion]{Items: versions})
}

func (c collection[T]) getVersion(w http.ResponseWriter, r *http.Request) error {
	t, n, _, err := versionOf(r)
	if err != nil {
		return err
	}
	entry, err := c.shelf.Version(r.Context(), t.by, t.scope, t.name, n)
	if err != nil {
		return err
	}
	return c.s.answer(w, http.StatusOK, entry.ETag, entry)
}

// restoreVersion stores an earlier version again, as the next one.
func (c collection[T]) restoreVersion(w http.ResponseWriter, r *http.Request) error {
	t, n, etag, err := versionOf(r)
	if err != nil {
		return err
	}
	q, err := query(r, "note")
	if err != nil {
		return err
	}
	entry, err := c.shelf.With(secretstore.WriteOptions{Note: q.Get("note")}).Restore(r.Context(), t.by, t.scope, t.name, n, etag)
	if err != nil {
		return err
	}
	return c.s.answer(w, http.StatusOK, entry.ETag, entry)
}

// document reads a body of at most limit bytes and makes sure that it has the shape of a
// T. What T says is for the service that it goes to as it is.
func document[T any](w http.ResponseWriter, r *http.Request, limit int64) (json.RawMessage, error) {
	body, err := readBody(w, r, limit)
	if err != nil {
		return nil, err
	}
	return body, unmarshal(body, new(T))
}
