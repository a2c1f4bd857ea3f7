package secretstore

import (
	"context"
	"slices"
	"strings"

	"github.com/reticent/reticent/secretstore/access"
	"github.com/reticent/reticent/secretstore/audit"
)

// needed says which permission an act needs: any of these, by what follows the
// kind in its name. An act that is not here is refused.
var needed = map[string][]access.Permission{
	"get":     {access.Read},
	"list":    {access.Read},
	"create":  {access.Create},
	"put":     {access.Create, access.Update}, // the transaction knows which
	"set":     {access.Create, access.Update},
	"file":    {access.Create, access.Update}, // and delete, to replace
	"update":  {access.Update},
	"delete":  {access.Delete},
	"use":     {access.Use},
	"execute": {access.Execute},

	"list_versions":   {access.Read},
	"add_version":     {access.Update},
	"change_version":  {access.Update},
	"destroy_version": {access.Delete},

	"rotate": {access.Update},
	"clear":  {access.Update},
}

// authorize is the first thing that every method of the store does: it decides
// and it logs, and nothing happens on a refusal. An action is a kind and what is
// done to it, "secret.get". The name is "" where it is about a whole scope.
//
// It looks at nothing but permissions: who has none is told the same whether the
// resource exists or not.
func (s *Store) authorize(by Principal, action string, scope Scope, name string) error {
	_, operation, _ := strings.Cut(action, ".")
	return s.permit(context.Background(), act{by, action, scope, name}, needed[operation])
}

// kindOf gives the kind of resource that an action is about.
func kindOf(action string) Kind {
	kind, _, _ := strings.Cut(action, ".")
	return Kind(kind)
}

// Permit decides whether somebody has any of some permissions on a resource, or on
// some resource of a scope if name is "": for what is done outside of the store,
// and before a request's body is read. The error is [ErrForbidden].
func (s *Store) Permit(ctx context.Context, by Principal, kind Kind, scope Scope, name string, any ...access.Permission) error {
	return s.permit(ctx, act{by, string(kind) + "." + string(any[len(any)-1]), scope, name}, any)
}

func (s *Store) permit(ctx context.Context, a act, any []access.Permission) error {
	st, kind := s.state.Load(), kindOf(a.action)
	r := st.resource(kind, a.scope, a.name)
	if slices.ContainsFunc(any, func(p access.Permission) bool { return st.permits(a.by, p, r) }) {
		return nil
	}
	if !st.exists(kind, a.scope, a.name) {
		a.name = "" // who knows what was pasted there
	}
	if st.checkScope(a.scope) != nil {
		a.scope = Scope{}
	}
	s.refused(ctx, a)
	return fail(ErrForbidden, "you may not do that here: it needs the permission %s on a %s of that name in that scope", permissionText(any), kind)
}

// refused tells the log and the audit log.
func (s *Store) refused(ctx context.Context, a act) {
	s.log.Warn("refused", "principal", a.by.ID, "action", a.action, "scope", a.scope.Path(), "name", a.name)
	s.audit.Note(a.entry(ctx, audit.Refused))
}

func permissionText(any []access.Permission) string {
	words := make([]string, len(any))
	for i, p := range any {
		words[i] = string(p)
	}
	return strings.Join(words, " or ")
}

// exists reports whether there is such a resource in the scope itself.
func (st *state) exists(kind Kind, scope Scope, name string) bool {
	switch kind {
	case KindSecret:
		return st.secrets[scope][name] != nil
	case KindToken:
		return st.tokens[name] != nil
	}
	return st.docs[docScope{kind, scope}][name] != nil
}

// authorizeWrite decides, in the transaction, on a write that creates or changes.
func (s *Store) authorizeWrite(by Principal, kind Kind, scope Scope, name string, created bool) error {
	if created {
		return s.authorize(by, string(kind)+".create", scope, name)
	}
	return s.authorize(by, string(kind)+".update", scope, name)
}

// authorizeTags decides on a change of a secret's tags. Where grants go by a tag,
// putting it on or taking it off is giving and taking permissions.
func (s *Store) authorizeTags(by Principal, scope Scope, before, after map[string]string) error {
	st := s.state.Load()
	decisive := ""
	for _, tags := range []map[string]string{before, after} {
		for k, v := range tags {
			was, had := before[k]
			is, has := after[k]
			if (was != is || had != has) && st.access.Decisive(k+":"+v) {
				decisive = k + ":" + v
			}
		}
	}
	if decisive == "" || st.permits(by, access.Create, access.Resource{Kind: access.Kind(KindGrant), Scope: scope.Path(), Any: true}) {
		return nil
	}
	s.refused(context.Background(), act{by, "secret.tag", scope, ""})
	return fail(ErrForbidden, "grants go by the tag %s: only who may make grants in %s may put it on a secret or take it off", decisive, scope)
}

// authorizeUse decides whether somebody may write something that names secrets:
// he needs the permission use on what each name means in the scope where it is
// to be stored, and on the name itself there as long as it means nothing.
func (s *Store) authorizeUse(by Principal, scope Scope, names []string) error {
	st := s.state.Load()
	var denied []string
	for _, name := range names {
		r := st.resource(KindSecret, scope, Name(name))
		if x := st.findSecret(scope, name); x != nil {
			r = st.resource(KindSecret, x.scope, x.name)
		}
		permitted := st.permits(by, access.Use, r)
		if m := st.findManager(scope, name); m != nil {
			permitted = st.mayUseManaged(by, m, name)
		}
		if !permitted {
			denied = append(denied, name)
		}
	}
	if len(denied) == 0 {
		return nil
	}
	s.refused(context.Background(), act{by, "secret.use", scope, ""})
	return fail(ErrForbidden, "you may not use what is named here: it needs the permission use on %s, as %s sees it", strings.Join(denied, ", "), scope)
}

// authorizeParts decides whether somebody may write a document by the secrets that
// it and its parts name, and those that it is a part of.
func (s *Store) authorizeParts(by Principal, d Draft) error {
	st := s.state.Load()
	doc := &Document{Kind: d.Kind, Scope: d.Scope, Name: d.Name, Author: by, Secrets: d.Secrets, Uses: d.Uses}
	s.gather(st, doc)
	if err := s.authorizeUse(by, d.Scope, doc.names); err != nil {
		return err
	}
	for _, user := range s.Dependents(d.Kind, d.Scope, d.Name) {
		if s.authorizeUse(by, user.Scope, user.names) != nil {
			return fail(ErrForbidden, "a %s in %s that requires it names secrets that you may not use", d.Kind, user.Scope)
		}
	}
	return nil
}

// authorizeKeys decides whether a principal may name the keys among these in what it
// stores in a scope. It is the same whether they are there: a refusal tells of no key.
func (s *Store) authorizeKeys(by Principal, scope Scope, names []Named) error {
	for _, named := range names {
		if named.Kind == KindKey && s.authorize(by, string(KindKey)+".execute", scope, named.Name) != nil {
			return fail(ErrForbidden, "you may not use key %s, which the %s names", named.Name, KindScript)
		}
	}
	return nil
}
