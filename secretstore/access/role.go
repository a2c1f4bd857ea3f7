package access

import "slices"

// Role is a named set of permissions on kinds of resources.
type Role string

// The roles.
const (
	// Admin may do everything in its scope.
	Admin Role = "admin"
	// Author writes, tests and runs scripts, policies and what belongs to them, and
	// sees secrets' metadata
	// and the records of runs and decisions. It may use no secret: that is for a grant to give.
	Author Role = "author"
	// Evaluator runs what is stored and sees nothing else.
	Evaluator Role = "evaluator"
	// Auditor sees everything but values, and changes nothing.
	Auditor Role = "auditor"
)

// Roles are all of them.
var Roles = []Role{Admin, Author, Evaluator, Auditor}

// Permits reports whether a role has a permission on a kind.
func (r Role) Permits(p Permission, k Kind) bool {
	artefact := slices.Contains(Artefacts, k)
	switch r {
	case Admin:
		return true
	case Author:
		return artefact && p != Use || p == Read && (k == "secret" || k == "scope" || k == "execution" || k == "decision" || k == "key" || k == "manager")
	case Evaluator:
		return artefact && p == Execute
	case Auditor:
		return p == Read
	}
	return false
}
