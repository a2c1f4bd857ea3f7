package secretstore

import (
	"slices"

	"github.com/reticent/reticent/secretstore/access"
)

// shows gives what tells, for a list, which names of a scope somebody may see.
func (s *Store) shows(by Principal, kind Kind, scope Scope) func(name string) bool {
	st := s.state.Load()
	return func(name string) bool { return st.permits(by, access.Read, st.resource(kind, scope, name)) }
}

// visible gives those of the references that somebody may see.
func (s *Store) visible(by Principal, all []Reference) []Reference {
	st := s.state.Load()
	return slices.DeleteFunc(slices.Clone(all), func(r Reference) bool {
		scope, err := parseScope(r.Scope)
		return err != nil || !st.permits(by, access.Read, st.resource(r.Kind, scope, r.Name))
	})
}

// shown gives a secret's metadata without what is elsewhere and is not for
// everybody who may see the secret: the names of documents of other scopes.
func (s *Store) shown(by Principal, secret Secret) Secret {
	secret.UsedBy = s.visible(by, secret.UsedBy)
	if secret.LastUsed != nil && len(s.visible(by, []Reference{secret.LastUsed.Reference})) == 0 {
		secret.LastUsed = nil
	}
	return secret
}
