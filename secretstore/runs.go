package secretstore

import "github.com/reticent/reticent/secretstore/access"

// ReadRuns decides whether somebody may see what ran in a scope. The error is
// [ErrForbidden], or [ErrNotFound] where there is no such scope.
func (s *Store) ReadRuns(by Principal, scope Scope) error {
	if err := s.authorize(by, string(KindExecution)+".list", scope, ""); err != nil {
		return err
	}
	return s.state.Load().checkScope(scope)
}

// ReadsRunsOf reports whether he may see the runs of one script; the scope is its
// path.
func (s *Store) ReadsRunsOf(by Principal, scope, name string) bool {
	return s.state.Load().permits(by, access.Read, access.Resource{Kind: access.Kind(KindExecution), Scope: scope, Name: name})
}
