package access

import "slices"

// Permission is what somebody may do to a resource.
type Permission string

// The permissions.
const (
	Create Permission = "create"
	// Read shows metadata: of a secret never its value, of anything else what it is.
	Read   Permission = "read"
	Update Permission = "update"
	Delete Permission = "delete"
	// Use lets scripts and policies name a secret. It shows nothing by itself, but
	// whoever has it can compare with the secret and send it to its hosts.
	Use Permission = "use"
	// Execute runs scripts, asks policies for decisions and sends requests.
	Execute Permission = "execute"
)

// Permissions are all of them.
var Permissions = []Permission{Create, Read, Update, Delete, Use, Execute}

// Kind is what a resource is, as secretstore names it: "secret", "policy".
type Kind string

// Artefacts are the kinds of what authors write.
var Artefacts = []Kind{"variable", "script", "policy", "binding"}

// Records are the kinds of what the server notes down; nobody writes them.
var Records = []Kind{"execution", "decision", "audit", "metrics"}

// Administration are the kinds that decide who may do what, and what the database is
// encrypted with.
var Administration = []Kind{"token", "group", "grant", "issuer", "kek"}

// Granted are the kinds that a grant of permissions is about if it names none.
var Granted = append([]Kind{"secret"}, Artefacts...)

// Grantable are the kinds that a grant of permissions may name.
var Grantable = slices.Concat(Granted, []Kind{"scope", "key", "manager"}, Records)

// Kinds are all of them.
var Kinds = slices.Concat(Grantable, Administration)
