// Package access decides who may do what: roles, grants and groups, and the
// index of them that answers in a few map look-ups.
//
// It protects every resource from every principal that was not given a
// permission for it: there are no refusals to write, only permissions, and what
// nothing permits is refused. It knows resources by kind, scope and name only,
// never their contents, and holds no credential: who a caller is has been found
// out before, by a token, a signature or a certificate.
//
// # How it fits
//
// Package secretstore keeps grants and groups as documents, makes an [Index] of
// them for each of its states, and asks it first thing in every method.
//
// # What is permitted
//
// A grant gives permissions, or the permissions of a role, to a subject, in the
// scope where the grant is stored and in those below. Grants of permissions may
// be narrowed to kinds of resources, to names of a pattern, and to secrets that
// have a tag. They never reach [Administration], the kinds that give permissions
// to others: those come with the role admin alone. So nobody can give himself
// more than he has.
package access
