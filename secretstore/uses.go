package secretstore

import (
	"slices"
	"sort"
)

// References are what a document refers to.
type References struct {
	// Secrets are names of secrets.
	Secrets []string
	// Uses are names of documents of the same kind that are part of it, looked up
	// from its scope: the modules of a script.
	Uses []string
	// Others are documents of other kinds, looked up from its scope too: the keys
	// that a script operates with, which who stores it must be able to execute; what
	// a binding binds.
	Others []Named
}

// Named is a document as another refers to it.
type Named struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
}

// referring gives the documents that name the one of this place among others.
func (st *state) referring(kind Kind, scope Scope, name string) []Reference {
	var out []Reference
	for at, byName := range st.docs {
		if !at.scope.sees(scope) {
			continue
		}
		for _, doc := range byName {
			if slices.Contains(doc.Others, Named{kind, name}) {
				if found := st.findDocument(kind, doc.Scope, name); found != nil && found.Scope == scope {
					out = append(out, Reference{Kind: doc.Kind, Scope: doc.Scope.Path(), Name: doc.Name})
				}
			}
		}
	}
	return out
}

// findDocument looks a document up from a scope: the nearest wins.
func (st *state) findDocument(kind Kind, scope Scope, name string) *Document {
	for _, at := range scope.Chain() {
		if doc := st.docs[docScope{kind, at}][name]; doc != nil {
			return doc
		}
	}
	return nil
}

// parts gives the documents that doc consists of, itself first. The names in each
// are looked up from where it is stored, so that nobody below can put another in
// its place.
func (st *state) parts(doc *Document) []*Document {
	out := []*Document{doc}
	for i := 0; i < len(out); i++ {
		for _, name := range out[i].Uses {
			if used := st.findDocument(doc.Kind, out[i].Scope, name); used != nil && !slices.ContainsFunc(out, used.is) {
				out = append(out, used)
			}
		}
	}
	return out
}

func (d *Document) is(o *Document) bool {
	return d.Kind == o.Kind && d.Scope == o.Scope && d.Name == o.Name
}

// gather gives a document its sealing set, which is that of all its parts. The
// names are looked up from its own scope.
func (s *Store) gather(st *state, doc *Document) {
	doc.names = doc.Secrets
	if len(doc.Uses) > 0 {
		var all []string
		for _, part := range st.parts(doc) {
			all = append(all, part.Secrets...)
		}
		slices.Sort(all)
		doc.names = slices.Compact(all)
	}
	doc.pinned = s.pin(st, doc)
}

// renewUsers replaces the documents of which a changed or removed one is a part,
// or was, or would be if it were still there.
func (b *builder) renewUsers() {
	moved := slices.Clone(b.removed)
	for doc := range b.changed {
		moved = append(moved, doc)
	}
	if len(moved) == 0 {
		return
	}
	for at, byName := range b.st.docs {
		for name, doc := range byName {
			if len(doc.Uses) == 0 || b.changed[doc] || !b.st.dependsOnAny(doc, moved) {
				continue
			}
			b.index(doc, false)
			next := *doc
			b.documents(at)[name] = &next
			b.changed[&next] = true
		}
	}
}

func (st *state) dependsOnAny(doc *Document, on []*Document) bool {
	return slices.ContainsFunc(on, func(o *Document) bool { return st.dependsOn(doc, o.Kind, o.Scope, o.Name) })
}

// dependsOn reports whether a document of this place is a part of doc, or would be
// if there were one.
func (st *state) dependsOn(doc *Document, kind Kind, scope Scope, name string) bool {
	if doc.Kind != kind {
		return false
	}
	for _, part := range st.parts(doc) {
		if !slices.Contains(part.Uses, name) || !part.Scope.sees(scope) {
			continue
		}
		found := st.findDocument(kind, part.Scope, name)
		if found == nil || !nearer(found.Scope, scope) {
			return true
		}
	}
	return false
}

// nearer reports whether, for who sees both, a is looked up before b.
func nearer(a, b Scope) bool { return len(a.Chain()) > len(b.Chain()) }

// Dependents gives the documents that a document of this place is part of, or
// would be, in order; itself is not among them.
func (s *Store) Dependents(kind Kind, scope Scope, name string) []*Document {
	st := s.state.Load()
	var out []*Document
	for at, byName := range st.docs {
		if at.kind != kind {
			continue
		}
		for _, doc := range byName {
			if (doc.Scope != scope || doc.Name != name) && st.dependsOn(doc, kind, scope, name) {
				out = append(out, doc)
			}
		}
	}
	sort.Slice(out, func(i, j int) bool {
		return docKey(kind, out[i].Scope, out[i].Name) < docKey(kind, out[j].Scope, out[j].Name)
	})
	return out
}
