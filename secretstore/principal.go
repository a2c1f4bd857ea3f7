package secretstore

// Principal is on whose behalf the store is called.
type Principal struct {
	// ID names it in logs and counts: "token:abc".
	ID string
	// Admin may do everything.
	Admin bool
}

// mayUse reports whether the principal may compare with secrets.
func (p Principal) mayUse() bool { return p.Admin }

// authorize is the first thing that every method of the store does: it decides
// and it logs, and nothing happens on a refusal.
func (s *Store) authorize(by Principal, action string, scope Scope, name string) error {
	if !by.Admin {
		s.log.Warn("refused", "principal", by.ID, "action", action, "scope", scope.Path(), "name", name)
		return fail(ErrForbidden, "%s needs an administrator's token", action)
	}
	return nil
}
