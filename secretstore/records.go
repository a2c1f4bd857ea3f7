package secretstore

import "github.com/reticent/reticent/secretstore/access"

// ReadRecords decides whether somebody may see records of a kind (KindExecution,
// KindDecision) of a scope. The error is [ErrForbidden], or [ErrNotFound] where
// there is no such scope.
func (s *Store) ReadRecords(by Principal, kind Kind, scope Scope) error {
	if err := s.authorize(by, string(kind)+".list", scope, ""); err != nil {
		return err
	}
	return s.state.Load().checkScope(scope)
}

// ReadsRecordsOf reports whether he may see the records of one script or policy;
// the scope is its path.
func (s *Store) ReadsRecordsOf(by Principal, kind Kind, scope, name string) bool {
	return s.state.Load().permits(by, access.Read, access.Resource{Kind: access.Kind(kind), Scope: scope, Name: name})
}
