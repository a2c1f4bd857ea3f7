package secretstore

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Reference says where a secret is referred to.
type Reference struct {
	Kind  Kind   `json:"kind"`
	Scope string `json:"scope"`
	Name  string `json:"name"`
}

func (r Reference) compare(o Reference) int { return strings.Compare(fmt.Sprint(r), fmt.Sprint(o)) }

// place says where a document is.
type place struct {
	docScope
	name string
}

// referrers are the documents that refer to something by one name, whatever
// secret that means from where they are.
type referrers map[place]bool

// entry gives the name under which the index of referrers has a reference.
func entry(reference string) string {
	names := lookup(reference)
	return slices.Max(names) // esv-x for byos-x
}

// index takes the references of a document into the index, or out of it. They are
// those of all its parts, so that it is gathered before.
func (b *builder) index(doc *Document, in bool) {
	for _, name := range doc.names {
		name := entry(name)
		if !b.ownsIndex {
			b.ownsIndex = true
			b.st.referrers = cloneMap(b.st.referrers)
		}
		if !b.reindexed[name] {
			b.reindexed[name] = true
			b.st.referrers[name] = maps.Clone(b.st.referrers[name])
		}
		if b.st.referrers[name] == nil {
			b.st.referrers[name] = make(referrers)
		}
		key := place{docScope{doc.Kind, doc.Scope}, doc.Name}
		if in {
			b.st.referrers[name][key] = true
			continue
		}
		if delete(b.st.referrers[name], key); len(b.st.referrers[name]) == 0 {
			delete(b.st.referrers, name)
			delete(b.reindexed, name)
		}
	}
}

// usedBy lists the documents that mean a secret, which need not exist yet.
func (st *state) usedBy(scope Scope, name string) []Reference {
	out := []Reference{}
	for key := range st.referrers[entry(name)] {
		if st.nearest(key.scope, name, scope) {
			out = append(out, Reference{Kind: key.kind, Scope: key.scope.Path(), Name: key.name})
		}
	}
	slices.SortFunc(out, Reference.compare)
	return out
}

// nearest reports whether a name that is looked up in from means the secret of
// scope.
func (st *state) nearest(from Scope, name string, scope Scope) bool {
	for _, at := range from.Chain() {
		if at == scope {
			return true
		}
		if _, nearer := find(st.secrets[at], name); nearer {
			return false
		}
	}
	return false
}
