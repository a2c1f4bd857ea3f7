package secretstore

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/seal"
)

// decides reports whether documents of a kind say who may do what.
func (k Kind) decides() bool { return k == KindGrant || k == KindGroup }

// reindexRights makes the index of permissions anew, and the documents whose
// authors have gained or lost the use of a secret. A grant or a group that cannot
// be read gives nothing.
func (b *builder) reindexRights() error {
	if !b.rights {
		return nil
	}
	var rules []access.Rule
	groups := make(map[string]access.Group)
	var failed error
	for at, byName := range b.st.docs {
		for name, doc := range byName {
			var err error
			switch at.kind {
			case KindGrant:
				r := access.Rule{Scope: at.scope.Path()}
				if err = json.Unmarshal(doc.Body, &r.Grant); err == nil {
					rules = append(rules, r)
				}
			case KindGroup:
				var g access.Group
				if err = json.Unmarshal(doc.Body, &g); err == nil {
					groups[name] = g
				}
			}
			if err != nil {
				failed = fmt.Errorf("%s %s in %s: %w", at.kind, name, at.scope, err)
			}
		}
	}
	for id, t := range b.st.tokens {
		if t.Role != "" && !t.Revoked {
			rules = append(rules, access.Rule{Scope: t.Scope, Grant: access.Grant{Subject: tokenSubject(id), Role: t.Role}})
		}
	}
	b.st.access = access.NewIndex(rules, groups)
	for _, places := range b.st.referrers {
		for key := range places {
			if doc := b.st.docs[key.docScope][key.name]; doc != nil && !slices.Equal(doc.denied, b.st.denied(doc)) {
				b.renew(key, doc)
			}
		}
	}
	return failed
}

// denial is a secret that somebody may not use who stored a document or a part of
// it.
type denial struct {
	secret string
	stored Reference
}

// denied gives what a document names and may not use. What runs together has the
// same secrets, so whoever stored any part of it needs the permission for all:
// who may change a module does not thereby get at the secrets of those who
// require it.
func (st *state) denied(doc *Document) []denial {
	var out []denial
	parts := st.parts(doc)
	for _, name := range doc.names {
		x, manager := st.findSecret(doc.Scope, name), st.findManager(doc.Scope, name)
		if x == nil && manager == nil {
			continue
		}
		for _, part := range parts {
			if x != nil && !st.mayUse(part.Author, x) || manager != nil && !st.mayUseManaged(part.Author, manager, name) {
				out = append(out, denial{name, part.reference()})
			}
		}
	}
	return out
}

// Forbidden says why nothing may be evaluated with a document: who stored it may
// not use a secret that it names, be it that a permission was taken away or that
// a name came to mean another secret. It is nil where all is well.
func (d *Document) Forbidden() *seal.Error {
	if len(d.denied) == 0 {
		return nil
	}
	no := d.denied[0]
	what := "this " + string(d.Kind)
	if no.stored.Name != d.Name || no.stored.Scope != d.Scope.Path() {
		what = fmt.Sprintf("the %s %s, which this one requires,", no.stored.Kind, no.stored.Name)
	}
	return seal.Errorf(seal.CodeForbidden, "whoever stored %s may not use secret %s as %s sees it; grant that, or let somebody who may store it again",
		what, no.secret, d.Scope)
}
