package secretstore

import (
	"regexp"
	"slices"
	"strings"
)

// MaxReferenceLength is the length of the longest reference to a secret of an
// external manager, the manager's name included.
const MaxReferenceLength = 640

// referenceGrammar is what the managers' own grammars of names have in common:
// parts with slashes between them.
var referenceGrammar = regexp.MustCompile(`^[A-Za-z0-9_-]{1,124}(/[A-Za-z0-9_.+=@-]+)+$`)

// Managed reports whether a reference means a secret of an external manager,
// "manager/name" or "manager/name/key", in which the name may have slashes.
func Managed(reference string) bool { return strings.Contains(reference, "/") }

// CheckReference makes sure that what an artefact calls a secret can be one: a name,
// or a reference to a secret of an external manager.
func CheckReference(reference string) error {
	if !Managed(reference) {
		return CheckName(reference)
	}
	manager, path, _ := strings.Cut(reference, "/")
	dots := func(part string) bool { return part == "." || part == ".." }
	if len(reference) > MaxReferenceLength || !referenceGrammar.MatchString(reference) || slices.ContainsFunc(strings.Split(path, "/"), dots) {
		return fail(ErrInvalid, "a secret of a manager is written MANAGER/NAME or MANAGER/NAME/KEY, at most %d characters (MaxReferenceLength) of A-Z, a-z, 0-9 and _.+=@- between slashes", MaxReferenceLength)
	}
	return CheckName(manager)
}
